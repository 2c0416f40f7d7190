//! What is sent to collectors, and what others make of it.

use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use sluice_capture::PcapWriter;
use sluice_capture::frame::{Arp, Ethernet, Frame, Icmp, Ipv4, Ipv6, Tcp, Udp, Vlan};

use crate::lab::{Daemon, address, socket, until};

const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// A flow, as its packets are sent and as a collector should tell of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    pub(crate) protocol: u8,
    pub(crate) source: String,
    pub(crate) destination: String,
    pub(crate) ports: (u16, u16),
    pub(crate) vlan: u16,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    /// As nfdump writes them, without the flags that have no letter there.
    pub(crate) flags: &'static str,
}

/// Frames of some flows, interleaved, and the flows.
pub(crate) fn flows() -> (Vec<Vec<u8>>, Vec<Told>) {
    let mut frames = Vec::new();
    let mut told = Vec::new();
    for number in 0..40u16 {
        let packets = u64::from(number % 7 + 1);
        let payload = vec![1; usize::from(number) * 10];
        let mut frame = Frame::new().then(Ethernet::new(A, B));
        let is_ipv6 = number % 3 == 0;
        let vlan = if number % 2 == 0 { 100 + number } else { 0 };
        if vlan > 0 {
            frame = frame.then(Vlan::new(vlan));
        }
        let low = number as u8;
        let (source, destination) = if is_ipv6 {
            let mut addresses = [[0u8; 16]; 2];
            for (address, last) in addresses.iter_mut().zip([1, 2]) {
                address[..4].copy_from_slice(&[0x20, 1, 0xd, 0xb8]);
                (address[14], address[15]) = (low, last);
            }
            frame = frame.then(Ipv6::new(addresses[0], addresses[1]));
            (
                std::net::Ipv6Addr::from(addresses[0]).to_string(),
                std::net::Ipv6Addr::from(addresses[1]).to_string(),
            )
        } else {
            frame = frame.then(Ipv4::new([10, 0, low, 1], [10, 0, low, 2]));
            (format!("10.0.{low}.1"), format!("10.0.{low}.2"))
        };
        let ports = (50_000 + number, 80 + number);
        let is_tcp = number % 5 != 0;
        let (protocol, header, flags) = if is_tcp {
            frame = frame.then(Tcp::new(ports.0, ports.1).flags(Tcp::SYN | Tcp::ACK));
            (6, 20, "...A..S.")
        } else {
            frame = frame.then(Udp::new(ports.0, ports.1));
            (17, 8, "........")
        };
        let ip = if is_ipv6 { 40 } else { 20 };
        let octets = packets * (ip + header + payload.len() as u64);
        let bytes = frame.payload(&payload).build();
        frames.push((packets, bytes));
        told.push(Told { protocol, source, destination, ports, vlan, packets, octets, flags });
    }
    told.sort();
    let turns = (0..7).flat_map(|turn| frames.iter().filter(move |(packets, _)| turn < *packets));
    (turns.map(|(_, bytes)| bytes.clone()).collect(), told)
}

/// Frames that are in no flow: not IP.
pub(crate) fn others() -> Vec<Vec<u8>> {
    let broadcast =
        Frame::new().then(Ethernet::new(A, [0xff; 6])).then(Arp::request((A, [10, 0, 0, 1]), [10, 0, 0, 2]));
    let multicast = Frame::new()
        .then(Ethernet::new(A, [1, 0, 0x5e, 0, 0, 1]))
        .then(Ipv4::new([10, 9, 0, 1], [224, 0, 0, 1]))
        .then(Icmp::echo_request(1, 1));
    vec![broadcast.build(), multicast.payload(&[0; 20]).build()]
}

/// A collector that keeps what it gets.
pub(crate) struct Collector {
    pub(crate) port: u16,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Vec<u8>>>,
}

fn collect(socket: &UdpSocket, stop: &AtomicBool) -> Vec<Vec<u8>> {
    socket.set_read_timeout(Some(Duration::from_millis(100))).expect("it is a time");
    let mut all = Vec::new();
    let mut bytes = [0; 65_536];
    loop {
        match socket.recv(&mut bytes) {
            Ok(length) => all.push(bytes[..length].to_vec()),
            Err(_) if stop.load(Ordering::Acquire) => return all,
            Err(_) => {}
        }
    }
}

impl Collector {
    pub(crate) fn new() -> Self {
        let socket = socket();
        let port = address(&socket).port();
        let stop = Arc::new(AtomicBool::new(false));
        let of_thread = stop.clone();
        Self { port, stop, thread: std::thread::spawn(move || collect(&socket, &of_thread)) }
    }

    /// All datagrams that came before the broker had ended.
    pub(crate) fn end_after(self, daemon: Daemon) -> Vec<Vec<u8>> {
        daemon.end();
        self.stop.store(true, Ordering::Release);
        self.thread.join().expect("it does not panic")
    }
}

/// nfcapd or sfcapd, and the folder where it puts what it gets.
pub(crate) struct Capturer {
    child: Child,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
}

impl Capturer {
    pub(crate) fn new(command: &str) -> Self {
        // Free now, and nobody else is likely to take it.
        let port = address(&socket()).port();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let child = Command::new(command)
            .args(["-b", "127.0.0.1", "-p", &port.to_string(), "-t", "3600", "-w"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it is installed");
        let capturer = Self { child, port, folder };
        // It listens when its port is taken.
        until("the capturer listens", || UdpSocket::bind(("127.0.0.1", port)).is_err().then_some(()));
        capturer
    }

    /// What nfdump tells of all that came, in its own words for `-o`: fields of each line, without blanks.
    pub(crate) fn end(&mut self, format: &str) -> Vec<Vec<String>> {
        let end = format!("kill {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &end]).status().expect("it runs").success());
        self.child.wait().expect("it was begun here");
        let output = Command::new("nfdump")
            .args(["-q", "-N", "-6", "-R"])
            .arg(self.folder.path())
            .args(["-o", &format!("fmt:{format}")])
            .output()
            .expect("it is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        let fields = |line: &str| line.split(';').map(|field| field.trim().to_string()).collect();
        text.lines().filter(|line| line.contains(';')).map(fields).collect()
    }
}

impl Drop for Capturer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What tshark reads in datagrams to that port: of each, the wanted fields, each a list.
pub(crate) fn tshark(
    datagrams: &[Vec<u8>],
    port: u16,
    protocol: &str,
    fields: &[&str],
) -> Vec<Vec<Vec<String>>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("datagrams.pcap");
    let mut writer = PcapWriter::new(Vec::new()).expect("memory takes everything");
    for (number, datagram) in datagrams.iter().enumerate() {
        let frame = Frame::new()
            .then(Ethernet::new(A, B))
            .then(Ipv4::new([127, 0, 0, 1], [127, 0, 0, 1]))
            .then(Udp::new(40_000, port))
            .payload(datagram)
            .build();
        writer.write_packet(number as u64, &frame, frame.len() as u32).expect("memory takes everything");
    }
    std::fs::write(&file, writer.finish().expect("memory takes everything")).expect("it can be written");
    let mut command = Command::new("tshark");
    command.arg("-r").arg(&file).args(["-d", &format!("udp.port=={port},{protocol}"), "-T", "fields"]);
    command.args(["-E", "separator=;", "-E", "aggregator=,", "-E", "occurrence=a"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().expect("it is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list = |field: &str| field.split(',').filter(|one| !one.is_empty()).map(str::to_string).collect();
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| line.split(';').map(list).collect()).collect()
}

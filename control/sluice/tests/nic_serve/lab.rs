//! Cards and brokers in processes of their own.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use sluice_capture::{ReadOptions, Reader};
use sluice_conformance::programs::verilator;

/// How long something may take that happens.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// A process that ends with the test, and what it says. What it writes to standard error is in `NAME.log`, after its first word.
pub(crate) struct Process {
    pub(crate) child: Child,
    output: BufReader<ChildStdout>,
    log: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.current_dir(folder).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(found) = verilator() {
            command.env("SLUICE_VERILATOR", found.root());
        }
        let path = folder.join(format!("{}.log", arguments[0]));
        let log = File::create(&path).expect("it can be written");
        let mut child = command.stderr(log).spawn().expect("the command runs");
        let output = BufReader::new(child.stdout.take().expect("it was asked for"));
        Self { child, output, log: path.display().to_string() }
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it writes text");
        line
    }

    /// Frames may come in.
    pub(crate) fn go(&mut self) {
        self.child.stdin.take().expect("it was asked for").write_all(b"go\n").expect("it waits");
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Has it end; the rest of what it writes.
    pub(crate) fn end(mut self) -> String {
        // The shell has this built in, and not every machine has `kill` as a program.
        let end = format!("kill {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &end]).status().expect("it runs").success());
        assert!(self.child.wait().expect("it was begun here").success(), "{}", self.said());
        let mut rest = String::new();
        while self.output.read_line(&mut rest).expect("it writes text") > 0 {}
        rest
    }
}

/// A broker with a policy.
pub(crate) struct Broker {
    pub(crate) process: Process,
    pub(crate) api: String,
    pub(crate) p4runtime: String,
    pub(crate) token: String,
}

impl Broker {
    /// With `broker.yaml` of its folder, which has the store, too.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let always = ["serve", "--store", "store", "--policy", "broker.yaml"];
        let addresses = ["--p4runtime", "127.0.0.1:0", "--api", "127.0.0.1:0"];
        let mut process = Process::start(folder, &[&always[..], &addresses, arguments].concat());
        let line = process.line();
        let log = process.said();
        let (before, rest) = line.split_once(", REST and gRPC at ").unwrap_or_else(|| panic!("{line}{log}"));
        let api = rest.split(',').next().expect("it has a first part").to_string();
        let p4runtime = before.rsplit(' ').next().expect("it has a last part").to_string();
        let token = log.lines().find_map(|line| line.strip_prefix("token of admin, shown only now: "));
        let token = token.unwrap_or_else(|| panic!("{log}")).to_string();
        Self { process, api, p4runtime, token }
    }

    pub(crate) fn json(&self, path: &str) -> serde_json::Value {
        let text = crate::http::get(&self.api, path, &self.token);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// A command that asks it: what it prints.
    pub(crate) fn ask(&self, folder: &Path, words: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .current_dir(folder)
            .args(words)
            .args(["--server", &format!("http://{}", self.api)])
            .env("SLUICE_TOKEN", &self.token)
            .output()
            .expect("the command runs");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// Packets that came in by all ports.
    pub(crate) fn received(&self) -> u64 {
        let ports = self.json("/api/v1/ports");
        let all = ports["ports"].as_array().expect("it lists them");
        all.iter().map(|port| port["received_packets"].as_u64().unwrap_or(0)).sum()
    }

    /// Waits for so many, and until what became of all of them is known.
    pub(crate) fn settle(&self, packets: u64) {
        until(&format!("{packets} packets to come in and leave"), || {
            (self.received() == packets).then_some(())?;
            let counters = self.json("/api/v1/counters");
            let read: u64 =
                counters["ports"].as_array()?.iter().map(|port| port["received"].as_u64().unwrap_or(0)).sum();
            (counters["adds_up"] == true && counters["under_way"] == 0 && read == packets).then_some(())
        });
    }
}

/// Waits until something is there.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Times and frames of a capture.
pub(crate) fn frames(path: &Path) -> Vec<(u64, Vec<u8>)> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = Reader::new(file, ReadOptions::default()).expect("it is a capture");
    let mut all = Vec::new();
    while let Some(packet) = reader.next_packet().expect("it is whole") {
        all.push((packet.time_ns, packet.data.to_vec()));
    }
    all
}

pub(crate) fn log(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(format!("{name}.log"))).unwrap_or_default()
}

/// Sockets at the far ends of ports, and what the ports are made of.
pub(crate) struct Ends {
    pub(crate) sockets: Vec<UdpSocket>,
    /// Where the broker's own ends are.
    own: Vec<SocketAddr>,
}

impl Ends {
    pub(crate) fn new(count: usize) -> Self {
        let bind = |_| UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let sockets: Vec<UdpSocket> = (0..count).map(bind).collect();
        // Free now, and nobody else is likely to take them.
        let own: Vec<UdpSocket> = (0..count).map(bind).collect();
        let own = own.iter().map(|socket| socket.local_addr().expect("it is bound")).collect();
        Self { sockets, own }
    }

    /// As arguments of that option.
    pub(crate) fn arguments(&self, option: &str, names: &[&str]) -> Vec<String> {
        let each = names.iter().zip(&self.own).zip(&self.sockets);
        let port = |((name, own), socket): ((&&str, &SocketAddr), &UdpSocket)| {
            let peer = socket.local_addr().expect("it is bound");
            [option.to_string(), format!("{name}=udp:{own},{peer}")]
        };
        each.flat_map(port).collect()
    }

    /// A frame comes in at a port.
    pub(crate) fn send(&self, port: usize, frame: &[u8]) {
        self.sockets[port].send_to(frame, self.own[port]).expect("it can be sent");
    }

    /// What leaves by a port.
    pub(crate) fn receive(&self, port: usize, patience: Duration) -> Option<Vec<u8>> {
        self.sockets[port].set_read_timeout(Some(patience)).expect("it is a time");
        let mut bytes = vec![0; 2000];
        let length = self.sockets[port].recv(&mut bytes).ok()?;
        bytes.truncate(length);
        Some(bytes)
    }
}

/// Text as arguments.
pub(crate) fn words(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

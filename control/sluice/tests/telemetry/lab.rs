//! `sluice serve` in a process of its own, its ports sockets on loopback.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// What the token of the first user is shown with.
const SHOWN: &str = "token of admin, shown only now: ";

/// How long something that has to happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// One tap, one tool.
pub(crate) const POLICY: &str = "ports:
  tap: { role: network, id: 1 }
  ids: { role: tool, id: 11, speed: 100M }
filters:
  - { name: everything, to: [ids] }
";

/// A socket at a port that was free.
pub(crate) fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    socket.set_read_timeout(Some(PATIENCE)).expect("it is a time");
    socket
}

pub(crate) fn address(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().expect("it is bound")
}

/// Two addresses for a broker's ports. A port that was free a moment ago may be another test's now, so each broker has a loopback address of
/// its own, and ports that nobody is given by chance.
pub(crate) fn own_addresses() -> (SocketAddr, SocketAddr) {
    static BROKERS: AtomicU8 = AtomicU8::new(1);
    let process = std::process::id().to_be_bytes();
    let address = [127, process[2] | 0x40, process[3], BROKERS.fetch_add(1, Ordering::Relaxed)];
    ((address, 4_001).into(), (address, 4_002).into())
}

/// A broker, and the other ends of its two ports.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) api: String,
    pub(crate) token: String,
    /// Lines of standard error, the token's left out.
    lines: Receiver<String>,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) tap: UdpSocket,
    pub(crate) ids: UdpSocket,
    /// Where the broker's end of the tap is.
    own: SocketAddr,
}

impl Daemon {
    /// Begins with [`POLICY`]; `files` are written beside it, `arguments` come behind the usual ones.
    pub(crate) fn start(files: &[(&str, &str)], arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in [("broker.yaml", POLICY)].iter().chain(files) {
            std::fs::write(folder.path().join(name), text).expect("it can be written");
        }
        let (tap, ids) = (socket(), socket());
        let (own, other) = own_addresses();
        let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .current_dir(folder.path())
            .args(["serve", "--policy", "broker.yaml", "--p4runtime", "127.0.0.1:0", "--api", "127.0.0.1:0"])
            .args(["--port", &format!("tap=udp:{own},{}", address(&tap))])
            .args(["--port", &format!("ids=udp:{other},{}", address(&ids))])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let (tell, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("it was asked for"));
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line)));
        });
        let mut stdout = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it writes lines");
        let Some((_, rest)) = line.split_once("REST and gRPC at ") else {
            panic!("{line}{}", lines.iter().collect::<Vec<_>>().join("\n"));
        };
        let api = rest.split(',').next().expect("it has a first part").to_string();
        // It goes on writing there.
        std::thread::spawn(move || stdout.lines().for_each(drop));
        let mut early = Vec::new();
        let token = loop {
            let line = lines.recv_timeout(PATIENCE).expect("the token is shown");
            match line.strip_prefix(SHOWN) {
                Some(token) => break token.to_string(),
                None => early.push(line),
            }
        };
        let (tell, all) = channel();
        std::thread::spawn(move || early.into_iter().chain(lines).for_each(|line| drop(tell.send(line))));
        Self { child, api, token, lines: all, folder, tap, ids, own }
    }

    /// What the tap is made of.
    pub(crate) fn tap_device(&self) -> String {
        format!("udp:{},{}", self.own, address(&self.tap))
    }

    /// A frame comes in at the tap, and leaves for the tool.
    pub(crate) fn frame(&self, frame: &[u8]) {
        self.send(frame);
        let mut copy = vec![0; frame.len() + 1];
        let length = self.ids.recv(&mut copy).expect("the tool gets it");
        assert_eq!(&copy[..length], frame);
    }

    /// A frame comes in at the tap.
    pub(crate) fn send(&self, frame: &[u8]) {
        self.tap.send_to(frame, self.own).expect("it can be sent");
    }

    /// A command that asks the broker: what it prints, and its exit code.
    pub(crate) fn ask(&self, words: &[&str]) -> (String, Option<i32>) {
        let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .current_dir(self.folder.path())
            .args(words)
            .args(["--server", &format!("http://{}", self.api)])
            .env("SLUICE_TOKEN", &self.token)
            .output()
            .expect("the command runs");
        let text = [output.stdout, output.stderr].concat();
        (String::from_utf8_lossy(&text).into_owned(), output.status.code())
    }

    /// GET, as the admin; what it answers with.
    pub(crate) fn get(&self, path: &str) -> String {
        crate::http::get(&self.api, path, &self.token)
    }

    /// Asks it to end, waits until it has; the lines of its log.
    pub(crate) fn end(mut self) -> Vec<String> {
        // The shell has this built in, and not every machine has `kill` as a program.
        let end = format!("kill {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &end]).status().expect("it runs").success());
        assert!(self.child.wait().expect("it was begun here").success());
        self.lines.iter().collect()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is there.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether a command can be run here; says so where it cannot.
pub(crate) fn is_installed(command: &str, version: &str) -> bool {
    let runs = Command::new(command).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is = runs.is_ok();
    if !is {
        eprintln!("skipped: {command} is not installed");
    }
    is
}

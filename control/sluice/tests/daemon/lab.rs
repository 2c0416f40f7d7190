//! Brokers in processes of their own, and the other ends of their ports.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What the token of the first user is shown with.
const SHOWN: &str = "token of admin, shown only now: ";

/// A policy that sends everything to that tool.
pub(crate) fn all_to(tool: &str) -> String {
    format!(
        "ports:\n  tap: {{ role: network, id: 1 }}\n  left: {{ role: tool, id: 11 }}\n  right: {{ role: tool, id: 12 }}\n\
         filters:\n  - {{ name: to-{tool}, to: [{tool}] }}\n"
    )
}

/// The other ends of a broker's ports: a socket each.
pub(crate) struct Ends {
    pub(crate) tap: UdpSocket,
    pub(crate) left: UdpSocket,
    pub(crate) right: UdpSocket,
    /// Where the broker's own ends are.
    pub(crate) own: [SocketAddr; 3],
}

pub(crate) fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").expect("a port is free")
}

pub(crate) fn address(socket: &UdpSocket) -> SocketAddr {
    socket.local_addr().expect("it is bound")
}

impl Ends {
    pub(crate) fn new() -> Self {
        // Free now, and nobody else is likely to take them.
        let own = [socket(), socket(), socket()].map(|socket| address(&socket));
        Self { tap: socket(), left: socket(), right: socket(), own }
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        self.named(["tap", "left", "right"])
    }

    /// The ports under other names: what they are called where there is no policy.
    pub(crate) fn named(&self, names: [&str; 3]) -> Vec<String> {
        let ends = [(names[0], &self.tap), (names[1], &self.left), (names[2], &self.right)];
        let port = |((name, end), own): ((&str, &UdpSocket), &SocketAddr)| {
            ["--port".to_string(), format!("{name}=udp:{own},{}", address(end))]
        };
        ends.into_iter().zip(&self.own).flat_map(port).collect()
    }

    /// Sends a frame, and says which tools get it.
    pub(crate) fn who_gets(&self) -> Vec<&'static str> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let mut frame = vec![0u8; 60];
        frame[12..14].copy_from_slice(&[0x88, 0xb5]);
        frame[14..18].copy_from_slice(&NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        self.tap.send_to(&frame, self.own[0]).expect("it can be sent");
        let mut who = Vec::new();
        let mut bytes = [0u8; 100];
        for round in 0..40 {
            for (name, end) in [("left", &self.left), ("right", &self.right)] {
                end.set_read_timeout(Some(Duration::from_millis(50))).expect("it is a time");
                if end.recv(&mut bytes).is_ok_and(|length| bytes[..length] == frame) {
                    who.push(name);
                }
            }
            // One more look for a copy that should not be.
            if !who.is_empty() && round > 0 {
                break;
            }
        }
        who
    }
}

/// A broker in a process of its own.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    pub(crate) api: String,
    /// Where controllers are served.
    pub(crate) p4runtime: String,
    /// Shown when the store was made.
    pub(crate) token: Option<String>,
    pub(crate) stderr: BufReader<ChildStderr>,
}

impl Daemon {
    pub(crate) fn start(folder: &Path, ends: &Ends) -> Self {
        Self::with(folder, &ends.arguments())
    }

    /// One with those arguments besides its store and addresses.
    pub(crate) fn with(folder: &Path, arguments: &[String]) -> Self {
        Self::begun(folder, arguments, Command::new(env!("CARGO_BIN_EXE_sluice")))
    }

    /// One that tells a service manager's socket.
    pub(crate) fn told(folder: &Path, arguments: &[String], socket: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.env("NOTIFY_SOCKET", socket);
        Self::begun(folder, arguments, command)
    }

    fn begun(folder: &Path, arguments: &[String], mut command: Command) -> Self {
        let mut child = command
            .current_dir(folder)
            .args(["serve", "--store", "store", "--policy", "broker.yaml"])
            .args(["--p4runtime", "127.0.0.1:0", "--api", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut stderr = BufReader::new(child.stderr.take().expect("it was asked for"));
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("it was asked for"));
        stdout.read_line(&mut line).expect("it writes lines");
        let Some((before, rest)) = line.split_once(", REST and gRPC at ") else {
            let mut why = String::new();
            let _ = Read::read_to_string(&mut stderr, &mut why);
            panic!("{line}{why}");
        };
        let api = rest.split(',').next().expect("it has a first part").to_string();
        let p4runtime = before.rsplit(' ').next().expect("it has a last part").to_string();
        let mut daemon = Self { child, api, p4runtime, token: None, stderr };
        // It goes on writing there.
        std::thread::spawn(move || stdout.lines().for_each(drop));
        if !folder.join("token").exists() {
            // The log is there, too.
            let lines = daemon.stderr.by_ref().lines().map_while(Result::ok);
            let token = lines.filter_map(|line| Some(line.strip_prefix(SHOWN)?.to_string())).next();
            let token = token.expect("it is shown");
            std::fs::write(folder.join("token"), &token).expect("it can be written");
            daemon.token = Some(token);
        }
        daemon
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is running");
        self.child.wait().expect("it was begun here");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, tool) in [("broker.yaml", "left"), ("next.yaml", "right")] {
        std::fs::write(folder.path().join(name), all_to(tool)).expect("it can be written");
    }
    folder
}

/// A command that asks a broker: what it prints, and its exit code.
pub(crate) fn ask(folder: &Path, daemon: &Daemon, words: &[&str]) -> (String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .current_dir(folder)
        .args(words)
        .args(["--server", &format!("http://{}", daemon.api), "--token-file", "token"])
        .output()
        .expect("the command runs");
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&text).into_owned(), output.status.code())
}

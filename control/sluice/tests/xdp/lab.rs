//! A network namespace with cables, brokers in it, and numbered frames.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use sluice_target::port::{Port, Role, packet};
use sluice_target::sys::{Linux, System};

/// How long something is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn run(line: &str) -> bool {
    Command::new("sh").args(["-c", line]).output().is_ok_and(|output| output.status.success())
}

pub(crate) fn must(line: &str) {
    assert!(run(line), "{line}");
}

/// Waits until something is so.
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what} does not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A namespace with a cable for each name; the thread that made it is in it. The other end of `x` is `x-end`, and has a program that hands on what comes.
pub(crate) struct Lab {
    name: String,
    pub(crate) folder: tempfile::TempDir,
}

impl Lab {
    pub(crate) fn new(test: &str, names: &[&str]) -> Option<Self> {
        if let Err(why) = sluice_xdp::check() {
            eprintln!("skipped: {why}");
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let lab = Self { name: format!("sluice-{test}{}", std::process::id()), folder };
        if !run("clang --version") || !run("ethtool --version") || !run(&format!("ip netns add {}", lab.name))
        {
            eprintln!("skipped: needs root, `ip`, `ethtool` and clang");
            return None;
        }
        if !run("grep -q '^[^ ]* /sys/fs/bpf bpf ' /proc/mounts || mount -t bpf bpf /sys/fs/bpf") {
            eprintln!("skipped: there is no BPF file system at /sys/fs/bpf");
            return None;
        }
        let space = File::open(format!("/var/run/netns/{}", lab.name)).expect("it was made");
        move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("root may go there");
        must(
            "for s in all default; do echo 1 > /proc/sys/net/ipv6/conf/$s/disable_ipv6; done; ip link set lo up",
        );
        let (source, object) = (lab.path("far.c"), lab.path("far.o"));
        let text = "struct xdp_md;\n__attribute__((section(\"xdp\"), used)) int far(struct xdp_md *ctx) { return 2; }\n";
        std::fs::write(&source, text).expect("it can be written");
        must(&format!("clang -O2 -target bpf -c {source} -o {object}"));
        for name in names {
            must(&format!("ip link add {name} mtu 1500 type veth peer name {name}-end mtu 1500"));
            must(&format!("ip link set {name} up arp off && ip link set {name}-end up arp off"));
            must(&format!("ip link set dev {name}-end xdp obj {object} sec xdp"));
            must(&format!("ethtool -K {name}-end gro off"));
        }
        Some(lab)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// What its brokers are called in the BPF file system.
    pub(crate) fn pin(&self) -> &str {
        &self.name
    }

    pub(crate) fn pins(&self) -> String {
        format!("/sys/fs/bpf/sluice-{}", self.name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("it can be written");
    }

    fn command(&self, store: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.current_dir(self.folder.path()).args(["serve", "--store", store, "--policy", "broker.yaml"]);
        command.args(["--p4runtime", "127.0.0.1:0", "--api", "127.0.0.1:0", "--pin", self.pin()]);
        command.args(arguments);
        command
    }

    /// A broker that says it is ready.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Daemon {
        let mut command = self.command("store", arguments);
        let errors =
            File::options().create(true).append(true).open(self.path("log")).expect("it can be written");
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().expect("the command runs");
        let mut output = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it writes lines");
        let Some((_, api)) = line.split_once("REST and gRPC at ") else { panic!("{line}{}", self.log()) };
        let api = api.split(',').next().unwrap_or_default().to_string();
        let token =
            self.log().lines().find_map(|line| Some(line.split_once("shown only now: ")?.1.to_string()));
        if let Some(token) = token {
            self.write("token", &token);
        }
        Daemon { child, output, api }
    }

    /// A broker that is killed that long after it was begun, wherever it is then.
    pub(crate) fn killed_after(&self, arguments: &[&str], time: Duration) {
        let mut command = self.command("store", arguments);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the command runs");
        std::thread::sleep(time);
        child.kill().expect("it was begun here");
        child.wait().expect("it was begun here");
    }

    /// What is said by a broker that cannot begin.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.command("another", arguments).output().expect("the command runs");
        assert!(!output.status.success(), "it began");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// What brokers wrote to standard error.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// What `sluice ports` says of a port: received, sent, missed, lost.
    pub(crate) fn counted(&self, daemon: &Daemon, port: &str) -> Vec<u64> {
        let ports = self.ask(daemon, &["ports"]);
        let line = ports.lines().find(|line| line.starts_with(&format!("{port} "))).unwrap_or(&ports);
        line.split_whitespace().skip(4).filter_map(|word| word.parse().ok()).collect()
    }

    /// What a command prints.
    pub(crate) fn ask(&self, daemon: &Daemon, words: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .current_dir(self.folder.path())
            .args(words)
            .args(["--server", &format!("http://{}", daemon.api), "--token-file", "token"])
            .output()
            .expect("the command runs");
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        run(&format!("rm -rf {}", self.pins()));
        run(&format!("ip netns del {}", self.name));
    }
}

/// A broker in a process of its own.
pub(crate) struct Daemon {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    api: String,
}

impl Daemon {
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is running");
        self.child.wait().expect("it was begun here");
    }

    /// Ends it as a user would; gives what it says of every packet.
    pub(crate) fn end(mut self) -> String {
        must(&format!("kill -TERM {}", self.child.id()));
        let mut report = String::new();
        self.output.read_to_string(&mut report).expect("it writes text");
        let status = self.child.wait().expect("it was begun here");
        assert!(status.success(), "{report}");
        report
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // One that has ended already is not there to be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn end(name: &str, role: Role) -> Port {
    let system: Arc<dyn System> = Arc::new(Linux);
    let end = format!("{name}-end");
    packet(&end, &end, role, &system).expect("it is there")
}

fn frame(number: u64) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5];
    frame.extend(number.to_be_bytes());
    frame.resize(64, 0);
    frame
}

/// Numbered frames from a tap's cable to tools' cables, as long as it is there.
pub(crate) struct Traffic {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    sender: Option<JoinHandle<()>>,
    receivers: Vec<JoinHandle<Vec<u64>>>,
    received: Arc<AtomicU64>,
}

impl Traffic {
    /// Frames from one tap; each is expected at one of the tools.
    pub(crate) fn begin(tap: &str, tools: &[&str]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (sent, received) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let receivers = tools.iter().map(|name| {
            let mut port = end(name, Role::Network).receive.expect("it receives");
            let (stop, received) = (stop.clone(), received.clone());
            std::thread::spawn(move || {
                let mut numbers = Vec::new();
                loop {
                    let Some(frame) = port.receive(Duration::from_millis(20)).expect("the cable is in")
                    else {
                        if stop.load(Ordering::Acquire) {
                            return numbers;
                        }
                        continue;
                    };
                    let number = frame.data[14..22].try_into().expect("eight bytes");
                    numbers.push(u64::from_be_bytes(number));
                    received.fetch_add(1, Ordering::Release);
                }
            })
        });
        let receivers = receivers.collect();
        let port = end(tap, Role::Tool).transmit.expect("it sends");
        let (stop_here, sent_here) = (stop.clone(), sent.clone());
        let sender = std::thread::spawn(move || {
            let mut number = 0u64;
            while !stop_here.load(Ordering::Acquire) {
                for _ in 0..16 {
                    port.send(&frame(number)).expect("the cable is in");
                    number += 1;
                }
                sent_here.store(number, Ordering::Release);
                std::thread::sleep(Duration::from_micros(500));
            }
        });
        Self { stop, sent, sender: Some(sender), receivers, received }
    }

    /// Waits until so many more frames have been sent and received.
    pub(crate) fn flow(&self, frames: u64) {
        let from = self.received.load(Ordering::Acquire);
        wait_until("traffic", || self.received.load(Ordering::Acquire) >= from + frames);
    }

    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }

    /// Ends, when all that was sent has come or nothing has come for a while; gives how many were sent, and the numbers that came at each tool.
    pub(crate) fn end(mut self) -> (u64, Vec<Vec<u64>>) {
        let sender = self.sender.take().expect("it is not joined yet");
        self.stop.store(true, Ordering::Release);
        sender.join().expect("it did not panic");
        let numbers = self.receivers.into_iter().map(|receiver| receiver.join().expect("it did not panic"));
        (self.sent.load(Ordering::Acquire), numbers.collect())
    }
}

/// A policy that sends everything to that tool.
pub(crate) fn policy(tool: &str) -> String {
    format!(
        "ports:\n  tap: {{ role: network, id: 1 }}\n  left: {{ role: tool, id: 11 }}\n  right: {{ role: tool, id: 12 }}\n\
         filters:\n  - {{ name: to-{tool}, to: [{tool}] }}\n"
    )
}

pub(crate) fn exists(path: &str) -> bool {
    Path::new(path).exists()
}

//! `sluice serve` on live interfaces: two taps and three tools, each a pair of interfaces between two network namespaces. What tcpdump sees at the tools'
//! ends is what `sluice replay` writes of the same captures, generated ones and real ones, though the policy changes meanwhile; at the taps' ends it sees nothing.
//!
//! On the soft switch, and in the kernel by XDP.
//!
//! Skipped where namespaces cannot be made (no root) or a tool is missing.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice_capture::sample::{SampleFrame, SampleOptions, generate, write_tap};
use sluice_capture::{Merge, ReadOptions, Reader};
use sluice_target::port::{Role, packet};
use sluice_target::sys::{Linux, System};

/// What takes packets through: the kind of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Packet,
    Xdp,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Packet => "packet",
            Self::Xdp => "xdp",
        }
    }

    /// MTU of taps' cables and of tools', bytes: XDP takes frames of one piece, and edits add some bytes.
    fn mtu(self, name: &str) -> u32 {
        match self {
            Self::Packet => 9_000,
            Self::Xdp if TAPS.contains(&name) => 3_000,
            Self::Xdp => 3_100,
        }
    }

    /// Bytes of the longest frame.
    fn longest(self) -> usize {
        match self {
            Self::Packet => 9_014,
            Self::Xdp => 3_014,
        }
    }
}

const TAPS: [&str; 2] = ["tap-a", "tap-b"];
const TOOLS: [&str; 3] = ["web", "tunnels", "rest"];

const POLICY: &str = "
ports:
  tap-a: { role: network, id: 1, label: 101 }
  tap-b: { role: network, id: 2, label: 102 }
  web: { role: tool, id: 11 }
  tunnels: { role: tool, id: 12 }
  rest: { role: tool, id: 13 }
filters:
  - { name: web, match: tcp port 80 or tcp port 443, to: [web], edits: { strip: [vlan] } }
  - { name: tunnels, match: vni 5001 or inner (ip or ip6), to: [tunnels], edits: { label: true } }
  - { name: headers, match: ip or ip6, to: [web], edits: { slice: { after: l4, bytes: 32 } } }
otherwise: { to: [rest] }
";

/// The same for every packet, by other filters: what a change between the two loses or mixes, tools see.
fn other_policy() -> String {
    let web = "  - { name: web, match: tcp port 80 or tcp port 443, to: [web], edits: { strip: [vlan] } }\n";
    let split = "  - { name: http, match: tcp port 80, to: [web], edits: { strip: [vlan] } }\n  - { name: https, match: tcp port 443, to: [web], edits: { strip: [vlan] } }\n";
    assert!(POLICY.contains(web), "the policy is another one");
    POLICY.replace(web, split)
}

fn run(line: &str) -> bool {
    let mut words = line.split(' ');
    let program = words.next().unwrap_or_default();
    Command::new(program).args(words).output().is_ok_and(|output| output.status.success())
}

fn must(line: &str) {
    assert!(run(line), "{line}");
}

/// Asks a process to end. The shell has this built in, and not every machine has `kill` as a program.
fn terminate(child: &Child) {
    let asked = Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status();
    assert!(asked.is_ok_and(|status| status.success()), "{} is not there", child.id());
}

/// Two namespaces with five cables between them; they go with it.
struct Lab {
    broker: String,
    wire: String,
}

impl Lab {
    fn new(kind: Kind, folder: &Path) -> Option<Self> {
        if kind == Kind::Xdp
            && let Err(why) = sluice_xdp::check()
        {
            eprintln!("skipped: {why}");
            return None;
        }
        let id = format!("{}{}", kind.name(), std::process::id());
        let lab = Self { broker: format!("sluice-b{id}"), wire: format!("sluice-w{id}") };
        if !run(&format!("ip netns add {}", lab.broker)) || !run(&format!("ip netns add {}", lab.wire)) {
            eprintln!("skipped: no network namespaces can be made here (needs root and `ip`)");
            return None;
        }
        if !run("tcpdump --version") {
            eprintln!("skipped: tcpdump is not installed");
            return None;
        }
        // The other ends have nothing to say of their own.
        for scope in ["all", "default"] {
            let path = format!("/proc/sys/net/ipv6/conf/{scope}/disable_ipv6");
            let status = Command::new("ip")
                .args(["netns", "exec", &lab.wire, "sh", "-c", &format!("echo 1 > {path}")])
                .status();
            assert!(status.is_ok_and(|status| status.success()), "{path}");
        }
        for name in TAPS.iter().chain(&TOOLS) {
            let (broker, wire) = (&lab.broker, &lab.wire);
            let mtu = kind.mtu(name);
            must(&format!(
                "ip link add {name} netns {broker} mtu {mtu} type veth peer name {name} netns {wire}"
            ));
            must(&format!("ip -n {wire} link set {name} mtu {mtu} up"));
        }
        if kind == Kind::Xdp && !lab.pass_on(folder) {
            return None;
        }
        Some(lab)
    }

    /// Makes the cables' other ends take what XDP sends, and hand it on as it is.
    fn pass_on(&self, folder: &Path) -> bool {
        let text = "struct xdp_md;\n__attribute__((section(\"xdp\"), used)) int far(struct xdp_md *ctx) { return 2; }\n";
        let (source, object) = (folder.join("far.c"), folder.join("far.o"));
        fs::write(&source, text).expect("it can be written");
        if !run(&format!("clang -O2 -target bpf -c {} -o {}", source.display(), object.display())) {
            eprintln!("skipped: clang is not installed");
            return false;
        }
        for name in TAPS.iter().chain(&TOOLS) {
            let wire = &self.wire;
            must(&format!("ip -n {wire} link set dev {name} xdp obj {} sec xdp", object.display()));
            must(&format!("ip netns exec {wire} ethtool -K {name} gro off"));
        }
        true
    }

    fn command(&self, namespace: &str, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace]).arg(program);
        command
    }

    /// tcpdump at the end of a cable.
    fn watch(&self, name: &str, file: &Path) -> Child {
        let mut child = self
            .command(&self.wire, Path::new("tcpdump"))
            .args(["-i", name, "-Q", "in", "-U", "-B", "16384", "-Z", "root", "-w"])
            .arg(file)
            .stderr(Stdio::piped())
            .spawn()
            .expect("tcpdump is installed");
        let mut line = String::new();
        let stderr = child.stderr.take().expect("it was asked for");
        let mut lines = BufReader::new(stderr);
        while !line.contains("listening on") {
            line.clear();
            assert!(lines.read_line(&mut line).expect("it writes lines") > 0, "tcpdump ended");
        }
        // It goes on writing there.
        std::thread::spawn(move || lines.lines().for_each(drop));
        child
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        run(&format!("ip netns del {}", self.broker));
        run(&format!("ip netns del {}", self.wire));
    }
}

fn stop(child: &mut Child) {
    terminate(child);
    child.wait().expect("it was begun here");
}

/// All frames of a capture, as they stand in it.
fn frames(path: &Path) -> Vec<Vec<u8>> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = Reader::new(file, ReadOptions::default()).expect("it is a capture");
    let mut all = Vec::new();
    while let Some(packet) = reader.next_packet().expect("it is whole") {
        all.push(packet.data.to_vec());
    }
    all
}

fn sorted(frames: &[Vec<u8>]) -> Vec<&[u8]> {
    let mut sorted: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    sorted.sort_unstable();
    sorted
}

/// How long sending takes at the least, so that the policy changes meanwhile on a quick machine, too.
const LASTING: Duration = Duration::from_secs(3);

/// Frames between pauses.
const BURST: u32 = 32;

/// Sends the captures of a folder into the taps' cables, merged by time: run in the namespace of the cables' other ends.
fn send(folder: &Path) {
    let system: Arc<dyn System> = Arc::new(Linux);
    let ports = TAPS.map(|name| {
        packet(name, name, Role::Tool, &system).expect("it is there").transmit.expect("it sends")
    });
    let mut merge = Merge::new();
    let mut all = 0u32;
    for (index, name) in TAPS.iter().enumerate() {
        let path = folder.join(format!("{name}.pcapng"));
        all += frames(&path).len() as u32;
        let file = File::open(path).expect("it was written");
        merge.push(index, Reader::new(file, ReadOptions::default()).expect("it is a capture"));
    }
    let pause = (LASTING * BURST / all.max(1)).max(Duration::from_millis(1));
    let mut sent = 0u32;
    while let Some((index, frame)) = merge.next_packet().expect("they are whole") {
        ports[index].send(frame.data).expect("the cable is in");
        sent += 1;
        if sent.is_multiple_of(BURST) {
            std::thread::sleep(pause);
        }
    }
}

/// Whole frames of the captures of real traffic beside the repository, as far as an interface takes them; none where there are no captures.
fn real_frames() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pcaps");
    let Ok(files) = fs::read_dir(&folder) else {
        eprintln!("skipped: there are no captures in {}", folder.display());
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "pcap" || end == "pcapng"));
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let bytes = File::open(&file).expect("it is there");
        // Of other link types there is no frame to send.
        let Ok(mut reader) = Reader::new(bytes, ReadOptions::default()) else { continue };
        while let Ok(Some(packet)) = reader.next_packet() {
            let is_whole = packet.data.len() == packet.wire_length as usize;
            if is_whole && (14..=9_014).contains(&packet.data.len()) {
                all.push(packet.data.to_vec());
            }
        }
    }
    all
}

/// The captures, the policy, and what each tool should get.
fn prepare(kind: Kind, folder: &Path) {
    let mut sample = generate(SampleOptions { seed: 11, packets: 3_000, ..SampleOptions::default() })
        .expect("it is small");
    let last = |frames: &[SampleFrame]| frames.last().map_or(0, |frame| frame.time_ns);
    let start = last(&sample.tap_a).max(last(&sample.tap_b));
    // What XDP sends of real captures is compared frame by frame in `hw-tests/tests/xdp_broker.rs`.
    let real = match kind {
        Kind::Packet => real_frames(),
        Kind::Xdp => Vec::new(),
    };
    println!("{} frames of real captures", real.len());
    for (number, data) in real.into_iter().enumerate() {
        let taps = [&mut sample.tap_a, &mut sample.tap_b];
        taps[number % 2].push(SampleFrame { time_ns: start + 1_000_000 * (1 + number as u64), data });
    }
    for (name, mut frames) in TAPS.iter().zip([sample.tap_a, sample.tap_b]) {
        frames.retain(|frame| frame.data.len() <= kind.longest());
        let frames = &frames;
        let bytes = write_tap(Vec::new(), name, frames).expect("memory takes everything");
        fs::write(folder.join(format!("{name}.pcapng")), bytes).expect("it can be written");
    }
    fs::write(folder.join("broker.yaml"), POLICY).expect("it can be written");
    let replay = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .current_dir(folder)
        .args([
            "replay",
            "broker.yaml",
            "--in",
            "tap-a=tap-a.pcapng",
            "--in",
            "tap-b=tap-b.pcapng",
            "--out",
            "expected",
        ])
        .output()
        .expect("the command runs");
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
}

/// A broker that runs in the namespace of the ports.
struct Daemon {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    api: String,
    token: String,
}

fn serve(lab: &Lab, kind: Kind, folder: &Path) -> Daemon {
    let mut command = lab.command(&lab.broker, Path::new(env!("CARGO_BIN_EXE_sluice")));
    command.current_dir(folder).args(["serve", "--policy", "broker.yaml"]);
    command.args(["--p4runtime", "127.0.0.1:0", "--api", "127.0.0.1:0"]);
    for name in TAPS.iter().chain(&TOOLS) {
        command.args(["--port", &format!("{name}={}:{name}", kind.name())]);
    }
    // A namespace has no loopback until somebody brings it up.
    must(&format!("ip -n {} link set lo up", lab.broker));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command runs");
    let mut output = BufReader::new(child.stdout.take().expect("it was asked for"));
    let mut line = String::new();
    output.read_line(&mut line).expect("it writes lines");
    let Some((_, api)) = line.split_once("REST and gRPC at ") else {
        let mut why = String::new();
        let mut errors = child.stderr.take().expect("it was asked for");
        Read::read_to_string(&mut errors, &mut why).expect("it writes text");
        panic!("{line}{why}");
    };
    let api = api.split(',').next().unwrap_or_default().to_string();
    let mut errors = BufReader::new(child.stderr.take().expect("it was asked for"));
    let lines = errors.by_ref().lines().map_while(Result::ok);
    let token = lines.filter_map(|line| Some(line.split_once("shown only now: ")?.1.to_string())).next();
    let token = token.expect("it is shown");
    std::thread::spawn(move || errors.lines().for_each(drop));
    Daemon { child, output, api, token }
}

/// Changes the policy to the other one and back until the sender has ended; says how often.
fn change_until(lab: &Lab, folder: &Path, daemon: &Daemon, sender: &mut Child) -> u32 {
    fs::write(folder.join("other.yaml"), other_policy()).expect("it can be written");
    let mut changes = 0;
    while sender.try_wait().expect("it was begun here").is_none() {
        let file = if changes % 2 == 0 { "other.yaml" } else { "broker.yaml" };
        let output = lab
            .command(&lab.broker, Path::new(env!("CARGO_BIN_EXE_sluice")))
            .current_dir(folder)
            .args(["apply", file, "--server", &format!("http://{}", daemon.api)])
            .env("SLUICE_TOKEN", &daemon.token)
            .output()
            .expect("the command runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        changes += 1;
        // Who asks more often than ten times a second is told to wait.
        std::thread::sleep(Duration::from_millis(110));
    }
    changes
}

/// Waits until files no longer grow.
fn settle(files: &[PathBuf]) {
    let sizes =
        || files.iter().map(|file| fs::metadata(file).map_or(0, |data| data.len())).collect::<Vec<_>>();
    let end = Instant::now() + Duration::from_secs(60);
    let mut last = sizes();
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let now = sizes();
        if now == last || Instant::now() > end {
            return;
        }
        last = now;
    }
}

/// What a command that asks the broker prints.
fn ask(lab: &Lab, folder: &Path, daemon: &Daemon, words: &[&str]) -> String {
    let output = lab
        .command(&lab.broker, Path::new(env!("CARGO_BIN_EXE_sluice")))
        .current_dir(folder)
        .args(words)
        .args(["--server", &format!("http://{}", daemon.api)])
        .env("SLUICE_TOKEN", &daemon.token)
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What `sluice ports` says of a port: received, sent, missed, lost.
fn counted(ports: &str, name: &str) -> [usize; 4] {
    let line = ports.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap_or_default();
    let words = line.split_whitespace().skip(4).map(|word| word.parse().unwrap_or(usize::MAX));
    words.collect::<Vec<_>>().try_into().unwrap_or([usize::MAX; 4])
}

/// The process that sends what the taps get.
fn begin_sending(lab: &Lab, folder: &Path, test: &str) -> Child {
    let this = std::env::current_exe().expect("a test has a file");
    lab.command(&lab.wire, &this)
        .args(["--exact", test, "--nocapture"])
        .env("SLUICE_LIVE_SENDER", folder)
        .stdout(Stdio::null())
        .spawn()
        .expect("it is running")
}

/// A broker is started once more, and killed when packets have reached a tool: nothing may leave a tap then, either.
fn kill_under_load(lab: &Lab, kind: Kind, folder: &Path, test: &str, tool: &Path) {
    let size = || fs::metadata(tool).map_or(0, |data| data.len());
    let mut daemon = serve(lab, kind, folder);
    let (before, begun) = (size(), Instant::now());
    let mut sender = begin_sending(lab, folder, test);
    while size() == before {
        assert!(begun.elapsed() < Duration::from_secs(60), "no packet reaches a tool");
        std::thread::sleep(Duration::from_millis(5));
    }
    daemon.child.kill().expect("it is running");
    daemon.child.wait().expect("it was begun here");
    // Packets go on to come; where the kernel forwards them, they go on to leave.
    std::thread::sleep(Duration::from_millis(500));
    sender.kill().expect("it was begun here");
    sender.wait().expect("it was begun here");
}

#[test]
fn tools_get_live_what_replay_writes_and_taps_get_nothing() {
    tools_get_what_replay_writes(Kind::Packet, "tools_get_live_what_replay_writes_and_taps_get_nothing");
}

#[test]
fn tools_get_by_xdp_what_replay_writes_and_taps_get_nothing() {
    tools_get_what_replay_writes(Kind::Xdp, "tools_get_by_xdp_what_replay_writes_and_taps_get_nothing");
}

fn tools_get_what_replay_writes(kind: Kind, test: &str) {
    if let Some(folder) = std::env::var_os("SLUICE_LIVE_SENDER") {
        send(Path::new(&folder));
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let Some(lab) = Lab::new(kind, folder) else { return };
    prepare(kind, folder);
    let at = |name: &str| folder.join(format!("{name}.pcap"));
    let mut watchers: Vec<Child> = TAPS.iter().chain(&TOOLS).map(|name| lab.watch(name, &at(name))).collect();
    let mut daemon = serve(&lab, kind, folder);

    let mut sender = begin_sending(&lab, folder, test);
    let changes = change_until(&lab, folder, &daemon, &mut sender);
    assert!(sender.wait().expect("it was begun here").success());
    assert!(changes >= 2, "the policy was changed {changes} times: the test tests nothing");
    settle(&TOOLS.map(&at));
    if kind == Kind::Xdp {
        let status = ask(&lab, folder, &daemon, &["status"]);
        assert!(status.contains("on a XDP") && status.contains("a port is `xdp:`"), "{status}");
    }
    let ports = ask(&lab, folder, &daemon, &["ports"]);
    terminate(&daemon.child);
    let status = daemon.child.wait().expect("it was begun here");
    let mut report = String::new();
    Read::read_to_string(&mut daemon.output, &mut report).expect("it writes text");
    assert!(status.success(), "{report}");
    kill_under_load(&lab, kind, folder, test, &at(TOOLS[0]));
    watchers.iter_mut().for_each(stop);

    for name in TOOLS {
        let (expected, found) = (frames(&folder.join(format!("expected/{name}.pcapng"))), frames(&at(name)));
        assert!(!expected.is_empty(), "{name} gets nothing: the test tests nothing");
        assert!(found.len() >= expected.len(), "{name}: {} of {}\n{report}", found.len(), expected.len());
        // Two taps' frames may change places. What is behind them came while the second broker was killed.
        assert!(sorted(&found[..expected.len()]) == sorted(&expected), "{name}: other frames");
        assert_eq!(counted(&ports, name), [0, expected.len(), 0, 0], "{name}\n{ports}");
    }
    for name in TAPS {
        assert_eq!(frames(&at(name)), Vec::<Vec<u8>>::new(), "frames left by {name}");
    }
}

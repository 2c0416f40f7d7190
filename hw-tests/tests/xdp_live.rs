//! The broker in the kernel, on devices: frames that come in at two taps' cables leave by three tools' cables as the soft switch sends them, while the
//! policy changes; nothing leaves a tap.
//!
//! Needs root, clang, `ip`, `ethtool` and tcpdump; skipped, saying so, where one is missing.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sluice_broker::Build;
use sluice_capture::sample::{SampleOptions, generate};
use sluice_capture::{ReadOptions, Reader};
use sluice_conformance::captures::Captured;
use sluice_conformance::harness::lab::{FarEnd, Lab, device_number, run};
use sluice_conformance::harness::{self, Broker};
use sluice_conformance::programs::has_xdp;
use sluice_entities::Update;
use sluice_switch::Engine;
use sluice_target::port::{Role, Transmit, packet};
use sluice_target::sys::{Linux, System};
use sluice_xdp::{Device, Freeze, Purpose};

/// Names of the broker's ends and their ports; the other end of `x` is `x-end`.
const TAPS: [(&str, u16); 2] = [("tap-a", 1), ("tap-b", 2)];
const TOOLS: [(&str, u16); 3] = [("web", 11), ("tunnels", 12), ("rest", 13)];

/// Bytes of the longest frame that is sent.
const LONGEST: usize = 2_900;

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
  - { name: headers, match: ip or ip6, to: [web, rest], edits: { slice: { after: l4, bytes: 32 } } }
otherwise: { to: [rest] }
";

/// The same for every packet, by other filters.
fn other_policy() -> String {
    let one = "  - { name: web, match: tcp port 80 or tcp port 443, to: [web], edits: { strip: [vlan] } }\n";
    let two = "  - { name: http, match: tcp port 80, to: [web], edits: { strip: [vlan] } }\n  - { name: https, match: tcp port 443, to: [web], edits: { strip: [vlan] } }\n";
    POLICY.replace(one, two)
}

/// One whose copies leave as the packets came.
fn plain_policy() -> String {
    let (ports, _) = POLICY.split_once("filters:").expect("it has filters");
    format!(
        "{ports}filters:\n  - {{ name: web, match: tcp, to: [web, rest] }}\n  - {{ name: others, match: udp or arp, to: [tunnels] }}\n"
    )
}

/// tcpdump at the end of a cable; it ends with this.
struct Watcher(Child);

impl Watcher {
    /// Ends it when it has written what it has.
    fn stop(&mut self) {
        run(&format!("kill -TERM {}", self.0.id()));
        // There is nothing to do for one that is gone.
        let _ = self.0.wait();
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop();
    }
}

fn watch(name: &str, file: &Path) -> Watcher {
    let mut child = Command::new("tcpdump")
        .args(["-i", &format!("{name}-end"), "-Q", "in", "-U", "-B", "16384", "-Z", "root", "-w"])
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tcpdump is installed");
    let mut lines = BufReader::new(child.stderr.take().expect("it was asked for"));
    let mut line = String::new();
    while !line.contains("listening on") {
        line.clear();
        assert!(lines.read_line(&mut line).expect("it writes lines") > 0, "tcpdump ended");
    }
    std::thread::spawn(move || lines.lines().for_each(drop));
    Watcher(child)
}

fn frames(path: &Path) -> Vec<Vec<u8>> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = Reader::new(file, ReadOptions::default()).expect("it is a capture");
    let mut all = Vec::new();
    while let Some(packet) = reader.next_packet().expect("it is whole") {
        all.push(packet.data.to_vec());
    }
    all.sort();
    all
}

/// Makes a policy alive on the soft switch and in the kernel.
fn apply(soft: &mut Broker, xdp: &mut Device, yaml: &str) {
    let plan = soft.plan(yaml).expect("it fits");
    let both = |_, updates: Vec<Update>, _: &mut Broker| {
        xdp.write(&updates).expect("the kernel takes what the soft switch takes");
        vec![updates]
    };
    soft.carry_out(plan, both, |_, _| {});
}

fn sender(name: &str) -> Box<dyn Transmit> {
    let system: Arc<dyn System> = Arc::new(Linux);
    let end = format!("{name}-end");
    packet(&end, &end, Role::Tool, &system).expect("it is there").transmit.expect("it sends")
}

#[test]
fn tools_get_what_the_soft_switch_sends_and_taps_get_nothing() {
    if !has_xdp() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let names = TAPS.iter().chain(&TOOLS).map(|(name, _)| *name);
    let Some(_lab) = Lab::new(names, FarEnd::Pass) else { return };
    let at = |name: &str| folder.path().join(format!("{name}.pcap"));
    let mut watchers: Vec<Watcher> =
        TAPS.iter().chain(&TOOLS).map(|(name, _)| watch(name, &at(name))).collect();

    let mut soft = Broker::on(Build::default(), Engine::Native);
    let module = harness::module(Build::default());
    let mut xdp = Device::new(&module, "broker.p4", Purpose::Live).expect("the kernel takes the broker");
    for ((name, port), role) in
        TAPS.iter().map(|tap| (tap, Role::Network)).chain(TOOLS.iter().map(|tool| (tool, Role::Tool)))
    {
        xdp.attach(*port, device_number(name), role).expect("the device takes the program");
    }
    apply(&mut soft, &mut xdp, POLICY);

    let sample = generate(SampleOptions { seed: 11, packets: 3_000, ..SampleOptions::default() })
        .expect("it is small");
    let senders: Vec<Box<dyn Transmit>> = TAPS.iter().map(|(name, _)| sender(name)).collect();
    let mut expected: Vec<Vec<Vec<u8>>> = vec![Vec::new(); TOOLS.len()];
    let (mut sent, mut changes) = (0usize, 0);
    for (index, tap) in [&sample.tap_a, &sample.tap_b].into_iter().enumerate() {
        // Longer frames are of several buffers, and none of those goes to two devices (docs/XDP.md).
        for frame in tap.iter().filter(|frame| frame.data.len() <= LONGEST) {
            let captured =
                Captured { time_ns: 1, data: frame.data.clone(), wire_length: frame.data.len() as u32 };
            for copy in soft.send(TAPS[index].1, &captured, false).copies {
                let tool = TOOLS.iter().position(|(_, port)| *port == copy.port).expect("a tool");
                expected[tool].push(copy.data);
            }
            senders[index].send(&frame.data).expect("the cable is in");
            sent += 1;
            if sent.is_multiple_of(32) {
                std::thread::sleep(Duration::from_millis(1));
            }
            if sent.is_multiple_of(500) {
                let yaml = match changes % 3 {
                    0 => other_policy(),
                    1 => plain_policy(),
                    _ => POLICY.to_string(),
                };
                apply(&mut soft, &mut xdp, &yaml);
                // Frames go on while the program changes, and those of the next policy meet this one until that needs more.
                if changes % 2 == 1 {
                    xdp.specialize(Freeze::Nothing).expect("the kernel takes what is left of the program");
                }
                if changes % 4 == 3 {
                    xdp.specialize(Freeze::Contents).expect("the kernel takes it with constants");
                }
                changes += 1;
            }
        }
    }
    std::thread::sleep(Duration::from_millis(1_500));
    let drops = xdp.drops().expect("they can be read");
    watchers.iter_mut().for_each(Watcher::stop);
    println!("{sent} frames sent, {changes} changes, drops {drops:?}");
    assert!(changes >= 4, "the policy was changed {changes} times: the test tests nothing");
    for ((name, _), mut expected) in TOOLS.iter().zip(expected) {
        let found = frames(&at(name));
        expected.sort();
        assert!(!expected.is_empty(), "{name} gets nothing: the test tests nothing");
        assert_eq!(found.len(), expected.len(), "{name}, drops {drops:?}");
        let difference = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert!(difference.is_none(), "{name}: {difference:02x?}");
    }
    for (name, _) in TAPS {
        assert_eq!(frames(&at(name)), Vec::<Vec<u8>>::new(), "frames left by {name}");
    }
}

//! The command under a real kernel's VFIO: a guest Linux under QEMU has two simulated cards behind its IOMMU. In the guest the command binds the one that has the broker's RTL in it, puts a
//! policy into force, and says what it counted; with the other one it captures by DMA. What left and what was counted is what the soft switch makes of the same captures.
//!
//! `fpga-sim/model/tests/qemu.rs` shows what no command does: DMA that is refused, and devices of QEMU's own. Needs QEMU (`scripts/qemu target/qemu`) and Verilator; skipped, saying so, where
//! they are not. `SLUICE_RELEASE=1` puts `target/release/sluice` into the guest.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use sluice_capture::sample::{SampleOptions, generate, write_tap};
use sluice_capture::{ReadOptions, Reader};
use sluice_conformance::programs::{rtl_cache, verilator};
use sluice_guest::{Devices, Guest, Qemu, Tree};

/// What the command does in the guest.
const SCRIPT: &str = include_str!("guest/script.sh");
const POLICY: &str = include_str!("guest/policy.yaml");
/// The policy's ports, as ports of the card; from the third on they are tools.
const PORTS: [&str; 5] = ["tap-a", "tap-b", "ids", "analyser", "recorder"];
/// Longer than a busy machine takes to build or to simulate.
const LONG: Duration = Duration::from_secs(900);
/// Frames of each tap: the simulation takes a quarter of a second for one.
const FRAMES: usize = 30;
/// The program in the card.
const SIZE: [&str; 4] = ["--terms", "64", "--copies", "64"];

/// A card in a process that ends with the test.
struct Card {
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
}

impl Drop for Card {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Card {
    fn new(folder: &Path, socket: &str, arguments: &[&str]) -> Self {
        let log = folder.join(format!("{socket}.log"));
        let mut command = command(folder, &["nic", "simulate", "--socket", socket]);
        if let Some(found) = verilator() {
            command.env("SLUICE_VERILATOR", found.root());
        }
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(File::create(&log).expect("it can be made")).spawn().expect("it runs");
        let output = BufReader::new(child.stdout.take().expect("it was asked for"));
        let (said, lines) = mpsc::channel();
        // Ends with the process.
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        let card = Self { child, lines, log };
        assert_eq!(card.line(), format!("ready: vfio-user:{socket}"), "{}", card.said());
        card
    }

    /// The next line that it says; none if it ended, or took too long.
    fn line(&self) -> String {
        self.lines.recv_timeout(LONG).unwrap_or_default()
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn go(&mut self) {
        self.child.stdin.take().expect("it was asked for").write_all(b"go\n").expect("it waits");
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.current_dir(folder).args(arguments);
    command
}

/// The command that the guest has: this build's, or with `SLUICE_RELEASE` the release build's.
fn in_guest() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_BIN_EXE_sluice"));
    if std::env::var_os("SLUICE_RELEASE").is_none() {
        return own;
    }
    let release = own.parent().expect("it is in a folder").join("../release/sluice");
    assert!(release.exists(), "SLUICE_RELEASE needs `cargo build --release -p sluice`");
    release
}

fn frames(path: &Path) -> Vec<Vec<u8>> {
    let file = File::open(path).expect("it is there");
    let mut reader = Reader::new(file, ReadOptions::default()).expect("it is a capture");
    let mut all = Vec::new();
    while let Some(packet) = reader.next_packet().expect("it is whole") {
        all.push(packet.data.to_vec());
    }
    all
}

/// What the soft switch makes of the same captures: files in `soft`, and the account.
fn soft_switch(folder: &Path) -> String {
    let arguments =
        ["replay", "policy.yaml", "--in", "tap-a=a.pcapng", "--in", "tap-b=b.pcapng", "--out", "soft"];
    let output = command(folder, &[&arguments[..], &SIZE].concat()).output().expect("the command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("it writes text");
    let (account, _) = said.split_once("\npackets: ").expect("it adds up behind the account");
    account.trim_end().to_string()
}

#[test]
fn the_command_serves_a_policy_and_captures_by_the_kernels_vfio() {
    let (Some(qemu), Some(_)) = (Qemu::find(), verilator()) else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let sample =
        generate(SampleOptions { seed: 8, packets: 100, ..SampleOptions::default() }).expect("it is small");
    for (name, frames) in [("a.pcapng", &sample.tap_a), ("b.pcapng", &sample.tap_b)] {
        let tap = write_tap(Vec::new(), name, &frames[..FRAMES]).expect("memory takes it");
        fs::write(folder.join(name), tap).expect("it can be written");
    }
    fs::write(folder.join("policy.yaml"), POLICY).expect("it can be written");
    let account = soft_switch(folder);

    let cache = rtl_cache();
    let taps = ["--in", "0=a.pcapng", "--in", "1=b.pcapng"];
    let inside = ["--ports", "5", "--broker", "--capture-times", "--hold", "--out", "left", "--build"];
    let cache = cache.to_str().expect("the build's folder has a name of text");
    let mut broker = Card::new(folder, "broker.sock", &[&inside[..], &[cache], &SIZE, &taps].concat());
    let _copier = Card::new(folder, "copier.sock", &taps);
    let count = 2 * FRAMES;

    let tree = Tree::new(&qemu);
    tree.program("sluice", &in_guest());
    tree.file("policy.yaml", POLICY.as_bytes());
    let ports: Vec<String> =
        PORTS.iter().enumerate().map(|(number, name)| format!("--port {name}=nic:{number}")).collect();
    let words = format!("count={count}\nports='{}'\nsize='{}'\n", ports.join(" "), SIZE.join(" "));
    let (first, second) = (folder.join("broker.sock"), folder.join("copier.sock"));
    let devices = Devices { cards: &[&first, &second], own: false };
    let booted = Instant::now();
    let mut guest = Guest::boot(&qemu, &tree, &(words + SCRIPT), devices);

    guest.hears("guest: the policy is in force");
    println!("the policy is in force {:.1?} after the machine was turned on", booted.elapsed());
    broker.go();
    assert_eq!(broker.line(), format!("{count} frames have come in"), "{}{}", broker.said(), guest.said());
    guest.tell("all frames have come in");
    let ended = guest.ends();
    let said = guest.said();
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}\n{said}");
    assert!(said.contains("\nguest: all of it\n"), "{said}");
    println!("all of it took {:.1?}", booted.elapsed());

    let shown = [
        "0000:01:00.0: no driver has it: `sluice nic bind` hands it to vfio-pci",
        "0000:01:00.0 is with vfio-pci",
        "0000:02:00.0 is with vfio-pci",
        "0000:01:00.0: ready for user space",
        "every packet and every copy is accounted for, 0 under way",
    ];
    for line in shown {
        assert!(said.lines().any(|one| one == line), "it does not say `{line}`:\n{said}");
    }
    assert!(said.contains(&account), "the soft switch counted\n{account}\nand the card\n{said}");
    for (number, tool) in PORTS.iter().enumerate().skip(2) {
        let wanted = frames(&folder.join(format!("soft/{tool}.pcapng")));
        let found = frames(&folder.join(format!("left/port-{number}.pcapng")));
        assert!(!wanted.is_empty(), "the sample has nothing for {tool}");
        assert!(found == wanted, "{tool}: {} of {} frames, or others", found.len(), wanted.len());
    }
    fs::write(folder.join("captured.pcapng"), guest.received()).expect("it can be written");
    let sent = |port: &str| frames(&folder.join(port));
    let (mut wanted, mut found) =
        ([sent("a.pcapng"), sent("b.pcapng")].concat(), frames(&folder.join("captured.pcapng")));
    // Both taps' frames in one file, in the order of their times.
    wanted.sort();
    found.sort();
    assert!(found == wanted, "{} of {} frames came by DMA, or others", found.len(), wanted.len());
}

//! `sluice nic` against a card that is simulated: two processes, with a socket and memory between them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use sluice_capture::sample::{SampleOptions, generate, write_tap};
use sluice_capture::{ReadOptions, Reader};

/// A process that ends with the test.
struct Card {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Drop for Card {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Card {
    fn new(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = command(folder, &["nic", "simulate", "--socket", "card.sock"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let output = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut card = Self { child, output };
        assert_eq!(card.line(), "ready: vfio-user:card.sock\n");
        card
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it writes text");
        line
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.current_dir(folder).args(arguments);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = command(folder, arguments).output().expect("the command runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

/// Interface name, time and bytes of each packet.
fn packets(path: &Path) -> Vec<(String, u64, Vec<u8>)> {
    let mut reader =
        Reader::new(File::open(path).expect("it is there"), ReadOptions::default()).expect("it is a capture");
    let mut all = Vec::new();
    while let Some(packet) = reader.next_packet().expect("it is whole") {
        all.push((packet.interface, packet.time_ns, packet.data.to_vec()));
    }
    let names: Vec<String> =
        reader.interfaces().iter().map(|interface| interface.name.clone().unwrap_or_default()).collect();
    all.into_iter().map(|(interface, time, data)| (names[interface as usize].clone(), time, data)).collect()
}

#[test]
fn what_comes_in_at_a_simulated_card_is_captured() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let sample =
        generate(SampleOptions { seed: 3, packets: 5_000, ..SampleOptions::default() }).expect("it is small");
    for (name, frames) in [("a.pcapng", &sample.tap_a), ("b.pcapng", &sample.tap_b)] {
        fs::write(folder.join(name), write_tap(Vec::new(), name, frames).expect("memory takes it"))
            .expect("it can be written");
    }
    let mut card =
        Card::new(folder, &["--in", "0=a.pcapng", "--in", "1=b.pcapng", "--drift", "20000", "--once"]);
    let (count, longest) = (sample.tap_a.len() + sample.tap_b.len(), 16_384);
    let counted = count.to_string();
    let arguments = [
        "nic",
        "capture",
        "--card",
        "vfio-user:card.sock",
        "--out",
        "c.pcapng",
        "--count",
        &counted,
        "--buffer",
        "16384",
    ];
    let (_, summary) = run(folder, &arguments);
    let bytes: usize = sample.tap_a.iter().chain(&sample.tap_b).map(|frame| frame.data.len()).sum();
    let expected = format!("{count} frames, {bytes} bytes; the card's clock was ");
    assert!(summary.starts_with(&expected), "{summary}");
    let found = packets(&folder.join("c.pcapng"));
    for (port, frames) in [("port 0", &sample.tap_a), ("port 1", &sample.tap_b)] {
        let sent: Vec<&[u8]> = frames.iter().map(|frame| frame.data.as_slice()).collect();
        assert!(sent.iter().all(|frame| frame.len() <= longest), "the sample has longer frames");
        let got: Vec<&[u8]> = found.iter().filter(|one| one.0 == port).map(|one| one.2.as_slice()).collect();
        assert!(got == sent, "{port}: {} of {} frames", got.len(), sent.len());
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    let off = found.iter().map(|(_, time, _)| (now.as_nanos() as i128 - i128::from(*time)).abs()).max();
    assert!(off < Some(600_000_000_000), "stamps are of today: {off:?} ns away");
    assert_eq!(card.line(), format!("{count} frames have come in\n"));
    assert!(card.child.wait().expect("it was begun here").success());
    assert!(!folder.join("card.sock").exists(), "the socket goes with the card");
}

#[test]
fn a_card_is_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let _card = Card::new(folder, &["--ports", "1"]);
    let (shown, _) = run(folder, &["nic", "show", "--card", "vfio-user:card.sock"]);
    let without_clock: Vec<&str> = shown.lines().filter(|line| !line.starts_with("clock ")).collect();
    let expected = [
        "board        10ee9032",
        "firmware     0.1.0.0, revision 510510ce",
        "application  0511ce01, 16 MiB of registers",
        "interface 0  64 receive queues, frames of 9214 bytes (at most 9214)",
        "  port 0     receive off, link up, send off, link up",
    ];
    assert_eq!(without_clock, expected);
    let clock = shown.lines().find(|line| line.starts_with("clock ")).expect("it has one");
    assert!(
        clock.starts_with("clock        runs free, ")
            && clock.contains(" ns ahead of this machine's TAI (within "),
        "{clock}"
    );
    // One driver after the other.
    let (again, _) = run(folder, &["nic", "show", "--card", "vfio-user:card.sock"]);
    assert_eq!(again.lines().count(), shown.lines().count());
}

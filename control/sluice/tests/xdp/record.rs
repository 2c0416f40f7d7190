//! Tools that are captures: what is written is what the soft switch makes of the same frames, whoever is killed meanwhile.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sluice_capture::sample::{SampleOptions, generate, write_tap};
use sluice_capture::{ReadOptions, Reader};
use sluice_target::port::Role;

use crate::lab::{Lab, Traffic, end, run, wait_until};

const POLICY: &str = "
ports:
  tap: { role: network, id: 1, label: 101 }
  left: { role: tool, id: 11 }
  rec: { role: tool, id: 12 }
  cut: { role: tool, id: 13 }
  late: { role: tool, id: 14 }
filters:
  - { name: all, to: [left] }
  - { name: tagged, to: [rec], edits: { strip: [vlan], label: true } }
  - { name: heads, match: ip or ip6, to: [cut], edits: { slice: { after: l4, bytes: 8 } } }
  - { name: stamped, match: tcp, to: [late], edits: { stamp: { format: d28b, bits: 64, clock: utc } } }
";

/// Bytes of a stamp's header, behind both MAC addresses.
const STAMP_BYTES: usize = 14;
const MAC_BYTES: usize = 12;

pub(crate) fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("it is there").map(|file| file.expect("it is there").path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "pcapng"));
    files.sort();
    files
}

/// Frames and times of a capture, as far as it is written.
fn read(path: &Path) -> Vec<(Vec<u8>, u64)> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = Reader::new(file, ReadOptions::default()).expect("it is a capture");
    let mut all = Vec::new();
    while let Ok(Some(packet)) = reader.next_packet() {
        all.push((packet.data.to_vec(), packet.time_ns));
    }
    all
}

/// Frames and times of all files of a port.
fn recorded(folder: &str, port: &str) -> Vec<(Vec<u8>, u64)> {
    let is_of = |file: &PathBuf| {
        file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{port}_")))
    };
    files(folder).into_iter().filter(is_of).flat_map(|file| read(&file)).collect()
}

fn sorted(frames: Vec<(Vec<u8>, u64)>) -> Vec<Vec<u8>> {
    let mut frames: Vec<Vec<u8>> = frames.into_iter().map(|(frame, _)| frame).collect();
    frames.sort_unstable();
    frames
}

#[test]
fn captures_have_what_the_soft_switch_makes_of_the_same_frames() {
    let Some(lab) = Lab::new("w", &["tap", "left"]) else { return };
    lab.write("broker.yaml", POLICY);
    let sample = generate(SampleOptions { seed: 5, packets: 2_000, ..SampleOptions::default() });
    let mut frames = sample.expect("it is small").tap_a;
    frames.retain(|frame| frame.data.len() <= 1_514);
    let bytes = write_tap(Vec::new(), "tap", &frames).expect("memory takes everything");
    fs::write(lab.path("tap.pcapng"), bytes).expect("it can be written");
    let words = ["replay", "broker.yaml", "--in", "tap=tap.pcapng", "--out", "expected"];
    let replay =
        Command::new(env!("CARGO_BIN_EXE_sluice")).current_dir(lab.folder.path()).args(words).output();
    let replay = replay.expect("the command runs");
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
    let expected = |port: &str| read(Path::new(&lab.path(&format!("expected/{port}.pcapng"))));

    let folder = lab.path("rec");
    fs::create_dir(&folder).expect("it can be made");
    let capture = |port: &str| format!("{port}=capture:{folder},size=256K");
    let (rec, cut, late) = (capture("rec"), capture("cut"), capture("late"));
    let ports =
        ["--port", "tap=xdp:tap", "--port", "left=xdp:left", "--port", &rec, "--port", &cut, "--port", &late];
    let daemon = lab.serve(&ports);
    let status = lab.ask(&daemon, &["status"]);
    assert!(status.contains("on a XDP"), "{status}");
    let before = now_ns();
    let tap = end("tap", Role::Tool).transmit.expect("it sends");
    for (number, frame) in frames.iter().enumerate() {
        tap.send(&frame.data).expect("the cable is in");
        if number % 32 == 0 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
    for port in ["rec", "cut", "late"] {
        wait_until(port, || recorded(&folder, port).len() >= expected(port).len());
    }
    for port in ["rec", "cut"] {
        let found = recorded(&folder, port);
        let now = now_ns();
        assert!(found.iter().all(|(_, time_ns)| (before..=now).contains(time_ns)), "{port}: of another time");
        assert!(sorted(found) == sorted(expected(port)), "{port} has other frames");
    }
    // A stamp is of another time; all else is the same.
    let without = |frames: Vec<(Vec<u8>, u64)>| {
        let cut = |(frame, time): (Vec<u8>, u64)| {
            assert_eq!(frame[MAC_BYTES..MAC_BYTES + 2], [0xd2, 0x8b], "it has a stamp");
            ([&frame[..MAC_BYTES], &frame[MAC_BYTES + STAMP_BYTES..]].concat(), time)
        };
        sorted(frames.into_iter().map(cut).collect())
    };
    assert!(without(recorded(&folder, "late")) == without(expected("late")), "late has other frames");
    let status = lab.ask(&daemon, &["status"]);
    assert!(status.contains("every packet and every copy is accounted for"), "{status}");
    for (port, expected) in [("rec", expected("rec").len()), ("cut", expected("cut").len())] {
        assert_eq!(lab.counted(&daemon, port), [0, expected as u64, 0, 0], "{port}");
    }
    daemon.end();
    assert!(!run("ip link show | grep slc"), "devices of captures are left");
    if let Ok(output) = Command::new("capinfos").args(files(&folder)).output() {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

pub(crate) fn now_ns() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since.expect("it is later").as_nanos()).expect("it is not that late")
}

const ALL: &str = "
ports:
  tap: { role: network, id: 1 }
  left: { role: tool, id: 11 }
  rec: { role: tool, id: 12 }
filters:
  - { name: all, to: [left, rec] }
";

#[test]
fn what_the_disk_does_not_take_is_in_the_account_to_the_end() {
    let Some(lab) = Lab::new("d", &["tap", "left"]) else { return };
    lab.write("broker.yaml", ALL);
    let folder = lab.path("rec");
    fs::create_dir(&folder).expect("it can be made");
    let rec = format!("rec=capture:{folder},size=128K");
    let daemon = lab.serve(&["--port", "tap=xdp:tap", "--port", "left=xdp:left", "--port", &rec]);
    let traffic = Traffic::begin("tap", &["left"]);
    traffic.flow(100);
    // The file goes on; the next one cannot be begun.
    fs::remove_dir_all(&folder).expect("it is there");
    wait_until("a loss", || lab.counted(&daemon, "rec")[3] > 0);
    traffic.flow(1_000);
    let (sent, received) = traffic.end();
    assert_eq!(received[0].len() as u64, sent, "the tool beside it got each");
    let report = daemon.end();
    // The tools are behind what else has their names.
    let tools = report.split_once("\ntool ").map_or("", |(_, tools)| tools);
    let of_tool = tools.lines().find(|line| line.starts_with("rec ")).unwrap_or(&report);
    let numbers: Vec<u64> = of_tool.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    // Asked, sent, queue_full; what is 0 everywhere is not told.
    let [asked, in_files, lost] = numbers.try_into().unwrap_or_else(|_| panic!("{report}"));
    assert!(asked == sent && in_files + lost == sent && lost > 0, "{report}");
    assert!(report.contains("every packet and every copy is accounted for"), "{report}");
}

#[test]
fn a_broker_that_is_killed_leaves_its_files_and_the_next_one_goes_on() {
    let Some(lab) = Lab::new("g", &["tap", "left"]) else { return };
    lab.write("broker.yaml", ALL);
    let folder = lab.path("rec");
    fs::create_dir(&folder).expect("it can be made");
    let rec = format!("rec=capture:{folder},size=1M");
    let ports = ["--port", "tap=xdp:tap", "--port", "left=xdp:left", "--port", &rec];
    let first = lab.serve(&ports);
    let traffic = Traffic::begin("tap", &["left"]);
    traffic.flow(2_000);
    first.kill();
    let of_first = files(&folder);
    // The other tool has no gap.
    traffic.flow(2_000);
    let second = lab.serve(&ports);
    // Now at the latest nothing of them is half written.
    let there = of_first.iter().map(|file| read(file).len()).sum();
    assert!(there > 0, "something was written");
    traffic.flow(2_000);
    let at_second = || recorded(&folder, "rec").len() - there;
    wait_until("the capture", || at_second() > 1_000);
    let applied = lab.ask(&second, &["ports", "--detach", "rec"]);
    assert!(applied.contains("has no device"), "{applied}");
    let written = recorded(&folder, "rec");
    let numbers =
        written.iter().map(|(frame, _)| u64::from_be_bytes(frame[14..22].try_into().expect("eight bytes")));
    let mut numbers: Vec<u64> = numbers.collect();
    // A cable's frames may be those of one processor, then of another.
    numbers[..there].sort_unstable();
    numbers[there..].sort_unstable();
    assert!(numbers.is_sorted_by(|a, b| a < b), "each once");
    let tail = &numbers[there..];
    assert_eq!(tail.len() as u64, tail[tail.len() - 1] - tail[0] + 1, "of the second, each");
    let (sent, received) = traffic.end();
    assert_eq!(received[0].len() as u64, sent, "the tool beside it got each");
    second.kill();
    let release = format!("{} release --pin {}", env!("CARGO_BIN_EXE_sluice"), lab.pin());
    assert!(run(&release), "{release}");
    assert!(!run("ip link show | grep slc"), "devices of captures are left");
}

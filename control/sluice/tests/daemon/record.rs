//! A tool that is a capture: files in a ring, which can be read whenever the broker is killed, and a disk that is full.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use sluice_capture::{ReadOptions, Reader};

use crate::full::Small;
use crate::lab::{Daemon, Ends, address, ask, folder};

const PATIENCE: Duration = Duration::from_secs(30);

/// Everything to the recorder and, sliced, to the tool beside it.
const POLICY: &str = "
ports:
  tap: { role: network, id: 1 }
  left: { role: tool, id: 11 }
  right: { role: tool, id: 12 }
filters:
  - { name: all, to: [left] }
  - { name: short, to: [right], edits: { slice: { after: frame, bytes: 60 } } }
";

fn arguments(ends: &Ends, capture: &str) -> Vec<String> {
    let port = |name: &str, device: String| ["--port".to_string(), format!("{name}={device}")];
    let udp = |own: usize, end| format!("udp:{},{}", ends.own[own], address(end));
    let all = [
        port("tap", udp(0, &ends.tap)),
        port("left", capture.to_string()),
        port("right", udp(2, &ends.right)),
    ];
    all.into_iter().flatten().collect()
}

fn frame(number: u32) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5];
    frame.extend(number.to_be_bytes());
    frame.resize(1_000, 0);
    frame
}

/// Sends a frame; when this returns, the broker has taken it through.
fn send(ends: &Ends, number: u32) {
    ends.tap.send_to(&frame(number), ends.own[0]).expect("it can be sent");
    let mut copy = [0; 2_000];
    ends.right.set_read_timeout(Some(PATIENCE)).expect("it is a time");
    let length = ends.right.recv(&mut copy).expect("the tool beside it gets it");
    assert_eq!(copy[..length], frame(number)[..60]);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("it is there").map(|file| file.expect("it is there").path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "pcapng"));
    files.sort();
    files
}

/// The numbers of the frames in a file, as far as it is written; and whether that is all of it.
fn so_far(path: &Path) -> (Vec<u32>, bool) {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = Reader::new(file, ReadOptions::default()).expect("it is a capture");
    let mut all = Vec::new();
    loop {
        let packet = match reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return (all, true),
            Err(_) => return (all, false),
        };
        let number = u32::from_be_bytes(packet.data[14..18].try_into().expect("four bytes"));
        assert_eq!(packet.data, frame(number), "as it came in");
        all.push(number);
    }
}

/// The numbers of the frames in a file to which nothing is written now.
fn numbers(path: &Path) -> Vec<u32> {
    let (numbers, is_whole) = so_far(path);
    assert!(is_whole, "{} ends in the middle of a block", path.display());
    numbers
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what} does not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What tshark says of a file that it reads; `None` where there is no tshark.
fn tshark(path: &Path) -> Option<usize> {
    let Ok(output) = Command::new("tshark").args(["-n", "-r"]).arg(path).output() else {
        eprintln!("skipped: tshark is not installed");
        return None;
    };
    assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).lines().count())
}

#[test]
fn a_recorder_keeps_its_ring_whenever_it_is_killed() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("broker.yaml"), POLICY).expect("it can be written");
    let rec = folder.join("rec");
    fs::create_dir(&rec).expect("it can be made");
    let ends = Ends::new();
    let arguments = arguments(&ends, &format!("capture:{},size=128K,files=3", rec.display()));
    let mut next = 0;
    for round in 0..4 {
        let mut daemon = Daemon::with(folder, &arguments);
        for _ in 0..200 {
            send(&ends, next);
            next += 1;
        }
        wait_until("the last frame", || {
            files(&rec).last().is_some_and(|file| so_far(file).0.last() == Some(&(next - 1)))
        });
        if round == 3 {
            // A file that goes on is as good for others as one that has ended.
            let last = files(&rec).pop().expect("there are some");
            if let Some(lines) = tshark(&last) {
                assert_eq!(lines, numbers(&last).len());
            }
        }
        daemon.kill();
    }
    let files = files(&rec);
    assert_eq!(files.len(), 3, "{files:?}");
    let all: Vec<u32> = files.iter().flat_map(|file| numbers(file)).collect();
    // Each start began a file; those behind have what they have room for.
    assert_eq!(all, (all[0]..next).collect::<Vec<u32>>(), "all of them, in order");
    for file in &files {
        assert!(fs::metadata(file).expect("it is there").len() <= 128 << 10, "{}", file.display());
    }
}

#[test]
fn a_full_disk_stops_the_capture_and_nothing_else() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("broker.yaml"), POLICY).expect("it can be written");
    let rec = folder.join("rec");
    let Some(small) = Small::mount(&rec) else { return };
    let ends = Ends::new();
    let daemon = Daemon::with(folder, &arguments(&ends, &format!("capture:{},size=256K", rec.display())));
    send(&ends, 0);
    let first = files(&rec).pop().expect("it was begun");
    wait_until("the first frame", || so_far(&first).0 == [0]);
    small.fill();
    // What `sluice ports` says: received, sent, missed, lost.
    let lost = |port: &str| {
        let (ports, _) = ask(folder, &daemon, &["ports"]);
        let line = ports.lines().find(|line| line.starts_with(&format!("{port} "))).expect("it is a port");
        line.split_whitespace().last().and_then(|word| word.parse::<u64>().ok()).expect("a number")
    };
    let mut next = 1;
    // What the file system has taken already is used up first.
    wait_until("the disk's end", || {
        (0..20).for_each(|more| send(&ends, next + more));
        next += 20;
        lost("left") > 0
    });
    assert_eq!(lost("right"), 0, "the tool beside it got all");
    small.free();
    let at = next;
    wait_until("the capture", || {
        send(&ends, next);
        next += 1;
        files(&rec).iter().any(|file| so_far(file).0.last().is_some_and(|last| *last >= at))
    });
    // Each is in the files or counted as lost, and of nothing there is a half.
    let counted = || {
        let in_files: usize = files(&rec).iter().map(|file| so_far(file).0.len()).sum();
        in_files as u64 + lost("left")
    };
    wait_until("what was under way", || counted() == u64::from(next));
    let (text, code) = ask(folder, &daemon, &["ports", "--detach", "left"]);
    assert_eq!(code, Some(0), "{text}");
    for file in files(&rec) {
        tshark(&file);
    }
    // It can be given back while everything runs.
    let device = format!("left=capture:{},seconds=3600", rec.display());
    let (text, code) = ask(folder, &daemon, &["ports", "--attach", &device]);
    assert_eq!(code, Some(0), "{text}");
    send(&ends, next);
    wait_until("one more", || files(&rec).last().is_some_and(|file| so_far(file).0 == [next]));
    let (text, code) = ask(folder, &daemon, &["ports", "--attach", "left=capture:/nowhere"]);
    assert!(code == Some(2) && text.contains("left` (number 11) has a device"), "{text}");
}

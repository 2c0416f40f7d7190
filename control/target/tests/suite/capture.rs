//! Captures as ports: what is taken is in the files or counted, whoever sends it and whatever the disk does.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sluice_capture::{ReadOptions, Reader};
use sluice_target::port::{Leaving, Loss, PortSpec, Recorder, Role};
use sluice_target::sys::{Linux, System};

fn spec(text: &str) -> Result<PortSpec, String> {
    text.parse()
}

fn recorder(spec: &PortSpec) -> Recorder {
    let PortSpec::Capture(spec) = spec else { panic!("it is a capture") };
    Recorder::begin("rec", spec, Arc::new(Linux)).expect("the folder is there")
}

fn in_folder(folder: &Path, words: &str) -> PortSpec {
    spec(&format!("capture:{}{words}", folder.display())).expect("it is right")
}

fn with_taps(spec: PortSpec, taps: &[(u16, &str)]) -> PortSpec {
    let PortSpec::Capture(mut spec) = spec else { panic!("it is a capture") };
    spec.taps = taps.iter().map(|(port, name)| (*port, (*name).to_string())).collect();
    PortSpec::Capture(spec)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("it is there").map(|file| file.expect("it is there").path()).collect();
    files.sort();
    files
}

/// Packets by interface: data, wire length, time.
fn read(path: &Path) -> BTreeMap<String, Vec<(Vec<u8>, u32, u64)>> {
    let mut reader =
        Reader::new(File::open(path).expect("it is there"), ReadOptions::default()).expect("a capture");
    let mut all: BTreeMap<String, Vec<_>> = BTreeMap::new();
    loop {
        let Some(packet) = reader.next_packet().expect("it is whole") else { return all };
        let (interface, seen) =
            (packet.interface, (packet.data.to_vec(), packet.wire_length, packet.time_ns));
        let name = reader.interfaces()[interface as usize].name.clone().unwrap_or_default();
        all.entry(name).or_default().push(seen);
    }
}

fn copy(data: &[u8], ingress: Option<u16>) -> Leaving<'_> {
    Leaving { data, wire_length: 1_500, time_ns: 1_795_864_333_123_456_789, ingress, instance: 4 }
}

#[test]
fn what_is_no_capture_is_told_word_for_word() {
    for (text, part) in [
        ("capture:", "`capture:` names no folder; write `capture:FOLDER[,size=100M]"),
        ("capture:/x,size", "`size` has no value"),
        ("capture:/x,size=10", "`size=10`: at least 131072 is expected"),
        ("capture:/x,size=10T", "`size=10T`: a size is expected, as `100M`"),
        ("capture:/x,size=99999999999G", "a size is expected"),
        ("capture:/x,size=1M,size=2M", "`size` is there twice"),
        ("capture:/x,seconds=0", "`seconds=0`: 1 to 4294967295 is expected"),
        ("capture:/x,size=1M,files=0", "`files=0`: a number of files from 1 on is expected"),
        ("capture:/x,files=5", "`files` needs `size` or `seconds`"),
        ("capture:/x,snaplen=0", "`snaplen=0`: 1 to 65535 is expected"),
        ("capture:/x,rotate=5", "`rotate=5`: there is no such word"),
    ] {
        let error = spec(text).expect_err(text);
        assert!(error.contains(part), "{text}: {error}");
    }
    let PortSpec::Capture(read) =
        spec("capture:/x,size=2M,seconds=60,files=20,snaplen=128,queue=1G").expect("it is right")
    else {
        panic!("it is a capture")
    };
    assert_eq!((read.max_bytes, read.queue_bytes, read.snap_bytes), (Some(2 << 20), 1 << 30, 128));
    let system: Arc<dyn System> = Arc::new(Linux);
    let open = |text: &str, role| spec(text).expect("it is right").open("rec", role, &system);
    let error = open("capture:/nowhere", Role::Tool).expect_err("there is none");
    assert!(error.to_string().contains("`/nowhere`: No such file"), "{error}");
    let error = open("capture:/tmp", Role::Network).expect_err("nothing comes in by it");
    assert!(error.to_string().contains("`sluice replay`"), "{error}");
}

#[test]
fn copies_stand_at_the_tap_that_they_came_in_by() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recorder =
        recorder(&with_taps(in_folder(folder.path(), ",snaplen=20"), &[(1, "tap-a"), (2, "tap-b")]));
    let frame: Vec<u8> = (0..60).collect();
    for ingress in [Some(2), Some(1), Some(9), None] {
        recorder.take(&copy(&frame, ingress)).expect("there is room");
    }
    recorder.end();
    assert_eq!(recorder.take(&copy(&frame, None)), Err(Loss::Down), "it has ended");
    let [file] = files(folder.path()).try_into().expect("one file");
    let expected = vec![(frame[..20].to_vec(), 1_500, 1_795_864_333_123_456_789)];
    let all = ["port 9", "rec", "tap-a", "tap-b"].map(|name| (name.to_string(), expected.clone()));
    assert_eq!(read(&file), BTreeMap::from(all));
}

#[test]
fn every_copy_is_in_the_files_or_counted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recorder = recorder(&in_folder(folder.path(), ",size=1M,queue=128K"));
    let taken: Vec<(u64, u64)> = std::thread::scope(|scope| {
        let send = |thread: u8| {
            let recorder = &recorder;
            move || {
                let (mut taken, mut full) = (0, 0);
                for number in 0..3_000u32 {
                    let mut frame = vec![thread; 1_000];
                    frame[..4].copy_from_slice(&number.to_be_bytes());
                    match recorder.take(&copy(&frame, None)) {
                        Ok(()) => taken += 1,
                        Err(Loss::QueueFull) => full += 1,
                        Err(loss) => panic!("{loss:?}"),
                    }
                }
                (taken, full)
            }
        };
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(send(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ended")).collect()
    });
    recorder.end();
    assert_eq!(recorder.take_lost(), BTreeMap::new(), "the disk took all");
    let mut in_files = [const { Vec::new() }; 4];
    for path in files(folder.path()) {
        for (data, ..) in read(&path).remove("rec").unwrap_or_default() {
            in_files[usize::from(data[999])].push(u32::from_be_bytes([data[0], data[1], data[2], data[3]]));
        }
    }
    for ((taken, full), numbers) in taken.into_iter().zip(&in_files) {
        assert_eq!((taken, full), (numbers.len() as u64, 3_000 - numbers.len() as u64));
        assert!(numbers.is_sorted(), "in the order in which they were sent");
    }
}

#[test]
fn a_full_queue_loses_copies_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let PortSpec::Capture(mut spec) = in_folder(folder.path(), "") else { panic!("it is a capture") };
    spec.queue_bytes = 100;
    let recorder = recorder(&PortSpec::Capture(spec));
    assert_eq!(recorder.take(&copy(&[0; 81], None)), Err(Loss::QueueFull), "with its head it is too long");
    recorder.take(&copy(&[0; 80], None)).expect("there is room");
    assert_eq!(recorder.waiting().1, 100);
    recorder.end();
}

#[test]
fn copies_that_the_disk_does_not_take_are_told_of_their_instance() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files_in = folder.path().join("files");
    fs::create_dir(&files_in).expect("it can be made");
    let recorder = recorder(&in_folder(&files_in, ",size=128K"));
    let frame = vec![0; 60_000];
    recorder.take(&copy(&frame, None)).expect("there is room");
    // What is open goes on; the next file cannot be begun.
    fs::remove_dir_all(&files_in).expect("it is there");
    let mut at_once = 0;
    for _ in 0..5 {
        match recorder.take(&copy(&frame, None)) {
            Ok(()) => {}
            Err(Loss::NotWritten) => at_once += 1,
            Err(loss) => panic!("{loss:?}"),
        }
    }
    recorder.end();
    let lost = recorder.take_lost();
    let later = lost.get(&4).copied().unwrap_or(0);
    // Two fit the first file.
    assert_eq!((lost.len(), at_once + later), (1, 4), "{lost:?}");
    assert_eq!(recorder.take_lost(), BTreeMap::new(), "told once");
}

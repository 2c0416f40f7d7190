//! Frames of the captures beside the repository, where they are there.

use std::fs::File;
use std::path::{Path, PathBuf};

use sluice_capture::{ReadOptions, Reader};

/// One captured frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// What was captured.
    pub data: Vec<u8>,
    /// Bytes on the wire.
    pub wire_length: u32,
}

/// The folder of captures, or `None` with the reason printed.
pub fn folder() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/pcaps");
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no captures in {}", path.display());
    None
}

/// Paths of all captures there, sorted; `None` (and the reason printed) where there are none.
pub fn files() -> Option<Vec<PathBuf>> {
    let folder = folder()?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| matches!(path.extension().and_then(|name| name.to_str()), Some("pcap" | "pcapng")))
        .collect();
    files.sort();
    Some(files)
}

/// The frames of a capture, up to the first error in it. Captures of other link types have none.
pub fn read(path: &Path) -> Vec<Captured> {
    let Ok(file) = File::open(path) else { return Vec::new() };
    let Ok(mut reader) = Reader::new(file, ReadOptions::default()) else { return Vec::new() };
    let mut frames = Vec::new();
    while let Ok(Some(packet)) = reader.next_packet() {
        frames.push(Captured {
            time_ns: packet.time_ns,
            data: packet.data.to_vec(),
            wire_length: packet.wire_length,
        });
    }
    frames
}

/// The frames of one capture by its file name; `None` (and the reason printed) where it is not there.
pub fn named(name: &str) -> Option<Vec<Captured>> {
    let path = folder()?.join(name);
    let frames = read(&path);
    if frames.is_empty() {
        println!("skipped: no frames in {}", path.display());
        return None;
    }
    Some(frames)
}

//! What the tests against other tools share: running tshark and finding real captures.

use std::path::{Path, PathBuf};
use std::process::Command;

use sluice_capture::{Error, ReadOptions, Reader};

/// Folder of real captures beside the repository, or none, said on the output.
pub(crate) fn real_captures() -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pcaps");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: no real captures at {}", folder.display());
        return None;
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng"))
        .collect();
    files.sort();
    Some(files)
}

/// What a tool prints, or none, said on the output, where the tool is absent.
pub(crate) fn run(tool: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(tool).args(arguments).output() {
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{tool} {arguments:?} failed: {errors}");
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(error) => {
            println!("skipped: {tool} cannot be run: {error}");
            None
        }
    }
}

/// The lines that tshark prints for the given fields, one a packet, tab-separated.
pub(crate) fn tshark_fields(file: &Path, fields: &[&str]) -> Option<Vec<String>> {
    let name = file.to_str().expect("test files have plain names");
    let mut arguments = vec!["-n", "-r", name, "-T", "fields"];
    for field in fields {
        arguments.extend(["-e", field]);
    }
    Some(run("tshark", &arguments)?.lines().map(str::to_owned).collect())
}

/// A packet of which only what is compared is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) time_ns: u64,
    pub(crate) data: Vec<u8>,
    pub(crate) wire_length: u32,
    pub(crate) interface: u32,
}

/// All packets of a capture, and the error that ended it, if one did.
pub(crate) fn read_all(bytes: &[u8], options: ReadOptions) -> (Vec<Seen>, Option<Error>) {
    let mut packets = Vec::new();
    let mut reader = match Reader::new(bytes, options) {
        Ok(reader) => reader,
        Err(error) => return (packets, Some(error)),
    };
    loop {
        match reader.next_packet() {
            Ok(Some(packet)) => packets.push(Seen {
                time_ns: packet.time_ns,
                data: packet.data.to_vec(),
                wire_length: packet.wire_length,
                interface: packet.interface,
            }),
            Ok(None) => return (packets, None),
            Err(error) => return (packets, Some(error)),
        }
    }
}

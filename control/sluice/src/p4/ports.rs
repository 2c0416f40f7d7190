//! What the ports send: one pcap each, begun when its first packet comes.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use sluice_capture::{OutputFile, PcapWriter};
use sluice_switch::{Output, Sink};

use crate::failure::Failure;
use crate::folder::{Folder, put_in_place};

/// The files of all ports, not yet in place.
pub(super) struct Ports {
    files: BTreeMap<u16, PortFile>,
    /// First thing that went wrong; what comes after it is not written.
    failed: Option<(PathBuf, io::Error)>,
    /// Behind the files: it is dropped after they are.
    folder: Folder,
}

struct PortFile {
    path: PathBuf,
    writer: PcapWriter<OutputFile>,
    packets: u64,
}

impl Ports {
    /// For files in that folder.
    pub(super) fn create(folder: &Path) -> Result<Self, Failure> {
        Ok(Self { files: BTreeMap::new(), failed: None, folder: Folder::create(folder)? })
    }

    fn write(&mut self, output: Output<'_>) -> Result<(), (PathBuf, io::Error)> {
        let path = self.folder.path().join(format!("port-{}.pcap", output.port));
        let failed = |source| (path.clone(), source);
        let file = match self.files.entry(output.port) {
            std::collections::btree_map::Entry::Occupied(file) => file.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let writer = OutputFile::create(&path).and_then(PcapWriter::new).map_err(failed)?;
                place.insert(PortFile { path: path.clone(), writer, packets: 0 })
            }
        };
        file.writer.write_packet(output.time_ns, output.data, output.original_length).map_err(failed)?;
        file.packets += 1;
        Ok(())
    }

    /// Puts all files in place; none of them before all are complete. Gives them with their packets.
    pub(super) fn commit(self) -> Result<Vec<(PathBuf, u64)>, Failure> {
        if let Some((path, source)) = self.failed {
            return Err(Failure::Write { path, source });
        }
        let mut complete = Vec::new();
        for file in self.files.into_values() {
            let output = file.writer.finish().map_err(Failure::write(&file.path))?;
            complete.push((file.path, file.packets, output));
        }
        put_in_place(complete)
    }
}

impl Sink for Ports {
    fn send(&mut self, output: Output<'_>) {
        if self.failed.is_none()
            && let Err(failed) = self.write(output)
        {
            self.failed = Some(failed);
        }
    }
}

//! What the tools receive: one pcapng each.
//!
//! A tool's file has one interface a network port, so that a reader sees which tap a packet came from. The packet id (`epb_packetid`) counts the input's
//! packets: copies of one packet have the same id in every file. A sliced packet keeps its original length.

use std::io;
use std::path::{Path, PathBuf};

use sluice_capture::{
    Direction, InterfaceOptions, InterfaceStatistics, OutputFile, PacketRecord, PcapngWriter, SectionOptions,
};
use sluice_policy::{Policy, PortRole};
use sluice_switch::{Output, Sink};

use crate::failure::Failure;
use crate::folder::{Folder, put_in_place};

/// Instances that `egress_rid` can name in the broker's program.
const INSTANCES: usize = 1_024;

/// One tool's file, not yet in place.
struct ToolFile {
    path: PathBuf,
    writer: PcapngWriter<OutputFile>,
    packets: u64,
    /// First thing that went wrong; what comes after it is not written.
    failed: Option<io::Error>,
}

/// All tools' files.
pub(crate) struct Tools {
    files: Vec<ToolFile>,
    /// By instance: index into `files`.
    of_instance: Vec<Option<usize>>,
    /// By data-plane port number: interface in every file.
    interface_of_port: Vec<Option<u32>>,
    packet_id: u64,
    /// Copies of instances that belong to no tool, which must not be.
    strays: u64,
    /// Behind the files: it is dropped after they are.
    _folder: Folder,
}

impl Tools {
    /// Begins a file for every tool. `instances` says which instance belongs to which tool, by name.
    pub(crate) fn create(folder: &Path, policy: &Policy, instances: &[(u16, &str)]) -> Result<Self, Failure> {
        let made = Folder::create(folder)?;
        let mut tools = Self {
            files: Vec::new(),
            of_instance: vec![None; INSTANCES],
            interface_of_port: vec![None; sluice_switch::DROP_PORT as usize + 1],
            packet_id: 0,
            strays: 0,
            _folder: made,
        };
        for tool in &policy.tools {
            let path = folder.join(format!("{}.pcapng", tool.name));
            let writer = tools.begin(&path, policy).map_err(Failure::write(&path))?;
            for (instance, _) in instances.iter().filter(|(_, name)| *name == &*tool.name) {
                if let Some(slot) = tools.of_instance.get_mut(usize::from(*instance)) {
                    *slot = Some(tools.files.len());
                }
            }
            tools.files.push(ToolFile { path, writer, packets: 0, failed: None });
        }
        Ok(tools)
    }

    fn begin(&mut self, path: &Path, policy: &Policy) -> io::Result<PcapngWriter<OutputFile>> {
        let mut writer = PcapngWriter::new(OutputFile::create(path)?, SectionOptions::default())?;
        for port in &policy.ports {
            if let PortRole::Network { .. } = port.role {
                let options = InterfaceOptions {
                    name: &port.name,
                    description: Some("network port"),
                    ..InterfaceOptions::default()
                };
                let number = writer.add_interface(options)?;
                if let Some(slot) = self.interface_of_port.get_mut(usize::from(port.id)) {
                    *slot = Some(number);
                }
            }
        }
        Ok(writer)
    }

    /// The copies that come now are of the next packet.
    pub(crate) fn next_packet(&mut self) {
        self.packet_id += 1;
    }

    /// Copies that no tool's instance explains: a defect, if not zero.
    pub(crate) fn strays(&self) -> u64 {
        self.strays
    }

    /// Writes the totals and puts all files in place; none of them before all are complete.
    ///
    /// `received` gives, by data-plane port number, the packets that came in there.
    pub(crate) fn commit(self, received: impl Fn(u16) -> u64) -> Result<Vec<(PathBuf, u64)>, Failure> {
        let mut complete = Vec::new();
        for mut file in self.files {
            let totals = |port: usize, delivered| InterfaceStatistics {
                received: Some(received(port as u16)),
                delivered: Some(delivered),
                ..InterfaceStatistics::default()
            };
            let finish = |file: &mut ToolFile| -> io::Result<()> {
                if let Some(error) = file.failed.take() {
                    return Err(error);
                }
                for (port, interface) in self.interface_of_port.iter().enumerate() {
                    if let Some(interface) = interface {
                        file.writer.write_statistics(*interface, totals(port, file.packets))?;
                    }
                }
                Ok(())
            };
            finish(&mut file).map_err(Failure::write(&file.path))?;
            let output = file.writer.finish().map_err(Failure::write(&file.path))?;
            complete.push((file.path, file.packets, output));
        }
        put_in_place(complete)
    }
}

impl Sink for Tools {
    fn send(&mut self, output: Output<'_>) {
        let index = self.of_instance.get(usize::from(output.instance)).copied().flatten();
        let interface = self.interface_of_port.get(usize::from(output.ingress_port)).copied().flatten();
        let (Some(index), Some(interface)) = (index, interface) else {
            self.strays += 1;
            return;
        };
        let file = &mut self.files[index];
        if file.failed.is_some() {
            return;
        }
        let record = PacketRecord {
            interface,
            time_ns: output.time_ns,
            data: output.data,
            wire_length: output.original_length,
            direction: Direction::Inbound,
            packet_id: Some(self.packet_id),
            ..PacketRecord::default()
        };
        match file.writer.write_packet(&record) {
            Ok(()) => file.packets += 1,
            Err(error) => file.failed = Some(error),
        }
    }
}

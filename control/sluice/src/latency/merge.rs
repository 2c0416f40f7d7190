//! One capture of all taps, in which the same packet has the same number.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use sluice_capture::{
    InterfaceOptions, InterfaceStatistics, OutputFile, PacketRecord, PcapngWriter, SectionOptions,
};
use sluice_latency::{Analysis, Arrival, Fate};

use super::taps::Taps;
use crate::failure::Failure;

/// Numbers of packets, by tap, in the order of the tap: in files, as captures may be longer than memory.
pub(super) struct Numbers {
    files: Vec<BufWriter<File>>,
    failed: Option<io::Error>,
}

/// A packet without number.
const NONE: u64 = 0;

impl Numbers {
    pub(super) fn new(taps: usize) -> io::Result<Self> {
        let files = (0..taps).map(|_| Ok(BufWriter::new(tempfile::tempfile()?)));
        Ok(Self { files: files.collect::<io::Result<_>>()?, failed: None })
    }

    /// The next packet of a tap.
    pub(super) fn put(&mut self, arrival: &Arrival) {
        let number = match arrival.fate {
            Fate::Settled { id: Some(id), .. } => id + 1,
            _ => NONE,
        };
        let Some(file) = self.files.get_mut(arrival.tap) else { return };
        if let Err(error) = file.write_all(&number.to_le_bytes()) {
            self.failed.get_or_insert(error);
        }
    }

    fn read(self) -> io::Result<Vec<BufReader<File>>> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let rewound = self.files.into_iter().map(|file| {
            let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            Ok(BufReader::new(file))
        });
        rewound.collect()
    }
}

fn next(file: &mut BufReader<File>) -> io::Result<Option<u64>> {
    let mut bytes = [0; 8];
    file.read_exact(&mut bytes)?;
    let number = u64::from_le_bytes(bytes);
    Ok((number != NONE).then(|| number - 1))
}

/// Reads the taps again, and writes their packets by their stamps' times, without stamps.
pub(super) fn write(path: &Path, taps: &Taps, numbers: Numbers) -> Result<OutputFile, Failure> {
    let failed = || Failure::system("keep packets' numbers in a temporary file");
    let mut numbers = numbers.read().map_err(failed())?;
    let mut output = OutputFile::create(path).map_err(Failure::write(path))?;
    let written = Failure::write(path);
    let mut result: io::Result<()> = Ok(());
    let mut counts = vec![0_u64; taps.taps.len()];
    let mut writer = match begin(&mut output, taps) {
        Ok(writer) => writer,
        Err(error) => return Err(written(error)),
    };
    taps.read(|frame| {
        let Some(stamped) = frame.stamped.filter(Analysis::takes) else { return Ok(()) };
        let packet_id = next(&mut numbers[frame.tap]).map_err(failed())?;
        let data = [stamped.macs, stamped.from_ether_type].concat();
        let record = PacketRecord {
            interface: frame.tap as u32,
            time_ns: stamped.time_ns,
            wire_length: stamped.wire_length.max(data.len() as u32),
            data: &data,
            packet_id,
            ..PacketRecord::default()
        };
        counts[frame.tap] += 1;
        if result.is_ok() {
            result = writer.write_packet(&record);
        }
        Ok(())
    })?;
    for (tap, count) in counts.iter().enumerate() {
        let statistics = InterfaceStatistics { delivered: Some(*count), ..InterfaceStatistics::default() };
        if result.is_ok() {
            result = writer.write_statistics(tap as u32, statistics);
        }
    }
    result.and_then(|()| writer.finish().map(drop)).map_err(written)?;
    Ok(output)
}

fn begin<'a>(output: &'a mut OutputFile, taps: &Taps) -> io::Result<PcapngWriter<&'a mut OutputFile>> {
    let mut writer = PcapngWriter::new(output, SectionOptions::default())?;
    for tap in &taps.taps {
        let description = format!("{}, time: {}", taps.captures[tap.capture].display(), tap.stamps.format);
        let options = InterfaceOptions {
            name: &tap.name,
            description: Some(&description),
            ..InterfaceOptions::default()
        };
        writer.add_interface(options)?;
    }
    Ok(writer)
}

//! The ports of `simple_switch` as pipes, so that packets and commands keep the script's order.
//!
//! The switch loads one packet from each file, takes the one with the earliest time, and loads the next from the same file:
//! it is stuck there until that comes. So a packet of another port passes only when the port of the packet before it has its
//! next one, or is closed. That is used here: each port but one always has its next packet written, and the port that the
//! switch is stuck at gets its own when the next packet of the script is to pass, whichever port that is for.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;

use sluice_capture::PcapWriter;

use super::{Result, failed};

/// Most bytes of a packet: a pipe holds that many on every system.
const MAX_PACKET_BYTES: usize = 60_000;

/// Where the switch reads the packets of a port.
pub(super) fn input(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!("pcap{port}_in.pcap"))
}

/// Where the switch writes the packets of a port.
pub(super) fn output(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!("pcap{port}_out.pcap"))
}

/// The inputs of all ports, and what is still to be written to them.
#[derive(Debug)]
pub(super) struct Ports {
    packets: Vec<(u16, Vec<u8>)>,
    pipes: BTreeMap<u16, Pipe>,
}

#[derive(Debug)]
struct Pipe {
    writer: PcapWriter<File>,
    /// Index of the first packet that is not written yet.
    next: usize,
}

impl Ports {
    /// Makes the files; the first packet of each port but the first one's is written.
    pub(super) fn create(folder: &Path, ports: &[u16], packets: Vec<(u16, Vec<u8>)>) -> Result<Self> {
        if let Some((_, data)) = packets.iter().find(|(_, data)| data.len() > MAX_PACKET_BYTES) {
            let message = format!("a packet of {} bytes; it takes {MAX_PACKET_BYTES} at most", data.len());
            return Err(failed(message));
        }
        let mut all = Self { packets, pipes: BTreeMap::new() };
        for port in ports {
            let path = input(folder, *port);
            let sends = all.packets.iter().any(|(from, _)| from == port);
            let file = if sends { pipe(&path)? } else { File::create(&path).map_err(io_failed)? };
            let writer = PcapWriter::new(file).map_err(io_failed)?;
            // A port that sends nothing has an empty capture, which is closed at once.
            if sends {
                all.pipes.insert(*port, Pipe { writer, next: 0 });
            }
        }
        let first = all.packets.first().map(|(port, _)| *port);
        let others: Vec<u16> = all.pipes.keys().copied().filter(|port| Some(*port) != first).collect();
        others.into_iter().try_for_each(|port| all.advance(port))?;
        Ok(all)
    }

    /// Lets packet `index` pass; those before it have passed.
    pub(super) fn release(&mut self, index: usize) -> Result<()> {
        let stuck = self.packets.get(index.saturating_sub(1)).map(|(port, _)| *port);
        stuck.map_or(Ok(()), |port| self.advance(port))
    }

    /// Writes the next packet of a port, or closes it.
    fn advance(&mut self, port: u16) -> Result<()> {
        let Some(pipe) = self.pipes.get_mut(&port) else { return Ok(()) };
        let mut rest = self.packets.iter().enumerate().skip(pipe.next);
        let Some((at, (_, data))) = rest.find(|(_, (from, _))| *from == port) else {
            self.pipes.remove(&port);
            return Ok(());
        };
        pipe.next = at + 1;
        // The switch counts microseconds; it takes packets of one time in the order of the ports.
        let time_ns = (at as u64 + 1) * 1_000;
        pipe.writer.write_packet(time_ns, data, data.len() as u32).map_err(io_failed)
    }
}

/// Makes a pipe and opens it. Open for both directions, so that this waits for nobody.
fn pipe(path: &Path) -> Result<File> {
    let made = Command::new("mkfifo").arg(path).status().map_err(|why| failed(format!("mkfifo: {why}")))?;
    if !made.success() {
        return Err(failed(format!("mkfifo {} did not work", path.display())));
    }
    OpenOptions::new().read(true).write(true).open(path).map_err(io_failed)
}

fn io_failed(why: std::io::Error) -> super::TargetError {
    failed(format!("its files: {why}"))
}

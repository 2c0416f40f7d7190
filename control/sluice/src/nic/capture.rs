//! `sluice nic capture`.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sluice_capture::{
    Direction, InterfaceOptions, InterfaceStatistics, OutputFile, PacketRecord, PcapngWriter, SectionOptions,
};
use sluice_nic::{Captured, Card, CardError, Clock, Discipline, Offset, Receiver, ReceiverOptions};

use super::args::Capture;
use super::{failed, open, times};
use crate::failure::Failure;

/// Frames taken at once.
const BATCH: usize = 256;
/// How long it is waited before somebody looks whether to end.
const LOOK: Duration = Duration::from_millis(100);
/// From one look at the clock to the next.
const CLOCK: Duration = Duration::from_millis(250);
/// Readings at each.
const TRIES: u32 = 4;

/// Keeps the card's clock beside this machine's.
struct Kept {
    clock: Clock,
    discipline: Discipline,
    last: Option<(Instant, Offset)>,
}

impl Kept {
    fn look(&mut self) -> Result<(), CardError> {
        if self.last.is_some_and(|(when, _)| when.elapsed() < CLOCK) {
            return Ok(());
        }
        let offset = self.clock.compare(TRIES, times::tai_ns)?;
        self.discipline.act(&self.clock, offset)?;
        self.last = Some((Instant::now(), offset));
        Ok(())
    }
}

/// The file, with an interface for each port.
struct Output {
    writer: PcapngWriter<OutputFile>,
    interfaces: Vec<Option<u32>>,
    counts: Vec<u64>,
    ahead_ns: u64,
    failed: Option<io::Error>,
}

impl Output {
    fn put(&mut self, captured: Captured<'_>) {
        if self.failed.is_none()
            && let Err(error) = self.write(captured)
        {
            self.failed = Some(error);
        }
    }

    fn write(&mut self, captured: Captured<'_>) -> io::Result<()> {
        let port = usize::from(captured.port);
        let interface = match self.interfaces[port] {
            Some(interface) => interface,
            None => {
                let name = format!("port {port}");
                let options = InterfaceOptions {
                    name: &name,
                    hardware: Some("FPGA NIC"),
                    ..InterfaceOptions::default()
                };
                let interface = self.writer.add_interface(options)?;
                self.interfaces[port] = Some(interface);
                interface
            }
        };
        let tai_ns = captured.time.map_or_else(times::tai_ns, sluice_nic::CardTime::as_ns);
        self.counts[port] += 1;
        self.writer.write_packet(&PacketRecord {
            interface,
            time_ns: tai_ns.saturating_sub(self.ahead_ns),
            data: captured.data,
            wire_length: captured.data.len() as u32,
            direction: Direction::Inbound,
            ..PacketRecord::default()
        })
    }

    fn finish(mut self) -> io::Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        for (interface, count) in self.interfaces.iter().zip(&self.counts) {
            if let Some(interface) = interface {
                let statistics =
                    InterfaceStatistics { delivered: Some(*count), ..InterfaceStatistics::default() };
                self.writer.write_statistics(*interface, statistics)?;
            }
        }
        self.writer.finish()?.commit()
    }
}

pub(super) fn run(arguments: &Capture) -> Result<(), Failure> {
    let write = |error| Failure::write(&arguments.out)(error);
    let name = &arguments.card.card;
    let stop = super::simulate::until_signal()?;
    let card = open(&arguments.card)?;
    let file = OutputFile::create(&arguments.out).map_err(write)?;
    let writer = PcapngWriter::new(file, SectionOptions::default()).map_err(write)?;
    let ports = usize::from(u8::MAX) + 1;
    let mut output = Output {
        writer,
        interfaces: vec![None; ports],
        counts: vec![0; ports],
        ahead_ns: times::tai_ahead_ns(),
        failed: None,
    };
    let outcome = take(arguments, &card, &stop, &mut output);
    if let Ok(summary) = &outcome {
        eprintln!("{summary}");
    }
    // What came before something went wrong is whole, and kept.
    output.finish().map_err(write)?;
    outcome.map(drop).map_err(failed(name))
}

fn take(
    arguments: &Capture,
    card: &Card,
    stop: &Arc<AtomicBool>,
    output: &mut Output,
) -> Result<String, CardError> {
    let mut kept = match card.clock() {
        Ok(clock) if !arguments.leave_clock && !clock.look()?.is_locked => {
            Some(Kept { clock, discipline: Discipline::new(), last: None })
        }
        Ok(_) | Err(_) => None,
    };
    if let Some(kept) = &mut kept {
        kept.look()?;
    }
    let options = ReceiverOptions {
        ring: arguments.ring,
        buffer_bytes: arguments.buffer,
        ..ReceiverOptions::default()
    };
    let mut receiver = card.receiver(0, arguments.queue, options)?;
    let ports = card.interfaces().first().map_or(&[][..], |interface| &interface.ports);
    ports.iter().try_for_each(|port| port.set_receive(true))?;
    let outcome = frames(arguments, &mut receiver, kept.as_mut(), stop, output);
    ports.iter().try_for_each(|port| port.set_receive(false))?;
    outcome?;
    let status = receiver.status();
    let mut summary = format!("{} frames, {} bytes", status.frames, status.bytes);
    if let Some((_, offset)) = kept.and_then(|kept| kept.last) {
        summary.push_str(&format!(
            "; the card's clock was {} ns ahead at last (within {} ns)",
            offset.ahead_ns, offset.bound_ns
        ));
    }
    if status.is_polling {
        summary.push_str("; there was a storm of interrupts");
    }
    Ok(summary)
}

fn frames(
    arguments: &Capture,
    receiver: &mut Receiver,
    mut kept: Option<&mut Kept>,
    stop: &AtomicBool,
    output: &mut Output,
) -> Result<(), CardError> {
    let begun = Instant::now();
    let most = arguments.count.unwrap_or(u64::MAX);
    let is_over = || arguments.seconds.is_some_and(|seconds| begun.elapsed() >= Duration::from_secs(seconds));
    loop {
        let left = most.saturating_sub(receiver.status().frames);
        if left == 0 || stop.load(Ordering::Acquire) || is_over() || output.failed.is_some() {
            return Ok(());
        }
        let batch = usize::try_from(left).unwrap_or(BATCH).min(BATCH);
        if receiver.receive(batch, |captured| output.put(captured))? == 0 {
            receiver.wait(LOOK)?;
        }
        if let Some(kept) = &mut kept {
            kept.look()?;
        }
    }
}

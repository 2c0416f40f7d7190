//! A made-up network seen at two taps, for samples and tests: the same conversations on both sides of a
//! router.
//!
//! Tap A sees every frame, some of them twice (as SPAN sessions do). Tap B sees what the router sends on: a
//! few microseconds later, with other MACs and a lower time to live, less what was lost. Address resolution
//! stays on its own side.
//!
//! Everything follows from the seed: the same options give the same bytes on every platform. Time begins at
//! [`START_NS`], addresses are those reserved for documentation and private networks.

mod conversation;
mod dice;
mod messages;
mod path;

use std::io::{self, Write};

use dice::Dice;

use crate::frame::{Ethernet, Frame, Ipv4, Udp};
use crate::write::{InterfaceOptions, InterfaceStatistics, PacketRecord, PcapngWriter, SectionOptions};

/// Time of the first conversation: 2025-01-01 00:00:00 UTC, in nanoseconds since the UNIX epoch.
pub const START_NS: u64 = 1_735_689_600_000_000_000;

/// Most frames of one sample: it is put together in memory.
pub const MAX_SAMPLE_PACKETS: usize = 500_000;

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOptions {
    /// What everything follows from.
    pub seed: u64,
    /// Frames on the wires, on either side, duplicates not counted. At least 400 show every kind of traffic.
    pub packets: usize,
    /// How many of a thousand frames tap A sees twice.
    pub duplicates_per_mille: u32,
    /// How many of a thousand frames that should cross the router are lost there.
    pub lost_per_mille: u32,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self { seed: 1, packets: 20_000, duplicates_per_mille: 20, lost_per_mille: 5 }
    }
}

/// More was asked for than is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sample of {asked} packets was asked for; the most is {MAX_SAMPLE_PACKETS}")]
pub struct SampleTooLarge {
    /// Packets asked for.
    pub asked: usize,
}

/// A frame as a tap saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleFrame {
    /// Nanoseconds since the UNIX epoch, UTC.
    pub time_ns: u64,
    /// The frame, without check sequence.
    pub data: Vec<u8>,
}

/// What the two taps saw, each in order of time, and what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Before the router.
    pub tap_a: Vec<SampleFrame>,
    /// Behind it.
    pub tap_b: Vec<SampleFrame>,
    /// Frames that tap A saw a second time.
    pub duplicates: usize,
    /// Frames that crossed from A to B or would have.
    pub crossing: usize,
    /// Those of them that were lost.
    pub lost: usize,
}

/// Which taps a frame passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It crosses the router.
    Both,
    /// It stays on the side of tap A.
    OnlyA,
    /// It stays on the side of tap B.
    OnlyB,
}

/// A frame on the wire of tap A, or of tap B where it stays there.
#[derive(Clone, Debug)]
struct Event {
    /// Nanoseconds since [`START_NS`].
    time: u64,
    /// From the client's side to the server's.
    forward: bool,
    reach: Reach,
    frame: Frame,
}

/// Generates a sample.
pub fn generate(options: SampleOptions) -> Result<Sample, SampleTooLarge> {
    if options.packets > MAX_SAMPLE_PACKETS {
        return Err(SampleTooLarge { asked: options.packets });
    }
    let mut dice = Dice::new(options.seed);
    let mut events = conversation::conversations(&mut dice, options.packets);
    events.sort_by_key(|event| event.time);
    let middle = events.get(options.packets / 2).map_or(0, |event| event.time);
    events.extend(burst(&mut dice, middle, options.packets / 50));
    events.sort_by_key(|event| event.time);
    events.truncate(options.packets);
    Ok(observe(&mut dice, &events, options))
}

/// Many senders to one receiver at once, back to back at 10 Gbit/s.
fn burst(dice: &mut Dice, start: u64, frames: usize) -> Vec<Event> {
    const SPACING_NS: u64 = 1_230;
    let frame = |index: usize| {
        let sender = [10, 9, 0, dice.between(1, 16) as u8];
        let ip = Ipv4::new(sender, [198, 51, 100, 99]).id(index as u16);
        Frame::new()
            .then(Ethernet::new(path::CLIENT_SIDE.0, path::CLIENT_SIDE.1))
            .then(ip)
            .then(Udp::new(47_000 + u16::from(sender[3]), 47_800))
            .payload(&dice.opaque(1_472))
    };
    let event = |(index, frame): (usize, Frame)| Event {
        time: start + index as u64 * SPACING_NS,
        forward: true,
        reach: Reach::Both,
        frame,
    };
    (0..frames).map(frame).enumerate().map(event).collect()
}

/// What the taps see of the events, which are in order of time.
fn observe(dice: &mut Dice, events: &[Event], options: SampleOptions) -> Sample {
    const ROUTER_NS: (u64, u64) = (3_000, 5_000);
    const DUPLICATE_NS: (u64, u64) = (5_000, 30_000);
    let mut sample = Sample::default();
    // When the router is done with its last frame, back and forward: it keeps the order.
    let mut busy_until = [0_u64; 2];
    for event in events {
        let time_ns = START_NS + event.time;
        let data = event.frame.build_padded();
        if event.reach == Reach::OnlyB {
            sample.tap_b.push(SampleFrame { time_ns, data });
            continue;
        }
        if event.reach == Reach::Both {
            sample.crossing += 1;
            let ready = time_ns + dice.between(ROUTER_NS.0, ROUTER_NS.1);
            if dice.chance(options.lost_per_mille) {
                sample.lost += 1;
            } else {
                let busy = &mut busy_until[usize::from(event.forward)];
                let (source, destination) = path::behind_router(event.forward);
                let data = event.frame.clone().routed(source, destination).build_padded();
                let time_ns = ready.max(*busy);
                // Preamble, check sequence and gap are 24 bytes; a byte takes 0.8 ns.
                *busy = time_ns + (data.len() as u64 + 24) * 8 / 10;
                sample.tap_b.push(SampleFrame { time_ns, data });
            }
        }
        if dice.chance(options.duplicates_per_mille) {
            sample.duplicates += 1;
            let again = time_ns + dice.between(DUPLICATE_NS.0, DUPLICATE_NS.1);
            sample.tap_a.push(SampleFrame { time_ns: again, data: data.clone() });
        }
        sample.tap_a.push(SampleFrame { time_ns, data });
    }
    sample.tap_a.sort_by_key(|frame| frame.time_ns);
    sample.tap_b.sort_by_key(|frame| frame.time_ns);
    sample
}

/// Writes what a tap saw as pcapng, with the tap's name as that of the interface.
pub fn write_tap<W: Write>(output: W, name: &str, frames: &[SampleFrame]) -> io::Result<W> {
    let mut writer = PcapngWriter::new(output, SectionOptions::default())?;
    let description = Some("generated sample");
    let interface =
        writer.add_interface(InterfaceOptions { name, description, ..InterfaceOptions::default() })?;
    for frame in frames {
        let wire_length = frame.data.len() as u32;
        let record = PacketRecord {
            interface,
            time_ns: frame.time_ns,
            data: &frame.data,
            wire_length,
            ..Default::default()
        };
        writer.write_packet(&record)?;
    }
    let received = Some(frames.len() as u64);
    writer.write_statistics(
        interface,
        InterfaceStatistics { received, delivered: received, ..Default::default() },
    )?;
    writer.finish()
}

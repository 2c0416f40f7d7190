//! Which format a tap's frames are stamped in.

use super::{Format, StampReader};

/// Packets that are looked at.
pub const DETECTION_PACKETS: usize = 64;

/// A stamp is taken for one only if it is so near to the capture's own time: a day. By chance, one frame in 25,000 has such a trailer.
const NEAR_NS: u64 = 86_400 * super::SECOND_NS;

/// Looks at a tap's first packets, and tells the format.
#[derive(Clone, Debug)]
pub struct Detector {
    candidates: Vec<(StampReader, usize)>,
    packets: usize,
}

impl Detector {
    /// Without packets. `tai_offset_s` is TAI minus UTC, seconds.
    pub fn new(tai_offset_s: u16) -> Self {
        let trailer = |format: &Format| {
            matches!(format, Format::Vss { .. } | Format::Ixia | Format::Metamako | Format::Exablaze)
        };
        let candidates = Format::ALL.iter().filter(|format| **format != Format::Capture).flat_map(|format| {
            let checks: &[u8] = if trailer(format) { &[0, 4] } else { &[0] };
            checks.iter().map(|check| (StampReader { format: *format, check_bytes: *check, tai_offset_s }, 0))
        });
        Self { candidates: candidates.collect(), packets: 0 }
    }

    /// One more packet; whether that is enough of them.
    pub fn observe(&mut self, frame: &[u8], capture_ns: u64, wire_length: u32) -> bool {
        self.packets += 1;
        for (reader, hits) in &mut self.candidates {
            let last =
                frame.len().checked_sub(1 + usize::from(reader.check_bytes)).and_then(|at| frame.get(at));
            // Exablaze's seconds stand where those of VSS with two bytes of port do: but it ends with a reserved byte.
            if reader.format == Format::Exablaze && last != Some(&0) {
                continue;
            }
            let stamped = reader.read(frame, capture_ns, wire_length);
            *hits +=
                usize::from(stamped.is_some_and(|stamped| stamped.time_ns.abs_diff(capture_ns) < NEAR_NS));
        }
        self.packets >= DETECTION_PACKETS
    }

    /// The first format, in the order of [`Format::ALL`], that nine of ten packets have; else the capture's time.
    pub fn found(&self) -> StampReader {
        let enough = |hits: usize| self.packets > 0 && hits * 10 >= self.packets * 9;
        let found = self.candidates.iter().find(|(_, hits)| enough(*hits)).map(|(reader, _)| *reader);
        let tai_offset_s = self.candidates.first().map_or(37, |(reader, _)| reader.tai_offset_s);
        found.unwrap_or(StampReader { format: Format::Capture, check_bytes: 0, tai_offset_s })
    }
}

//! Packets of a tap that are not told yet, in their order: 64 bytes each.

use std::collections::VecDeque;

use super::{ABSENT, Arrival, Fate, Labels, Seen, Sighting, Sink};

/// What is known of a packet's fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is under way.
    Pending,
    NoKey,
    Duplicate,
    Ambiguous,
    /// The other fields say what.
    Settled,
}

/// Where a packet was besides: times or [`ABSENT`], and the lower halves of numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elsewhere {
    pub(super) id: u64,
    pub(super) previous: (u64, u32),
    pub(super) next_ns: u64,
    pub(super) first: (u64, u32),
}

/// A line of the cache.
#[derive(Debug)]
#[repr(align(64))]
struct Packet {
    time_ns: u64,
    id: u64,
    previous_ns: u64,
    next_ns: u64,
    first_ns: u64,
    previous_number: u32,
    first_number: u32,
    bytes: u32,
    labels: Labels,
    state: State,
}

const _: () = assert!(size_of::<Packet>() == 64);

/// Bases of the numbers of the taps that an arrival may name: the one before, and the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bases {
    pub(super) previous: u64,
    pub(super) first: u64,
}

/// The number whose lower half that is, next to `near`.
fn whole(low: u32, near: u64) -> u64 {
    near.wrapping_add_signed(i64::from(low.wrapping_sub(near as u32) as i32))
}

/// The packets of a tap.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Number of the first.
    pub(super) base: u64,
    packets: VecDeque<Packet>,
}

impl Waiting {
    /// One more; its number's lower half.
    pub(super) fn push(&mut self, sighting: &Sighting, state: State) -> u32 {
        let number = self.base + self.packets.len() as u64;
        self.packets.push_back(Packet {
            time_ns: sighting.time_ns,
            id: ABSENT,
            previous_ns: ABSENT,
            next_ns: ABSENT,
            first_ns: ABSENT,
            previous_number: 0,
            first_number: 0,
            bytes: sighting.bytes,
            labels: sighting.labels,
            state,
        });
        number as u32
    }

    fn packet(&mut self, number: u32) -> Option<&mut Packet> {
        self.packets.get_mut(number.wrapping_sub(self.base as u32) as usize)
    }

    /// Its key is ambiguous.
    pub(super) fn exclude(&mut self, number: u32) {
        if let Some(packet) = self.packet(number) {
            packet.state = State::Ambiguous;
        }
    }

    /// Its window is over.
    #[inline(always)]
    pub(super) fn settle(&mut self, number: u32, elsewhere: Elsewhere) {
        if let Some(packet) = self.packet(number) {
            packet.state = State::Settled;
            packet.id = elsewhere.id;
            packet.previous_ns = elsewhere.previous.0;
            packet.previous_number = elsewhere.previous.1;
            packet.next_ns = elsewhere.next_ns;
            packet.first_ns = elsewhere.first.0;
            packet.first_number = elsewhere.first.1;
        }
    }

    /// Tells of all that is known from the first packet on.
    #[inline]
    pub(super) fn tell(&mut self, tap: usize, bases: Bases, sink: &mut impl Sink) {
        while let Some(packet) = self.packets.front() {
            let fate = match packet.state {
                State::Pending => return,
                State::NoKey => Fate::NoKey,
                State::Duplicate => Fate::Duplicate,
                State::Ambiguous => Fate::Ambiguous,
                State::Settled => {
                    let seen = |time_ns: u64, low: u32, near: u64| {
                        (time_ns != ABSENT).then(|| Seen { time_ns, number: whole(low, near) })
                    };
                    Fate::Settled {
                        id: (packet.id != ABSENT).then_some(packet.id),
                        previous: seen(packet.previous_ns, packet.previous_number, bases.previous),
                        next_ns: (packet.next_ns != ABSENT).then_some(packet.next_ns),
                        first: seen(packet.first_ns, packet.first_number, bases.first),
                    }
                }
            };
            sink.arrived(&Arrival {
                tap,
                number: self.base,
                time_ns: packet.time_ns,
                bytes: packet.bytes,
                labels: packet.labels,
                fate,
            });
            self.packets.pop_front();
            self.base += 1;
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.packets.capacity() * size_of::<Packet>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_made_whole() {
        for number in [0, 5, u64::from(u32::MAX), 1 << 32, (1 << 40) + 7] {
            for near in [number, number + 1_000, number.saturating_sub(1_000)] {
                assert_eq!(whole(number as u32, near), number, "{number} near {near}");
            }
        }
    }
}

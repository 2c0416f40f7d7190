//! Flows of one tap port, with a bound.
//!
//! A cache of [`Options::flows`] places, eight to a bucket; the bucket of a flow follows from its key. Where all eight are taken the flow that was seen longest ago is told and gives way
//! (`lack of resources`), so that a flood of flows costs precision and neither memory nor time. Flows are told when they have been idle, or active for so long ([`Options::idle_ns`],
//! [`Options::active_ns`]); looking for them is spread over the frames, a few buckets at a time, so that no frame waits for it.

use std::hash::{BuildHasher, RandomState};

use crate::frame::Dissected;

/// Places of a bucket.
const WAYS: usize = 8;

/// All buckets are looked at within that time, nanoseconds.
const ROUND_NS: u64 = 1_000_000_000;

/// Most buckets that are looked at at a time.
const AT_ONCE: u64 = 32;

/// What makes a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Number of the outermost VLAN; 0 without one.
    pub vlan: u16,
    /// Which of the two kinds of addresses.
    pub is_ipv6: bool,
    /// Address of the source; of IPv4, in the last four bytes.
    pub source: [u8; 16],
    /// Address of the destination.
    pub destination: [u8; 16],
    /// Port of the source; 0 of protocols without ports, and of later fragments.
    pub source_port: u16,
    /// Port of the destination.
    pub destination_port: u16,
    /// Protocol of IP.
    pub protocol: u8,
}

impl Key {
    /// Spread over 64 bits; `seed` differs in every process, so that nobody outside knows which flows meet in a bucket.
    fn hash(&self, seed: u64) -> u64 {
        let mut state = seed;
        let mut add = |word: u64| {
            state = (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            state ^= state >> 29;
        };
        for half in self.source.as_chunks::<8>().0.iter().chain(self.destination.as_chunks::<8>().0) {
            add(u64::from_ne_bytes(*half));
        }
        let ports = u64::from(self.source_port) << 16 | u64::from(self.destination_port);
        add(ports << 32
            | u64::from(self.vlan) << 16
            | u64::from(self.protocol) << 1
            | u64::from(self.is_ipv6));
        state
    }
}

/// Why a flow is told (IPFIX `flowEndReason`, RFC 5102, section 5.11.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// No packet came for so long.
    Idle = 1,
    /// It goes on, and is told in parts.
    Active = 2,
    /// The port is closed.
    Forced = 4,
    /// Its place was needed.
    LackOfResources = 5,
}

/// What was seen of a flow since it was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Which.
    pub key: Key,
    /// Packets.
    pub packets: u64,
    /// Bytes of IP.
    pub octets: u64,
    /// When its first packet came, nanoseconds since the UNIX epoch.
    pub start_ns: u64,
    /// When its last one came.
    pub end_ns: u64,
    /// All flags of TCP that were seen.
    pub tcp_flags: u8,
    /// Type of service of the first packet.
    pub tos: u8,
}

/// Bounds of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Most flows; rounded up to a power of two.
    pub flows: usize,
    /// A flow without packets for so long is told and forgotten, nanoseconds.
    pub idle_ns: u64,
    /// A flow that goes on is told after so long, nanoseconds.
    pub active_ns: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Flows {
    options: Options,
    /// A power of two of them.
    buckets: Box<[[Option<Flow>; WAYS]]>,
    seed: u64,
    /// The bucket that is looked at next, and up to when all were looked at.
    next: usize,
    looked_ns: u64,
}

impl Flow {
    fn new(key: Key, time_ns: u64) -> Self {
        Self { key, packets: 0, octets: 0, start_ns: time_ns, end_ns: time_ns, tcp_flags: 0, tos: 0 }
    }

    fn add(&mut self, packet: &Dissected, time_ns: u64) {
        if self.packets == 0 {
            self.tos = packet.tos;
        }
        self.packets += 1;
        self.octets += u64::from(packet.octets);
        self.tcp_flags |= packet.tcp_flags;
        // Frames of a port come in order; a clock that is set back does not make a flow end before it begins.
        self.end_ns = self.end_ns.max(time_ns);
    }

    /// Why it is to be told now, if it is.
    fn due(&self, options: &Options, now_ns: u64) -> Option<End> {
        if now_ns.saturating_sub(self.end_ns) >= options.idle_ns {
            return Some(End::Idle);
        }
        (now_ns.saturating_sub(self.start_ns) >= options.active_ns).then_some(End::Active)
    }
}

impl Flows {
    /// An empty cache.
    pub fn new(options: Options) -> Self {
        let buckets = options.flows.div_ceil(WAYS).next_power_of_two();
        Self {
            options,
            buckets: vec![[None; WAYS]; buckets].into_boxed_slice(),
            seed: RandomState::new().hash_one(0u8),
            next: 0,
            looked_ns: 0,
        }
    }

    /// A packet was seen; flows that are to be told go to `tell`.
    pub fn packet(&mut self, packet: &Dissected, time_ns: u64, tell: &mut dyn FnMut(&Flow, End)) {
        let at = packet.key.hash(self.seed) >> 20;
        let last = self.buckets.len() - 1;
        let Some(bucket) = self.buckets.get_mut(at as usize & last) else { return };
        let mut oldest = 0;
        let mut oldest_ns = u64::MAX;
        let mut place = None;
        for (index, slot) in bucket.iter().enumerate() {
            match slot {
                Some(flow) if flow.key == packet.key => {
                    place = Some(index);
                    break;
                }
                Some(flow) if flow.end_ns < oldest_ns => (oldest, oldest_ns) = (index, flow.end_ns),
                Some(_) => {}
                // Empty is older than anything.
                None => (oldest, oldest_ns) = (index, 0),
            }
        }
        let Some(slot) = bucket.get_mut(place.unwrap_or(oldest)) else { return };
        if place.is_none() {
            if let Some(gone) = slot.take() {
                tell(&gone, End::LackOfResources);
            }
        } else if let Some((flow, end)) =
            slot.as_ref().and_then(|flow| Some((flow, flow.due(&self.options, time_ns)?)))
        {
            tell(flow, end);
            *slot = None;
        }
        slot.get_or_insert_with(|| Flow::new(packet.key, time_ns)).add(packet, time_ns);
        self.look(time_ns, tell);
    }

    /// Time passes: tells flows that are due, of as many buckets as it is time for.
    pub fn look(&mut self, now_ns: u64, tell: &mut dyn FnMut(&Flow, End)) {
        let count = self.buckets.len() as u64;
        let since = now_ns.saturating_sub(self.looked_ns).min(ROUND_NS);
        let due = (since as u128 * u128::from(count) / u128::from(ROUND_NS)) as u64;
        if due == 0 {
            return;
        }
        // What is more than is looked at at a time stays due, but for what a long pause left.
        let looked = due.min(AT_ONCE.max(count / 32));
        self.looked_ns = now_ns.saturating_sub((due - looked) * ROUND_NS / count);
        for _ in 0..looked {
            let Some(bucket) = self.buckets.get_mut(self.next) else { return };
            self.next = (self.next + 1) % count as usize;
            for slot in bucket {
                if let Some((flow, end)) =
                    slot.as_ref().and_then(|flow| Some((flow, flow.due(&self.options, now_ns)?)))
                {
                    tell(flow, end);
                    *slot = None;
                }
            }
        }
    }

    /// Tells all flows, and forgets them.
    pub fn end(&mut self, tell: &mut dyn FnMut(&Flow, End)) {
        for flow in self.buckets.iter_mut().flatten().filter_map(Option::take) {
            tell(&flow, End::Forced);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn packet(number: u32) -> Dissected {
        let mut key = Key { protocol: 6, source_port: number as u16, ..Key::default() };
        key.destination[..4].copy_from_slice(&number.to_be_bytes());
        Dissected { key, octets: 100, tcp_flags: 1 << (number % 8), tos: 0 }
    }

    fn cache(flows: usize) -> Flows {
        Flows::new(Options { flows, idle_ns: 15 * SECOND, active_ns: 60 * SECOND })
    }

    #[test]
    fn idle_and_active_flows_are_told_and_nothing_is_counted_twice() {
        let mut flows = cache(1024);
        let mut told: Vec<(Flow, End)> = Vec::new();
        // One flow goes on for 150 seconds, one has a single packet at the start.
        flows.packet(&packet(2), SECOND, &mut |flow, end| told.push((*flow, end)));
        for second in 1..=150 {
            flows.packet(&packet(1), second * SECOND, &mut |flow, end| told.push((*flow, end)));
            flows.look(second * SECOND + SECOND / 2, &mut |flow, end| told.push((*flow, end)));
        }
        flows.end(&mut |flow, end| told.push((*flow, end)));
        let of = |number: u32| told.iter().filter(move |(flow, _)| flow.key == packet(number).key);
        assert_eq!(of(1).map(|(flow, _)| flow.packets).sum::<u64>(), 150);
        assert_eq!(of(1).map(|(_, end)| *end).collect::<Vec<_>>(), [End::Active, End::Active, End::Forced]);
        let (short, end) = of(2).next().expect("it was told");
        assert_eq!((short.packets, short.octets, short.tcp_flags, *end), (1, 100, 4, End::Idle));
        assert_eq!(of(2).count(), 1);
    }

    #[test]
    fn a_flood_gives_way_within_the_bound_and_every_packet_is_told() {
        let mut flows = cache(64);
        let (mut packets, mut gave_way) = (0, 0);
        let mut tell = |flow: &Flow, end: End| {
            packets += flow.packets;
            gave_way += u64::from(end == End::LackOfResources);
        };
        for number in 0..10_000 {
            flows.packet(&packet(number), SECOND, &mut tell);
        }
        let kept = flows.buckets.iter().flatten().flatten().count() as u64;
        flows.end(&mut tell);
        assert_eq!(packets, 10_000);
        assert!(kept <= 64 && gave_way == 10_000 - kept, "{kept} {gave_way}");
    }

    #[test]
    fn a_place_is_as_large_as_is_written() {
        assert_eq!(size_of::<Option<Flow>>(), 80, "docs/DAEMON.md says so");
    }

    #[test]
    fn a_long_pause_does_not_make_one_frame_wait() {
        let mut flows = cache(1 << 16);
        for number in 0..10_000 {
            flows.packet(&packet(number), SECOND, &mut |_, _| {});
        }
        let mut told = 0;
        flows.look(100 * SECOND, &mut |_, _| told += 1);
        assert!(told < 1_000, "{told}");
        for step in 1..=60 {
            flows.look(100 * SECOND + step * SECOND / 50, &mut |_, _| told += 1);
        }
        assert!(told > 9_000, "{told}");
    }
}

//! Sightings to figures: pure.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use sluice_latency::{Arrival, Bounds, Correlator, Delays, Exponential, Fate, Sighting, Sink};

use super::LatencyConfig;

/// Upper bounds of the classes of delays, nanoseconds: 100 ns to 1 s, in steps of 1, 2 and 5.
pub const BOUNDS_NS: [i64; 22] = [
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    1_000_000_000,
];

/// Sightings are put in order if they come at most that late behind one with a later stamp, nanoseconds.
const SLACK_NS: u64 = 20_000_000;
/// Most sightings that wait for that; beyond it the first is taken.
const MOST_HELD: usize = 1 << 18;

/// All of a way since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Delays at most as long as each of [`BOUNDS_NS`], each class with those below it.
    pub classes: [u64; BOUNDS_NS.len()],
    /// All delays, in finer classes.
    pub exponential: Exponential,
    /// Sum of all delays, nanoseconds.
    pub sum_ns: i128,
    /// Packets at both taps.
    pub matched: u64,
    /// At the first alone.
    pub lost: u64,
    /// At the second alone.
    pub gained: u64,
    /// Copies of the packet before.
    pub duplicates: u64,
    /// Left out, as their key means several packets.
    pub ambiguous: u64,
    /// Left out, as they have nothing to go by.
    pub no_key: u64,
}

/// A part of the time.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Stamps of its first and its last packet, nanoseconds since the UNIX epoch.
    pub first_ns: u64,
    /// See `first_ns`.
    pub last_ns: u64,
    /// Packets at both taps.
    pub matched: u64,
    /// At the first alone.
    pub lost: u64,
    /// At the second alone.
    pub gained: u64,
    /// Figures of the delays, without packets none.
    pub delays: Option<sluice_latency::Figures>,
    /// Sum of the delays, nanoseconds.
    pub sum_ns: i128,
}

impl Interval {
    /// Lost packets of those that were to arrive, millionths.
    pub fn loss(&self) -> u64 {
        let all = u128::from(self.matched) + u128::from(self.lost);
        (u128::from(self.lost) * 1_000_000).checked_div(all).unwrap_or(0) as u64
    }
}

/// What is known, and of the interval under way.
#[derive(Debug)]
struct Known {
    totals: Totals,
    delays: Delays,
    /// Totals when the interval began.
    begun: Totals,
    span_ns: Option<(u64, u64)>,
    /// First packet of each tap: what the other saw before was not there to be seen.
    first_ns: [Option<u64>; 2],
}

impl Sink for Known {
    fn arrived(&mut self, arrival: &Arrival) {
        let (tap, time_ns) = (arrival.tap, arrival.time_ns);
        let (first, last) = self.span_ns.get_or_insert((time_ns, time_ns));
        (*first, *last) = ((*first).min(time_ns), (*last).max(time_ns));
        let is_listening = |tap: usize| self.first_ns[tap].is_some_and(|first| first <= time_ns);
        match arrival.fate {
            Fate::NoKey => self.totals.no_key += 1,
            Fate::Duplicate => self.totals.duplicates += 1,
            Fate::Ambiguous => self.totals.ambiguous += 1,
            Fate::Settled { previous: Some(before), .. } => {
                let delay_ns = time_ns.wrapping_sub(before.time_ns).cast_signed();
                self.totals.matched += 1;
                self.totals.sum_ns += i128::from(delay_ns);
                for (class, bound) in self.totals.classes.iter_mut().zip(BOUNDS_NS) {
                    *class += u64::from(delay_ns <= bound);
                }
                self.totals.exponential.record(delay_ns);
                self.delays.record(delay_ns);
            }
            Fate::Settled { next_ns, .. } => match tap {
                0 if next_ns.is_none() && is_listening(1) => self.totals.lost += 1,
                1 if is_listening(0) => self.totals.gained += 1,
                _ => {}
            },
        }
    }
}

/// A sighting that waits for earlier ones: by its stamp, then by the order in which it came.
#[derive(Debug)]
struct Held(u64, u64, Sighting);

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl Eq for Held {}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

/// Sightings of one way, in about the order of their stamps, to figures.
#[derive(Debug)]
pub struct Measure {
    correlator: Correlator<2>,
    held: BinaryHeap<Reverse<Held>>,
    came: u64,
    newest_ns: u64,
    known: Known,
}

/// Significant digits of an interval's percentiles.
const DIGITS: u8 = 3;

impl Measure {
    /// Of a way, without packets.
    pub fn new(config: &LatencyConfig) -> Self {
        let window_ns = config.window.as_nanos() as u64;
        let bounds = Bounds { window_ns, entries: config.entries, ..Bounds::default() };
        let known = Known {
            totals: Totals::default(),
            delays: Delays::new(DIGITS),
            begun: Totals::default(),
            span_ns: None,
            first_ns: [None; 2],
        };
        let (correlator, held) = (Correlator::new(2, bounds), BinaryHeap::new());
        Self { correlator, held, came: 0, newest_ns: 0, known }
    }

    /// A packet was seen.
    pub fn push(&mut self, sighting: Sighting) {
        self.came += 1;
        self.newest_ns = self.newest_ns.max(sighting.time_ns);
        self.held.push(Reverse(Held(sighting.time_ns, self.came, sighting)));
        self.release(self.newest_ns.saturating_sub(SLACK_NS));
    }

    /// Takes those that came before that time.
    fn release(&mut self, until_ns: u64) {
        while self.held.peek().is_some_and(|first| first.0.0 <= until_ns || self.held.len() > MOST_HELD) {
            let Some(Reverse(Held(time_ns, _, sighting))) = self.held.pop() else { return };
            if let Some(first) = self.known.first_ns.get_mut(sighting.tap) {
                first.get_or_insert(time_ns);
            }
            self.correlator.push(&sighting, &mut self.known);
        }
    }

    /// All since the start.
    pub fn totals(&self) -> &Totals {
        &self.known.totals
    }

    /// Bytes that are held.
    pub fn memory_bytes(&self) -> usize {
        self.correlator.memory_bytes() + self.held.capacity() * size_of::<Held>()
    }

    /// Closes the interval, and begins the next one; none if nothing was settled in it.
    pub fn close(&mut self) -> Option<Interval> {
        self.correlator.flush(&mut self.known);
        let known = &mut self.known;
        let (first_ns, last_ns) = known.span_ns.take()?;
        let begun = std::mem::replace(&mut known.begun, known.totals.clone());
        let delays = std::mem::replace(&mut known.delays, Delays::new(DIGITS));
        Some(Interval {
            first_ns,
            last_ns,
            matched: known.totals.matched - begun.matched,
            lost: known.totals.lost - begun.lost,
            gained: known.totals.gained - begun.gained,
            delays: delays.figures(),
            sum_ns: known.totals.sum_ns - begun.sum_ns,
        })
    }

    /// No packet comes any more: settles what is under way.
    pub fn finish(&mut self) {
        self.release(u64::MAX);
        self.correlator.finish(&mut self.known);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sluice_latency::{Labels, Profile};

    use super::*;

    const START_NS: u64 = 1_700_000_000_000_000_000;

    fn config() -> LatencyConfig {
        LatencyConfig {
            name: "way".to_string(),
            tool: "ids".to_string(),
            from: 1,
            to: 2,
            key: Profile::Routed,
            depth: 32,
            window: Duration::from_millis(50),
            entries: 10_000,
            every: Duration::from_secs(1),
            json: None,
            p99: None,
            loss: None,
        }
    }

    fn seen(tap: usize, time_ns: u64, packet: u64) -> Sighting {
        Sighting {
            tap,
            time_ns,
            key: Some(packet),
            exact: packet as u32,
            bytes: 100,
            labels: Labels::default(),
        }
    }

    /// Packets every 10 us, 30 us under way, one of ten lost, each tap's in order; the second tap's come earlier or later than the first's.
    #[test]
    fn what_comes_out_of_order_between_the_taps_is_counted_right() {
        for ahead in [0_usize, 3, 500] {
            let mut measure = Measure::new(&config());
            let packets = 20_000_u64;
            let time = |packet: u64| START_NS + packet * 10_000;
            let push_second = |measure: &mut Measure, packet: u64| {
                if packet % 10 != 9 {
                    measure.push(seen(1, time(packet) + 30_000, packet));
                }
            };
            let mut closed = Vec::new();
            for packet in 0..packets {
                if let Some(packet) = packet.checked_sub(ahead as u64) {
                    measure.push(seen(0, time(packet), packet));
                }
                push_second(&mut measure, packet);
                if packet == packets / 2 {
                    closed.extend(measure.close());
                }
            }
            for packet in packets - ahead as u64..packets {
                measure.push(seen(0, time(packet), packet));
            }
            measure.finish();
            closed.extend(measure.close());
            assert_eq!(measure.close(), None, "nothing is told twice");
            let totals = measure.totals().clone();
            assert_eq!((totals.matched, totals.lost), (packets / 10 * 9, packets / 10), "{ahead}");
            assert_eq!((totals.gained, totals.duplicates, totals.ambiguous), (0, 0, 0));
            assert_eq!(totals.sum_ns, i128::from(totals.matched) * 30_000);
            // 30 us are not above 50 us, and above 20 us.
            assert_eq!(totals.classes[6..9], [0, 0, totals.matched]);
            assert_eq!(closed.len(), 2);
            assert_eq!(closed.iter().map(|one| one.matched).sum::<u64>(), totals.matched);
            for interval in &closed {
                let delays = interval.delays.expect("there are some");
                assert_eq!((delays.min_ns, delays.max_ns), (30_000, 30_000));
                assert!((99_000..101_000).contains(&interval.loss()), "{}", interval.loss());
            }
        }
    }

    /// A second clock that is behind makes delays below zero, which are told as they are.
    #[test]
    fn delays_below_zero_are_in_the_lowest_class() {
        let mut measure = Measure::new(&config());
        for packet in 0..100 {
            measure.push(seen(1, START_NS + packet * 1_000, packet));
            measure.push(seen(0, START_NS + packet * 1_000 + 400, packet));
        }
        measure.finish();
        let interval = measure.close().expect("there were packets");
        assert_eq!(interval.delays.map(|delays| (delays.min_ns, delays.max_ns)), Some((-400, -400)));
        assert_eq!((measure.totals().classes[0], interval.sum_ns), (100, -40_000));
    }

    /// What the second tap saw before the first one was there is not gained, and the other way about not lost.
    #[test]
    fn before_a_tap_is_there_nothing_is_lost() {
        let mut measure = Measure::new(&config());
        for packet in 0..1_000 {
            measure.push(seen(0, START_NS + packet * 1_000, packet));
            if packet >= 600 {
                measure.push(seen(1, START_NS + packet * 1_000 + 10, packet));
            }
        }
        measure.finish();
        assert_eq!((measure.totals().lost, measure.totals().matched), (0, 400));
    }
}

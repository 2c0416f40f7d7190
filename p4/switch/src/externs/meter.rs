//! Two-rate three-color meters (RFC 2698, color-blind), driven by packets' times.
//!
//! A cell is shared by the workers, behind a lock that is held for one packet's arithmetic, and by the control plane when it reads or
//! clears what the cell colored. Buckets start full. A cell without rates colors everything green, takes no lock and counts nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sluice_entities::{CounterData, CounterUnit, MeterConfig, MeterCounters};

/// Tokens are counted in billionths, so that a rate times nanoseconds needs no division.
const SCALE: u128 = 1_000_000_000;

/// One cell's buckets, and what it colored.
#[derive(Debug, Default)]
pub(crate) struct MeterCell {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    buckets: Option<Buckets>,
    counters: MeterCounters,
}

#[derive(Clone, Copy, Debug)]
struct Buckets {
    /// The rates that they were filled for.
    config: MeterConfig,
    time_ns: u64,
    committed: u128,
    peak: u128,
}

/// Result of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Color {
    Green = 0,
    Yellow = 1,
    Red = 2,
}

impl Buckets {
    fn full(config: &MeterConfig, time_ns: u64) -> Self {
        let committed = u128::from(config.cburst) * SCALE;
        Self { config: *config, time_ns, committed, peak: u128::from(config.pburst) * SCALE }
    }

    /// Takes the units of one packet at a time.
    fn take(&mut self, time_ns: u64, units: u64) -> Color {
        let (config, full) = (self.config, Self::full(&self.config, time_ns));
        let passed = u128::from(time_ns.saturating_sub(self.time_ns));
        self.time_ns = self.time_ns.max(time_ns);
        self.committed = (self.committed + passed * u128::from(config.cir)).min(full.committed);
        self.peak = (self.peak + passed * u128::from(config.pir)).min(full.peak);
        let needed = u128::from(units) * SCALE;
        if self.peak < needed {
            return Color::Red;
        }
        self.peak -= needed;
        if self.committed < needed {
            return Color::Yellow;
        }
        self.committed -= needed;
        Color::Green
    }
}

impl MeterCell {
    fn state(&self) -> MutexGuard<'_, State> {
        // A poisoned lock still holds whole buckets: nothing between lock and unlock can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Meters one packet at a time, in packets or bytes.
    pub(crate) fn execute(&self, config: &MeterConfig, time_ns: u64, unit: CounterUnit, bytes: u64) -> Color {
        let mut state = self.state();
        let buckets = state.buckets.get_or_insert_with(|| Buckets::full(config, time_ns));
        if buckets.config != *config {
            *buckets = Buckets::full(config, time_ns);
        }
        let color = buckets.take(time_ns, if unit == CounterUnit::Packets { 1 } else { bytes });
        let counters = &mut state.counters;
        let counter = match color {
            Color::Green => &mut counters.green,
            Color::Yellow => &mut counters.yellow,
            Color::Red => &mut counters.red,
        };
        *counter += CounterData { packets: 1, bytes };
        color
    }

    /// What it colored since it was last cleared.
    pub(crate) fn counters(&self) -> MeterCounters {
        self.state().counters
    }

    /// Sets what it colored to 0.
    pub(crate) fn clear(&self) {
        self.state().counters = MeterCounters::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKETS: CounterUnit = CounterUnit::Packets;

    #[test]
    fn colors_follow_the_two_rates() {
        let meter = MeterCell::default();
        let config = MeterConfig { cir: 1000, cburst: 2, pir: 2000, pburst: 4 };
        let colors: Vec<Color> = (0..6).map(|_| meter.execute(&config, 0, PACKETS, 60)).collect();
        use Color::{Green, Red, Yellow};
        assert_eq!(colors, [Green, Green, Yellow, Yellow, Red, Red]);
        // After one millisecond: one committed token and two of the peak rate.
        let later: Vec<Color> = (0..3).map(|_| meter.execute(&config, 1_000_000, PACKETS, 60)).collect();
        assert_eq!(later, [Green, Yellow, Red]);
        // Time that goes back gives nothing, and does not count twice.
        assert_eq!(meter.execute(&config, 0, PACKETS, 60), Red);
        let data = |packets| CounterData { packets, bytes: packets * 60 };
        assert_eq!(meter.counters(), MeterCounters { green: data(3), yellow: data(3), red: data(4) });
        meter.clear();
        assert_eq!(meter.counters(), MeterCounters::default());
    }

    #[test]
    fn bytes_are_taken_whole() {
        let meter = MeterCell::default();
        let config = MeterConfig { cir: 100, cburst: 100, pir: 100, pburst: 150 };
        let colors = [100, 60, 50, 1].map(|bytes| meter.execute(&config, 0, CounterUnit::Bytes, bytes));
        assert_eq!(colors, [Color::Green, Color::Red, Color::Yellow, Color::Red]);
    }

    #[test]
    fn new_rates_start_with_full_buckets() {
        let meter = MeterCell::default();
        let config = MeterConfig { cir: 0, cburst: 0, pir: 0, pburst: 0 };
        assert_eq!(meter.execute(&config, 5, PACKETS, 60), Color::Red);
        let other = MeterConfig { cir: 1, cburst: 1, pir: 1, pburst: 1 };
        assert_eq!(meter.execute(&other, 5, PACKETS, 60), Color::Green);
    }
}

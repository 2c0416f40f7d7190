//! Two-rate three-color meters (RFC 2698, color-blind), driven by packets' times.
//!
//! A cell is shared by the workers, behind a lock that is held for one packet's arithmetic and that the control plane does not take
//! unless it resets the cell. Buckets start full.

use std::sync::Mutex;

use sluice_entities::MeterConfig;

/// Tokens are counted in billionths, so that a rate times nanoseconds needs no division.
const SCALE: u128 = 1_000_000_000;

/// One cell's buckets.
#[derive(Debug, Default)]
pub(crate) struct MeterCell {
    state: Mutex<Option<Buckets>>,
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

impl MeterCell {
    /// Meters `units` (packets or bytes) at a time.
    pub(crate) fn execute(&self, config: &MeterConfig, time_ns: u64, units: u64) -> Color {
        // A poisoned lock still holds whole buckets: nothing between lock and unlock can panic.
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let full = Buckets {
            config: *config,
            time_ns,
            committed: u128::from(config.cburst) * SCALE,
            peak: u128::from(config.pburst) * SCALE,
        };
        let buckets = state.get_or_insert(full);
        if buckets.config != *config {
            *buckets = full;
        }
        let passed = u128::from(time_ns.saturating_sub(buckets.time_ns));
        buckets.time_ns = buckets.time_ns.max(time_ns);
        buckets.committed = (buckets.committed + passed * u128::from(config.cir)).min(full.committed);
        buckets.peak = (buckets.peak + passed * u128::from(config.pir)).min(full.peak);
        let needed = u128::from(units) * SCALE;
        if buckets.peak < needed {
            return Color::Red;
        }
        buckets.peak -= needed;
        if buckets.committed < needed {
            return Color::Yellow;
        }
        buckets.committed -= needed;
        Color::Green
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_follow_the_two_rates() {
        let meter = MeterCell::default();
        let config = MeterConfig { cir: 1000, cburst: 2, pir: 2000, pburst: 4 };
        let colors: Vec<Color> = (0..6).map(|_| meter.execute(&config, 0, 1)).collect();
        use Color::{Green, Red, Yellow};
        assert_eq!(colors, [Green, Green, Yellow, Yellow, Red, Red]);
        // After one millisecond: one committed token and two of the peak rate.
        let later: Vec<Color> = (0..3).map(|_| meter.execute(&config, 1_000_000, 1)).collect();
        assert_eq!(later, [Green, Yellow, Red]);
        // Time that goes back gives nothing, and does not count twice.
        assert_eq!(meter.execute(&config, 0, 1), Red);
    }

    #[test]
    fn new_rates_start_with_full_buckets() {
        let meter = MeterCell::default();
        let config = MeterConfig { cir: 0, cburst: 0, pir: 0, pburst: 0 };
        assert_eq!(meter.execute(&config, 5, 1), Color::Red);
        let other = MeterConfig { cir: 1, cburst: 1, pir: 1, pburst: 1 };
        assert_eq!(meter.execute(&other, 5, 1), Color::Green);
    }
}

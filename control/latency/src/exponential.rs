//! Delays in classes that grow by a constant factor: those of Prometheus' native histograms, so that any share of them can be asked for later, over any time and several brokers.

use std::collections::BTreeMap;

/// `schema` of the native histogram: each class ends 2^(1/32) times, 2.2 %, above the one before.
pub const SCHEMA: i32 = 5;

/// Classes of a doubling.
const CLASSES: f64 = 32.0;

/// How many delays are in which class. Class `i` has delays above 2^((i-1)/32) and up to 2^(i/32) *seconds*; those below zero are by their size. There are no more than
/// some thousand classes, however many delays come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exponential {
    /// Delays above zero, by class.
    pub positive: BTreeMap<i32, u64>,
    /// Delays below zero, by class.
    pub negative: BTreeMap<i32, u64>,
    /// Delays of zero.
    pub zero: u64,
}

impl Exponential {
    /// One more.
    pub fn record(&mut self, delay_ns: i64) {
        if delay_ns == 0 {
            self.zero += 1;
            return;
        }
        let seconds = delay_ns.unsigned_abs() as f64 / 1e9;
        let class = (seconds.log2() * CLASSES).ceil() as i32;
        let side = if delay_ns < 0 { &mut self.negative } else { &mut self.positive };
        *side.entry(class).or_default() += 1;
    }

    /// All delays.
    pub fn count(&self) -> u64 {
        self.zero + self.positive.values().chain(self.negative.values()).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_delay_is_within_its_class() {
        for delay_ns in [1, 2, 99, 100, 12_345, 1_000_000_000, 1_000_000_001, i64::MAX] {
            let mut counts = Exponential::default();
            counts.record(delay_ns);
            counts.record(-delay_ns);
            assert_eq!(counts.positive, counts.negative);
            let (class, count) = counts.positive.first_key_value().expect("it is there");
            let bound = |class: i32| 2_f64.powf(f64::from(class) / CLASSES) * 1e9;
            let delay = delay_ns as f64;
            // A delay at a bound may be a rounding error above it.
            assert!(
                bound(*class - 1) < delay * 1.000_001 && delay <= bound(*class) * 1.000_001,
                "{delay_ns}"
            );
            assert_eq!((*count, counts.count()), (1, 2));
        }
        let mut counts = Exponential::default();
        counts.record(0);
        counts.record(1_000_000_000);
        assert_eq!((counts.zero, counts.positive), (1, BTreeMap::from([(0, 1)])));
    }
}

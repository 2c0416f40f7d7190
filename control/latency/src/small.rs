//! Histograms of groups: small, as there are thousands of them.

use crate::heat::{class, class_start};
use crate::histogram::Figures;

/// Delays in size classes 1.6 % wide at most, of which only those between the least and the greatest take memory: 4 bytes each.
#[derive(Clone, Debug, Default)]
pub(crate) struct SmallDelays {
    /// Class of the first count.
    first: i32,
    counts: Vec<u32>,
    count: u64,
    sum: i128,
    min: i64,
    max: i64,
}

/// Most that a percentile is off, as a share of it: half of a class.
pub const GROUP_ERROR: f64 = 0.01;

impl SmallDelays {
    #[inline]
    pub(crate) fn record(&mut self, delay_ns: i64) {
        if self.count == 0 {
            (self.min, self.max) = (delay_ns, delay_ns);
        }
        self.count += 1;
        self.sum += i128::from(delay_ns);
        self.min = self.min.min(delay_ns);
        self.max = self.max.max(delay_ns);
        let class = class(delay_ns);
        let at = class.wrapping_sub(self.first) as usize;
        if let Some(count) = self.counts.get_mut(at) {
            *count = count.saturating_add(1);
        } else {
            self.grow(class);
        }
    }

    /// Room for a class that is outside, with a first delay in it.
    #[cold]
    fn grow(&mut self, class: i32) {
        if self.counts.is_empty() {
            self.first = class;
        }
        if class < self.first {
            let more = (self.first - class) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = class;
        }
        let at = (class - self.first) as usize;
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The delay of rank ceil(share * count), within the error.
    fn quantile(&self, share: f64) -> i64 {
        let rank = ((share * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (class, count) in (self.first..).zip(&self.counts) {
            seen += u64::from(*count);
            if seen >= rank {
                let (from, to) = (class_start(class), class_start(class.saturating_add(1)));
                return (from + (to - 1 - from) / 2).clamp(self.min, self.max);
            }
        }
        self.max
    }

    pub(crate) fn figures(&self) -> Option<Figures> {
        let of = |share| self.quantile(share);
        (self.count > 0).then(|| Figures::of(self.count, (self.min, self.max), self.sum, of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against sorted values, on both sides of zero: percentiles within the stated error, the rest exactly.
    #[test]
    fn figures_are_those_of_the_sorted_delays() {
        for shift in [0, 400_000, 2_900_000] {
            let mut values: Vec<i64> = (0..10_007_i64).map(|n| (n * n * 7919) % 3_000_017 - shift).collect();
            let mut delays = SmallDelays::default();
            values.iter().for_each(|value| delays.record(*value));
            values.sort_unstable();
            let told = delays.figures().expect("there are some");
            assert_eq!((told.count, told.min_ns, told.max_ns), (10_007, values[0], values[10_006]));
            assert!((told.mean_ns - values.iter().sum::<i64>() as f64 / 10_007.0).abs() < 1e-6);
            let figures = [told.p50_ns, told.p90_ns, told.p99_ns, told.p99_9_ns, told.p99_99_ns];
            for (share, told) in [0.5, 0.9, 0.99, 0.999, 0.9999].into_iter().zip(figures) {
                let truth = values[(share * 10_007.0_f64).ceil() as usize - 1];
                let bound = truth.unsigned_abs() as f64 * GROUP_ERROR + 1.0;
                assert!(truth.abs_diff(told) as f64 <= bound, "{share}: {truth} told as {told}");
            }
        }
    }
}

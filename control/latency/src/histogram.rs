//! Delays, which may be negative, in HDR histograms.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Figures of many delays, in nanoseconds. Percentiles have the histogram's error; the others are exact.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Delays.
    pub count: u64,
    /// The least.
    pub min_ns: i64,
    /// The greatest.
    pub max_ns: i64,
    /// Their mean.
    pub mean_ns: f64,
    /// Median.
    pub p50_ns: i64,
    /// 90th percentile.
    pub p90_ns: i64,
    /// 99th percentile.
    pub p99_ns: i64,
    /// 99.9th percentile.
    pub p99_9_ns: i64,
    /// 99.99th percentile.
    pub p99_99_ns: i64,
}

impl Figures {
    /// Of at least one delay: how many, the least and the greatest, their sum, and the delay at a share of them.
    pub(crate) fn of(
        count: u64,
        (min_ns, max_ns): (i64, i64),
        sum: i128,
        quantile: impl Fn(f64) -> i64,
    ) -> Self {
        Self {
            count,
            min_ns,
            max_ns,
            mean_ns: sum as f64 / count as f64,
            p50_ns: quantile(0.5),
            p90_ns: quantile(0.9),
            p99_ns: quantile(0.99),
            p99_9_ns: quantile(0.999),
            p99_99_ns: quantile(0.9999),
        }
    }
}

/// Longest delay that is told apart: 2^62 ns, 146 years.
const LONGEST_NS: u64 = 1 << 62;

/// A histogram of delays: one side for those below zero, made when the first comes.
#[derive(Clone, Debug)]
pub struct Delays {
    digits: u8,
    positive: Option<Histogram<u64>>,
    negative: Option<Histogram<u64>>,
    count: u64,
    sum: i128,
    min: i64,
    max: i64,
}

impl Delays {
    /// Empty. A value is told to `digits` significant decimal digits, 1 to 5: an error of 10^-digits of it at most.
    pub fn new(digits: u8) -> Self {
        Self {
            digits: digits.clamp(1, 5),
            positive: None,
            negative: None,
            count: 0,
            sum: 0,
            min: i64::MAX,
            max: i64::MIN,
        }
    }

    /// Most that a percentile may be off, as a share of it.
    pub fn error(&self) -> f64 {
        1.0 / 10_f64.powi(i32::from(self.digits))
    }

    /// One more.
    #[inline]
    pub fn record(&mut self, delay_ns: i64) {
        self.count += 1;
        self.sum += i128::from(delay_ns);
        self.min = self.min.min(delay_ns);
        self.max = self.max.max(delay_ns);
        let side = if delay_ns < 0 { &mut self.negative } else { &mut self.positive };
        let value = delay_ns.unsigned_abs().min(LONGEST_NS);
        if let Some(histogram) = side {
            // It grows by itself up to 64 bits, which no delay exceeds.
            let _ = histogram.record(value);
        } else if let Ok(mut histogram) = Histogram::new(self.digits) {
            let _ = histogram.record(value);
            *side = Some(histogram);
        }
    }

    /// Delays recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The figures, if there is any delay.
    pub fn figures(&self) -> Option<Figures> {
        let of = |share| self.quantile(share);
        (self.count > 0).then(|| Figures::of(self.count, (self.min, self.max), self.sum, of))
    }

    /// The least delay such that `share` of all are not above it: the one of rank ceil(share * count), within the error. 0 if there is none.
    pub fn quantile(&self, share: f64) -> i64 {
        let rank = ((share * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let below = self.negative.as_ref().map_or(0, Histogram::len);
        let value = if rank <= below {
            // The greatest magnitude is the least delay.
            -at_rank(self.negative.as_ref(), below - rank + 1)
        } else {
            at_rank(self.positive.as_ref(), rank - below)
        };
        value.clamp(self.min.min(self.max), self.max.max(self.min))
    }

    /// How many delays are in each interval between neighbors of `edges`, which rise; an interval holds its lower edge.
    pub fn counts(&self, edges: &[i64]) -> Vec<u64> {
        let mut counts = vec![0; edges.len().saturating_sub(1)];
        let mut add = |value: i64, count: u64| {
            // A value stands for all its bucket: it may be above the greatest delay that there is.
            let value = value.clamp(self.min, self.max);
            let after = edges.partition_point(|edge| *edge <= value);
            if let Some(cell) = after.checked_sub(1).and_then(|index| counts.get_mut(index)) {
                *cell += count;
            }
        };
        for (histogram, sign) in [(&self.negative, -1), (&self.positive, 1)] {
            let Some(histogram) = histogram else { continue };
            for step in histogram.iter_recorded() {
                let middle = histogram.median_equivalent(step.value_iterated_to());
                add(sign * middle as i64, step.count_since_last_iteration());
            }
        }
        counts
    }

    /// Bytes that it takes, about.
    pub fn memory_bytes(&self) -> usize {
        let side = |side: &Option<Histogram<u64>>| side.as_ref().map_or(0, |h| h.distinct_values() * 8);
        size_of::<Self>() + side(&self.positive) + side(&self.negative)
    }
}

/// The value of a rank, counted from 1, of a histogram.
fn at_rank(histogram: Option<&Histogram<u64>>, rank: u64) -> i64 {
    let Some(histogram) = histogram else { return 0 };
    let mut seen = 0;
    for step in histogram.iter_recorded() {
        seen += step.count_since_last_iteration();
        if seen >= rank {
            return histogram.median_equivalent(step.value_iterated_to()) as i64;
        }
    }
    histogram.max() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against sorted values: percentiles within the stated error, the rest exactly, on both sides of zero.
    #[test]
    fn figures_are_those_of_the_sorted_delays() {
        let mut values: Vec<i64> = (0..10_007_i64).map(|n| (n * n * 7919) % 3_000_017 - 400_000).collect();
        let mut delays = Delays::new(3);
        values.iter().for_each(|value| delays.record(*value));
        values.sort_unstable();
        let figures = delays.figures().expect("there are some");
        assert_eq!((figures.min_ns, figures.max_ns), (values[0], values[values.len() - 1]));
        let mean = values.iter().sum::<i64>() as f64 / values.len() as f64;
        assert!((figures.mean_ns - mean).abs() < 1e-6);
        for share in [0.001, 0.05, 0.13, 0.14, 0.5, 0.9, 0.99, 0.999, 0.9999] {
            let rank = (share * values.len() as f64).ceil() as usize;
            let (truth, told) = (values[rank - 1], delays.quantile(share));
            let bound = truth.unsigned_abs() as f64 * delays.error() + 1.0;
            assert!(truth.abs_diff(told) as f64 <= bound, "{share}: {truth} told as {told}");
        }
        let edges = [-400_000, -1, 0, 1_000_000, 5_000_000];
        assert_eq!(delays.counts(&edges).iter().sum::<u64>(), values.len() as u64);
    }

    #[test]
    fn nothing_has_no_figures() {
        assert_eq!(Delays::new(3).figures(), None);
    }
}

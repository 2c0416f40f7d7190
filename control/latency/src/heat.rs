//! Delays over time, as a picture needs them: columns of time that grow wider as the capture grows longer.

use std::collections::BTreeMap;

/// Most columns; twice as wide when they are used up.
pub(crate) const COLUMNS: usize = 240;
/// Steps of a delay's size within a power of two: 1.1 % apart.
const STEPS: i32 = 64;

/// How many delays of about a size there were in about a time.
#[derive(Clone, Debug)]
pub(crate) struct Heat {
    start_ns: u64,
    width_ns: u64,
    /// Of each column: size class and count.
    columns: Vec<BTreeMap<i32, u32>>,
    /// The column being filled, which is the last: classes are dense there.
    open: Vec<u32>,
    touched: Vec<u16>,
    open_column: usize,
}

/// Classes of one sign: 64 powers of two.
const CLASSES: usize = 64 * STEPS as usize;

/// Size class of a delay: monotonic, mirrored at zero. Delays below 64 ns have a class each.
pub(crate) fn class(delay_ns: i64) -> i32 {
    let size = delay_ns.unsigned_abs();
    let class = if size < STEPS as u64 {
        size as i32
    } else {
        let power = size.ilog2() as i32;
        // 64 to 127 is the first power whose steps are 1 ns.
        let step = (size >> (power - 6)) as i32 & (STEPS - 1);
        (power - 5) * STEPS + step
    };
    if delay_ns < 0 { -class - 1 } else { class }
}

/// The least delay of a class.
pub(crate) fn class_start(class: i32) -> i64 {
    if class < 0 {
        return -class_start(-class) + 1;
    }
    if class < STEPS {
        return i64::from(class);
    }
    let (power, step) = (class / STEPS + 5, class % STEPS);
    (i64::from(STEPS + step)).checked_shl((power - 6) as u32).unwrap_or(i64::MAX)
}

impl Default for Heat {
    fn default() -> Self {
        Self {
            start_ns: 0,
            width_ns: 0,
            columns: Vec::new(),
            open: vec![0; CLASSES * 2],
            touched: Vec::new(),
            open_column: 0,
        }
    }
}

impl Heat {
    /// A delay of a packet that arrived at a time.
    #[inline]
    pub(crate) fn record(&mut self, time_ns: u64, delay_ns: i64) {
        if self.width_ns == 0 {
            // A microsecond to begin with.
            (self.start_ns, self.width_ns) = (time_ns, 1_000);
        }
        let mut column = (time_ns.saturating_sub(self.start_ns) / self.width_ns) as usize;
        while column >= COLUMNS {
            self.close();
            self.halve();
            column = (time_ns.saturating_sub(self.start_ns) / self.width_ns) as usize;
            self.open_column = column.min(COLUMNS - 1);
        }
        if column > self.open_column {
            self.close();
            self.open_column = column;
        }
        let index = (class(delay_ns) + CLASSES as i32) as usize;
        if let Some(cell) = self.open.get_mut(index) {
            if *cell == 0 {
                self.touched.push(index as u16);
            }
            *cell = cell.saturating_add(1);
        }
    }

    /// Puts what is open in its column.
    fn close(&mut self) {
        if self.columns.len() <= self.open_column {
            self.columns.resize(self.open_column + 1, BTreeMap::new());
        }
        let column = &mut self.columns[self.open_column];
        for index in self.touched.drain(..) {
            let cell = &mut self.open[usize::from(index)];
            let count = column.entry(i32::from(index) - CLASSES as i32).or_default();
            *count = count.saturating_add(*cell);
            *cell = 0;
        }
    }

    /// Columns twice as wide.
    fn halve(&mut self) {
        self.width_ns *= 2;
        let narrow = std::mem::take(&mut self.columns);
        for (number, column) in narrow.into_iter().enumerate() {
            if number % 2 == 0 {
                self.columns.push(column);
            } else if let Some(before) = self.columns.last_mut() {
                for (class, count) in column {
                    let sum = before.entry(class).or_default();
                    *sum = sum.saturating_add(count);
                }
            }
        }
    }

    /// Time of the first column, width of each, and each column's counts by class ([`class_start`]).
    pub(crate) fn finish(mut self) -> (u64, u64, Vec<BTreeMap<i32, u32>>) {
        self.close();
        (self.start_ns, self.width_ns, self.columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_rise_and_begin_where_they_say() {
        let mut last = i32::MIN;
        for delay in (-70_000..70_000).chain([1 << 40, (1 << 40) + (1 << 39), i64::MAX / 2]) {
            let class = class(delay);
            assert!(class >= last, "{delay}");
            last = class;
            assert!(class_start(class) <= delay && delay < class_start(class + 1), "{delay} in {class}");
        }
    }

    #[test]
    fn no_delay_is_lost_as_columns_grow() {
        let mut heat = Heat::default();
        for n in 0..100_000_u64 {
            heat.record(5_000_000_000 + n * n, (n % 977) as i64 - 100);
        }
        let (start, width, columns) = heat.finish();
        assert_eq!(start, 5_000_000_000);
        assert!(columns.len() <= COLUMNS && columns.len() > COLUMNS / 2, "{} of {width}", columns.len());
        let sum: u64 = columns.iter().flat_map(BTreeMap::values).map(|count| u64::from(*count)).sum();
        assert_eq!(sum, 100_000);
    }
}

//! What a campaign counts.

use std::collections::BTreeMap;
use std::fmt;

/// Counts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    counts: BTreeMap<String, u64>,
}

impl Statistics {
    /// One more.
    pub fn count(&mut self, name: &str) {
        self.add(name, 1);
    }

    /// So many more.
    pub fn add(&mut self, name: &str, count: u64) {
        match self.counts.get_mut(name) {
            Some(known) => *known += count,
            None => {
                self.counts.insert(name.to_string(), count);
            }
        }
    }

    /// How many there were of that name.
    pub fn of(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or(0)
    }

    /// `name` in per cent of `of`; 0 where there is nothing.
    pub fn percent(&self, name: &str, of: &str) -> u64 {
        (100 * self.of(name)).checked_div(self.of(of)).unwrap_or(0)
    }

    /// Adds another run's counts.
    pub fn merge(&mut self, other: &Self) {
        for (name, count) in &other.counts {
            self.add(name, *count);
        }
    }

    /// From the text that `Display` gives; other lines are passed by.
    pub(super) fn parse(text: &str) -> Self {
        let mut all = Self::default();
        for line in text.lines() {
            if let Some((count, name)) = line.trim().split_once(' ')
                && let Ok(count) = count.parse()
            {
                all.add(name, count);
            }
        }
        all
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &self.counts {
            writeln!(f, "{count:>10} {name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_back() {
        let mut all = Statistics::default();
        all.count("two words");
        all.add("two words", 4);
        all.count("trials");
        assert_eq!(Statistics::parse(&all.to_string()), all);
        assert_eq!((all.percent("trials", "two words"), all.percent("trials", "nothing")), (20, 0));
    }
}

//! Numbers with a unit.

use crate::reader::Reader;
use crate::tree::Node;

/// A number with a unit behind it: the digits (one `.` allowed) times the unit's factor, if whole and in range.
pub fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let factor = units.iter().find(|(name, _)| *name == unit.trim())?.1;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut value = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    let mut scale = factor;
    for digit in fraction.chars() {
        if scale % 10 != 0 {
            return None;
        }
        scale /= 10;
        value = value.checked_add(u64::from(digit.to_digit(10)?) * scale)?;
    }
    Some(value)
}

impl Reader<'_> {
    /// A number with one of those units, within bounds.
    pub fn unit(
        &mut self,
        node: &Node,
        what: &str,
        units: &[(&str, u64)],
        low: u64,
        high: u64,
        help: &str,
    ) -> Option<u64> {
        let text = self.text(node, what)?;
        let value = with_unit(text, units).filter(|value| (low..=high).contains(value));
        if value.is_none() {
            self.error(format!("`{text}` is no {what}"), node.span, help);
        }
        value
    }

    /// A time, nanoseconds: `50ms`.
    pub fn duration(&mut self, node: &Node) -> Option<u64> {
        const UNITS: [(&str, u64); 4] = [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)];
        self.unit(node, "duration", &UNITS, 1, 3_600_000_000_000, "a time up to 3600s, as `50ms` or `30us`")
    }

    /// A percentage, in millionths: `12.5%`.
    pub fn percent(&mut self, node: &Node, what: &str, high: u64) -> Option<u64> {
        let help = format!("a percentage up to {}%, as `12.5%`", high / 10_000);
        self.unit(node, what, &[("%", 10_000)], 0, high, &help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_scale_and_fractions_stay_exact() {
        let units = [("M", 1_000_000), ("G", 1_000_000_000)];
        assert_eq!(with_unit("2.5G", &units), Some(2_500_000_000));
        assert_eq!(with_unit("10 G", &units), Some(10_000_000_000));
        assert_eq!(with_unit("0.0000001M", &units), None, "a tenth of a bit");
        assert_eq!(with_unit("G", &units), None);
        assert_eq!(with_unit("1.2.3G", &units), None);
        assert_eq!(with_unit("99999999999999999999G", &units), None);
    }
}

//! Numbers as scripts write them: any base, any width, digits that are left open.

use sluice_diagnostics::Span;
use sluice_entities::Bits;

/// Most digits of one number; the widest field of the soft switch has fewer.
pub const MAX_DIGITS: usize = 16_384;

/// A number without a width: `17`, `0x11`, `0b1_0001`, `0o21`, and with wildcards `0x1*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Where.
    pub span: Span,
    /// As written.
    pub text: String,
    /// 2, 8, 10 or 16.
    base: u32,
    /// From the most significant one; `None` is `*`.
    digits: Vec<Option<u8>>,
}

impl Number {
    /// Reads one; says what is wrong with it.
    pub(crate) fn read(text: &str, span: Span) -> Result<Self, String> {
        let prefix = text.get(..2).unwrap_or("").to_ascii_lowercase();
        let (base, digits) = match prefix.as_str() {
            "0x" => (16, &text[2..]),
            "0b" => (2, &text[2..]),
            "0o" => (8, &text[2..]),
            // A `*` alone is a number of which nothing is known.
            _ if text.chars().all(|c| c == '*') => (16, text),
            _ => (10, text),
        };
        let mut list = Vec::new();
        for c in digits.chars().filter(|c| *c != '_') {
            match (c, c.to_digit(base)) {
                ('*', _) if base != 10 => list.push(None),
                (_, Some(digit)) => list.push(Some(digit as u8)),
                _ => return Err(format!("`{c}` is no digit of base {base}")),
            }
        }
        if list.is_empty() {
            return Err("there is no digit".to_string());
        }
        if list.len() > MAX_DIGITS {
            return Err(format!("a number has at most {MAX_DIGITS} digits (limit MAX_DIGITS)"));
        }
        Ok(Self { span, text: text.to_string(), base, digits: list })
    }

    /// Bits of one digit; `None` for decimal numbers.
    pub(crate) fn digit_bits(&self) -> Option<u32> {
        match self.base {
            2 => Some(1),
            8 => Some(3),
            16 => Some(4),
            _ => None,
        }
    }

    /// Digits that are written, wildcards included.
    pub(crate) fn digits(&self) -> &[Option<u8>] {
        &self.digits
    }

    /// Whether any digit is left open.
    pub(crate) fn has_wildcards(&self) -> bool {
        self.digits.contains(&None)
    }

    /// Whether nothing but wildcards is there.
    pub(crate) fn is_open(&self) -> bool {
        self.digits.iter().all(Option::is_none)
    }

    /// The value in `width` bits, with zeros for wildcards; `None` if it needs more bits.
    pub(crate) fn value(&self, width: u32) -> Option<Bits> {
        let mut value = match self.digit_bits() {
            None => return Bits::parse(width, &self.text).ok(),
            Some(bits) => Bits::zero(bits * self.digits.len() as u32),
        };
        self.fill(&mut value, |digit| digit.unwrap_or(0));
        (value.bit_length() <= width).then(|| value.resize(width))
    }

    /// Ones, in `width` bits, where a digit is written that is no wildcard. Decimal numbers say all bits.
    pub(crate) fn mask(&self, width: u32) -> Bits {
        let Some(bits) = self.digit_bits() else {
            return Bits::ones(width);
        };
        let mut mask = Bits::zero(bits * self.digits.len() as u32);
        self.fill(&mut mask, |digit| if digit.is_some() { u8::MAX } else { 0 });
        mask.resize(width)
    }

    fn fill(&self, bits: &mut Bits, digit: impl Fn(Option<u8>) -> u8) {
        let each = self.digit_bits().unwrap_or(0);
        for (at, found) in self.digits.iter().rev().enumerate() {
            for bit in 0..each {
                bits.set_bit(at as u32 * each + bit, digit(*found) >> bit & 1 == 1);
            }
        }
    }

    /// The value, if it has no wildcard and fits.
    pub(crate) fn to_u64(&self) -> Option<u64> {
        if self.has_wildcards() { None } else { self.value(64)?.to_u64() }
    }
}

#[cfg(test)]
mod tests {
    use sluice_diagnostics::SourceId;

    use super::*;

    fn number(text: &str) -> Number {
        Number::read(text, Span::new(SourceId(0), 0, 0)).expect("a number")
    }

    #[test]
    fn bases_mean_the_same() {
        for text in ["205", "0xcd", "0XCD", "0b1100_1101", "0o315"] {
            assert_eq!(number(text).value(8), Some(Bits::new(8, 0xcd)), "{text}");
        }
        assert_eq!(number("0xcd").value(7), None);
        assert_eq!(number("0x00cd").value(8), Some(Bits::new(8, 0xcd)));
    }

    #[test]
    fn wildcards_leave_bits_open() {
        let open = number("0x1**5");
        assert_eq!(open.value(16), Some(Bits::new(16, 0x1005)));
        assert_eq!(open.mask(16), Bits::new(16, 0xf00f));
        assert_eq!(number("0b1*0").mask(8), Bits::new(8, 0b101));
        assert!(number("*").is_open());
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["0x", "12a", "0b12", "1*", "0o8"] {
            assert!(Number::read(text, Span::new(SourceId(0), 0, 0)).is_err(), "{text}");
        }
    }
}

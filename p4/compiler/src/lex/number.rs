//! Integer literals: a width and sign, a base, digits with underscores.

use num_bigint::BigInt;
use num_traits::Num;

use super::Problem;
use crate::ast::{Integer, Width};
use crate::limits;

/// The literal that `text` is, which begins with a digit and has letters, digits and underscores.
pub(super) fn integer(text: &str) -> Result<Integer, Problem> {
    if text.len() > limits::INTEGER_LENGTH {
        return Err(Problem::new(
            "this integer is too long",
            format!("an integer has at most {} characters (limit INTEGER_LENGTH)", limits::INTEGER_LENGTH),
        ));
    }
    let (width, digits) = match text.find(['w', 's']) {
        Some(at) if text.bytes().take(at).all(|byte| byte == b'_' || byte.is_ascii_digit()) => {
            let (width, digits) = text.split_at(at);
            (Some(parse_width(width, digits.starts_with('s'))?), digits.get(1..).unwrap_or(""))
        }
        _ => (None, text),
    };
    let (base, digits) = split_base(digits);
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    if digits.starts_with('_') && base == 10 {
        return Err(Problem::new(
            format!("`{text}` is not an integer"),
            "an underscore stands between digits, not before the first",
        ));
    }
    let value = BigInt::from_str_radix(&plain, base).map_err(|_| wrong_digits(text, &plain, base))?;
    Ok(Integer { value, width, base })
}

fn parse_width(text: &str, signed: bool) -> Result<Width, Problem> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    match plain.parse() {
        Ok(bits) if bits <= limits::LITERAL_WIDTH => Ok(Width { bits, signed }),
        _ => Err(Problem::new(
            "this width is too large",
            format!("a literal has at most {} bits (limit LITERAL_WIDTH)", limits::LITERAL_WIDTH),
        )),
    }
}

fn split_base(digits: &str) -> (u32, &str) {
    for (base, prefixes) in [(16, ["0x", "0X"]), (8, ["0o", "0O"]), (2, ["0b", "0B"]), (10, ["0d", "0D"])] {
        for prefix in prefixes {
            if let Some(rest) = digits.strip_prefix(prefix) {
                return (base, rest);
            }
        }
    }
    (10, digits)
}

fn wrong_digits(text: &str, digits: &str, base: u32) -> Problem {
    let allowed = match base {
        2 => "0 and 1",
        8 => "0 to 7",
        16 => "0 to 9 and a to f",
        _ => "0 to 9",
    };
    let help = match digits.chars().find(|digit| !digit.is_digit(base)) {
        Some(wrong) => format!("`{wrong}` is no digit of base {base}, whose digits are {allowed}"),
        None => format!("digits are missing; those of base {base} are {allowed}"),
    };
    Problem::new(format!("`{text}` is not an integer"), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Option<(u32, bool)>, u32) {
        let literal = integer(text).unwrap_or_else(|problem| panic!("{text}: {}", problem.message));
        let width = literal.width.map(|width| (width.bits, width.signed));
        (literal.value.to_string(), width, literal.base)
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(parts("0"), ("0".into(), None, 10));
        assert_eq!(parts("1_000"), ("1000".into(), None, 10));
        assert_eq!(parts("8w255"), ("255".into(), Some((8, false)), 10));
        assert_eq!(parts("4s7"), ("7".into(), Some((4, true)), 10));
        assert_eq!(parts("32w0xFF_fe"), ("65534".into(), Some((32, false)), 16));
        assert_eq!(parts("0o17"), ("15".into(), None, 8));
        assert_eq!(parts("0b_1111"), ("15".into(), None, 2));
        assert_eq!(parts("8s0b1010_1010"), ("170".into(), Some((8, true)), 2));
        assert_eq!(parts("0d42"), ("42".into(), None, 10));
        assert_eq!(parts("010"), ("10".into(), None, 10));
        assert_eq!(parts("0xffffffffffffffffffff").0, "1208925819614629174706175");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, help) in [
            ("0b12", "`2` is no digit of base 2, whose digits are 0 and 1"),
            ("0x", "digits are missing; those of base 16 are 0 to 9 and a to f"),
            ("8w", "digits are missing; those of base 10 are 0 to 9"),
            ("12ab", "`a` is no digit of base 10, whose digits are 0 to 9"),
            ("8w_1", "an underscore stands between digits, not before the first"),
            ("99999999999w1", "a literal has at most 65536 bits (limit LITERAL_WIDTH)"),
        ] {
            let problem = integer(text).err().unwrap_or_else(|| panic!("{text} is taken"));
            assert_eq!(problem.help, help, "{text}");
        }
        assert!(integer(&"1".repeat(limits::INTEGER_LENGTH + 1)).is_err());
    }
}

//! Relations: `len > 100`, `tcp[tcpflags] & (tcp-syn|tcp-ack) != 0`, `ip[6:2] & 0x1fff = 0`.
//!
//! A relation reads one field. It is evaluated for every value that the bytes can have (65,536 at most); where its truth
//! depends on the table's field alone, the values of that field for which it holds are the set. So any arithmetic is
//! exact or refused.

use super::accessor::{Accessor, LENGTH, TCP_FLAGS, accessor};
use super::expr::{Expr, Formula};
use super::lexer::Token;
use super::names;
use super::parser::{Parser, Step};
use sluice_diagnostics::closest;

/// An arithmetic expression.
enum Arithmetic {
    Number(u32),
    /// The field of the relation.
    Field,
    Binary(&'static str, Box<Arithmetic>, Box<Arithmetic>),
    Negative(Box<Arithmetic>),
}

impl Arithmetic {
    /// The largest number written.
    fn largest(&self) -> u32 {
        match self {
            Self::Number(number) => *number,
            Self::Field => 0,
            Self::Negative(of) => of.largest(),
            Self::Binary(_, left, right) => left.largest().max(right.largest()),
        }
    }

    /// 32-bit unsigned, as in BPF; `None` where it divides by zero, which makes the packet fail the relation.
    fn value(&self, field: u32) -> Option<u32> {
        Some(match self {
            Self::Number(number) => *number,
            Self::Field => field,
            Self::Negative(of) => of.value(field)?.wrapping_neg(),
            Self::Binary(operator, left, right) => {
                let (a, b) = (left.value(field)?, right.value(field)?);
                match *operator {
                    "+" => a.wrapping_add(b),
                    "-" => a.wrapping_sub(b),
                    "*" => a.wrapping_mul(b),
                    "/" => a.checked_div(b)?,
                    "%" => a.checked_rem(b)?,
                    "&" => a & b,
                    "|" => a | b,
                    "^" => a ^ b,
                    "<<" => a.checked_shl(b).unwrap_or(0),
                    _ => a.checked_shr(b).unwrap_or(0),
                }
            }
        })
    }
}

/// Longer than what the length field can say: the longest that captures hold.
const LONGEST: u32 = 0x4_0000;

/// Whether the symbol compares.
pub(super) fn is_comparison(symbol: &str) -> bool {
    matches!(symbol, "=" | "==" | "!=" | "<" | ">" | "<=" | ">=")
}

/// Whether the symbol compares or calculates.
pub(super) fn is_operator(symbol: &str) -> bool {
    is_comparison(symbol) || strength(symbol).is_some()
}

/// How strongly an operator binds: `&` and `|` are equal, as in pcap-filter's grammar.
fn strength(symbol: &str) -> Option<u8> {
    match symbol {
        "&" | "|" | "^" => Some(0),
        "<<" | ">>" => Some(1),
        "+" | "-" => Some(2),
        "*" | "/" | "%" => Some(3),
        _ => None,
    }
}

/// `a operator b`.
pub(super) fn compare(operator: &str, a: u32, b: u32) -> bool {
    match operator {
        "=" | "==" => a == b,
        "!=" => a != b,
        "<" => a < b,
        ">" => a > b,
        "<=" => a <= b,
        _ => a >= b,
    }
}

impl Parser<'_> {
    /// Whether a relation starts here: a field with an operator or offset behind it, or a number with an operator.
    pub(super) fn is_relation(&self) -> bool {
        let next = self.symbol_at(1);
        match self.peek() {
            Some(Token::Symbol("-" | "(")) => true,
            Some(Token::Word(word)) if next == Some("[") => !matches!(word.as_str(), "and" | "or" | "not"),
            Some(Token::Word(word)) if word == "len" || word == "tcpflags" => true,
            Some(Token::Word(word)) => {
                let constant =
                    names::number(word).is_some() || names::lookup(names::CONSTANTS, word).is_some();
                // `10/8` behind `net` is a network.
                constant
                    && next
                        .is_some_and(|symbol| is_operator(symbol) && !(symbol == "/" && self.last.is_some()))
            }
            _ => false,
        }
    }

    pub(super) fn relation(&mut self) -> Step<Expr> {
        let start = self.position();
        let mut field: Option<&'static Accessor> = None;
        let left = self.arithmetic(0, &mut field, 0)?;
        let Some(operator) = self.symbol().filter(|symbol| is_comparison(symbol)) else {
            let help = match field {
                Some(accessor) if accessor.name == LENGTH.name => "for example `len > 1000`",
                _ => "for example `tcp[tcpflags] & tcp-syn != 0`",
            };
            return self.fail("a comparison is missing: `=`, `!=`, `<`, `<=`, `>` or `>=`", help);
        };
        self.advance();
        let right = self.arithmetic(0, &mut field, 0)?;
        let Some(field) = field else {
            return self.fail_from(
                start,
                "this relation tests nothing of a packet",
                "for example `len > 1000`, `tcp[tcpflags] & tcp-syn != 0`",
            );
        };
        let holds = |value: u32| match (left.value(value), right.value(value)) {
            (Some(a), Some(b)) => compare(operator, a, b),
            _ => false,
        };
        let beyond =
            left.largest().max(right.largest()) > LENGTH.last || holds(LENGTH.last) != holds(LONGEST);
        if field.name == LENGTH.name && beyond {
            return self.fail_from(
                start,
                "this tells lengths above 65534 apart, and those all read as 65535",
                "no frame is that long; compare with a smaller number",
            );
        }
        let Some((of, set)) = field.set(&holds) else {
            return self.fail_from(
                start,
                &format!("the tables do not tell these values of `{}` apart", field.name),
                field.help,
            );
        };
        let mut all = field.implied();
        all.push(Formula::Is(of, set));
        self.leaf(Formula::All(all), start)
    }

    /// Operators of at least this strength, left to right.
    fn arithmetic(
        &mut self,
        least: u8,
        field: &mut Option<&'static Accessor>,
        depth: usize,
    ) -> Step<Arithmetic> {
        let mut left = self.number_or_field(field, depth)?;
        while let Some((symbol, bind)) = self.symbol().and_then(|symbol| Some((symbol, strength(symbol)?)))
            && bind >= least
        {
            self.advance();
            let right = self.arithmetic(bind + 1, field, depth)?;
            left = Arithmetic::Binary(symbol, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn number_or_field(&mut self, field: &mut Option<&'static Accessor>, depth: usize) -> Step<Arithmetic> {
        if depth >= super::parser::MAX_NESTING {
            return self.fail("this arithmetic is nested too deep", "write it flatter");
        }
        if self.take_symbol("-").is_some() {
            return Ok(Arithmetic::Negative(Box::new(self.number_or_field(field, depth + 1)?)));
        }
        if let Some(opened) = self.take_symbol("(") {
            let inner = self.arithmetic(0, field, depth + 1)?;
            self.close(opened);
            return Ok(inner);
        }
        let Some(word) = self.word().map(str::to_owned) else {
            let message = format!("a number or a field is expected, not `{}`", self.spelled());
            return self.fail(&message, "for example `tcp[tcpflags] & tcp-syn != 0`");
        };
        if self.symbol_at(1) == Some("[") || word == "len" || word == "tcpflags" {
            let start = self.position();
            let found = self.field(&word)?;
            if field.is_some_and(|before| before.name != found.name) {
                return self.fail_from(
                    start,
                    "a relation reads one field, and this is a second one",
                    "split it: `len > 100 and tcp[tcpflags] = tcp-syn`",
                );
            }
            *field = Some(found);
            return Ok(Arithmetic::Field);
        }
        let constant = names::number(&word).and_then(|number| u32::try_from(number).ok());
        match constant.or_else(|| names::lookup(names::CONSTANTS, &word)) {
            Some(number) => {
                self.advance();
                Ok(Arithmetic::Number(number))
            }
            None => {
                let help = closest(&word, names::names(names::CONSTANTS))
                    .map_or_else(|| "write the number".to_owned(), |near| format!("did you mean `{near}`?"));
                self.fail(&format!("`{word}` is no number (of 32 bits) and no constant"), &help)
            }
        }
    }

    /// `len`, `tcpflags`, `tcp[13]`, `ip[6:2]`.
    fn field(&mut self, word: &str) -> Step<&'static Accessor> {
        let start = self.position();
        self.advance();
        match word {
            "len" => return Ok(LENGTH),
            "tcpflags" => return Ok(TCP_FLAGS),
            _ => {}
        }
        self.advance();
        let Some(offset) = self.word().and_then(|offset| {
            names::number(offset)
                .and_then(|number| u32::try_from(number).ok())
                .or_else(|| names::lookup(names::OFFSETS, offset))
        }) else {
            return self.fail(
                "an offset is expected: a number, or a name such as `tcpflags`",
                "for example `tcp[tcpflags]`, `tcp[13]`",
            );
        };
        self.advance();
        let mut size = 1;
        if self.take_symbol(":").is_some() {
            match self.word() {
                Some("1") => {}
                Some("2") => size = 2,
                Some("4") => size = 4,
                _ => return self.fail("a size of 1, 2 or 4 bytes is expected", "for example `ip[6:2]`"),
            }
            self.advance();
        }
        if self.take_symbol("]").is_none() {
            return self.fail("a `]` is missing", "only constant offsets are possible: `tcp[13]`, `ip[6:2]`");
        }
        match accessor(word, offset, size) {
            Some(found) => Ok(found),
            None => {
                let help = super::accessor::instead(word, offset);
                self.fail_from(start, &format!("bytes {offset} of `{word}` are not in the tables"), help)
            }
        }
    }
}

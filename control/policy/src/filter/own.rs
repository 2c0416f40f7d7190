//! Primitives without qualifiers: tags and labels, lengths, and the fields that pcap-filter has no word for.
//!
//! `vlan` stacks as in pcap-filter: behind a `vlan` that is joined by `and`, the next one tests the next tag. Unlike
//! there, nothing else changes its meaning behind it (tags are looked through anyway), and neither `or` nor `not` moves on
//! to the next tag: `vlan 5 or vlan 6` tests one tag.

use super::expr::{Expr, Formula};
use super::lexer::Token;
use super::named::NamedSet;
use super::names;
use super::parser::{Parser, Step};
use super::primitive::values;
use super::relation::{compare, is_comparison};
use crate::fields::{FRAGMENT_FIRST, FRAGMENT_LATER, Field, FieldKind};
use crate::sets::{FieldSet, IntervalSet};
use sluice_diagnostics::closest;

/// A set may name this many values of an exact field, one table entry each.
const MAX_VALUES: u64 = 4096;

/// A field with a primitive of its name.
struct Own {
    field: Field,
    /// As people write it.
    name: &'static str,
    names: &'static [(&'static str, u64)],
    /// Whether `<` and its kin make sense: where a value is an amount, and the domain small.
    ordered: bool,
}

impl Parser<'_> {
    /// A primitive that starts with this word; `None` where no such primitive does.
    pub(super) fn own_primitive(&mut self, word: &str) -> Step<Option<Expr>> {
        let start = self.position();
        let own = |field, name, names, ordered| Own { field, name, names, ordered };
        let own = match word {
            "mpls" => own(Field::Mpls, "mpls", &[], false),
            "vni" => own(Field::Vni, "vni", &[], false),
            "teid" => own(Field::Teid, "teid", &[], false),
            "dscp" => own(Field::Dscp, "dscp", names::DSCP, true),
            "ecn" => own(Field::Ecn, "ecn", names::ECN, false),
            "ttl" => own(Field::Ttl, "ttl", &[], true),
            "gre" => {
                if self.word_at(1) != Some("key") {
                    self.advance();
                    return self
                        .fail("`gre` is followed by `key`", "write `gre key 7`; for all of GRE, `proto 47`");
                }
                self.advance();
                own(Field::GreKey, "gre key", &[], false)
            }
            "frag" => return self.fragment(start).map(Some),
            "less" | "greater" => return self.length(start, word == "less").map(Some),
            "broadcast" | "multicast" => return self.cast(start, None).map(Some),
            _ => return Ok(None),
        };
        self.advance();
        self.own(start, &own).map(Some)
    }

    /// `vlan`, `vlan 5`, `vlan in @ids`; `tags` were tested before it.
    pub(super) fn vlan(&mut self, tags: usize) -> Step<Expr> {
        let start = self.position();
        self.advance();
        let field = match tags {
            0 => Field::VlanOuter,
            1 if !self.inner => Field::VlanInner,
            _ => {
                let most = if self.inner {
                    "the outermost tag of an inner frame is"
                } else {
                    "the two outermost tags are"
                };
                return self.fail_from(
                    start,
                    &format!("{most} in the tables, and this would be one more"),
                    "leave it out",
                );
            }
        };
        self.own(start, &Own { field, name: "vlan", names: &[], ordered: false })
    }

    /// What stands behind the word: nothing (the field is there), a value, a comparison, a set.
    fn own(&mut self, start: usize, own: &Own) -> Step<Expr> {
        let field = own.field;
        if self.take_word("in") {
            let place = self.position();
            return match self.set()? {
                NamedSet::Numbers(ranges) => {
                    let set = self.numbers(place, own, &ranges)?;
                    self.leaf(Formula::Is(field, set), start)
                }
                other => self.fail_from(
                    place,
                    &format!("the set holds {}, and numbers are expected", other.what()),
                    &format!("write `{} in {{1, 2, 10-20}}`", own.name),
                ),
            };
        }
        self.compared(start, own)
    }

    /// `ttl`, `ttl 5`, `ttl < 5`.
    fn compared(&mut self, start: usize, own: &Own) -> Step<Expr> {
        let field = own.field;
        let operator = self.symbol().filter(|symbol| is_comparison(symbol));
        if operator.is_some() {
            self.advance();
        }
        let value = match self.peek() {
            Some(Token::Word(word)) if operator.is_some() || !matches!(word.as_str(), "and" | "or") => {
                word.clone()
            }
            _ if operator.is_some() => {
                return self.fail(
                    &format!("a value of {} is missing", own.name),
                    &format!("for example `{} 1`", own.name),
                );
            }
            _ => {
                let present = FieldSet::absent(field).complement();
                return self.leaf(Formula::Is(field, present), start);
            }
        };
        let value = self.own_value(own, &value)?;
        self.advance();
        let set = match operator.unwrap_or("=") {
            "=" | "==" => values(field, [value]),
            "!=" => values(field, [value, largest(field) + 1]).complement(),
            operator if own.ordered => {
                // The domain is 257 values at most: the comparison fits in 32 bits.
                let holds = |other: &u64| compare(operator, *other as u32, value as u32);
                values(field, (0..=largest(field)).filter(holds))
            }
            operator => {
                return self.fail_from(
                    start,
                    &format!(
                        "`{operator}` does not go with `{}`, whose values are names, not amounts",
                        own.name
                    ),
                    &format!(
                        "write `{} = {value}`, `{} != {value}` or a set: `{} in {{1, 2, 10-20}}`",
                        own.name, own.name, own.name
                    ),
                );
            }
        };
        self.leaf(Formula::Is(field, set), start)
    }

    /// A number within the field, or a name of one.
    fn own_value(&mut self, own: &Own, text: &str) -> Step<u64> {
        let most = largest(own.field);
        match names::number(text).or_else(|| names::lookup(own.names, text)) {
            Some(value) if value <= most => Ok(value),
            Some(_) => self.fail(&format!("{} is 0 to {most}, not `{text}`", own.name), ""),
            None => {
                let help = match closest(text, names::names(own.names)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if own.names.is_empty() => format!("for example `{} 1`", own.name),
                    None => format!("names are {}", names::names(own.names).collect::<Vec<_>>().join(", ")),
                };
                self.fail(&format!("`{text}` is no value of {}", own.name), &help)
            }
        }
    }

    /// Ranges of numbers as a set of an exact field.
    fn numbers(&mut self, place: usize, own: &Own, ranges: &[(u32, u32)]) -> Step<FieldSet> {
        let most = largest(own.field);
        if let Some((_, high)) = ranges.iter().find(|(_, high)| u64::from(*high) > most) {
            return self.fail_from(place, &format!("{} is 0 to {most}, not {high}", own.name), "");
        }
        let count: u64 = ranges.iter().map(|(low, high)| u64::from(high - low) + 1).sum();
        if count > MAX_VALUES {
            let message =
                format!("{count} values of {} are more than a set may have, {MAX_VALUES}", own.name);
            return self.fail_from(place, &message, "each takes a table entry; name fewer");
        }
        Ok(values(own.field, ranges.iter().flat_map(|(low, high)| u64::from(*low)..=u64::from(*high))))
    }

    /// `frag`, `frag first`, `frag later`.
    fn fragment(&mut self, start: usize) -> Step<Expr> {
        self.advance();
        let list = match self.word() {
            Some("first") => vec![FRAGMENT_FIRST],
            Some("later") => vec![FRAGMENT_LATER],
            _ => {
                return self.leaf(
                    Formula::Is(Field::Fragment, values(Field::Fragment, [FRAGMENT_FIRST, FRAGMENT_LATER])),
                    start,
                );
            }
        };
        self.advance();
        self.leaf(Formula::Is(Field::Fragment, values(Field::Fragment, list)), start)
    }

    /// `less 64` is `len <= 64`, `greater 64` is `len >= 64`.
    fn length(&mut self, start: usize, less: bool) -> Step<Expr> {
        self.advance();
        let Some(number) = self.word().and_then(names::number) else {
            return self.fail("a length in bytes is expected", "for example `less 64`, `greater 1000`");
        };
        self.advance();
        let Some(bytes) = u16::try_from(number).ok().filter(|bytes| *bytes < u16::MAX) else {
            return self.fail_from(
                start,
                "no packet is longer than 65534 bytes here",
                "lengths above that read as 65535",
            );
        };
        let range = if less { (0, bytes) } else { (bytes, u16::MAX) };
        self.leaf(Formula::Is(Field::Length, FieldSet::Intervals(IntervalSet::of(false, [range]))), start)
    }
}

/// The largest value that is not "absent".
fn largest(field: Field) -> u64 {
    match field.kind() {
        FieldKind::Values { max, absent } if max == absent => max - 1,
        FieldKind::Values { max, .. } => max,
        _ => u64::from(u16::MAX),
    }
}

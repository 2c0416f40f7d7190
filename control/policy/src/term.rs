//! A term: a conjunction of one set per field. A filter is a disjunction of terms; each term owns one bit of the data
//! path's bitmap, and each field's table removes the terms whose set does not contain the packet's value.

mod algebra;
mod disjoint;
mod simplify;

pub use disjoint::disjoint;
pub(crate) use simplify::{conjunction, simplify};

use std::collections::BTreeMap;
use std::fmt;

use crate::fields::{Field, FieldValues};
use crate::sets::{Condition, FieldSet, set_text};

/// A conjunction of field sets.
///
/// Without `either_*`, a packet matches if each field's value is in its set. With `either_address`, the two address
/// sets are one condition: source in the one *or* destination in the other (`host X`: both sets are X; `src A or dst B`:
/// they differ). Likewise `either_port`. There is no such thing for inner fields.
///
/// Terms that this crate makes hold no full set, no empty set, and where `either_*` is set, both sets are there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Term {
    /// The conditions; a field that is not here may have any value.
    pub sets: BTreeMap<Field, FieldSet>,
    /// `AddressSrc` or `AddressDst`, instead of both.
    pub either_address: bool,
    /// `L4Src` or `L4Dst`, instead of both.
    pub either_port: bool,
}

impl Term {
    /// The term that every packet matches.
    pub fn everything() -> Self {
        Self::default()
    }

    /// The term of one condition.
    pub fn of(field: Field, set: FieldSet) -> Self {
        let mut term = Self::default();
        if !set.is_full() {
            term.sets.insert(field, set);
        }
        term
    }

    /// The term of one condition on both sides of a pair: either side in the set, or both.
    pub(crate) fn of_pair(pair: Pair, either: bool, set: &FieldSet) -> Self {
        let mut term = Self::default();
        if !set.is_full() {
            let (src, dst) = pair.fields();
            term.sets.insert(src, set.clone());
            term.sets.insert(dst, set.clone());
            match pair {
                Pair::Address => term.either_address = either,
                Pair::Port => term.either_port = either,
            }
        }
        term
    }

    /// Whether a packet with these values matches.
    pub fn matches(&self, values: &FieldValues) -> bool {
        let holds = |field: Field| self.sets.get(&field).is_none_or(|set| set.contains(values.value(field)));
        let meets = |either: bool, src: Field, dst: Field| {
            if either { holds(src) || holds(dst) } else { holds(src) && holds(dst) }
        };
        meets(self.either_address, Field::AddressSrc, Field::AddressDst)
            && meets(self.either_port, Field::L4Src, Field::L4Dst)
            && self.sets.keys().all(|field| Pair::of(*field).is_some() || holds(*field))
    }
}

/// The pairs of fields that may be one "either side" condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Pair {
    /// `AddressSrc`, `AddressDst`.
    Address,
    /// `L4Src`, `L4Dst`.
    Port,
}

impl Pair {
    pub(crate) fn of(field: Field) -> Option<Self> {
        match field {
            Field::AddressSrc | Field::AddressDst => Some(Self::Address),
            Field::L4Src | Field::L4Dst => Some(Self::Port),
            _ => None,
        }
    }

    pub(crate) fn fields(self) -> (Field, Field) {
        match self {
            Self::Address => (Field::AddressSrc, Field::AddressDst),
            Self::Port => (Field::L4Src, Field::L4Dst),
        }
    }

    /// Whether the term takes either side of this pair.
    pub(crate) fn either(self, term: &Term) -> bool {
        match self {
            Self::Address => term.either_address,
            Self::Port => term.either_port,
        }
    }

    /// The condition of a term that takes either side.
    fn text(self, term: &Term) -> String {
        let (src, dst) = self.fields();
        match (term.sets.get(&src), term.sets.get(&dst)) {
            (Some(a), Some(b)) if a == b => format!("{src} or {dst} {}", set_text(src, a)),
            (Some(a), Some(b)) => {
                format!("({} or {})", Condition { field: src, set: a }, Condition { field: dst, set: b })
            }
            _ => "everything".into(),
        }
    }
}

impl fmt::Display for Term {
    /// One line: `l3 = ip, src or dst in {10.0.0.0/8, 192.0.2.1}, ip_proto = 6`; `everything` without conditions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut conditions = Vec::new();
        for (field, set) in &self.sets {
            let condition = Condition { field: *field, set };
            match Pair::of(*field).filter(|pair| pair.either(self)) {
                Some(pair) if pair.fields().0 == *field => conditions.push(pair.text(self)),
                Some(_) => {}
                None => conditions.push(condition.to_string()),
            }
        }
        if conditions.is_empty() { f.write_str("everything") } else { f.write_str(&conditions.join(", ")) }
    }
}

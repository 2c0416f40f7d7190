//! Sets of field values: closed under union, intersection and complement, equal if and only if they contain the same
//! values, and stored by what they *mention*, so that table entries grow with the values that people wrote.
//!
//! [`FieldSet`] is the one type that terms hold; the others are its kinds.

mod addresses;
mod display;
mod intervals;
mod macs;
mod prefixes;
mod values;

pub use addresses::AddressSet;
pub use display::Condition;
pub(crate) use display::set_text;
pub use intervals::IntervalSet;
pub use macs::MacSet;
pub use prefixes::{IcmpSet, Ipv4Set, Ipv6Set, Prefix, PrefixKey, PrefixSet};
pub use values::ValueSet;

use crate::fields::{Field, FieldKind, FieldValue};

/// A boolean function of two memberships, applied value by value.
type Combine = fn(bool, bool) -> bool;

/// A set of values of one field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldSet {
    /// Of an exact field.
    Values(ValueSet),
    /// Of a range field.
    Intervals(IntervalSet),
    /// Of an address field.
    Addresses(AddressSet),
    /// Of a MAC address field.
    Macs(MacSet),
    /// Of an ICMP field.
    Icmp(IcmpSet),
}

impl FieldSet {
    /// The set without values of `field`.
    pub fn empty(field: Field) -> Self {
        match field.kind() {
            FieldKind::Values { max, .. } => Self::Values(ValueSet::empty(max)),
            FieldKind::Intervals { optional } => Self::Intervals(IntervalSet::empty(optional)),
            FieldKind::Addresses => Self::Addresses(AddressSet::default()),
            FieldKind::Macs => Self::Macs(MacSet::default()),
            FieldKind::Icmp => Self::Icmp(IcmpSet::empty()),
        }
    }

    /// The set of all values of `field`, absent included.
    pub fn full(field: Field) -> Self {
        Self::empty(field).complement()
    }

    /// The set of the one value "absent" of `field`; empty where the field is never absent.
    pub fn absent(field: Field) -> Self {
        match field.kind() {
            FieldKind::Values { max, absent } => Self::Values(ValueSet::of(max, [absent])),
            FieldKind::Intervals { optional } => Self::Intervals(IntervalSet::empty(optional).with_absent()),
            FieldKind::Addresses => Self::Addresses(AddressSet { absent: true, ..AddressSet::default() }),
            FieldKind::Macs => Self::Macs(MacSet::of([0])),
            FieldKind::Icmp => Self::Icmp(IcmpSet::of([(0, 2)])),
        }
    }

    /// Whether the value is in the set; a value of another kind of field is in none.
    pub fn contains(&self, value: FieldValue) -> bool {
        match (self, value) {
            (Self::Values(set), FieldValue::Number(value)) => set.contains(value),
            (Self::Intervals(set), FieldValue::Port(value)) => set.contains(value),
            (Self::Addresses(set), FieldValue::Address(value)) => set.contains(value),
            (Self::Macs(set), FieldValue::Number(value)) => set.contains(value),
            (Self::Icmp(set), FieldValue::Number(value)) => {
                u32::try_from(value).is_ok_and(|key| set.contains(key))
            }
            _ => false,
        }
    }

    /// Values in either.
    ///
    /// # Panics
    /// Where the sets are of fields of different kinds, as all operations on two sets: a mistake of this crate, not
    /// of its input.
    pub fn union(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a || b)
    }

    /// Values in both.
    pub fn intersection(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a && b)
    }

    /// Values in `self` and not in `other`.
    pub fn difference(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a && !b)
    }

    /// Values not in the set.
    pub fn complement(&self) -> Self {
        match self {
            Self::Values(set) => Self::Values(set.complement()),
            Self::Intervals(set) => Self::Intervals(set.complement()),
            Self::Addresses(set) => Self::Addresses(set.complement()),
            Self::Macs(set) => Self::Macs(set.complement()),
            Self::Icmp(set) => Self::Icmp(set.complement()),
        }
    }

    /// Whether it contains nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Values(set) => set.is_empty(),
            Self::Intervals(set) => set.is_empty(),
            Self::Addresses(set) => set.is_empty(),
            Self::Macs(set) => set.is_empty(),
            Self::Icmp(set) => set.is_empty(),
        }
    }

    /// Whether it contains every value of the field, absent included.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Values(set) => set.is_full(),
            Self::Intervals(set) => set.is_full(),
            Self::Addresses(set) => set.is_full(),
            Self::Macs(set) => set.is_full(),
            Self::Icmp(set) => set.is_full(),
        }
    }

    /// Whether every value of `self` is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Addresses(a), Self::Addresses(b)) => a.is_subset(b),
            (Self::Icmp(a), Self::Icmp(b)) => a.is_subset(b),
            _ => self.difference(other).is_empty(),
        }
    }

    fn combine(&self, other: &Self, op: Combine) -> Self {
        match (self, other) {
            (Self::Values(a), Self::Values(b)) => Self::Values(a.combine(b, op)),
            (Self::Intervals(a), Self::Intervals(b)) => Self::Intervals(a.combine(b, op)),
            (Self::Addresses(a), Self::Addresses(b)) => Self::Addresses(a.combine(b, op)),
            (Self::Macs(a), Self::Macs(b)) => Self::Macs(a.combine(b, op)),
            (Self::Icmp(a), Self::Icmp(b)) => Self::Icmp(a.combine(b, op)),
            _ => unreachable!("sets of one field are of one kind"),
        }
    }
}

/// Walks two sorted lists together: every distinct value of either, in order.
fn merged<'a, T: Ord + Copy>(a: &'a [T], b: &'a [T]) -> impl Iterator<Item = T> + 'a {
    let (mut i, mut j) = (0, 0);
    std::iter::from_fn(move || {
        let next = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => *x.min(y),
            (Some(x), None) => *x,
            (None, Some(y)) => *y,
            (None, None) => return None,
        };
        i += usize::from(a.get(i) == Some(&next));
        j += usize::from(b.get(j) == Some(&next));
        Some(next)
    })
}

//! Set algebra on terms, dimension by dimension.
//!
//! A term is a product of *regions*: most fields are a dimension of their own; source and destination of an "either
//! side" pair are one dimension of two axes, whose region is a rectangle (both axes) or a cross (either axis). The
//! complement of a rectangle is a cross and the other way round, which is what makes `not` cheap.

use super::{Pair, Term};
use crate::fields::Field;
use crate::sets::FieldSet;

/// One factor of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dimension {
    One(Field),
    Two(Pair),
}

/// What a term allows in one dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Region {
    One(FieldSet),
    /// Source in the first and destination in the second.
    Both(FieldSet, FieldSet),
    /// Source in the first or destination in the second.
    Either(FieldSet, FieldSet),
}

/// The dimensions that the terms say something about, in order, each once.
pub(super) fn dimensions<'a>(terms: impl IntoIterator<Item = &'a Term>) -> Vec<Dimension> {
    let mut all: Vec<Dimension> = Vec::new();
    for term in terms {
        all.extend(term.sets.keys().map(|field| match Pair::of(*field) {
            Some(pair) => Dimension::Two(pair),
            None => Dimension::One(*field),
        }));
    }
    all.sort_unstable();
    all.dedup();
    all
}

impl Term {
    /// What the term allows in a dimension; everything, where it says nothing.
    pub(super) fn region(&self, dimension: Dimension) -> Region {
        let set = |field: Field| self.sets.get(&field).cloned().unwrap_or_else(|| FieldSet::full(field));
        match dimension {
            Dimension::One(field) => Region::One(set(field)),
            Dimension::Two(pair) => {
                let (src, dst) = pair.fields();
                let make = if pair.either(self) { Region::Either } else { Region::Both };
                make(set(src), set(dst))
            }
        }
    }

    /// Whether the term says anything in the dimension.
    pub(super) fn constrains(&self, dimension: Dimension) -> bool {
        match dimension {
            Dimension::One(field) => self.sets.contains_key(&field),
            Dimension::Two(pair) => {
                let (src, dst) = pair.fields();
                self.sets.contains_key(&src) || self.sets.contains_key(&dst)
            }
        }
    }

    /// The term with the region in this dimension instead of what it had there.
    pub(super) fn with_region(mut self, dimension: Dimension, region: Region) -> Self {
        match (dimension, region.normal()) {
            (Dimension::One(field), Region::One(set)) => self.put(field, set),
            (Dimension::Two(pair), Region::Both(src, dst)) => self.put_pair(pair, false, src, dst),
            (Dimension::Two(pair), Region::Either(src, dst)) => self.put_pair(pair, true, src, dst),
            _ => unreachable!("regions are read and written in the same dimension"),
        }
        self
    }

    /// The term without any condition in this dimension.
    pub(super) fn without(mut self, dimension: Dimension) -> Self {
        match dimension {
            Dimension::One(field) => {
                self.sets.remove(&field);
            }
            Dimension::Two(pair) => {
                let (src, dst) = pair.fields();
                self.sets.remove(&src);
                self.sets.remove(&dst);
                self.set_either(pair, false);
            }
        }
        self
    }

    fn put(&mut self, field: Field, set: FieldSet) {
        if set.is_full() {
            self.sets.remove(&field);
        } else {
            self.sets.insert(field, set);
        }
    }

    fn put_pair(&mut self, pair: Pair, either: bool, src: FieldSet, dst: FieldSet) {
        let (src_field, dst_field) = pair.fields();
        self.set_either(pair, either);
        self.put(src_field, src);
        self.put(dst_field, dst);
    }

    fn set_either(&mut self, pair: Pair, either: bool) {
        match pair {
            Pair::Address => self.either_address = either,
            Pair::Port => self.either_port = either,
        }
    }

    /// Whether every packet that matches `self` matches `other`; may say no where several fields together say yes.
    pub(super) fn is_subset(&self, other: &Self) -> bool {
        dimensions([other]).into_iter().all(|dimension| {
            self.constrains(dimension) && self.region(dimension).is_subset(&other.region(dimension))
        })
    }
}

impl Region {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::One(set) => set.is_empty(),
            Self::Both(src, dst) => src.is_empty() || dst.is_empty(),
            Self::Either(src, dst) => src.is_empty() && dst.is_empty(),
        }
    }

    /// A cross with an empty or a full arm is a rectangle; it is written as one.
    pub(super) fn normal(self) -> Self {
        match self {
            Self::Either(src, dst) if src.is_full() || dst.is_empty() => Self::Both(src, full_like(&dst)),
            Self::Either(src, dst) if dst.is_full() || src.is_empty() => Self::Both(full_like(&src), dst),
            other => other,
        }
    }

    pub(super) fn complement(&self) -> Self {
        match self {
            Self::One(set) => Self::One(set.complement()),
            Self::Both(src, dst) => Self::Either(src.complement(), dst.complement()).normal(),
            Self::Either(src, dst) => Self::Both(src.complement(), dst.complement()),
        }
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::One(a), Self::One(b)) => a.is_subset(b),
            (Self::Both(a, b), Self::Both(c, d)) | (Self::Either(a, b), Self::Either(c, d)) => {
                a.is_subset(c) && b.is_subset(d)
            }
            (Self::Both(a, b), Self::Either(c, d)) => a.is_subset(c) || b.is_subset(d),
            // A cross (neither arm empty or full) is in no rectangle but the whole, which no term holds.
            _ => false,
        }
    }

    /// The two as one region, where that is exact.
    pub(super) fn union(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::One(a), Self::One(b)) => Some(Self::One(a.union(b))),
            (Self::Either(a, b), Self::Either(c, d)) => Some(Self::Either(a.union(c), b.union(d)).normal()),
            (Self::Either(a, b), Self::Both(c, d)) | (Self::Both(c, d), Self::Either(a, b)) => {
                if d.is_full() {
                    Some(Self::Either(a.union(c), b.clone()).normal())
                } else if c.is_full() {
                    Some(Self::Either(a.clone(), b.union(d)).normal())
                } else {
                    self.larger(other)
                }
            }
            (Self::Both(a, b), Self::Both(c, d)) => {
                if b == d {
                    Some(Self::Both(a.union(c), b.clone()))
                } else if a == c {
                    Some(Self::Both(a.clone(), b.union(d)))
                } else if b.is_full() && c.is_full() {
                    Some(Self::Either(a.clone(), d.clone()).normal())
                } else if a.is_full() && d.is_full() {
                    Some(Self::Either(c.clone(), b.clone()).normal())
                } else {
                    self.larger(other)
                }
            }
            _ => None,
        }
    }

    fn larger(&self, other: &Self) -> Option<Self> {
        if self.is_subset(other) {
            Some(other.clone())
        } else if other.is_subset(self) {
            Some(self.clone())
        } else {
            None
        }
    }

    /// Regions whose union is the intersection; none empty. `apart`: no two of them meet.
    pub(super) fn intersection(&self, other: &Self, apart: bool) -> Vec<Self> {
        if self.is_subset(other) {
            return vec![self.clone()];
        }
        if other.is_subset(self) {
            return vec![other.clone()];
        }
        let mut regions = match (self, other) {
            (Self::One(a), Self::One(b)) => vec![Self::One(a.intersection(b))],
            (Self::Both(a, b), Self::Both(c, d)) => vec![Self::Both(a.intersection(c), b.intersection(d))],
            (Self::Both(a, b), Self::Either(c, d)) | (Self::Either(c, d), Self::Both(a, b)) => {
                let rest = if apart { a.difference(c) } else { a.clone() };
                vec![Self::Both(a.intersection(c), b.clone()), Self::Both(rest, b.intersection(d))]
            }
            (Self::Either(a, b), Self::Either(c, d)) => crosses([a, b], [c, d], apart),
            _ => unreachable!("regions of one dimension are of one kind"),
        };
        regions.retain(|region| !region.is_empty());
        regions
    }
}

/// Where two crosses meet.
fn crosses([a, b]: [&FieldSet; 2], [c, d]: [&FieldSet; 2], apart: bool) -> Vec<Region> {
    let (both_src, both_dst) = (a.intersection(c), b.intersection(d));
    if !apart {
        return vec![
            Region::Either(both_src, both_dst).normal(),
            Region::Both(a.clone(), d.clone()),
            Region::Both(c.clone(), b.clone()),
        ];
    }
    let neither = a.union(c).complement();
    vec![
        Region::Both(both_src, full_like(b)),
        Region::Both(a.difference(c), d.clone()),
        Region::Both(c.difference(a), b.clone()),
        Region::Both(neither, both_dst),
    ]
}

/// The set of all values of the field that `set` is of.
fn full_like(set: &FieldSet) -> FieldSet {
    set.union(&set.complement())
}

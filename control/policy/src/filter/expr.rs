//! The parsed expression: and, or and not over formulas of field sets.

use std::fmt;

use sluice_diagnostics::Span;

use crate::fields::{Field, FieldValues};
use crate::sets::{Condition, FieldSet};
use crate::term::{Pair, Term};

/// A filter expression, resolved: names are numbers, sets are their members, qualifiers are field sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    pub(super) node: Node,
    pub(super) span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Leaf(Formula),
}

/// What a primitive means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Formula {
    Everything,
    Is(Field, FieldSet),
    /// Source or destination of the pair in the set.
    Either(Pair, FieldSet),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

impl Expr {
    /// Where the expression stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Whether a packet with these values is selected, straight from the tree: what terms must agree with.
    pub fn matches(&self, values: &FieldValues) -> bool {
        match &self.node {
            Node::And(all) => all.iter().all(|each| each.matches(values)),
            Node::Or(any) => any.iter().any(|each| each.matches(values)),
            Node::Not(inner) => !inner.matches(values),
            Node::Leaf(formula) => formula.matches(values),
        }
    }

    pub(super) fn everything(span: Span) -> Self {
        Self { node: Node::Leaf(Formula::Everything), span }
    }

    pub(super) fn leaf(formula: Formula, span: Span) -> Self {
        Self { node: Node::Leaf(formula), span }
    }

    pub(super) fn not(self, span: Span) -> Self {
        Self { node: Node::Not(Box::new(self)), span }
    }

    /// `self and other`; a chain of the same operator stays one node.
    pub(super) fn and(self, other: Self) -> Self {
        let span = self.span.to(other.span);
        let mut all = match self.node {
            Node::And(all) => all,
            _ => vec![self],
        };
        all.push(other);
        Self { node: Node::And(all), span }
    }

    /// `self or other`; a chain of the same operator stays one node.
    pub(super) fn or(self, other: Self) -> Self {
        let span = self.span.to(other.span);
        let mut any = match self.node {
            Node::Or(any) => any,
            _ => vec![self],
        };
        any.push(other);
        Self { node: Node::Or(any), span }
    }
}

impl Formula {
    fn matches(&self, values: &FieldValues) -> bool {
        match self {
            Self::Everything => true,
            Self::Is(field, set) => set.contains(values.value(*field)),
            Self::Either(pair, set) => {
                let (src, dst) = pair.fields();
                set.contains(values.value(src)) || set.contains(values.value(dst))
            }
            Self::All(all) => all.iter().all(|each| each.matches(values)),
            Self::Any(any) => any.iter().any(|each| each.matches(values)),
        }
    }

    /// The same of the inner packet; the field that has no inner counterpart otherwise. Inner fields have no "either
    /// side" condition: it becomes two alternatives.
    pub(super) fn of_inner(self) -> Result<Self, Field> {
        Ok(match self {
            Self::Everything => Self::Everything,
            Self::Is(field, set) => Self::Is(field.inner().ok_or(field)?, set),
            Self::Either(pair, set) => {
                let (src, dst) = pair.fields();
                let side = |field: Field| Self::Is(field, set.clone()).of_inner();
                Self::Any(vec![side(src)?, side(dst)?])
            }
            Self::All(all) => Self::All(all.into_iter().map(Self::of_inner).collect::<Result<_, _>>()?),
            Self::Any(any) => Self::Any(any.into_iter().map(Self::of_inner).collect::<Result<_, _>>()?),
        })
    }

    /// The term of one condition, complemented if `negated`; `None` for formulas of several.
    pub(super) fn condition(&self, negated: bool) -> Option<Term> {
        let flip = |set: &FieldSet| if negated { set.complement() } else { set.clone() };
        match self {
            Self::Everything if negated => Some(Term::of(Field::L3, FieldSet::empty(Field::L3))),
            Self::Everything => Some(Term::everything()),
            Self::Is(field, set) => Some(Term::of(*field, flip(set))),
            Self::Either(pair, set) => Some(Term::of_pair(*pair, !negated, &flip(set))),
            Self::All(_) | Self::Any(_) => None,
        }
    }
}

/// Joins with a separator, in parentheses where there are several.
fn joined<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T], separator: &str) -> fmt::Result {
    if let [item] = items {
        return write!(f, "{item}");
    }
    f.write_str("(")?;
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            write!(f, " {separator} ")?;
        }
        write!(f, "{item}")?;
    }
    f.write_str(")")
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Is(field, set) => Condition { field: *field, set }.fmt(f),
            Self::Either(pair, set) => Term::of_pair(*pair, true, set).fmt(f),
            Self::All(all) => joined(f, all, "and"),
            Self::Any(any) => joined(f, any, "or"),
        }
    }
}

impl fmt::Display for Expr {
    /// The conditions on fields, with all precedence written out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::And(all) => joined(f, all, "and"),
            Node::Or(any) => joined(f, any, "or"),
            Node::Not(inner) => write!(f, "not {inner}"),
            Node::Leaf(formula) => formula.fmt(f),
        }
    }
}

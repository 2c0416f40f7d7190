//! How deep and how large expressions are when they are written out as trees.

use crate::{Expression, ExpressionKind, Handle, HeaderRef, Module, limits};

/// Depth and size of one expression's tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Levels; 1 for a leaf.
    pub(crate) depth: u32,
    /// Nodes, shared ones counted each time; saturates.
    pub(crate) size: u32,
}

impl Extent {
    /// Whether it is within the bounds.
    pub(crate) fn is_bounded(self) -> bool {
        self.depth <= limits::EXPRESSION_DEPTH && self.size <= limits::EXPRESSION_SIZE
    }
}

impl ExpressionKind {
    /// Calls `f` with each direct operand, index expressions of stack elements included, in order.
    pub fn for_each_operand(&self, mut f: impl FnMut(Handle<Expression>)) {
        match self {
            Self::Constant(_) | Self::Variable(_) | Self::Parameter(_) | Self::LastIndex(_) => {}
            Self::Field(header, _) | Self::IsValid(header) => {
                if let HeaderRef::Element(_, index) = header {
                    f(*index);
                }
            }
            Self::Unary(_, operand) | Self::Slice { base: operand, .. } | Self::Cast(operand) => f(*operand),
            Self::Binary(_, left, right) | Self::Concat(left, right) => {
                f(*left);
                f(*right);
            }
            Self::Mux { condition, accept, reject } => {
                f(*condition);
                f(*accept);
                f(*reject);
            }
        }
    }
}

impl ExpressionKind {
    /// Calls `f` with each direct operand, to change it; the same ones in the same order as [`Self::for_each_operand`].
    pub fn for_each_operand_mut(&mut self, mut f: impl FnMut(&mut Handle<Expression>)) {
        match self {
            Self::Constant(_) | Self::Variable(_) | Self::Parameter(_) | Self::LastIndex(_) => {}
            Self::Field(header, _) | Self::IsValid(header) => {
                if let HeaderRef::Element(_, index) = header {
                    f(index);
                }
            }
            Self::Unary(_, operand) | Self::Slice { base: operand, .. } | Self::Cast(operand) => f(operand),
            Self::Binary(_, left, right) | Self::Concat(left, right) => {
                f(left);
                f(right);
            }
            Self::Mux { condition, accept, reject } => {
                f(condition);
                f(accept);
                f(reject);
            }
        }
    }
}

/// The extent of each expression; both numbers are `u32::MAX` where one refers to itself or forward.
pub(crate) fn extents(module: &Module) -> Vec<Extent> {
    let mut extents: Vec<Extent> = Vec::with_capacity(module.expressions.len());
    for (_, expression) in module.expressions.iter() {
        let mut extent = Extent { depth: 1, size: 1 };
        expression.kind.for_each_operand(|operand| {
            let of = extents.get(operand.index()).copied();
            let of = of.unwrap_or(Extent { depth: u32::MAX, size: u32::MAX });
            extent.depth = extent.depth.max(of.depth.saturating_add(1));
            extent.size = extent.size.saturating_add(of.size);
        });
        extents.push(extent);
    }
    extents
}

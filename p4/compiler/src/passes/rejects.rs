//! Which expressions may end the parser.
//!
//! `next` of a full stack and `last` of an empty one reject the packet, so an expression that reads one must be evaluated
//! even where its value does not matter. All others may be dropped.

use sluice_ir::{ExpressionKind, HeaderRef, Module};

/// Whether an expression of that kind rejects by itself, its operands aside.
pub(super) fn rejects_itself(kind: &ExpressionKind) -> bool {
    match kind {
        ExpressionKind::Field(header, _) | ExpressionKind::IsValid(header) => {
            matches!(header, HeaderRef::Next(_) | HeaderRef::Last(_))
        }
        _ => false,
    }
}

/// For each expression, whether it or an operand may reject.
pub(super) fn rejecting(module: &Module) -> Vec<bool> {
    let mut all: Vec<bool> = Vec::with_capacity(module.expressions.len());
    for (_, expression) in module.expressions.iter() {
        let mut rejects = rejects_itself(&expression.kind);
        expression.kind.for_each_operand(|operand| rejects |= all[operand.index()]);
        all.push(rejects);
    }
    all
}

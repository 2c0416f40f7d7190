//! Walks over nested statements.

use crate::{Statement, StatementKind};

/// Calls `f` with each statement of a block and of the blocks in it, in order.
///
/// Needs stack in proportion to the nesting, which [`crate::limits::BLOCK_DEPTH`] bounds in verified modules.
pub fn statements<'b>(block: &'b [Statement], f: &mut impl FnMut(&'b Statement)) {
    for statement in block {
        f(statement);
        match &statement.kind {
            StatementKind::If { accept, reject, .. } => {
                statements(accept, f);
                statements(reject, f);
            }
            StatementKind::Switch { cases, default, .. } => {
                for (_, block) in cases {
                    statements(block, f);
                }
                statements(default, f);
            }
            StatementKind::Labelled(_, block) | StatementKind::Loop(_, block) => statements(block, f),
            _ => {}
        }
    }
}

//! Code that stands in several places: the labels of each copy are its own.

use rustc_hash::FxHashMap;
use sluice_ir as ir;
use sluice_ir::{Label, StatementKind};

use super::Elaborator;

impl Elaborator<'_> {
    /// A copy of code that was emitted already, with labels of its own.
    pub(super) fn copied_block(&mut self, block: &ir::Block) -> ir::Block {
        let mut copy = block.clone();
        self.relabel(&mut copy, &mut FxHashMap::default());
        copy
    }

    fn relabel(&mut self, block: &mut ir::Block, known: &mut FxHashMap<Label, Label>) {
        for statement in block {
            match &mut statement.kind {
                StatementKind::Labelled(label, body) | StatementKind::Loop(label, body) => {
                    let new = self.label();
                    known.insert(*label, new);
                    *label = new;
                    self.relabel(body, known);
                }
                StatementKind::Leave(label) => {
                    if let Some(new) = known.get(label) {
                        *label = *new;
                    }
                }
                StatementKind::If { accept, reject, .. } => {
                    self.relabel(accept, known);
                    self.relabel(reject, known);
                }
                StatementKind::Switch { cases, default, .. } => {
                    for (_, body) in cases {
                        self.relabel(body, known);
                    }
                    self.relabel(default, known);
                }
                _ => {}
            }
        }
    }
}

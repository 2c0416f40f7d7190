//! Tables and actions.

use std::sync::Arc;

use sluice_entities::MatchKind;

use super::PrepareError;
use super::codegen::{Codegen, invalid};
use super::layout::limbs;
use crate::engine::op::{NO_SLOT, Op};
use crate::engine::program::{ActionPlan, TablePlan};
use crate::tables::{KeyField, Shape};

type Result<T> = std::result::Result<T, PrepareError>;

impl<'m> Codegen<'m> {
    /// Plans the tables; what applies them is generated with the controls.
    pub(super) fn tables(&mut self) -> Result<()> {
        for (handle, table) in self.module.tables.iter() {
            let mut fields = Vec::new();
            let mut word = 0;
            for key in table.keys.iter().filter(|key| key.kind != MatchKind::Selector) {
                let width = self.ty(key.expression)?.width();
                fields.push(KeyField { word, width, kind: key.kind });
                word += limbs(width);
            }
            let mut actions = Vec::new();
            for listed in &table.actions {
                self.module.actions.try_index(listed.action).ok_or_else(|| invalid("action"))?;
                actions.push(listed.action.index() as u16);
            }
            if actions.get(table.default_action.index as usize).is_none() {
                return Err(invalid("default action"));
            }
            let cell =
                if table.direct_counter.is_some() { self.storage.cells[handle.index()] } else { NO_SLOT };
            let name = Arc::from(table.name.as_str());
            self.tables.push(TablePlan { name, shape: Shape::new(fields), actions, cell });
        }
        Ok(())
    }

    /// Generates every action once; all have their data in the same words.
    pub(super) fn actions(&mut self) -> Result<()> {
        let words = |action: &sluice_ir::Action| -> usize {
            action.params.iter().map(|param| limbs(param.ty.width())).sum()
        };
        let most = self.module.actions.iter().map(|(_, action)| words(action)).max().unwrap_or(0);
        let first = self.temporary_words(most)?;
        self.storage.layout.params = first;
        for (_, action) in self.module.actions.iter() {
            let mut slot = first;
            self.params.clear();
            for param in &action.params {
                self.params.push(slot);
                slot += limbs(param.ty.width()) as u16;
            }
            let start = self.here();
            self.in_action = true;
            self.block(&action.body)?;
            self.in_action = false;
            let code = (self.here() != start).then_some(start);
            if code.is_some() {
                self.push(Op::Return);
            }
            self.actions.push(ActionPlan {
                name: Arc::from(action.name.as_str()),
                code,
                params: action.params.iter().map(|param| param.ty.width()).collect(),
                param_words: words(action) as u16,
            });
        }
        self.params.clear();
        Ok(())
    }
}

//! Tables and actions.

use std::sync::Arc;

use sluice_entities::{ActionScope, MatchKind};

use super::PrepareError;
use super::codegen::{Codegen, invalid};
use super::layout::limbs;
use crate::engine::op::{Op, Slot};
use crate::engine::program::{ActionPlan, Combine, ExternPlan, TablePlan};
use crate::tables::{KeyField, Shape};

type Result<T> = std::result::Result<T, PrepareError>;

impl<'m> Codegen<'m> {
    /// Plans the tables; what applies them is generated with the controls.
    pub(super) fn tables(&mut self) -> Result<()> {
        for (_, table) in self.module.tables.iter() {
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
            let has_cells = table.direct_counter.is_some() || table.direct_meter.is_some();
            let profile = table.action_profile.map(|profile| profile.index() as u16);
            if let Some(profile) = profile {
                let plan =
                    self.profiles.get_mut(usize::from(profile)).ok_or_else(|| invalid("action profile"))?;
                plan.tables.push(self.tables.len() as u16);
            }
            let in_entries =
                |listed: &&(usize, &sluice_ir::TableAction)| listed.1.scope != ActionScope::DefaultOnly;
            let listed: Vec<_> = table.actions.iter().enumerate().collect();
            let mut in_entries = listed.iter().filter(in_entries);
            let entry_action = match (in_entries.next(), in_entries.next()) {
                (Some((index, _)), None) if !has_cells && profile.is_none() => Some(*index as u16),
                _ => None,
            };
            let name = Arc::from(table.name.as_str());
            let shape = Shape::new(fields);
            self.tables.push(TablePlan { name, shape, actions, has_cells, profile, entry_action });
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
            let combine = self.combine(start as usize, first);
            if code.is_some() {
                self.push(Op::Return);
            }
            self.actions.push(ActionPlan {
                name: Arc::from(action.name.as_str()),
                code,
                combine,
                params: action.params.iter().map(|param| param.ty.width()).collect(),
                param_words: words(action) as u16,
            });
        }
        self.params.clear();
        Ok(())
    }

    /// The action whose instructions start at `start`, if it only combines a wide value with data.
    ///
    /// The compiler binds an `inout` parameter by copying: `copy = target; copy = target & data; target = copy`.
    fn combine(&self, start: usize, params: Slot) -> Option<Combine> {
        let mut ops = self.ops.get(start..)?;
        let mut counts = false;
        if let [Op::Extern { index }, rest @ ..] = ops
            && matches!(self.externs.get(usize::from(*index)), Some(ExternPlan::DirectCount { .. }))
        {
            (counts, ops) = (true, rest);
        }
        let (and, d, a, b, n) = match ops {
            [Op::MoveW { d: copy, a: source, n: limbs }, combined, ..] => {
                let (and, d, a, b, n) = combination(*combined)?;
                if d != *copy || n != *limbs {
                    return None;
                }
                ops = &ops[1..];
                (and, d, if a == d { *source } else { a }, b, n)
            }
            [combined, ..] => combination(*combined)?,
            [] => return None,
        };
        let target = match ops[1..] {
            [] if d == a => d,
            [Op::MoveW { d: back, a: from, n: limbs }] if back == a && from == d && limbs == n => a,
            _ => return None,
        };
        let offset = b.checked_sub(params)?;
        let is_data = self.params.contains(&b) && !self.params.contains(&a);
        // Nobody looks at a copy that only this action knows.
        let copy = if self.storage.private.contains(&d) { target } else { d };
        is_data.then_some(Combine { and, target, copy, offset, limbs: n, counts })
    }
}

/// Whether a wide operation is `&`, its operands and its limbs.
fn combination(op: Op) -> Option<(bool, Slot, Slot, Slot, u16)> {
    match op {
        Op::AndW { d, a, b, n } => Some((true, d, a, b, n)),
        Op::OrW { d, a, b, n } => Some((false, d, a, b, n)),
        _ => None,
    }
}

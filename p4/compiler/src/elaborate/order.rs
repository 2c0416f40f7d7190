//! The order of actions: that of the program, as if each sub-control stood where its instance is declared. So P4Info has them in p4c's order.
//!
//! Actions that only code calls are inlined, but a controller is told of them all the same, as by p4c: they become actions
//! without data and without code, which no table lists.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use sluice_ir as ir;
use sluice_ir::{Arena, Handle};

use super::{Elaborator, Result, Site};
use crate::value::ActionDeclaration;

/// A place in the program: the pipeline's block, whether within a control, and numbers of declarations inside one another.
type Place = (u32, bool, Vec<u32>);

/// Where things stand in the program.
#[derive(Debug, Default)]
pub(super) struct Places<'a> {
    /// Of instances of controls, by their control-plane path.
    instances: FxHashMap<Rc<str>, Vec<u32>>,
    /// Of the module's actions.
    actions: Vec<Place>,
    /// Actions that code calls.
    called: Vec<(Place, Rc<ActionDeclaration<'a>>)>,
}

impl<'a> Elaborator<'a> {
    /// Notes that an instance of a control with that path is declared here.
    pub(super) fn place_instance(&mut self, path: &Rc<str>) {
        let mut place = self.places.instances.get(&self.frame.path).cloned().unwrap_or_default();
        place.push(self.order + 1);
        self.places.instances.insert(path.clone(), place);
    }

    fn place_of_action(&self, declared: &ActionDeclaration<'a>) -> Place {
        let site = match self.frame.site {
            Site::Global | Site::Parser => 0,
            Site::Checksum => 1,
            Site::Ingress => 2,
            Site::Egress => 3,
            Site::Deparser => 4,
            Site::Any => 5,
        };
        if declared.path.is_empty() {
            // In the order in which a block first uses them.
            let used = self.places.actions.len() + self.places.called.len();
            return (site, false, vec![used as u32]);
        }
        let mut place = self.places.instances.get(&declared.path).cloned().unwrap_or_default();
        place.push(declared.order);
        (site, true, place)
    }

    /// Adds an action to the module.
    pub(super) fn push_action(
        &mut self,
        action: ir::Action,
        declared: &ActionDeclaration<'a>,
    ) -> Handle<ir::Action> {
        let place = self.place_of_action(declared);
        self.places.actions.push(place);
        self.module.actions.push(action)
    }

    /// Notes that code outside of actions calls one.
    pub(super) fn note_call(&mut self, declared: &Rc<ActionDeclaration<'a>>) {
        let known = self.places.called.iter().any(|(_, known)| Rc::ptr_eq(known, declared));
        if !known && self.frame.callee.is_none() && self.frame.site != Site::Any {
            let place = self.place_of_action(declared);
            self.places.called.push((place, declared.clone()));
        }
    }

    /// Adds the actions that are only called, and puts all in order.
    pub(super) fn order_actions(&mut self) -> Result<()> {
        for (place, declared) in std::mem::take(&mut self.places.called) {
            if self.module.actions.iter().any(|(_, action)| action.name == declared.name) {
                continue;
            }
            let annotations = self.annotations(declared.annotations)?;
            self.places.actions.push(place);
            self.module.actions.push(ir::Action {
                name: declared.name.clone(),
                params: Vec::new(),
                body: Vec::new(),
                annotations,
                span: declared.span,
            });
        }
        let mut order: Vec<usize> = (0..self.module.actions.len()).collect();
        order.sort_by(|a, b| self.places.actions[*a].cmp(&self.places.actions[*b]));
        let mut new = vec![Handle::new(0); order.len()];
        let mut actions = Arena::default();
        for old in order {
            new[old] = actions.push(self.module.actions[Handle::new(old)].clone());
        }
        self.module.actions = actions;
        for (_, table) in self.module.tables.iter_mut() {
            for listed in &mut table.actions {
                listed.action = new[listed.action.index()];
            }
        }
        Ok(())
    }
}

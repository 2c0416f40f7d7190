//! What is in a data path, as data.

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_diagnostics::Diagnostics;
use sluice_entities::PipelineInfo;

use crate::account::{Account, CounterSource, Totals};
use crate::compile::fixed::{Fixed, fixed};
use crate::compile::layout::Layout;
use crate::compile::program::Program;
use crate::config::{Edits, Policy, Tool};

/// A compiled policy with its bits, ids and entries, and what was counted so far.
///
/// It is made by [`State::empty`] and then only by [`crate::plan`]: the state of a finished plan describes what its
/// updates left in the data path.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) layout: Arc<Layout>,
    pub(crate) program: Arc<Program>,
    pub(crate) totals: Totals,
}

impl State {
    /// A data path without a policy, of the program that `info` tells of.
    ///
    /// # Errors
    /// The program is not the broker: tables are missing without which no policy can work.
    pub fn empty(info: &PipelineInfo) -> Result<Self, Diagnostics> {
        let layout = Arc::new(Layout::new(info)?);
        let program = Arc::new(Program::empty(&layout));
        Ok(Self { layout, program, totals: Totals::default() })
    }

    /// The policy that is alive; one without ports and filters if none was written yet.
    pub fn policy(&self) -> &Policy {
        &self.program.policy
    }

    /// Ports of tools whose shares of groups others have ([`crate::rebalance`]).
    pub fn down(&self) -> &BTreeSet<u16> {
        &self.program.down
    }

    /// What each instance (`egress_rid`) makes: tool and edits; by instance.
    pub fn instances(&self) -> impl Iterator<Item = (u16, &Tool, &Edits)> {
        self.program.instances.iter().map(|(id, instance)| (*id, &*instance.tool, &instance.edits.edits))
    }

    /// Everything counted, read from the data path and added to what was harvested.
    pub fn account(&self, counters: &dyn CounterSource) -> Account {
        crate::account::account(self, counters)
    }

    pub(crate) fn fixed(&self) -> Result<Fixed, Diagnostics> {
        fixed(&[&self.program], &self.layout)
    }
}

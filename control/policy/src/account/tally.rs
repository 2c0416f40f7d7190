//! Adds up the counters of one program's entries and instances.

use std::collections::{BTreeMap, BTreeSet};

use sluice_entities::{Bits, Match};

use super::{CounterSource, Totals};
use crate::compile::copies::Send;
use crate::compile::layout::{Layout, Slot};
use crate::compile::program::Program;
use crate::compile::terms::BYTE;
use crate::config::OTHERWISE;
use crate::plan::{byte, subsets};

/// Reads into `totals`.
pub(super) struct Tally<'a> {
    pub(super) program: &'a Program,
    pub(super) layout: &'a Layout,
    pub(super) counters: &'a dyn CounterSource,
    pub(super) totals: &'a mut Totals,
}

/// What a combination of copies asks of tools and groups.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asks<'a> {
    /// Tools by name with a copy of their own.
    direct: BTreeSet<(&'a str, u16)>,
    /// Tools by name with a copy through a group.
    through: BTreeSet<(&'a str, u16)>,
    groups: BTreeSet<&'a str>,
}

impl Tally<'_> {
    /// Counters of entries; with `next`, of those alone that it does not have.
    pub(super) fn entries(&mut self, next: Option<&Program>) {
        self.filters(next);
        let sends: BTreeMap<u32, &Send> = self
            .program
            .copies
            .list
            .iter()
            .filter_map(|copy| copy.send.as_ref().map(|send| (copy.bit, send)))
            .collect();
        let combos = &self.program.combos;
        let goes = |list: fn(&Program) -> &[Bits], one: &Bits| {
            next.is_none_or(|next| list(next).binary_search(one).is_err())
        };
        for copies in combos.asked.iter().filter(|one| goes(|program| &program.combos.asked, one)) {
            let count = self.read(&self.layout.asked, vec![Match::Exact(copies.clone())]);
            if count > 0 {
                if (copies & &!&self.program.copies.otherwise).is_zero() {
                    *self.totals.filters.entry(OTHERWISE.to_string()).or_default() += count;
                }
                let asks = Asks::of(copies, &sends);
                for (tool, port) in &asks.direct {
                    self.totals.tool(tool, *port).asked += count;
                }
                for group in &asks.groups {
                    self.totals.group(group).asked += count;
                }
            }
        }
        for copies in combos.deliver.iter().filter(|one| goes(|program| &program.combos.deliver, one)) {
            let count = self.read(&self.layout.deliver, vec![Match::Exact(copies.clone())]);
            if count > 0 {
                let asks = Asks::of(copies, &sends);
                for (tool, port) in asks.through.difference(&asks.direct) {
                    self.totals.tool(tool, *port).asked += count;
                }
                for group in &asks.groups {
                    self.totals.group(group).given += count;
                }
            }
        }
        self.taken(next, &sends, false);
        self.taken(next, &sends, true);
    }

    /// What sampling or duplicate removal took.
    fn taken(&mut self, next: Option<&Program>, sends: &BTreeMap<u32, &Send>, repeats: bool) {
        let list = |program: &Program| {
            if repeats { program.combos.repeated.clone() } else { program.combos.sampled.clone() }
        };
        let slot = if repeats { &self.layout.repeated } else { &self.layout.sampled };
        let Some(slot) = slot else { return };
        let staying = next.map(list).unwrap_or_default();
        for pair in list(self.program) {
            if staying.binary_search(&pair).is_ok() {
                continue;
            }
            let (before, after) = pair;
            let count = self.read(slot, vec![Match::Exact(before.clone()), Match::Exact(after.clone())]);
            if count == 0 {
                continue;
            }
            let (before, after) = (Asks::of(&before, sends), Asks::of(&after, sends));
            for (tool, port) in before.direct.difference(&after.direct) {
                let account = self.totals.tool(tool, *port);
                *(if repeats { &mut account.repeat } else { &mut account.sampled_out }) += count;
            }
            for group in before.groups.difference(&after.groups) {
                let account = self.totals.group(group);
                *(if repeats { &mut account.repeat } else { &mut account.sampled_out }) += count;
            }
        }
    }

    /// Hits of filters: each entry of a `collect` table counts a packet once for every filter that it has a term of.
    fn filters(&mut self, next: Option<&Program>) {
        // `otherwise` has a term that every packet matches; what it got is what asked for its copies alone.
        let names: Vec<&str> = self.program.policy.filters.iter().map(|filter| &*filter.name).collect();
        let mut filter_of: BTreeMap<u32, usize> = BTreeMap::new();
        for placed in &self.program.terms.list {
            filter_of.insert(placed.bit, placed.filter);
        }
        for (index, slot) in self.layout.collect.iter().enumerate() {
            let own = byte(&self.program.terms, index as u32);
            let kept = next.map_or(0, |next| {
                let other = byte(&next.terms, index as u32);
                let both = own.iter().filter(|(bit, _)| other.iter().any(|(other, _)| other == bit));
                both.fold(0u32, |mask, (bit, _)| mask | 1 << bit)
            });
            for key in subsets(&own, !kept) {
                let count = self.read(slot, vec![Match::Exact(Bits::new(BYTE, u64::from(key)))]);
                if count == 0 {
                    continue;
                }
                let hit: BTreeSet<usize> = (0..BYTE)
                    .filter(|bit| key >> bit & 1 == 1)
                    .filter_map(|bit| filter_of.get(&(index as u32 * BYTE + bit)).copied())
                    .collect();
                for name in hit.into_iter().filter_map(|filter| names.get(filter)) {
                    *self.totals.filters.entry((*name).to_string()).or_default() += count;
                }
            }
        }
    }

    /// Counters of instances; with `next`, of those alone that it does not have, whose cells are then free for others.
    pub(super) fn instances(&mut self, next: Option<&Program>) {
        let Some(counter) = &self.layout.copy_outcome else { return };
        for (id, instance) in &self.program.instances {
            if next.is_some_and(|next| next.instances.contains_key(id)) {
                continue;
            }
            let mut cells = [0u64; 4];
            for (reason, cell) in cells.iter_mut().enumerate() {
                let index = u64::from(*id) * 8 + reason as u64;
                let value = self.counters.cell(counter, index);
                *cell = value.saturating_sub(self.totals.bases.get(&index).copied().unwrap_or(0));
                if next.is_some() {
                    self.totals.bases.insert(index, value);
                }
            }
            let loss = self.counters.egress_loss(instance.tool.port, *id);
            let (queue, down) = self.totals.losses.get(id).copied().unwrap_or_default();
            if next.is_some() {
                self.totals.losses.insert(*id, (loss.queue_full, loss.port_down));
            }
            let lost = (loss.queue_full.saturating_sub(queue), loss.port_down.saturating_sub(down));
            let account = self.totals.tool(&instance.tool.name, instance.tool.port);
            // The pipeline counts as sent what the queue then refused.
            account.sent += cells[0].saturating_sub(lost.0 + lost.1);
            account.rate_limit += cells[1];
            account.mtu += cells[2];
            account.unsupported += cells[3];
            account.queue_full += lost.0;
            account.port_down += lost.1;
        }
    }

    fn read(&self, slot: &Slot, matches: Vec<Match>) -> u64 {
        self.counters.entry(&slot.table, &matches, 0)
    }
}

impl<'a> Asks<'a> {
    fn of(copies: &Bits, sends: &BTreeMap<u32, &'a Send>) -> Self {
        let mut asks = Self::default();
        for send in copies.iter_ones().filter_map(|bit| sends.get(&bit)) {
            let tool = (&*send.tool.name, send.tool.port);
            match &send.selection.group {
                None => {
                    asks.direct.insert(tool);
                }
                Some(group) => {
                    asks.through.insert(tool);
                    asks.groups.insert(&group.name);
                }
            }
        }
        asks
    }
}

//! Why a packet went where it went: the tables' work, walked backwards.
//!
//! The data path records which tables it applied with which keys and what they answered ([`PacketTrace`]); with the
//! bits and ids of a [`State`] that is enough to say for every term which table ruled it out, which copies were
//! collected, which selection took which, and what was delivered.

mod text;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_entities::{Bits, Replica};

use crate::compile::copies::Copy;
use crate::compile::layout::{Layout, NarrowTable, Part, last_part};
use crate::fields::Field;
use crate::plan::State;

/// What the ingress tables did with one packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketTrace {
    /// Tables, in the order applied.
    pub steps: Vec<TraceStep>,
}

/// One table applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceStep {
    /// Control-plane name.
    pub table: Arc<str>,
    /// Key fields, in order.
    pub keys: Vec<Bits>,
    /// Whether an entry matched; else the default action ran.
    pub hit: bool,
    /// Name of the action that ran.
    pub action: Arc<str>,
    /// Its action data.
    pub params: Vec<Bits>,
}

/// Why a packet went where it went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Name of the port that it came in at, or its number.
    pub port: String,
    /// Every filter, in the order of the policy, `otherwise` last.
    pub filters: Vec<FilterVerdict>,
    /// Copies collected (and kept beside `otherwise`'s), by name.
    pub collected: Vec<String>,
    /// What selection took: the stage, and copies by name.
    pub removed: Vec<(String, Vec<String>)>,
    /// What became of the packet: `delivered`, `discarded`, `refused`, ...
    pub outcome: String,
    /// What was made: tool, instance, edits.
    pub deliveries: Vec<(String, u16, String)>,
}

/// What was found about one filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterVerdict {
    /// Its name.
    pub filter: String,
    /// Whether some term matched.
    pub matched: bool,
    /// Its terms.
    pub terms: Vec<TermVerdict>,
}

/// What was found about one term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermVerdict {
    /// The term's conditions.
    pub term: String,
    /// What ruled it out; `None`: it matched.
    pub removed_by: Option<Removal>,
}

/// The table that took a term's bit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Its name without the control.
    pub table: String,
    /// The packet's value there, for people.
    pub value: String,
}

/// Bitmaps of a source and a destination table, which meet.
#[derive(Default)]
struct Side {
    tables: Vec<(String, String)>,
    bitmaps: Vec<Bits>,
}

struct Walker<'a> {
    state: &'a State,
    trace: &'a PacketTrace,
    removals: BTreeMap<u32, Removal>,
    explanation: Explanation,
}

/// Explains one packet.
pub fn explain(state: &State, trace: &PacketTrace) -> Explanation {
    let mut walker = Walker { state, trace, removals: BTreeMap::new(), explanation: Explanation::default() };
    walker.port();
    walker.narrowed();
    walker.filters();
    walker.copies();
    walker.explanation
}

impl<'a> Walker<'a> {
    fn layout(&self) -> &'a Layout {
        &self.state.layout
    }

    fn step(&self, short: &str) -> Option<&'a TraceStep> {
        self.trace.steps.iter().find(|step| last_part(&step.table) == short)
    }

    /// Terms whose bit is not in `bitmap` are out, if they were still in.
    fn keep(&mut self, bitmap: &Bits, table: &str, value: &str) {
        for placed in &self.state.program.terms.list {
            if !bitmap.bit(placed.bit) {
                self.removals
                    .entry(placed.bit)
                    .or_insert_with(|| Removal { table: table.to_string(), value: value.to_string() });
            }
        }
    }

    fn port(&mut self) {
        let Some(step) = self.step("network_port") else {
            self.explanation.outcome = "not traced".to_string();
            return;
        };
        let id = step.keys.first().and_then(Bits::to_u64).unwrap_or(0);
        let known = u16::try_from(id).ok().and_then(|id| self.state.policy().port(id));
        self.explanation.port = known.map_or_else(|| format!("port {id}"), |port| port.name.to_string());
        let name = self.explanation.port.clone();
        if last_part(&step.action) == "admit" {
            if let Some(survivors) = step.params.first() {
                self.keep(survivors, "network_port", &name);
            }
        } else {
            self.explanation.outcome = "refused".to_string();
            let none = Bits::zero(self.layout().terms);
            self.keep(&none, "network_port", &format!("{name} is no network port"));
        }
    }

    fn narrowed(&mut self) {
        let mut address = Side::default();
        let mut ports = Side::default();
        for step in &self.trace.steps {
            let Some(table) = self.layout().narrow.iter().find(|table| table.slot.table == step.table) else {
                continue;
            };
            if step.params.is_empty() {
                continue;
            }
            let name = last_part(&step.table).to_string();
            let value = values::text(table, step.keys.first());
            let side = match pair(table) {
                Some(Field::AddressSrc) => &mut address,
                Some(_) => &mut ports,
                None => {
                    for bitmap in &step.params {
                        self.keep(bitmap, &name, &value);
                    }
                    continue;
                }
            };
            for bitmap in &step.params {
                side.tables.push((name.clone(), value.clone()));
                side.bitmaps.push(bitmap.clone());
            }
        }
        self.meet(&address, |term| term.either_address);
        self.meet(&ports, |term| term.either_port);
    }

    /// Source and destination: one of them is enough for terms that mean "either".
    fn meet(&mut self, side: &Side, either: fn(&crate::term::Term) -> bool) {
        for placed in &self.state.program.terms.list {
            let missing: Vec<&(String, String)> = side
                .tables
                .iter()
                .zip(&side.bitmaps)
                .filter(|(_, bitmap)| !bitmap.bit(placed.bit))
                .map(|(table, _)| table)
                .collect();
            // A side whose table kept all terms leaves no step with data: it counts as kept.
            let lost = if either(&placed.term) { missing.len() >= 2 } else { !missing.is_empty() };
            if lost {
                let join = |pick: fn(&(String, String)) -> &str| {
                    missing.iter().map(|one| pick(one)).collect::<Vec<_>>().join(", ")
                };
                let removal = Removal { table: join(|one| &one.0), value: join(|one| &one.1) };
                self.removals.entry(placed.bit).or_insert(removal);
            }
        }
    }

    fn filters(&mut self) {
        let program = &self.state.program;
        for (index, filter) in program.policy.all_filters().enumerate() {
            let own = program.terms.list.iter().filter(|placed| placed.filter == index);
            let terms: Vec<TermVerdict> = own
                .map(|placed| TermVerdict {
                    term: placed.term.to_string(),
                    removed_by: self.removals.get(&placed.bit).cloned(),
                })
                .collect();
            let matched = terms.iter().any(|term| term.removed_by.is_none());
            self.explanation.filters.push(FilterVerdict { filter: filter.name.to_string(), matched, terms });
        }
        self.set_otherwise_aside();
    }

    /// `otherwise` is alive for every packet, and its copies go where a filter's are.
    fn set_otherwise_aside(&mut self) {
        let filters = self.state.policy().filters.len();
        let (own, otherwise) = self.explanation.filters.split_at_mut(filters);
        let Some(taker) = own.iter().find(|filter| filter.matched) else { return };
        for verdict in otherwise.iter_mut().filter(|verdict| verdict.matched) {
            verdict.matched = false;
            for term in &mut verdict.terms {
                let value = format!("{} takes the packet", taker.filter);
                term.removed_by.get_or_insert(Removal { table: "policy".to_string(), value });
            }
        }
    }

    fn names(&self, copies: &Bits) -> Vec<String> {
        let own = self.state.program.copies.list.iter().filter(|copy| copies.bit(copy.bit));
        own.map(|copy| self.name(copy)).collect()
    }

    fn name(&self, copy: &Copy) -> String {
        let Some(send) = &copy.send else { return "discard".to_string() };
        let mut name = send.tool.name.to_string();
        if let Some(group) = &send.selection.group {
            name = format!("{name} of {}", group.name);
        }
        let mut what = Vec::new();
        if let Some(threshold) = send.selection.sample {
            what.push(format!("sample {:.4}%", f64::from(threshold) / 4_294_967_296.0 * 100.0));
        }
        if send.selection.dedup.is_some() {
            what.push("dedup".to_string());
        }
        let edits = values::edits(&send.edits.edits, &send.tool);
        if !edits.is_empty() {
            what.push(edits);
        }
        if what.is_empty() { name } else { format!("{name} ({})", what.join(", ")) }
    }

    fn copies(&mut self) {
        if !self.explanation.outcome.is_empty() {
            return;
        }
        let program = &self.state.program;
        let mut copies = Bits::zero(self.layout().copies);
        for step in &self.trace.steps {
            if self.layout().collect.iter().any(|slot| slot.table == step.table)
                && let Some(own) = step.params.first()
            {
                copies |= own;
            }
        }
        let wanted = &copies & &!&program.copies.otherwise;
        if !wanted.is_zero() {
            copies = wanted;
        }
        self.explanation.collected = self.names(&copies);
        for (table, stage) in [("sampled", "sampling"), ("repeated", "duplicate removal")] {
            if let Some([_, after]) = self.step(table).map(|step| &step.keys[..]) {
                self.taken(stage.to_string(), &mut copies, &after.clone());
            }
        }
        for (slot, table) in self.layout().balance.iter().enumerate() {
            let drop = self
                .trace
                .steps
                .iter()
                .find(|step| step.table == table.table)
                .and_then(|step| step.params.first());
            if let Some(drop) = drop {
                let group = program.slots.balance.get(&slot);
                let stage = group
                    .map_or_else(|| "balancing".to_string(), |group| format!("balancing of {}", group.name));
                let left = &copies & &!drop;
                self.taken(stage, &mut copies, &left);
            }
        }
        self.outcome(&copies);
    }

    fn taken(&mut self, stage: String, copies: &mut Bits, after: &Bits) {
        let gone = &*copies & &!after;
        if !gone.is_zero() {
            let names = self.names(&gone);
            self.explanation.removed.push((stage, names));
        }
        *copies = &*copies & after;
    }

    fn outcome(&mut self, copies: &Bits) {
        let program = &self.state.program;
        let Some(step) = self.step("deliver") else {
            let nothing = self.explanation.collected.is_empty();
            let outcome = match (nothing, copies.is_zero()) {
                (true, _) => "matched nothing",
                (false, true) => "no copy left",
                (false, false) => "not traced",
            };
            self.explanation.outcome = outcome.to_string();
            return;
        };
        match last_part(&step.action) {
            "send" => {
                self.explanation.outcome = "delivered".to_string();
                let id = step.params.first().and_then(Bits::to_u64);
                let group = program.groups.iter().find(|(_, group)| id == Some(u64::from(**group)));
                for Replica { instance, .. } in group.map_or(&[][..], |(replicas, _)| replicas) {
                    let Some(made) = program.instances.get(instance) else { continue };
                    let edits = values::edits(&made.edits.edits, &made.tool);
                    self.explanation.deliveries.push((made.tool.name.to_string(), *instance, edits));
                }
            }
            "discard" => self.explanation.outcome = "discarded".to_string(),
            _ => self.explanation.outcome = "missed in table `deliver`: an alarm".to_string(),
        }
    }
}

/// The source field of the pair whose tables meet, for the outer packet's addresses and ports.
fn pair(table: &NarrowTable) -> Option<Field> {
    match table.field {
        Field::AddressSrc | Field::AddressDst if table.part != Part::NoTunnel => Some(Field::AddressSrc),
        Field::L4Src | Field::L4Dst => Some(Field::L4Src),
        _ => None,
    }
}

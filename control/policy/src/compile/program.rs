//! A policy compiled to bits and ids, against the one that is alive.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_diagnostics::{Diagnostic, Diagnostics, Span};
use sluice_entities::{Bits, Replica};

use super::combos::{self, Combos, Down, TooMany};
use super::copies::{self, Copies, EditContent, GroupContent, Send};
use super::layout::{Layout, NarrowTable};
use super::meets::{self, Meets};
use super::narrow::{self, Image, Placed};
use super::terms::{self, PlacedTerm, Terms};
use crate::config::{DedupSettings, Filter, Policy, PortRole, Tool};

/// What makes the copies of one tool with one set of edits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Instance {
    pub(crate) tool: Arc<Tool>,
    pub(crate) edits: Arc<EditContent>,
}

/// Which class of selection stands in which table; an index is a table's number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slots {
    pub(crate) sample: BTreeMap<usize, u32>,
    pub(crate) dedup: BTreeMap<usize, DedupSettings>,
    pub(crate) balance: BTreeMap<usize, Arc<GroupContent>>,
}

/// A compiled policy.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) policy: Arc<Policy>,
    /// Ports of tools whose shares of groups others have.
    pub(crate) down: Arc<Down>,
    pub(crate) copies: Copies,
    pub(crate) slots: Slots,
    pub(crate) instances: BTreeMap<u16, Instance>,
    pub(crate) ids: Vec<(Instance, u16)>,
    /// VLAN id by network port.
    pub(crate) labels: BTreeMap<u16, u16>,
    pub(crate) label_generation: u32,
    pub(crate) terms: Terms,
    pub(crate) meets: Meets,
    pub(crate) combos: Combos,
    /// Multicast groups: replicas, sorted, and id.
    pub(crate) groups: BTreeMap<Vec<Replica>, u16>,
    /// Group of each combination in `combos.deliver`, in its order; `None` for `discard`.
    pub(crate) deliveries: Vec<Option<u16>>,
    /// Contents of the narrow tables, in the order of the layout's.
    pub(crate) images: Vec<Arc<Image>>,
}

impl Program {
    /// What stands in the data path before anything was written: no policy at all.
    pub(crate) fn empty(layout: &Layout) -> Self {
        let zero = Bits::zero(layout.copies);
        Self {
            policy: Arc::default(),
            down: Arc::default(),
            copies: Copies { list: Vec::new(), of_filter: Vec::new(), otherwise: zero },
            slots: Slots::default(),
            instances: BTreeMap::new(),
            ids: Vec::new(),
            labels: BTreeMap::new(),
            label_generation: 0,
            terms: Terms::default(),
            meets: Meets::default(),
            combos: Combos::default(),
            groups: BTreeMap::new(),
            deliveries: Vec::new(),
            images: layout.narrow.iter().map(|_| Arc::new(Image::empty(layout.terms))).collect(),
        }
    }

    /// Compiles `policy`, with all that stays keeping its bits and ids.
    pub(crate) fn compile(old: &Self, policy: &Policy, layout: &Layout) -> Result<Self, Diagnostics> {
        let labels = labels(policy);
        let moved = labels.iter().any(|(port, vid)| old.labels.get(port).is_some_and(|other| other != vid));
        let label_generation = old.label_generation + u32::from(moved);
        let copies = copies::intern(&old.copies, policy, label_generation, layout)?;
        let terms = terms::place(&old.terms, &old.policy, policy, &copies.of_filter, layout)?;
        missing_tables(&terms, policy, layout)?;
        let slots = slots(&old.slots, &copies, policy, layout)?;
        let ids = instances(&old.ids, &copies, policy, layout)?;
        let images = images(old, &terms, layout);
        let fresh = &terms.alive(layout.terms) & &!&kept(&old.terms, &terms, layout.terms);
        let meets = meets::meets(&old.meets, &terms, &fresh, &images, layout);
        let bound = layout.asked.size as usize;
        let too_many = |error: TooMany| too_many(error, policy, &terms);
        let asked = combos::reachable(&terms, &meets, &copies, layout.terms, bound).map_err(too_many)?;
        let combos =
            combos::select(asked, &copies, &old.down, layout.deliver.size as usize).map_err(too_many)?;
        let mut program = Self {
            policy: Arc::new(policy.clone()),
            down: Arc::clone(&old.down),
            copies,
            slots,
            instances: ids.iter().map(|(instance, id)| (*id, instance.clone())).collect(),
            ids,
            labels,
            label_generation,
            terms,
            meets,
            combos,
            groups: BTreeMap::new(),
            deliveries: Vec::new(),
            images,
        };
        program.deliver(&old.groups)?;
        Ok(program)
    }

    /// The same policy with other ports down: shares of groups move, and with them what is delivered together.
    pub(crate) fn with_down(&self, down: &Down, layout: &Layout) -> Result<Self, Diagnostics> {
        let bound = layout.deliver.size as usize;
        let selected = combos::select(self.combos.asked.clone(), &self.copies, down, bound);
        let combos = selected.map_err(|error| too_many(error, &self.policy, &self.terms))?;
        let (groups, deliveries) = (BTreeMap::new(), Vec::new());
        let mut program = Self { down: Arc::new(down.clone()), combos, groups, deliveries, ..self.clone() };
        program.deliver(&self.groups)?;
        Ok(program)
    }

    /// Gives every combination its multicast group.
    fn deliver(&mut self, old: &BTreeMap<Vec<Replica>, u16>) -> Result<(), Diagnostics> {
        let sends: BTreeMap<u32, &Send> = self
            .copies
            .list
            .iter()
            .filter_map(|copy| copy.send.as_ref().map(|send| (copy.bit, send)))
            .collect();
        let id_of: rustc_hash::FxHashMap<&Instance, u16> =
            self.ids.iter().map(|(instance, id)| (instance, *id)).collect();
        let instance_of: BTreeMap<u32, u16> = sends
            .iter()
            .filter_map(|(bit, send)| {
                let instance = Instance { tool: Arc::clone(&send.tool), edits: Arc::clone(&send.edits) };
                id_of.get(&instance).map(|id| (*bit, *id))
            })
            .collect();
        let taken: rustc_hash::FxHashSet<u16> = old.values().copied().collect();
        let mut free = (1..=u16::MAX).filter(|id| !taken.contains(id));
        for combination in &self.combos.deliver {
            let mut first: BTreeMap<(u16, &str), (u32, u32)> = BTreeMap::new();
            for bit in combination.iter_ones() {
                let Some(send) = sends.get(&bit) else { continue };
                let best = first.entry((send.tool.port, &send.tool.name)).or_insert((send.rank, bit));
                *best = (*best).min((send.rank, bit));
            }
            let mut replicas: Vec<Replica> = first
                .iter()
                .filter_map(|((port, _), (_, bit))| {
                    Some(Replica { port: *port, instance: *instance_of.get(bit)? })
                })
                .collect();
            replicas.sort_unstable();
            if replicas.is_empty() {
                self.deliveries.push(None);
                continue;
            }
            let id = match self.groups.get(&replicas).or_else(|| old.get(&replicas)) {
                Some(id) => *id,
                None => free.next().ok_or_else(|| {
                    Diagnostic::error("more than 65,535 multicast groups")
                        .help("give filters that overlap the same tools")
                })?,
            };
            self.groups.insert(replicas, id);
            self.deliveries.push(Some(id));
        }
        Ok(())
    }
}

/// Bits of terms that are in both.
pub(crate) fn kept(old: &Terms, new: &Terms, width: u32) -> Bits {
    &old.alive(width) & &new.alive(width)
}

fn labels(policy: &Policy) -> BTreeMap<u16, u16> {
    let label = |port: &crate::config::Port| match port.role {
        PortRole::Network { label, .. } => label.map(|label| (port.id, label)),
        PortRole::Tool { .. } => None,
    };
    policy.ports.iter().filter_map(label).collect()
}

/// The narrow tables of the new terms alone; what no added or removed term touches stays as it is.
fn images(old: &Program, terms: &Terms, layout: &Layout) -> Vec<Arc<Image>> {
    let alive = terms.alive(layout.terms);
    let changed = &alive ^ &old.terms.alive(layout.terms);
    let image = |(table, old_image): (&NarrowTable, &Arc<Image>)| {
        let constrains =
            |placed: &&PlacedTerm| changed.bit(placed.bit) && narrow::constrains(table, &placed.term);
        let touched = old.terms.list.iter().chain(&terms.list).any(|placed| constrains(&placed))
            || !(&old_image.zeros & &alive).is_zero();
        if !touched {
            return Arc::clone(old_image);
        }
        let own = terms.list.iter().filter(|placed| narrow::constrains(table, &placed.term));
        let placed = own.map(|placed| Placed { bit: placed.bit, term: &placed.term });
        Arc::new(narrow::image(table, zeros(old, old_image, terms, table, layout), placed))
    };
    layout.narrow.iter().zip(&old.images).map(image).collect()
}

/// Which free bits are parked at zero in a table.
fn zeros(old: &Program, image: &Image, terms: &Terms, table: &NarrowTable, layout: &Layout) -> Bits {
    let own = |terms: &Terms| {
        let mut bits = Bits::zero(layout.terms);
        for placed in terms.list.iter().filter(|placed| narrow::constrains(table, &placed.term)) {
            bits.set_bit(placed.bit, true);
        }
        bits
    };
    let (alive, constraining) = (terms.alive(layout.terms), own(terms));
    if constraining.is_zero() {
        return Bits::zero(layout.terms);
    }
    if image.is_empty() {
        let most = constraining.count_ones() * 2 > alive.count_ones();
        return if most { !&alive } else { Bits::zero(layout.terms) };
    }
    &(&image.zeros | &own(&old.terms)) & &!&alive
}

fn missing_tables(terms: &Terms, policy: &Policy, layout: &Layout) -> Result<(), Diagnostics> {
    let mut found = Diagnostics::new();
    for placed in &terms.list {
        for field in placed.term.sets.keys() {
            if layout.narrow_of(*field).next().is_none()
                && let Some(filter) = policy.all_filters().nth(placed.filter)
            {
                found.push(
                    Diagnostic::error(format!("this target cannot test `{field}`"))
                        .at(filter.match_span, format!("filter `{}` does", filter.name))
                        .help("its program has no table for that field: leave the condition out, or use another target"),
                );
            }
        }
    }
    if found.has_errors() { Err(found) } else { Ok(()) }
}

/// Puts each class into the table that it is in already, or a free one.
fn assign<T: Clone + PartialEq>(
    old: &BTreeMap<usize, T>,
    wanted: &[(T, Span)],
    count: usize,
) -> Result<BTreeMap<usize, T>, Span> {
    let mut new: BTreeMap<usize, T> = BTreeMap::new();
    let (stay, fresh): (Vec<_>, Vec<_>) =
        wanted.iter().partition(|(one, _)| old.values().any(|other| other == one));
    for (one, _) in stay {
        if let Some((slot, _)) = old.iter().find(|(_, other)| *other == one) {
            new.insert(*slot, one.clone());
        }
    }
    for (one, span) in fresh {
        let slot = (0..count).find(|slot| !old.contains_key(slot) && !new.contains_key(slot));
        new.insert(slot.ok_or(*span)?, one.clone());
    }
    Ok(new)
}

fn slots(old: &Slots, copies: &Copies, policy: &Policy, layout: &Layout) -> Result<Slots, Diagnostics> {
    let mut shares: Vec<(u32, Span)> = Vec::new();
    let mut windows: Vec<(DedupSettings, Span)> = Vec::new();
    let mut groups: Vec<(Arc<GroupContent>, Span)> = Vec::new();
    for (filter, bits) in policy.all_filters().zip(&copies.of_filter) {
        for send in copies.list.iter().filter(|copy| bits.bit(copy.bit)).filter_map(|copy| copy.send.as_ref())
        {
            add(&mut shares, send.selection.sample, filter);
            add(&mut windows, send.selection.dedup, filter);
            add(&mut groups, send.selection.group.clone(), filter);
        }
    }
    let full = |what: &str, count: usize, help: &str| {
        let message = format!("more than {count} {what}, those of the policy that is alive included");
        let help = help.to_string();
        move |span: Span| Diagnostics::from(Diagnostic::error(message).at(span, "one too many").help(help))
    };
    let (n, m, k) = (layout.sample.len(), layout.dedup.len(), layout.balance.len());
    Ok(Slots {
        sample: assign(&old.sample, &shares, n).map_err(full(
            "different shares of sampling",
            n,
            "use shares that other filters have, or change them in two steps",
        ))?,
        dedup: assign(&old.dedup, &windows, m).map_err(full(
            "settings of duplicate removal",
            m,
            "this target has too few tables for it",
        ))?,
        balance: assign(&old.balance, &groups, k).map_err(full(
            "port groups",
            k,
            "use fewer groups, or change them in two steps",
        ))?,
    })
}

fn add<T: PartialEq>(list: &mut Vec<(T, Span)>, one: Option<T>, filter: &Filter) {
    if let Some(one) = one
        && list.iter().all(|(other, _)| *other != one)
    {
        list.push((one, filter.span));
    }
}

fn instances(
    old: &[(Instance, u16)],
    copies: &Copies,
    policy: &Policy,
    layout: &Layout,
) -> Result<Vec<(Instance, u16)>, Diagnostics> {
    let mut ids: Vec<(Instance, u16)> = Vec::new();
    let taken: std::collections::BTreeSet<u16> = old.iter().map(|(_, id)| *id).collect();
    let mut free = (1..layout.instances).filter(|id| !taken.contains(id));
    for send in copies.list.iter().filter_map(|copy| copy.send.as_ref()) {
        let instance = Instance { tool: Arc::clone(&send.tool), edits: Arc::clone(&send.edits) };
        if ids.iter().any(|(other, _)| *other == instance) {
            continue;
        }
        let id = match old.iter().find(|(other, _)| *other == instance) {
            Some((_, id)) => *id,
            None => free.next().ok_or_else(|| {
                let span = policy.all_filters().last().map(|filter| filter.edits_span);
                let error =
                    Diagnostic::error(format!("more than {} (tool, edits) at once", layout.instances - 1))
                        .help("give filters that send to the same tool equal edits");
                match span {
                    Some(span) => error.at(span, ""),
                    None => error,
                }
            })?,
        };
        ids.push((instance, id));
    }
    ids.sort_by_key(|(_, id)| *id);
    Ok(ids)
}

/// Names the filters that multiply the combinations: those with copies of their own that meet the most others.
fn too_many(error: TooMany, policy: &Policy, terms: &Terms) -> Diagnostics {
    let filters: Vec<&Filter> = policy.all_filters().collect();
    let mut kinds: BTreeMap<Bits, Vec<usize>> = BTreeMap::new();
    for placed in &terms.list {
        let users = kinds.entry(placed.copies.clone()).or_default();
        if users.last() != Some(&placed.filter) {
            users.push(placed.filter);
        }
    }
    // Terms with copies that no other filter asks for double what their overlaps give.
    let mut alone: Vec<usize> =
        kinds.values().filter(|users| users.len() == 1).map(|users| users[0]).collect();
    alone.sort_unstable();
    let mut found = Diagnostic::error(format!(
        "too many combinations of copies: more than the {} that table `{}` holds",
        error.bound, error.table
    ));
    for (i, index) in alone.iter().take(3).enumerate() {
        let Some(filter) = filters.get(*index) else { continue };
        let text = format!("`{}` has tools, edits or selection of its own", filter.name);
        found = if i == 0 { found.at(filter.to_span, text) } else { found.also(filter.to_span, text) };
    }
    found
        .help(format!(
            "{} different combinations of tools, edits and selection overlap freely: give some of these filters the same `to`, `edits`, \
             `sample` and `dedup`",
            kinds.len()
        ))
        .help("or make filters exclude each other (`and not ...`, different `from` ports), so that fewer match one packet")
        .into()
}

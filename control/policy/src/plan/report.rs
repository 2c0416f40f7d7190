//! What a change means, for people and for programs.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sluice_diagnostics::{Diagnostic, Diagnostics};

use crate::compile::fixed::Fixed;
use crate::compile::layout::{Layout, last_part};
use crate::compile::program::Program;
use crate::config::{Destination, Filter, Policy};
use crate::fields::Field;
use crate::plan::{byte, subsets};

/// What a plan does.
#[derive(Clone, Debug, Default)]
pub struct PlanReport {
    /// Filters that come, go or change, in the order of the new policy, then those that go.
    pub filters: Vec<FilterChange>,
    /// Tools that get more, less or otherwise, by name.
    pub tools: Vec<ToolChange>,
    /// Space, table by table; those alone that hold something or are bitmaps.
    pub tables: Vec<TableUse>,
    /// Overlapping filters that send to one tool with different edits.
    pub disagreements: Vec<Disagreement>,
    /// What is probably not meant, located in the new policy.
    pub warnings: Diagnostics,
}

/// What happens to a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterChange {
    /// It is new.
    Gained(String),
    /// It goes.
    Lost(String),
    /// It stays and does something else: what differs (`match`, `from`, `to`, `edits`, `sample`, `dedup`, `order`).
    Changed(String, Vec<&'static str>),
}

/// What a tool gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolChange {
    /// The tool.
    pub tool: String,
    /// Filters that begin to send to it.
    pub gains: Vec<String>,
    /// Filters that cease to.
    pub loses: Vec<String>,
    /// Filters that go on, with other packets or other edits.
    pub changes: Vec<String>,
}

/// Space in one table, or of one kind of bits or ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableUse {
    /// The table's name without its control, or `bits of terms`, ...
    pub table: String,
    /// Taken before the change.
    pub before: u64,
    /// Taken after it.
    pub after: u64,
    /// Of those after it, new ones; `None` where entries are not told apart.
    pub new: Option<u64>,
    /// What there is.
    pub size: u64,
}

/// Two filters that can match one packet and send it to one tool with different edits: those of the first count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The filter listed first.
    pub first: String,
    /// The other.
    pub second: String,
    /// The tool.
    pub tool: String,
}

pub(super) fn report(before: &Program, after: &Program, fixed: &Fixed, layout: &Layout) -> PlanReport {
    let mut report = PlanReport { warnings: after.policy.warnings.clone(), ..PlanReport::default() };
    filters(before, after, &mut report);
    tables(before, after, fixed, layout, &mut report);
    disagreements(after, &mut report);
    differing_taps(after, &mut report);
    for filter in after.policy.filters.iter().filter(|filter| filter.from.is_empty()) {
        report.warnings.push(
            Diagnostic::warning("there is no network port, so this filter sees nothing")
                .at(filter.from_span, "")
                .help("add a port with `role: network`"),
        );
    }
    report
}

/// Tools that a filter sends to, by name, those of its groups among them.
fn tools_of(policy: &Policy, filter: &Filter) -> BTreeSet<Arc<str>> {
    let members = |destination: &Destination| match destination {
        Destination::Tool(tool) => vec![*tool],
        Destination::Group(group) => policy.groups[*group].members.clone(),
    };
    filter.to.iter().flat_map(members).map(|tool| Arc::clone(&policy.tools[tool].name)).collect()
}

fn differences(old: (&Policy, &Filter), new: (&Policy, &Filter)) -> Vec<&'static str> {
    let content = |(policy, filter): (&Policy, &Filter)| {
        let one = |destination: &Destination| match destination {
            Destination::Tool(tool) => (vec![Arc::clone(&policy.tools[*tool])], None),
            Destination::Group(group) => {
                let group = &policy.groups[*group];
                let members = group.members.iter().map(|tool| Arc::clone(&policy.tools[*tool])).collect();
                (members, Some((Arc::clone(&group.name), group.hosts)))
            }
        };
        filter.to.iter().map(one).collect::<Vec<_>>()
    };
    let (a, b) = (old.1, new.1);
    let dedup = |policy: &Policy, filter: &Filter| filter.dedup.then_some(policy.settings.dedup);
    let all = [
        ("match", a.terms != b.terms),
        ("from", a.from != b.from),
        ("to", content(old) != content(new)),
        ("edits", a.edits != b.edits),
        ("sample", a.sample != b.sample),
        ("dedup", dedup(old.0, a) != dedup(new.0, b)),
    ];
    all.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

fn filters(before: &Program, after: &Program, report: &mut PlanReport) {
    let (old, new) = (&*before.policy, &*after.policy);
    let by_name: BTreeMap<&str, (usize, &Filter)> =
        old.all_filters().enumerate().map(|(i, filter)| (&*filter.name, (i, filter))).collect();
    let mut tools: BTreeMap<Arc<str>, ToolChange> = BTreeMap::new();
    let mut tool = |name: &Arc<str>, put: &dyn Fn(&mut ToolChange)| {
        let empty = || ToolChange { tool: name.to_string(), gains: vec![], loses: vec![], changes: vec![] };
        put(tools.entry(Arc::clone(name)).or_insert_with(empty));
    };
    let mut last = None;
    for filter in new.all_filters() {
        let name = filter.name.to_string();
        let to = tools_of(new, filter);
        let Some((index, other)) = by_name.get(&*filter.name) else {
            to.iter().for_each(|one| tool(one, &|change| change.gains.push(name.clone())));
            report.filters.push(FilterChange::Gained(name));
            continue;
        };
        let mut differs = differences((old, other), (new, filter));
        if last.is_some_and(|last| *index < last) {
            differs.push("order");
        }
        last = last.max(Some(*index));
        let was = tools_of(old, other);
        to.difference(&was).for_each(|one| tool(one, &|change| change.gains.push(name.clone())));
        was.difference(&to).for_each(|one| tool(one, &|change| change.loses.push(name.clone())));
        if differs.iter().any(|what| *what != "to" && *what != "order") {
            to.intersection(&was).for_each(|one| tool(one, &|change| change.changes.push(name.clone())));
        }
        if !differs.is_empty() {
            report.filters.push(FilterChange::Changed(name, differs));
        }
    }
    for filter in old.all_filters().filter(|filter| new.all_filters().all(|other| other.name != filter.name))
    {
        let name = filter.name.to_string();
        tools_of(old, filter).iter().for_each(|one| tool(one, &|change| change.loses.push(name.clone())));
        report.filters.push(FilterChange::Lost(name));
    }
    report.tools = tools.into_values().collect();
}

fn tables(before: &Program, after: &Program, fixed: &Fixed, layout: &Layout, report: &mut PlanReport) {
    let mut push = |table: &str, before: usize, after: usize, new: Option<usize>, size: u64| {
        if before + after > 0 {
            report.tables.push(TableUse {
                table: table.to_string(),
                before: before as u64,
                after: after as u64,
                new: new.map(|new| new as u64),
                size,
            });
        }
    };
    let (a, b) = (&before.terms.alive(layout.terms), &after.terms.alive(layout.terms));
    let fresh = (b & &!a).count_ones() as usize;
    push(
        "bits of terms",
        a.count_ones() as usize,
        b.count_ones() as usize,
        Some(fresh),
        u64::from(layout.terms),
    );
    let bits = |program: &Program| program.copies.list.iter().map(|copy| copy.bit).collect::<BTreeSet<u32>>();
    let (a, b) = (bits(before), bits(after));
    push("bits of copies", a.len(), b.len(), Some(b.difference(&a).count()), u64::from(layout.copies));
    let (a, b) = (&before.instances, &after.instances);
    let fresh = b.keys().filter(|id| !a.contains_key(id)).count();
    push("instances", a.len(), b.len(), Some(fresh), u64::from(layout.instances.saturating_sub(1)));
    let (a, b) = (&before.groups, &after.groups);
    let fresh = b.keys().filter(|replicas| !a.contains_key(*replicas)).count();
    push("multicast groups", a.len(), b.len(), Some(fresh), u64::from(u16::MAX));
    for ((table, old), new) in layout.narrow.iter().zip(&before.images).zip(&after.images) {
        push(last_part(&table.slot.table), old.len(), new.len(), None, table.slot.size);
    }
    let entries = |program: &Program| {
        (0..layout.collect.len() as u32)
            .map(|i| subsets(&byte(&program.terms, i), u32::MAX).count())
            .sum::<usize>()
    };
    let size = layout.collect.iter().map(|slot| slot.size).sum();
    push("collect (all)", entries(before), entries(after), None, size);
    let (a, b) = (&before.combos, &after.combos);
    let fresh = b.asked.iter().filter(|one| a.asked.binary_search(one).is_err()).count();
    push("asked", a.asked.len(), b.asked.len(), Some(fresh), layout.asked.size);
    push(
        "sampled",
        a.sampled.len(),
        b.sampled.len(),
        None,
        layout.sampled.as_ref().map_or(0, |slot| slot.size),
    );
    push(
        "repeated",
        a.repeated.len(),
        b.repeated.len(),
        None,
        layout.repeated.as_ref().map_or(0, |slot| slot.size),
    );
    let fresh = b.deliver.iter().filter(|one| a.deliver.binary_search(one).is_err()).count();
    push("deliver", a.deliver.len(), b.deliver.len(), Some(fresh), layout.deliver.size);
    let ports = fixed.rows.keys().filter(|(table, ..)| *table == layout.network_port.table).count();
    push("network_port", before.policy.ports.len().min(ports), ports, None, layout.network_port.size);
    let slots = [
        ("sample tables", before.slots.sample.len(), after.slots.sample.len(), layout.sample.len()),
        ("dedup tables", before.slots.dedup.len(), after.slots.dedup.len(), layout.dedup.len()),
        ("balance tables", before.slots.balance.len(), after.slots.balance.len(), layout.balance.len()),
    ];
    for (name, old, new, size) in slots {
        push(name, old, new, None, size as u64);
    }
}

/// Pairs of filters whose terms can meet, by index, with `otherwise` left out.
fn meeting(after: &Program) -> BTreeSet<(usize, usize)> {
    let filters = after.policy.filters.len();
    let of_bit: BTreeMap<u32, usize> =
        after.terms.list.iter().map(|placed| (placed.bit, placed.filter)).collect();
    let mut pairs = BTreeSet::new();
    for placed in &after.terms.list {
        let Some(row) = after.meets.get(&placed.bit) else { continue };
        for other in row.iter_ones().filter_map(|bit| of_bit.get(&bit)) {
            if placed.filter < *other && *other < filters {
                pairs.insert((placed.filter, *other));
            }
        }
    }
    pairs
}

fn disagreements(after: &Program, report: &mut PlanReport) {
    let policy = &*after.policy;
    // Most policies have equal edits throughout: the pairs are looked at only where they differ.
    let Some(first) = policy.filters.first() else { return };
    if policy.filters.iter().all(|filter| filter.edits == first.edits) {
        return;
    }
    let tools: Vec<BTreeSet<Arc<str>>> =
        policy.filters.iter().map(|filter| tools_of(policy, filter)).collect();
    for (i, j) in meeting(after) {
        let (a, b) = (&policy.filters[i], &policy.filters[j]);
        if a.edits == b.edits {
            continue;
        }
        for tool in tools[i].intersection(&tools[j]) {
            report.disagreements.push(Disagreement {
                first: a.name.to_string(),
                second: b.name.to_string(),
                tool: tool.to_string(),
            });
        }
    }
}

/// Fields that are not the same at two taps of one link.
const DIFFERING: [Field; 7] =
    [Field::MacSrc, Field::MacDst, Field::VlanOuter, Field::VlanInner, Field::Mpls, Field::Ttl, Field::Dscp];

/// A filter with duplicate removal that tests what differs between taps: of a packet seen twice it may match one only, and
/// then what is removed is not what its author thinks.
fn differing_taps(after: &Program, report: &mut PlanReport) {
    for filter in after.policy.all_filters().filter(|filter| filter.dedup && filter.from.len() > 1) {
        let tested: BTreeSet<Field> = filter
            .terms
            .iter()
            .flat_map(|term| term.sets.keys())
            .filter(|field| DIFFERING.contains(field))
            .copied()
            .collect();
        if tested.is_empty() {
            continue;
        }
        let names: Vec<&str> = tested.iter().map(|field| field.name()).collect();
        report.warnings.push(
            Diagnostic::warning(format!("filter `{}` removes duplicates and tests {}", filter.name, names.join(", ")))
                .at(filter.match_span, "may differ between the taps that see one packet")
                .help("of such a packet only one observation may match: test addresses and ports instead, or one tap"),
        );
    }
}

//! Copies: what a term asks for, each (tool, edits, selection) on a bit of its own.
//!
//! A copy keeps its bit from one policy to the next when its content stays, so that terms that ask for it stay, too. Two
//! things are part of the content although no one wrote them:
//!
//! - **Rank.** Where a packet has several copies for one tool, the first listed filter's edits count, and the data path
//!   knows nothing but the set of copies. So the filters that send to a tool are cut into *runs* of equal edits, in
//!   their order, and each run has copies of its own. The order of two copies is then that of their runs, whichever
//!   filters asked for them.
//! - **Order kept.** A combination of copies that stays must go on meaning the same delivery. Of a tool's runs, those keep
//!   their bits that form a longest common subsequence of the old order and the new one; the others get new bits, and
//!   their terms with them.

use std::sync::Arc;

use sluice_diagnostics::{Diagnostic, Diagnostics};
use sluice_entities::Bits;

use super::layout::Layout;
use crate::config::{DedupSettings, Destination, Edits, Filter, Policy, Tool};

/// Edits as interned: with the generation of labels that they push.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EditContent {
    pub(crate) edits: Edits,
    /// Which assignment of labels to ports, where labels are pushed.
    pub(crate) labels: Option<u32>,
}

/// A port group as interned: its name and members give the buckets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GroupContent {
    pub(crate) name: Arc<str>,
    pub(crate) members: Vec<Arc<Tool>>,
    pub(crate) hosts: bool,
}

/// What thins a copy out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Selection {
    pub(crate) sample: Option<u32>,
    pub(crate) dedup: Option<DedupSettings>,
    pub(crate) group: Option<Arc<GroupContent>>,
}

/// A copy for a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Send {
    pub(crate) tool: Arc<Tool>,
    pub(crate) edits: Arc<EditContent>,
    pub(crate) selection: Selection,
    /// Of the copies for one tool in a combination, the one with the lowest rank is delivered.
    pub(crate) rank: u32,
}

/// A copy at its bit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) bit: u32,
    /// Whether it goes when a copy of a filter is there.
    pub(crate) otherwise: bool,
    /// `None`: what has only this is discarded.
    pub(crate) send: Option<Send>,
}

/// The copies of one policy.
#[derive(Clone, Debug)]
pub(crate) struct Copies {
    /// By bit.
    pub(crate) list: Vec<Copy>,
    /// Copies of each filter, and of `otherwise` last, as [`Policy::all_filters`] lists them.
    pub(crate) of_filter: Vec<Bits>,
    /// Copies of `otherwise`.
    pub(crate) otherwise: Bits,
}

/// Equal edits of filters that send to one tool, one behind the other.
#[derive(Debug)]
struct Run {
    edits: Arc<EditContent>,
    /// Selections asked for, with their bits once they have one.
    selections: Vec<(Selection, Option<u32>)>,
}

/// The runs of one tool.
#[derive(Debug)]
struct Line {
    tool: Arc<Tool>,
    otherwise: bool,
    runs: Vec<Run>,
}

/// What one filter asks of one tool: indices into lines, runs, selections.
type Wish = (usize, usize, usize);

/// Gives every copy of `policy` its bit.
pub(crate) fn intern(
    old: &Copies,
    policy: &Policy,
    label_generation: u32,
    layout: &Layout,
) -> Result<Copies, Diagnostics> {
    let (mut lines, wishes) = lines(policy, label_generation);
    let mut discards = Discards::of(policy);
    for line in &mut lines {
        keep(line, old);
    }
    discards.keep(old);
    let mut taken = Bits::zero(layout.copies);
    for copy in &old.list {
        taken.set_bit(copy.bit, true);
    }
    let mut free = (0..layout.copies).filter(|bit| !taken.bit(*bit));
    let mut missing = 0;
    let mut place = |bit: &mut Option<u32>| {
        if bit.is_none() {
            *bit = free.next();
            missing += u32::from(bit.is_none());
        }
    };
    for line in &mut lines {
        for run in &mut line.runs {
            for (_, bit) in &mut run.selections {
                place(bit);
            }
        }
    }
    discards.bits.iter_mut().flatten().for_each(&mut place);
    if missing > 0 {
        return Err(no_space(policy, &lines, missing, old, layout));
    }
    Ok(collect(policy, &lines, &wishes, &discards, layout))
}

/// Discard copies of filters and of `otherwise`: outer `None` where there is none, inner until it has a bit.
struct Discards {
    bits: [Option<Option<u32>>; 2],
}

impl Discards {
    fn of(policy: &Policy) -> Self {
        let nowhere = |filter: &Filter| filter.to.is_empty();
        let filters = policy.filters.iter().any(nowhere).then_some(None);
        let otherwise = policy.otherwise.iter().any(nowhere).then_some(None);
        Self { bits: [filters, otherwise] }
    }

    fn keep(&mut self, old: &Copies) {
        for copy in old.list.iter().filter(|copy| copy.send.is_none()) {
            if let Some(bit) = &mut self.bits[usize::from(copy.otherwise)] {
                *bit = Some(copy.bit);
            }
        }
    }
}

/// Cuts the filters of each tool into runs.
fn lines(policy: &Policy, label_generation: u32) -> (Vec<Line>, Vec<Vec<Wish>>) {
    let mut lines: Vec<Line> = Vec::new();
    let mut wishes = Vec::new();
    let groups: Vec<Arc<GroupContent>> = policy
        .groups
        .iter()
        .map(|group| {
            let members = group.members.iter().map(|i| Arc::clone(&policy.tools[*i])).collect();
            Arc::new(GroupContent { name: Arc::clone(&group.name), members, hosts: group.hosts })
        })
        .collect();
    for (index, filter) in policy.all_filters().enumerate() {
        let otherwise = index == policy.filters.len();
        let labels = filter.edits.label.then_some(label_generation);
        let edits = Arc::new(EditContent { edits: filter.edits.clone(), labels });
        let selection = |group| Selection {
            sample: filter.sample,
            dedup: filter.dedup.then_some(policy.settings.dedup),
            group,
        };
        let mut own = Vec::new();
        for destination in &filter.to {
            match destination {
                Destination::Tool(tool) => {
                    own.push(wish(&mut lines, &policy.tools[*tool], otherwise, &edits, selection(None)));
                }
                Destination::Group(group) => {
                    for tool in &groups[*group].members {
                        let selection = selection(Some(Arc::clone(&groups[*group])));
                        own.push(wish(&mut lines, tool, otherwise, &edits, selection));
                    }
                }
            }
        }
        wishes.push(own);
    }
    (lines, wishes)
}

fn wish(
    lines: &mut Vec<Line>,
    tool: &Arc<Tool>,
    otherwise: bool,
    edits: &Arc<EditContent>,
    selection: Selection,
) -> Wish {
    let at = lines.iter().position(|line| line.otherwise == otherwise && line.tool == *tool).unwrap_or_else(
        || {
            lines.push(Line { tool: Arc::clone(tool), otherwise, runs: Vec::new() });
            lines.len() - 1
        },
    );
    let runs = &mut lines[at].runs;
    if runs.last().is_none_or(|run| run.edits != *edits) {
        runs.push(Run { edits: Arc::clone(edits), selections: Vec::new() });
    }
    let run = runs.len() - 1;
    let selections = &mut runs[run].selections;
    let which = selections.iter().position(|(other, _)| *other == selection).unwrap_or_else(|| {
        selections.push((selection, None));
        selections.len() - 1
    });
    (at, run, which)
}

/// Gives the runs of a longest common subsequence with the old order their old bits.
fn keep(line: &mut Line, old: &Copies) {
    let mut before: Vec<(&Send, u32)> = old
        .list
        .iter()
        .filter(|copy| copy.otherwise == line.otherwise)
        .filter_map(|copy| copy.send.as_ref().map(|send| (send, copy.bit)))
        .filter(|(send, _)| send.tool == line.tool)
        .collect();
    before.sort_by_key(|(send, bit)| (send.rank, *bit));
    let old_runs: Vec<&[(&Send, u32)]> = before.chunk_by(|a, b| a.0.rank == b.0.rank).collect();
    let same = |i: usize, j: usize| old_runs[i][0].0.edits == line.runs[j].edits;
    let pairs = common(old_runs.len(), line.runs.len(), same);
    for (i, j) in pairs {
        for (selection, bit) in &mut line.runs[j].selections {
            *bit = old_runs[i].iter().find(|(send, _)| send.selection == *selection).map(|(_, bit)| *bit);
        }
    }
}

/// Pairs of a longest common subsequence of two sequences of `n` and `m` items.
fn common(n: usize, m: usize, same: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
    let mut best = vec![vec![0u32; m + 1]; n + 1];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            best[i][j] = if same(i, j) { best[i + 1][j + 1] + 1 } else { best[i + 1][j].max(best[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < n && j < m {
        if same(i, j) {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if best[i + 1][j] >= best[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

fn collect(
    policy: &Policy,
    lines: &[Line],
    wishes: &[Vec<Wish>],
    discards: &Discards,
    layout: &Layout,
) -> Copies {
    let mut copies = Copies { list: Vec::new(), of_filter: Vec::new(), otherwise: Bits::zero(layout.copies) };
    for line in lines {
        for (rank, run) in line.runs.iter().enumerate() {
            for (selection, bit) in &run.selections {
                let Some(bit) = *bit else { continue };
                let send = Send {
                    tool: Arc::clone(&line.tool),
                    edits: Arc::clone(&run.edits),
                    selection: selection.clone(),
                    rank: rank as u32,
                };
                copies.list.push(Copy { bit, otherwise: line.otherwise, send: Some(send) });
            }
        }
    }
    for (otherwise, bit) in [(false, discards.bits[0]), (true, discards.bits[1])] {
        if let Some(bit) = bit.flatten() {
            copies.list.push(Copy { bit, otherwise, send: None });
        }
    }
    copies.list.sort_by_key(|copy| copy.bit);
    for copy in copies.list.iter().filter(|copy| copy.otherwise) {
        copies.otherwise.set_bit(copy.bit, true);
    }
    for (index, own) in wishes.iter().enumerate() {
        let mut bits = Bits::zero(layout.copies);
        for (line, run, selection) in own {
            if let Some(bit) = lines[*line].runs[*run].selections[*selection].1 {
                bits.set_bit(bit, true);
            }
        }
        if own.is_empty()
            && let Some(bit) = discards.bits[usize::from(index == policy.filters.len())].flatten()
        {
            bits.set_bit(bit, true);
        }
        copies.of_filter.push(bits);
    }
    copies
}

fn no_space(policy: &Policy, lines: &[Line], missing: u32, old: &Copies, layout: &Layout) -> Diagnostics {
    let needed: usize = lines.iter().flat_map(|line| &line.runs).map(|run| run.selections.len()).sum();
    let busiest = lines.iter().max_by_key(|line| line.runs.len());
    let alive = match old.list.len() {
        0 => String::new(),
        stay => format!(", and the {stay} of the policy that is alive stay until the change is made"),
    };
    let mut error = Diagnostic::error(format!(
        "{missing} copies too many: the policy has {needed} (tool, edits, selection), the target {}{alive}",
        layout.copies,
    ));
    if let Some(line) = busiest.filter(|line| line.runs.len() > 1) {
        let sends = |filter: &&Filter| {
            filter.to.iter().any(|to| match to {
                Destination::Tool(tool) => policy.tools[*tool] == line.tool,
                Destination::Group(group) => {
                    policy.groups[*group].members.iter().any(|tool| policy.tools[*tool] == line.tool)
                }
            })
        };
        if let Some(filter) = policy.all_filters().filter(sends).last() {
            let text = format!("tool `{}` gets {} kinds of edits", line.tool.name, line.runs.len());
            error = error.at(filter.edits_span, text);
        }
        error = error.help(format!(
            "give filters that send to `{}` equal edits, and list those with equal edits one behind the other",
            line.tool.name
        ));
    } else if let Some(filter) = policy.all_filters().max_by_key(|filter| filter.to.len()) {
        error = error.at(filter.to_span, "this filter has the most destinations").help("send to fewer tools");
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_common_order_is_kept() {
        let (old, new) = (b"abcd", b"acbd");
        let pairs = common(4, 4, |i, j| old[i] == new[j]);
        assert_eq!(pairs.len(), 3);
        assert!(pairs.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
        assert!(common(0, 3, |_, _| true).is_empty());
    }
}

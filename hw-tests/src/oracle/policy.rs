//! What a policy means for a packet, by brute force: every filter's expression is evaluated, nothing is compiled.
//!
//! Two things are left open, as the documents leave them open: which value the sampling digest has, and which bucket a flow falls
//! into. [`possible`] gives one fate for each; what is observed must be one of them, and the same for the same packet and flow.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::decode::{Addresses, Decoded, Layers, decode};
use super::identity::Identity;
use crate::captures::Captured;
use crate::model::{Filter, Model, Target};

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Marked bad by its port, which does not keep such.
    BadFrame,
    /// Came in by a port that takes nothing.
    Refused,
    /// No filter, and no `otherwise` for its port.
    MatchedNothing,
    /// Only filters without tools.
    Discarded,
    /// No entry for what is left: an alarm, which no right prediction has.
    TableMiss,
    /// Sampling or duplicate removal took all.
    NoCopyLeft,
    /// At least one tool's.
    Delivered,
}

/// One of the things that may rightly become of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// What is counted.
    pub outcome: Outcome,
    /// By tool, the filter whose edits its copy has: an index into [`Model::filters`], or its length for `otherwise`.
    pub copies: BTreeMap<usize, usize>,
    /// By group, the member taken.
    pub members: Vec<usize>,
    /// Where the digest lies: filters that sample with a share up to the start are left out, others kept.
    pub percent: Range<u8>,
    /// The filters that asked for duplicate removal: what it tells packets apart by, besides their content.
    asking: Asking,
    /// Whether it took this for a repeat.
    is_repeat: bool,
}

/// The fates that a packet may have.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// At least one.
    pub fates: Vec<Fate>,
    /// Filters that match, `otherwise` not among them.
    pub matched: Vec<usize>,
    /// Filters whose copies are asked for: those that match, or `otherwise`.
    pub wanted: Vec<usize>,
}

/// Remembers packets for duplicate removal: an exact memory, where the data path has digests.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    packets: BTreeMap<Vec<u8>, Vec<Sight>>,
}

/// A packet that was no repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sight {
    asking: Asking,
    time_ns: u64,
    /// Whether what left the broker proves it.
    is_sure: bool,
}

/// A tool by itself, or as a member of a group.
type Place = (Option<usize>, usize);

/// Who asked for duplicate removal of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asking {
    /// The filters.
    filters: Vec<usize>,
    /// Their copies: where to, and the first filter that edits and samples so. Whether copies of several filters that do the same are
    /// one is the compiler's choice: other filters between them may tell them apart.
    alike: BTreeSet<(Place, usize)>,
}

/// What the oracle knows of one packet that came in.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Data-plane port.
    pub port: u16,
    /// The frame.
    pub frame: &'a Captured,
    /// Whether the port marked it bad.
    pub bad: bool,
}

impl Seen {
    /// The packet had one of these fates.
    pub fn remember(&mut self, fates: &[&Fate], time_ns: u64, identity: &Identity) {
        let mut ends: Vec<(&Asking, bool)> = Vec::new();
        for fate in fates.iter().filter(|fate| !fate.asking.filters.is_empty()) {
            if !ends.contains(&(&fate.asking, fate.is_repeat)) {
                ends.push((&fate.asking, fate.is_repeat));
            }
        }
        let is_sure = identity.is_sure && ends.len() == 1;
        let sights = self.packets.entry(identity.bytes.clone()).or_default();
        // A repeat does not make the first one younger.
        for (asking, _) in ends.into_iter().filter(|(_, is_repeat)| !is_repeat) {
            sights.retain(|sight| sight.asking != *asking || sight.is_sure && !is_sure);
            sights.push(Sight { asking: asking.clone(), time_ns, is_sure });
        }
    }

    /// Whether a packet may be taken for a repeat: one answer, or both.
    fn is_repeat(
        &self,
        asking: &Asking,
        time_ns: u64,
        window_ns: u64,
        identity: &Identity,
    ) -> &'static [bool] {
        let sights = self.packets.get(&identity.bytes).map_or(&[][..], |sights| sights);
        let recent = |sight: &&Sight| sight.time_ns <= time_ns && time_ns - sight.time_ns <= window_ns;
        let mut alike =
            sights.iter().filter(recent).filter(|sight| sight.asking.alike == asking.alike).peekable();
        if asking.filters.is_empty() || alike.peek().is_none() {
            &[false]
        } else if alike.any(|sight| sight.is_sure && sight.asking.filters == asking.filters) {
            &[true]
        } else {
            &[true, false]
        }
    }
}

/// What the policy may do with a packet. `identity` is what duplicate removal tells packets apart by.
pub fn possible(model: &Model, arrival: Arrival<'_>, seen: &Seen, identity: &Identity) -> Prediction {
    let alone =
        |outcome| Prediction { fates: vec![Fate::nothing(outcome)], matched: Vec::new(), wanted: Vec::new() };
    let Some(port) = model.network.iter().position(|port| port.id == arrival.port) else {
        return alone(Outcome::Refused);
    };
    if arrival.bad && !model.network[port].keep_bad {
        return alone(Outcome::BadFrame);
    }
    let decoded = decode(&arrival.frame.data, arrival.frame.wire_length);
    let matched = matching(model, port, &decoded);
    let mut wanted = matched.clone();
    if wanted.is_empty()
        && let Some(otherwise) = &model.otherwise
        && listens(otherwise, port)
    {
        wanted.push(model.filters.len());
    }
    if wanted.is_empty() {
        return alone(Outcome::MatchedNothing);
    }
    let filter = |index: usize| model.filters.get(index).or(model.otherwise.as_ref());
    let shares: BTreeSet<u8> = wanted.iter().filter_map(|index| filter(*index)?.sample).collect();
    // The digest lies below the smallest share, or between two, or above the largest.
    let bounds: Vec<u8> = std::iter::once(0).chain(shares).chain([101]).collect();
    let mut fates = Vec::new();
    for percent in bounds.windows(2).map(|pair| pair[0]..pair[1]) {
        let is_kept = |filter: &Filter| filter.sample.is_none_or(|share| share > percent.start);
        let kept: Vec<usize> =
            wanted.iter().copied().filter(|index| filter(*index).is_some_and(is_kept)).collect();
        let asking = asking(model, &kept);
        let asked = |index: &usize| filter(*index).is_some_and(|filter| filter.dedup);
        for is_repeat in seen.is_repeat(&asking, arrival.frame.time_ns, model.dedup.window_ns, identity) {
            let left: Vec<usize> =
                kept.iter().copied().filter(|index| !(*is_repeat && asked(index))).collect();
            for members in member_choices(model) {
                let copies = copies(model, &left, &members);
                let outcome = outcome(model, &left, copies.is_empty());
                let (percent, asking) = (percent.clone(), asking.clone());
                fates.push(Fate { outcome, copies, members, percent, asking, is_repeat: *is_repeat });
            }
        }
    }
    Prediction { fates, matched, wanted }
}

/// Indices of the filters that match.
pub fn matching(model: &Model, port: usize, decoded: &Decoded) -> Vec<usize> {
    let matches = |filter: &Filter| {
        listens(filter, port)
            && filter.expression.as_ref().is_none_or(|expression| expression.selects(decoded))
    };
    (0..model.filters.len()).filter(|index| matches(&model.filters[*index])).collect()
}

fn listens(filter: &Filter, port: usize) -> bool {
    filter.from.is_empty() || filter.from.contains(&port)
}

/// The filters that ask for duplicate removal, and their copies.
fn asking(model: &Model, kept: &[usize]) -> Asking {
    let filter = |index: usize| model.filters.get(index).or(model.otherwise.as_ref());
    let mut asking = Asking::default();
    for index in kept {
        let Some(asks) = filter(*index).filter(|filter| filter.dedup) else { continue };
        asking.filters.push(*index);
        let does_the_same = |other: &usize| {
            filter(*other)
                .is_some_and(|other| other.dedup && other.edits == asks.edits && other.sample == asks.sample)
        };
        let first = (0..=*index).find(does_the_same).unwrap_or(*index);
        for target in &asks.to {
            match target {
                Target::Tool(tool) => _ = asking.alike.insert(((None, *tool), first)),
                Target::Group(group) => asking
                    .alike
                    .extend(model.groups[*group].members.iter().map(|tool| ((Some(*group), *tool), first))),
            }
        }
    }
    asking
}

/// Every way to choose a member of each group.
fn member_choices(model: &Model) -> Vec<Vec<usize>> {
    let mut choices = vec![Vec::new()];
    for group in &model.groups {
        choices = choices
            .iter()
            .flat_map(|choice: &Vec<usize>| {
                group.members.iter().map(move |member| choice.iter().copied().chain([*member]).collect())
            })
            .collect();
    }
    choices
}

/// By tool, the first listed filter left.
fn copies(model: &Model, left: &[usize], members: &[usize]) -> BTreeMap<usize, usize> {
    let mut copies = BTreeMap::new();
    for index in left {
        let Some(filter) = model.filters.get(*index).or(model.otherwise.as_ref()) else { continue };
        for target in &filter.to {
            let tool = match target {
                Target::Tool(tool) => *tool,
                Target::Group(group) => members[*group],
            };
            copies.entry(tool).or_insert(*index);
        }
    }
    copies
}

fn outcome(model: &Model, left: &[usize], nothing_sent: bool) -> Outcome {
    let discards = |index: &usize| {
        model.filters.get(*index).or(model.otherwise.as_ref()).is_some_and(|filter| filter.to.is_empty())
    };
    if !nothing_sent {
        Outcome::Delivered
    } else if left.iter().any(discards) {
        Outcome::Discarded
    } else {
        Outcome::NoCopyLeft
    }
}

impl Fate {
    fn nothing(outcome: Outcome) -> Self {
        Self {
            outcome,
            copies: BTreeMap::new(),
            members: Vec::new(),
            percent: 0..101,
            asking: Asking::default(),
            is_repeat: false,
        }
    }
}

/// What balancing must keep together: the innermost packet's addresses and ports, the same for both directions. None without an
/// IP packet: then the MACs decide.
pub fn flow_key(decoded: &Decoded, hosts: bool) -> Option<FlowKey> {
    let layers: &Layers =
        decoded.inner.as_ref().filter(|inner| inner.ip_proto.is_some()).unwrap_or(&decoded.outer);
    layers.ip_proto?;
    let (a, b) = match layers.addresses? {
        Addresses::V4(a, b) => (u128::from(a), u128::from(b)),
        Addresses::V6(a, b) => (a, b),
    };
    let whole = layers.fragment == super::decode::Fragment::Whole;
    let ports = layers.ports.filter(|_| whole && !hosts).unwrap_or((0, 0));
    let (low, high) = if (a, ports.0) <= (b, ports.1) {
        ((a, ports.0), (b, ports.1))
    } else {
        ((b, ports.1), (a, ports.0))
    };
    Some((low, high, layers.ip_proto))
}

/// Endpoints in order, and the protocol.
pub type FlowKey = ((u128, u16), (u128, u16), Option<u8>);

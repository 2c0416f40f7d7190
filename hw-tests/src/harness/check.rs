//! Compares what the broker does, packet by packet, with what the oracles say; and the totals at the end with its own counts.

use std::collections::{BTreeMap, BTreeSet};

use super::broker::{Broker, Sent};
use crate::captures::Captured;
use crate::model::{Filter, Model};
use crate::oracle::decode::{Decoded, decode};
use crate::oracle::edits::{self, Edited};
use crate::oracle::identity::identity;
use crate::oracle::policy::{Arrival, Fate, FlowKey, Outcome, Prediction, Seen, flow_key, possible};

/// What the checker counted by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// By port and outcome.
    pub outcomes: BTreeMap<(u16, Outcome), u64>,
    /// By filter name.
    pub hits: BTreeMap<String, u64>,
    /// By tool name: copies that left.
    pub sent: BTreeMap<String, u64>,
    /// By tool name: copies longer than the tool takes.
    pub too_long: BTreeMap<String, u64>,
}

/// The oracles' side of a broker.
#[derive(Clone, Debug)]
pub struct Checker {
    model: Model,
    seen: Seen,
    /// By packet content: the percents that its sampling digest may have.
    digests: BTreeMap<Vec<u8>, BTreeSet<u8>>,
    /// By group and flow: the members that it may have.
    flows: BTreeMap<(String, FlowKey), BTreeSet<usize>>,
    /// What was counted so far.
    pub tally: Tally,
}

/// Shares that policies may sample with, as classes of digests: one that is below none of them, then upwards.
const PERCENTS: std::ops::Range<u8> = 0..101;

impl Checker {
    /// For a broker with that policy.
    pub fn new(model: &Model) -> Self {
        Self {
            model: model.clone(),
            seen: Seen::default(),
            digests: BTreeMap::new(),
            flows: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    /// The policy that is alive.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The broker's policy has changed. What filters remember of packets starts anew where copies changed, so all is forgotten here.
    pub fn change(&mut self, model: &Model) {
        self.model = model.clone();
        self.seen = Seen::default();
        self.flows.clear();
    }

    /// Sends a frame and checks what becomes of it.
    ///
    /// # Errors
    /// What differs.
    pub fn send(
        &mut self,
        broker: &mut Broker,
        port: u16,
        frame: &Captured,
        bad: bool,
    ) -> Result<Sent, String> {
        let sent = broker.send(port, frame, bad);
        self.check(port, frame, bad, &sent)?;
        Ok(sent)
    }

    /// Checks what became of a frame.
    ///
    /// # Errors
    /// What differs.
    pub fn check(&mut self, port: u16, frame: &Captured, bad: bool, sent: &Sent) -> Result<(), String> {
        let decoded = decode(&frame.data, frame.wire_length);
        let name = identity(frame, &decoded, self.model.dedup.ignore);
        let arrival = Arrival { port, frame, bad };
        let prediction = possible(&self.model, arrival, &self.seen, &name);
        let right: Vec<&Fate> =
            prediction.fates.iter().filter(|fate| self.is_what_happened(fate, port, frame, sent)).collect();
        let Some(first) = right.first() else {
            return Err(self.difference(port, frame, &decoded, &prediction, sent));
        };
        self.seen.remember(&right, frame.time_ns, &name);
        self.is_consistent(&right, &decoded, frame)?;
        self.count(port, frame, &prediction, first, sent);
        Ok(())
    }

    fn filter(&self, index: usize) -> Option<&Filter> {
        self.model.filters.get(index).or(self.model.otherwise.as_ref())
    }

    /// What the tools should get in that fate, by tool; `None` for what is longer than the tool takes.
    fn expected(&self, fate: &Fate, port: u16, frame: &Captured) -> BTreeMap<usize, Option<Edited>> {
        let label =
            self.model.network.iter().find(|network| network.id == port).map_or(0, |network| network.label);
        let copy = |(tool, index): (&usize, &usize)| {
            let edits = self.filter(*index).map(|filter| filter.edits.clone()).unwrap_or_default();
            let edited = edits::apply(frame, &edits, label);
            let most = self.model.tools[*tool].max_frame.map_or(usize::MAX, usize::from);
            (*tool, (edited.data.len() <= most).then_some(edited))
        };
        fate.copies.iter().map(copy).collect()
    }

    fn is_what_happened(&self, fate: &Fate, port: u16, frame: &Captured, sent: &Sent) -> bool {
        if fate.outcome != sent.outcome {
            return false;
        }
        let expected = self.expected(fate, port, frame);
        let whole: Vec<(u16, &Edited)> = expected
            .iter()
            .filter_map(|(tool, edited)| Some((self.model.tools[*tool].id, edited.as_ref()?)))
            .collect();
        whole.len() == sent.copies.len()
            && whole.iter().all(|(port, edited)| {
                sent.copies.iter().any(|copy| {
                    copy.port == *port
                        && copy.data == edited.data
                        && copy.original_length == edited.original_length
                })
            })
    }

    /// The same content has the same sampling digest, the same flow the same member.
    fn is_consistent(&mut self, right: &[&Fate], decoded: &Decoded, frame: &Captured) -> Result<(), String> {
        let sampled = self.model.all_filters().any(|filter| filter.sample.is_some());
        let content = identity(frame, decoded, 0x3f);
        if sampled && content.is_sure {
            let classes: BTreeSet<u8> = right.iter().flat_map(|fate| fate.percent.clone()).collect();
            let known = self.digests.entry(content.bytes).or_insert_with(|| PERCENTS.collect());
            known.retain(|percent| classes.contains(percent));
            if known.is_empty() {
                return Err(format!("the same packet is sampled in two ways: {decoded:?}"));
            }
        }
        for (index, group) in self.model.groups.iter().enumerate() {
            let Some(key) = flow_key(decoded, group.hosts) else { continue };
            let members: BTreeSet<usize> =
                right.iter().filter_map(|fate| fate.members.get(index).copied()).collect();
            if members.is_empty() {
                continue;
            }
            let known = self
                .flows
                .entry((group.name.clone(), key))
                .or_insert_with(|| group.members.iter().copied().collect());
            known.retain(|member| members.contains(member));
            if known.is_empty() {
                return Err(format!("a flow of {} has two members: {decoded:?}", group.name));
            }
        }
        Ok(())
    }

    fn count(&mut self, port: u16, frame: &Captured, prediction: &Prediction, fate: &Fate, sent: &Sent) {
        *self.tally.outcomes.entry((port, sent.outcome)).or_default() += 1;
        let otherwise = prediction.wanted.iter().filter(|index| **index == self.model.filters.len());
        for index in prediction.matched.iter().chain(otherwise) {
            let name = self.filter(*index).map(|filter| filter.name.clone()).unwrap_or_default();
            *self.tally.hits.entry(name).or_default() += 1;
        }
        for (tool, edited) in self.expected(fate, port, frame) {
            let name = self.model.tools[tool].name.clone();
            let count = if edited.is_some() { &mut self.tally.sent } else { &mut self.tally.too_long };
            *count.entry(name).or_default() += 1;
        }
    }

    /// Everything about a packet that went another way than it should.
    fn difference(
        &self,
        port: u16,
        frame: &Captured,
        decoded: &Decoded,
        prediction: &Prediction,
        sent: &Sent,
    ) -> String {
        let mut lines = vec![
            format!("port {port}, {} of {} bytes", frame.data.len(), frame.wire_length),
            format!("time {}\n{}\n{decoded:?}", frame.time_ns, hex(&frame.data)),
            format!("matched {:?}", prediction.matched),
        ];
        for filter in prediction.matched.iter().map(|index| &self.model.filters[*index]) {
            let expression = filter.expression.iter().map(ToString::to_string).collect::<String>();
            lines.push(format!("  {}: {expression}", filter.name));
        }
        let line = |port: u16, length: u32, data: &[u8]| format!("  to {port}, of {length}: {}", hex(data));
        lines.push(format!("observed {:?}", sent.outcome));
        lines.extend(sent.copies.iter().map(|copy| line(copy.port, copy.original_length, &copy.data)));
        for fate in prediction.fates.iter().take(4) {
            lines.push(format!("expected {:?} {:?}", fate.outcome, fate.copies));
            for (tool, edited) in self.expected(fate, port, frame) {
                let tool = self.model.tools[tool].id;
                lines.push(match edited {
                    Some(edited) => line(tool, edited.original_length, &edited.data),
                    None => format!("  too long for {tool}"),
                });
            }
        }
        lines.push(self.model.to_string());
        lines.join("\n")
    }

    /// Compares the totals with what was counted here; the equations of the pipeline must hold.
    ///
    /// # Errors
    /// What differs.
    pub fn check_totals(&self, broker: &Broker) -> Result<(), String> {
        let account = broker.account();
        if !account.violations.is_empty() {
            return Err(account.violations.join("\n"));
        }
        for port in &account.ports {
            let ours = |outcome| self.tally.outcomes.get(&(port.id, outcome)).copied().unwrap_or(0);
            let theirs = [
                (Outcome::BadFrame, port.bad_frame),
                (Outcome::Refused, port.refused),
                (Outcome::MatchedNothing, port.matched_nothing),
                (Outcome::Discarded, port.discarded),
                (Outcome::TableMiss, port.table_miss),
                (Outcome::NoCopyLeft, port.no_copy_left),
                (Outcome::Delivered, port.delivered),
            ];
            for (outcome, count) in theirs {
                equal(&format!("{} {outcome:?}", port.name), count, ours(outcome))?;
            }
            equal(&port.name, port.received, theirs.iter().map(|(_, count)| count).sum())?;
        }
        for filter in &account.filters {
            let ours = self.tally.hits.get(&*filter.name).copied().unwrap_or(0);
            equal(&format!("hits of {}", filter.name), filter.hits, ours)?;
        }
        for tool in &account.tools {
            let ours = |counts: &BTreeMap<String, u64>| counts.get(&*tool.name).copied().unwrap_or(0);
            equal(&format!("sent to {}", tool.name), tool.sent, ours(&self.tally.sent))?;
            equal(&format!("too long for {}", tool.name), tool.mtu, ours(&self.tally.too_long))?;
            let ends = tool.sampled_out
                + tool.repeat
                + tool.rate_limit
                + tool.queue_full
                + tool.mtu
                + tool.port_down
                + tool.unsupported
                + tool.sent;
            equal(&format!("copies asked for {}", tool.name), tool.asked, ends)?;
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn equal(what: &str, counted: u64, expected: u64) -> Result<(), String> {
    if counted == expected { Ok(()) } else { Err(format!("{what}: counted {counted}, should be {expected}")) }
}

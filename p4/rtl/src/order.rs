//! In what order the parser takes headers, and the deparser emits them.

use std::collections::{BTreeMap, BTreeSet};

use sluice_ir::{Handle, Header};

use crate::stops::Stop;

/// What a parser takes, in what order.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Headers of which the first may be taken before the second.
    before: BTreeSet<(Handle<Header>, Handle<Header>)>,
    /// What may have been taken before a stop.
    behind: BTreeMap<Stop, BTreeSet<Handle<Header>>>,
    /// The same, where the parser is.
    here: BTreeSet<Handle<Header>>,
    /// All that is taken.
    pub(crate) all: BTreeSet<Handle<Header>>,
    /// Whether the parser passes over bytes that are no header's.
    pub(crate) has_gaps: bool,
}

impl Order {
    /// A packet comes to a stop.
    pub(crate) fn come(&mut self, stop: Stop) {
        self.here = self.behind.remove(&stop).unwrap_or_default();
    }

    /// One of the headers is taken.
    pub(crate) fn take(&mut self, headers: impl Iterator<Item = Handle<Header>> + Clone) {
        for header in headers.clone() {
            self.before.extend(self.here.iter().map(|earlier| (*earlier, header)));
        }
        self.here.extend(headers.clone());
        self.all.extend(headers);
    }

    /// It may go to a stop.
    pub(crate) fn go(&mut self, to: Option<Stop>) {
        if let Some(to) = to {
            self.behind.entry(to).or_default().extend(&self.here);
        }
    }

    /// All headers that are taken or emitted, in an order that is that of every frame and that of emission. None if there is none: a header
    /// is taken twice, or two are emitted the other way round.
    pub(crate) fn with(&self, emitted: &[Handle<Header>]) -> Option<Vec<Handle<Header>>> {
        let pairs = emitted.windows(2).map(|pair| (pair[0], pair[1]));
        let before: BTreeSet<(Handle<Header>, Handle<Header>)> =
            self.before.iter().copied().chain(pairs).collect();
        let mut missing: BTreeMap<Handle<Header>, usize> =
            self.all.iter().chain(emitted).map(|header| (*header, 0)).collect();
        for (_, later) in &before {
            *missing.entry(*later).or_default() += 1;
        }
        let mut ready: BTreeSet<Handle<Header>> =
            missing.iter().filter(|(_, count)| **count == 0).map(|(header, _)| *header).collect();
        let mut order = Vec::new();
        while let Some(header) = ready.pop_first() {
            order.push(header);
            for (_, later) in before.iter().filter(|(earlier, _)| *earlier == header) {
                let Some(count) = missing.get_mut(later) else { continue };
                *count -= 1;
                if *count == 0 {
                    ready.insert(*later);
                }
            }
        }
        (order.len() == missing.len()).then_some(order)
    }
}

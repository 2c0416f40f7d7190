//! Flows, VLANs and application ports, by small numbers.

use rustc_hash::FxHashMap;

use crate::correlate::Labels;
use crate::key::{Flow, protocol_name};

/// Number of what has no place of its own any more.
pub(crate) const OTHERS: u32 = 0;

/// Names of what packets are told by, and their numbers. Flows have a bound; what comes later is counted together.
#[derive(Debug)]
pub(crate) struct LabelTable {
    flows: Vec<Option<Flow>>,
    /// By the flow's digest.
    by_flow: FxHashMap<u64, Labels>,
    vlans: Vec<Option<u16>>,
    by_vlan: FxHashMap<Option<u16>, u16>,
    applications: Vec<Option<(u8, u16)>>,
    by_application: FxHashMap<Option<(u8, u16)>, u16>,
    most_flows: usize,
    /// The one looked up last: packets of a flow come together.
    last: Option<(u64, Labels)>,
    /// Packets of flows that found no place.
    pub(crate) overflowed: u64,
}

/// Most application ports that are told apart.
const MOST_APPLICATIONS: usize = 1_024;

impl LabelTable {
    /// With room for so many flows.
    pub(crate) fn new(most_flows: usize) -> Self {
        Self {
            flows: vec![None],
            by_flow: FxHashMap::default(),
            vlans: vec![],
            by_vlan: FxHashMap::default(),
            applications: vec![None],
            by_application: FxHashMap::default(),
            most_flows,
            last: None,
            overflowed: 0,
        }
    }

    /// The numbers of a flow, its VLAN and its application port. `flow` is asked for what was not seen before.
    #[inline]
    pub(crate) fn labels(&mut self, digest: u64, flow: impl FnOnce() -> Option<Flow>) -> Labels {
        if let Some((last, labels)) = self.last
            && last == digest
        {
            self.overflowed += u64::from(labels.flow == OTHERS);
            return labels;
        }
        let labels = match self.by_flow.get(&digest) {
            Some(labels) => *labels,
            None => flow().map_or_else(Labels::default, |flow| self.enter(digest, &flow)),
        };
        self.last = Some((digest, labels));
        self.overflowed += u64::from(labels.flow == OTHERS);
        labels
    }

    fn enter(&mut self, digest: u64, flow: &Flow) -> Labels {
        let vlans = &mut self.vlans;
        // At most 4,097 of them.
        let vlan = *self.by_vlan.entry(flow.vlan).or_insert_with(|| {
            vlans.push(flow.vlan);
            (vlans.len() - 1) as u16
        });
        let applications = &mut self.applications;
        let wanted = flow.application();
        let application = match self.by_application.get(&wanted) {
            Some(number) => *number,
            None if applications.len() > MOST_APPLICATIONS => 0,
            None => {
                applications.push(wanted);
                let number = (applications.len() - 1) as u16;
                self.by_application.insert(wanted, number);
                number
            }
        };
        let mut labels = Labels { flow: OTHERS, vlan, application };
        if self.flows.len() <= self.most_flows {
            labels.flow = self.flows.len() as u32;
            self.flows.push(Some(*flow));
            self.by_flow.insert(digest, labels);
        }
        labels
    }

    /// The flow of a number; none for the one of all others.
    pub(crate) fn flow(&self, number: u32) -> Option<&Flow> {
        self.flows.get(number as usize)?.as_ref()
    }

    /// A flow's name.
    pub(crate) fn flow_name(&self, number: u32) -> String {
        self.flow(number).map_or_else(|| "other flows".to_string(), Flow::to_string)
    }

    /// A VLAN's name.
    pub(crate) fn vlan_name(&self, number: u16) -> String {
        match self.vlans.get(usize::from(number)) {
            Some(Some(vlan)) => format!("vlan {vlan}"),
            _ => "untagged".to_string(),
        }
    }

    /// An application port's name.
    pub(crate) fn application_name(&self, number: u16) -> String {
        if number == 0 {
            return "other ports".to_string();
        }
        match self.applications.get(usize::from(number)) {
            Some(Some((protocol, port))) => format!("{} {port}", protocol_name(*protocol)),
            _ => "without port".to_string(),
        }
    }
}

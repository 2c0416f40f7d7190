//! Scripts on the soft switch.
//!
//! Time is the script's own, so that runs are the same every time: a packet comes a millisecond after the one before it, and
//! `wait` is a second.

use std::collections::BTreeMap;

use sluice_entities::{
    Branch, CloneSession, Entity, MeterEntry, MulticastGroup, RegisterEntry, Replica, TableEntry, Update,
    UpdateKind,
};
use sluice_switch::{Ingress, Output, Sink, Switch, Worker};

use crate::target::{Count, CounterCell, MirrorTarget, Operation, Received, Target, TargetError};

/// Between two packets, nanoseconds.
const PACKET_TIME: u64 = 1_000_000;

/// What `wait` takes, nanoseconds.
const WAIT_TIME: u64 = 1_000_000_000;

type Result<T> = std::result::Result<T, TargetError>;

/// The soft switch as a target: one worker, which takes packets one by one.
#[derive(Debug)]
pub struct SwitchTarget {
    switch: Switch,
    worker: Worker,
    time_ns: u64,
    packets: usize,
    received: Vec<Received>,
    replication: Replication,
}

/// What bmv2's replication engine knows and P4Runtime's does not: nodes of their own, and sessions that follow a group.
#[derive(Debug, Default)]
struct Replication {
    nodes: Vec<(u16, Vec<u16>)>,
    groups: BTreeMap<u16, Vec<usize>>,
    sessions: BTreeMap<u16, MirrorTarget>,
}

impl SwitchTarget {
    /// A switch that has nothing but what its program says.
    pub fn new(switch: Switch) -> Self {
        let worker = switch.worker();
        Self {
            switch,
            worker,
            time_ns: 0,
            packets: 0,
            received: Vec::new(),
            replication: Replication::default(),
        }
    }

    /// The switch, with what was written to it.
    pub fn into_switch(self) -> Switch {
        self.switch
    }

    fn write(&self, updates: &[Update]) -> Result<()> {
        self.switch.write(updates).map_err(|errors| {
            let messages: Vec<String> = errors.errors.iter().map(|(_, error)| error.to_string()).collect();
            TargetError::Refused(messages.join("; "))
        })
    }

    fn update(&self, kind: UpdateKind, entity: Entity) -> Result<()> {
        self.write(&[Update { kind, entity }])
    }

    fn mirror(&mut self, session: u16, to: Option<MirrorTarget>) -> Result<()> {
        let is_known = self.replication.sessions.contains_key(&session);
        let Some(to) = to else {
            self.replication.sessions.remove(&session);
            let entity = Entity::Clone(CloneSession { id: session, ..CloneSession::default() });
            return self.update(UpdateKind::Delete, entity);
        };
        let kind = if is_known { UpdateKind::Modify } else { UpdateKind::Insert };
        self.update(kind, self.replication.session(session, to))?;
        self.replication.sessions.insert(session, to);
        Ok(())
    }

    fn node(&mut self, node: u32, change: impl FnOnce(&mut Replication, usize)) -> Result<()> {
        let at = node as usize;
        let count = self.replication.nodes.len();
        if at >= count {
            let message = format!("there is no multicast node {node}; {count} were created, numbered from 0");
            return Err(TargetError::Refused(message));
        }
        change(&mut self.replication, at);
        self.rewrite_groups()
    }

    /// Writes all groups, and the sessions that follow one.
    fn rewrite_groups(&self) -> Result<()> {
        let replication = &self.replication;
        let groups = replication.groups.keys().map(|id| Update {
            kind: UpdateKind::Modify,
            entity: Entity::Multicast(MulticastGroup::new(*id, replication.replicas(*id))),
        });
        let sessions = replication
            .sessions
            .iter()
            .map(|(id, to)| Update { kind: UpdateKind::Modify, entity: replication.session(*id, *to) });
        self.write(&groups.chain(sessions).collect::<Vec<_>>())
    }

    fn group_create(&mut self, group: u16) -> Result<()> {
        let entity = Entity::Multicast(MulticastGroup::new(group, []));
        self.update(UpdateKind::Insert, entity)?;
        self.replication.groups.insert(group, Vec::new());
        Ok(())
    }

    fn registers(&self, register: &std::sync::Arc<str>, size: u64, width: u32) -> Result<()> {
        let reset = |index| Update {
            kind: UpdateKind::Modify,
            entity: Entity::Register(RegisterEntry {
                register: register.clone(),
                index: Some(index),
                value: sluice_entities::Bits::zero(width),
            }),
        };
        self.write(&(0..size).map(reset).collect::<Vec<_>>())
    }

    fn direct_count(&self, entry: &TableEntry) -> Option<Count> {
        let counters = self.switch.direct_counters(&entry.table)?;
        let same = |other: &TableEntry| other.matches == entry.matches && other.priority == entry.priority;
        let (_, data) = counters.entries.iter().find(|(other, _)| same(other))?;
        Some(Count { packets: data.packets, bytes: data.bytes })
    }
}

impl Replication {
    fn replicas(&self, group: u16) -> Vec<Replica> {
        let nodes = self.groups.get(&group).into_iter().flatten();
        nodes
            .flat_map(|node| {
                let (instance, ports) = &self.nodes[*node];
                ports.iter().map(|port| Replica { port: *port, instance: *instance })
            })
            .collect()
    }

    fn session(&self, id: u16, to: MirrorTarget) -> Entity {
        let replicas = match to {
            MirrorTarget::Port(port) => vec![Replica { port, instance: 0 }],
            MirrorTarget::Group(group) => self.replicas(group),
        };
        let branches = replicas.into_iter().map(Branch::from).collect();
        Entity::Clone(CloneSession { id, branches, ..CloneSession::default() })
    }
}

/// Keeps what comes out.
struct Keep<'a> {
    received: &'a mut Vec<Received>,
    cause: usize,
}

impl Sink for Keep<'_> {
    fn send(&mut self, output: Output<'_>) {
        let data = output.data.to_vec();
        self.received.push(Received { port: output.port, data, cause: Some(self.cause) });
    }
}

impl Target for SwitchTarget {
    fn operate(&mut self, operation: &Operation) -> Result<()> {
        match operation {
            Operation::Insert(entry) => self.update(UpdateKind::Insert, Entity::Table(entry.clone())),
            Operation::Delete(entry) => self.update(UpdateKind::Delete, Entity::Table(entry.clone())),
            Operation::Default(entry) => self.update(UpdateKind::Modify, Entity::Default(entry.clone())),
            Operation::Mirror { session, to } => self.mirror(*session, *to),
            Operation::MirrorExists { session } => match self.replication.sessions.get(session) {
                Some(_) => Ok(()),
                None => Err(TargetError::Refused(format!("there is no clone session {session}"))),
            },
            Operation::GroupCreate { group } => self.group_create(*group),
            Operation::NodeCreate { rid, ports } => {
                self.replication.nodes.push((*rid, sorted(ports)));
                Ok(())
            }
            Operation::NodeUpdate { node, ports } => {
                self.node(*node, |replication, at| replication.nodes[at].1 = sorted(ports))
            }
            Operation::NodeAssociate { group, node } => {
                if !self.replication.groups.contains_key(group) {
                    return Err(TargetError::Refused(format!("there is no multicast group {group}")));
                }
                self.node(*node, |replication, at| {
                    replication.groups.entry(*group).or_default().push(at);
                })
            }
            Operation::CounterWrite { .. } => Err(TargetError::Unsupported {
                target: "the soft switch",
                why: "its counters can be read and not written".to_string(),
            }),
            Operation::RegisterWrite { register, index, value } => {
                let entry =
                    RegisterEntry { register: register.clone(), index: Some(*index), value: value.clone() };
                self.update(UpdateKind::Modify, Entity::Register(entry))
            }
            Operation::RegisterReset { register, size, width } => self.registers(register, *size, *width),
            Operation::MeterRates { meter, index, size, config } => {
                let cells = index.map_or(0..*size, |index| index..index + 1);
                let entry = |index| Update {
                    kind: UpdateKind::Modify,
                    entity: Entity::Meter(MeterEntry {
                        meter: meter.clone(),
                        index: Some(index),
                        config: Some(*config),
                        counters: None,
                    }),
                };
                self.write(&cells.map(entry).collect::<Vec<_>>())
            }
        }
    }

    fn packet(&mut self, port: u16, data: &[u8]) -> Result<()> {
        self.time_ns += PACKET_TIME;
        let mut keep = Keep { received: &mut self.received, cause: self.packets };
        self.worker.process(&Ingress::new(port, self.time_ns, data), &mut keep);
        self.packets += 1;
        Ok(())
    }

    fn wait(&mut self) -> Result<()> {
        self.time_ns += WAIT_TIME;
        Ok(())
    }

    fn counter(&mut self, cell: &CounterCell) -> Result<Count> {
        let count = match cell {
            CounterCell::Index { counter, index } => self
                .switch
                .counter(counter, *index)
                .map(|data| Count { packets: data.packets, bytes: data.bytes }),
            CounterCell::Entry { entry, .. } => self.direct_count(entry),
        };
        count.ok_or_else(|| TargetError::Refused("there is no such cell".to_string()))
    }

    fn finish(&mut self) -> Result<Vec<Received>> {
        Ok(std::mem::take(&mut self.received))
    }
}

/// A node has each port once, and makes its copies in the order of the ports.
fn sorted(ports: &[u16]) -> Vec<u16> {
    let mut ports = ports.to_vec();
    ports.sort_unstable();
    ports.dedup();
    ports
}

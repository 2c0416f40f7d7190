//! Scripts on any data path of this project that takes P4Runtime's updates and packets one by one.
//!
//! Time is the script's own, so that runs are the same every time: a packet comes a millisecond after the one before it, and
//! `wait` is a second.

use std::collections::BTreeMap;

use crate::target::{Count, CounterCell, MirrorTarget, Operation, Received, Target, TargetError};
use sluice_entities::{
    Branch, CloneSession, CounterData, Entity, MeterEntry, MulticastGroup, RegisterEntry, Replica,
    TableEntry, Update, UpdateKind,
};

/// Between two packets, nanoseconds.
const PACKET_TIME: u64 = 1_000_000;

/// What `wait` takes, nanoseconds.
const WAIT_TIME: u64 = 1_000_000_000;

type Result<T> = std::result::Result<T, TargetError>;

/// A data path that a script runs on.
pub trait Board {
    /// Does all updates, or none.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    fn write(&mut self, updates: &[Update]) -> Result<()>;

    /// Takes a frame through the program; gives port and bytes of each that comes out.
    ///
    /// # Errors
    ///
    /// The data path failed.
    fn process(&mut self, port: u16, time_ns: u64, data: &[u8]) -> Result<Vec<(u16, Vec<u8>)>>;

    /// A cell of a counter; none if there is no such cell.
    fn counter(&self, counter: &str, index: u64) -> Option<CounterData>;

    /// What an entry counted; none if there is no such entry or it does not count.
    fn direct_counter(&self, entry: &TableEntry) -> Option<CounterData>;
}

/// A data path as a target of scripts.
#[derive(Debug)]
pub struct BoardTarget<B> {
    pub(crate) board: B,
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

impl<B: Board> BoardTarget<B> {
    /// A target that has nothing but what its program says.
    pub fn on(board: B) -> Self {
        Self { board, time_ns: 0, packets: 0, received: Vec::new(), replication: Replication::default() }
    }

    fn write(&mut self, updates: &[Update]) -> Result<()> {
        self.board.write(updates)
    }

    fn update(&mut self, kind: UpdateKind, entity: Entity) -> Result<()> {
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
    fn rewrite_groups(&mut self) -> Result<()> {
        let replication = &self.replication;
        let groups = replication.groups.keys().map(|id| Update {
            kind: UpdateKind::Modify,
            entity: Entity::Multicast(MulticastGroup::new(*id, replication.replicas(*id))),
        });
        let sessions = replication
            .sessions
            .iter()
            .map(|(id, to)| Update { kind: UpdateKind::Modify, entity: replication.session(*id, *to) });
        let updates: Vec<Update> = groups.chain(sessions).collect();
        self.write(&updates)
    }

    fn group_create(&mut self, group: u16) -> Result<()> {
        let entity = Entity::Multicast(MulticastGroup::new(group, []));
        self.update(UpdateKind::Insert, entity)?;
        self.replication.groups.insert(group, Vec::new());
        Ok(())
    }

    fn registers(&mut self, register: &std::sync::Arc<str>, size: u64, width: u32) -> Result<()> {
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

impl<B: Board> Target for BoardTarget<B> {
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
                target: "this data path",
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
        let cause = Some(self.packets);
        let out = self.board.process(port, self.time_ns, data)?;
        self.received.extend(out.into_iter().map(|(port, data)| Received { port, data, cause }));
        self.packets += 1;
        Ok(())
    }

    fn wait(&mut self) -> Result<()> {
        self.time_ns += WAIT_TIME;
        Ok(())
    }

    fn counter(&mut self, cell: &CounterCell) -> Result<Count> {
        let count = match cell {
            CounterCell::Index { counter, index } => self.board.counter(counter, *index),
            CounterCell::Entry { entry, .. } => self.board.direct_counter(entry),
        };
        let count = count.map(|data| Count { packets: data.packets, bytes: data.bytes });
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

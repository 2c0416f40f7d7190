//! Ports: whether they are up, what they take, what they have seen.

use std::sync::Arc;

use sluice_entities::{CounterData, Replica};

use super::error::WriteError;
use crate::configuration::{Configuration, Group, PortState, Replication, Session};
use crate::counters::{PORTS, ingress_drop_cell, path_drop_cell, received_cell, unicast_path};
use crate::packet::{DROP_PORT, DropReason};
use crate::switch::Switch;

/// What one port has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortCounters {
    /// Packets that came in.
    pub received: CounterData,
    /// Copies that went out.
    pub sent: CounterData,
    /// Packets that came in here, and copies that were to go out here, which ended inside; reasons that never occurred left out.
    pub drops: Vec<(DropReason, CounterData)>,
}

/// What became of the copies for one (port, instance).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaCounters {
    /// Copies that went out.
    pub sent: CounterData,
    /// Copies that did not; reasons that never occurred left out.
    pub drops: Vec<(DropReason, CounterData)>,
}

impl Switch {
    fn change_port(&self, port: u16, change: impl FnOnce(&mut PortState)) -> Result<(), WriteError> {
        if port >= DROP_PORT {
            return Err(WriteError::Port { port });
        }
        let mut master = self.shared.master();
        let current = self.shared.current.load_full();
        let mut next = Configuration::clone(&current);
        let mut ports = *next.ports;
        change(&mut ports[usize::from(port)]);
        if ports[usize::from(port)].up != current.ports[usize::from(port)].up {
            reroute(&mut next.replication, &ports);
        }
        next.ports = Arc::new(ports);
        master.finish(&self.shared.program, &current, &mut next);
        self.shared.current.store(Arc::new(next));
        Ok(())
    }

    /// Sets whether a port sends. While it does not, action selectors leave out the members that watch it, copies go to the first of
    /// their backups whose port is up, and copies without such a backup are dropped and counted.
    ///
    /// # Errors
    ///
    /// [`WriteError::Port`] for a port above 510.
    pub fn set_port_up(&self, port: u16, up: bool) -> Result<(), WriteError> {
        self.change_port(port, |state| state.up = up)
    }

    /// Whether a port sends; `false` for ports that do not exist.
    pub fn is_port_up(&self, port: u16) -> bool {
        port < DROP_PORT && self.shared.current.load().ports[usize::from(port)].up
    }

    /// Sets the longest frame that a port sends, bytes; longer ones are dropped and counted.
    ///
    /// # Errors
    ///
    /// [`WriteError::Port`] for a port above 510.
    pub fn set_max_frame(&self, port: u16, bytes: Option<u32>) -> Result<(), WriteError> {
        self.change_port(port, |state| state.max_frame = bytes)
    }

    /// What a port has seen; all zero for ports that do not exist.
    pub fn port_counters(&self, port: u16) -> PortCounters {
        if port >= DROP_PORT {
            return PortCounters {
                received: CounterData::default(),
                sent: CounterData::default(),
                drops: Vec::new(),
            };
        }
        let mut paths = vec![unicast_path(port)];
        let master = self.shared.master();
        let others = master.paths.iter().filter(|(replica, _)| replica.port == port);
        paths.extend(others.map(|(_, cells)| *cells));
        drop(master);
        let current = self.shared.current.load();
        let drops = drops(|reason| {
            let mut sum = current.cells.read(ingress_drop_cell(port, reason));
            paths.iter().for_each(|path| sum += current.cells.read(path_drop_cell(*path, reason)));
            sum
        });
        let mut sent = CounterData::default();
        paths.iter().for_each(|path| sent += current.cells.read(*path));
        PortCounters { received: current.cells.read(received_cell(port)), sent, drops }
    }

    /// What became of the copies for one port and instance. Instance 0 includes packets that were not replicated.
    pub fn replica_counters(&self, replica: Replica) -> ReplicaCounters {
        let path = match replica.instance {
            0 if replica.port < DROP_PORT => Some(unicast_path(replica.port)),
            _ => self.shared.master().paths.get(&replica).copied(),
        };
        let Some(path) = path else {
            return ReplicaCounters { sent: CounterData::default(), drops: Vec::new() };
        };
        let current = self.shared.current.load();
        ReplicaCounters {
            sent: current.cells.read(path),
            drops: drops(|reason| current.cells.read(path_drop_cell(path, reason))),
        }
    }
}

/// Sends copies with backups where the ports want them.
fn reroute(replication: &mut Arc<Replication>, ports: &[PortState; PORTS]) {
    let mut next = Replication::clone(replication);
    for (id, group) in replication.groups.iter() {
        if let Some(group) = group
            && let Some(paths) = group.paths.anew(ports)
        {
            let group = Group { written: group.written.clone(), paths };
            next.groups.set(id, Some(Arc::new(group)));
        }
    }
    for (id, session) in replication.sessions.iter() {
        if let Some(session) = session
            && let Some(paths) = session.paths.anew(ports)
        {
            let session = Session { written: session.written.clone(), paths };
            next.sessions.set(id, Some(Arc::new(session)));
        }
    }
    *replication = Arc::new(next);
}

fn drops(count: impl Fn(DropReason) -> CounterData) -> Vec<(DropReason, CounterData)> {
    let all = DropReason::ALL.into_iter().map(|reason| (reason, count(reason)));
    all.filter(|(_, data)| data.packets > 0).collect()
}

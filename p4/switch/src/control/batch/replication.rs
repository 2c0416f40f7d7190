//! The packet replication engine: multicast groups and clone sessions (P4Runtime section 9.5).

use std::sync::Arc;

use rustc_hash::FxHashSet;
use sluice_entities::{Branch, CloneSession, MulticastGroup, Replica, UpdateKind};

use super::super::error::WriteError;
use super::{Batch, Result, present};
use crate::configuration::{Group, Path, Paths, Session};
use crate::counters::{PATH_CELLS, unicast_path};
use crate::packet::DROP_PORT;

/// Most different pairs of port and instance that a switch counts, over its whole life.
pub const MAX_PATHS: usize = 1 << 18;

impl Batch<'_> {
    /// Checks the copies of a group or session, and finds where each is counted.
    fn paths(&mut self, what: &str, branches: &[Branch]) -> Result<Paths> {
        let mut seen = FxHashSet::default();
        for branch in branches {
            let all = || std::iter::once(&branch.replica).chain(&branch.backups);
            for replica in all() {
                if replica.port >= DROP_PORT {
                    return Err(WriteError::Port { port: replica.port });
                }
                if !seen.insert(*replica) {
                    let Replica { port, instance } = *replica;
                    let part = format!("port {port} with instance {instance}");
                    return Err(WriteError::Twice { what: what.to_string(), part });
                }
            }
            if branch.backups.iter().any(|backup| backup.port == branch.replica.port) {
                return Err(WriteError::Backup { what: what.to_string(), port: branch.replica.port });
            }
        }
        if seen.iter().filter(|replica| self.needs_path(**replica)).count() + self.master.paths.len()
            > MAX_PATHS
        {
            return Err(WriteError::Paths { most: MAX_PATHS });
        }
        let mut way = |branch: &Branch| -> Box<[Path]> {
            let all = std::iter::once(&branch.replica).chain(&branch.backups);
            all.map(|replica| Path { replica: *replica, cells: self.path_cells(*replica) }).collect()
        };
        let ways = branches.iter().map(&mut way).collect();
        Ok(Paths::new(ways, &self.next.ports))
    }

    fn needs_path(&self, replica: Replica) -> bool {
        replica.instance != 0 && !self.master.paths.contains_key(&replica)
    }

    fn path_cells(&mut self, replica: Replica) -> u32 {
        if replica.instance == 0 {
            return unicast_path(replica.port);
        }
        let cells = &mut self.master.cells;
        *self.master.paths.entry(replica).or_insert_with(|| cells.take_range(PATH_CELLS))
    }

    pub(super) fn multicast(&mut self, kind: UpdateKind, group: &MulticastGroup) -> Result<()> {
        if group.id == 0 {
            return Err(WriteError::Zero { what: "multicast group" });
        }
        let what = format!("multicast group {}", group.id);
        present(kind, self.next.replication.group(group.id).is_some(), &what)?;
        let state = if kind == UpdateKind::Delete {
            None
        } else {
            let paths = self.paths(&what, &group.branches)?;
            Some(Arc::new(Group { written: group.clone(), paths }))
        };
        Arc::make_mut(&mut self.next.replication).groups.set(u64::from(group.id), state);
        Ok(())
    }

    pub(super) fn clone_session(&mut self, kind: UpdateKind, session: &CloneSession) -> Result<()> {
        if session.id == 0 {
            return Err(WriteError::Zero { what: "clone session" });
        }
        let what = format!("clone session {}", session.id);
        present(kind, self.next.replication.session(session.id).is_some(), &what)?;
        let state = if kind == UpdateKind::Delete {
            None
        } else {
            let paths = self.paths(&what, &session.branches)?;
            Some(Arc::new(Session { written: session.clone(), paths }))
        };
        Arc::make_mut(&mut self.next.replication).sessions.set(u64::from(session.id), state);
        Ok(())
    }
}

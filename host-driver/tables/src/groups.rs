//! Where members of multicast groups stand: new members are written beside the old ones, then the group's row points to them.

use std::collections::BTreeMap;

use sluice_entities::{Bits, Replica};
use sluice_rtl::{Layout, row};

use crate::error::{FpgaError, Result};
use crate::rows::Row;

/// Which members each group has, and where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    places: BTreeMap<u16, (u32, u32)>,
}

impl Groups {
    /// The first free place for so many members; none if there is none.
    fn room(&self, layout: &Layout, count: u32) -> Option<u32> {
        let mut taken: Vec<(u32, u32)> = self.places.values().copied().collect();
        taken.sort_unstable();
        let mut start = 0;
        for (at, length) in taken {
            if at >= start + count {
                break;
            }
            start = start.max(at + length);
        }
        (start + count <= layout.members).then_some(start)
    }

    /// The rows that give a group its members.
    pub(crate) fn put(&mut self, layout: &Layout, group: u16, replicas: &[Replica]) -> Result<Vec<Row>> {
        if u32::from(group) >= layout.groups {
            return Err(FpgaError::Full {
                what: format!("multicast group {group}"),
                rows: layout.groups,
                of: "groups, numbered from 0",
            });
        }
        let block = layout.replication_block;
        let count = replicas.len() as u32;
        let Some(start) = self.room(layout, count) else {
            return Err(FpgaError::Full {
                what: format!("multicast group {group} with {count} members"),
                rows: layout.members,
                of: "members of groups in all",
            });
        };
        let mut rows: Vec<Row> = replicas
            .iter()
            .enumerate()
            .map(|(at, replica)| Row {
                block,
                kind: row::ENTRY,
                row: start + at as u32,
                bits: Bits::new(16, replica.instance.into()).concat(&Bits::new(9, replica.port.into())),
            })
            .collect();
        let bits = Bits::new(16, count.into()).concat(&Bits::new(16, start.into()));
        rows.push(Row { block, kind: row::NODE, row: group.into(), bits });
        if count == 0 {
            self.places.remove(&group);
        } else {
            self.places.insert(group, (start, count));
        }
        Ok(rows)
    }
}

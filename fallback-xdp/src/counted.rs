//! What ports counted.

use std::collections::BTreeMap;

use sluice_entities::{CounterData, Replica};
use sluice_switch::{DropReason, PortCounters};

use crate::device::Device;
use crate::error::Result;
use crate::kernel::Kernel;

/// Cells of a port in the map `port_cells` (`PORT_CELLS` of `programs.c`).
const PORT_CELLS: u32 = 16;

/// Ports that are counted; the last is for frames of none.
const PORTS: u16 = 512;

/// What a port's cells count, in order: frames that came in, copies that left, then those that did not, by reason.
pub(crate) const CELLS: [&str; 11] = [
    "received",
    "sent",
    "no_port",
    "ingress_drop",
    "unknown_group",
    "ended",
    "egress_drop",
    "no_instance",
    "frame",
    "state",
    "port_down",
];

/// What has become of frames at a port: those that came in there, and copies that were to leave there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortCells([CounterData; CELLS.len()]);

impl PortCells {
    fn cell(&self, name: &str) -> CounterData {
        CELLS.iter().position(|known| *known == name).map_or_else(CounterData::default, |at| self.0[at])
    }

    /// As every data path tells of its ports. What ended in the middle is told as an assertion that failed: the program does not say which of its bounds it was.
    pub(crate) fn counters(&self) -> PortCounters {
        let reasons = [
            (DropReason::Ingress, "ingress_drop"),
            (DropReason::UnknownGroup, "unknown_group"),
            (DropReason::Assertion, "ended"),
            (DropReason::Egress, "egress_drop"),
            (DropReason::PortDown, "port_down"),
        ];
        let drops = reasons.into_iter().map(|(reason, name)| (reason, self.cell(name)));
        PortCounters {
            received: self.cell("received"),
            sent: self.cell("sent"),
            drops: drops.filter(|(_, data)| data.packets > 0).collect(),
        }
    }

    /// Copies that the program made and that could not be sent: too long or too short for the device, or without a state of their packet.
    pub(crate) fn refused(&self) -> u64 {
        ["no_instance", "frame", "state"].iter().map(|name| self.cell(name).packets).sum()
    }
}

/// The sum of what all processors counted.
pub(crate) fn sum(values: &[Vec<u8>]) -> CounterData {
    let mut sum = CounterData::default();
    for value in values {
        let (words, _) = value.as_chunks::<8>();
        let word = |index: usize| words.get(index).map_or(0, |bytes| u64::from_ne_bytes(*bytes));
        sum += CounterData { packets: word(0), bytes: word(1) };
    }
    sum
}

fn cells(kernel: &Kernel, port: u16) -> Result<PortCells> {
    let mut all = PortCells::default();
    for (at, cell) in all.0.iter_mut().enumerate() {
        let key = u32::from(port) * PORT_CELLS + at as u32;
        *cell = sum(&kernel.lookup_all("port_cells", &key.to_ne_bytes())?);
    }
    Ok(all)
}

impl Device {
    /// What a port counted.
    ///
    /// # Errors
    /// The kernel refuses the look-up.
    pub fn port_cells(&self, port: u16) -> Result<PortCells> {
        cells(&self.kernel, port.min(PORTS - 1))
    }

    /// Copies of one instance that did not leave since their port was down or had no device.
    ///
    /// # Errors
    /// The kernel refuses the look-up.
    pub fn port_down(&self, replica: Replica) -> Result<u64> {
        let key: Vec<u8> =
            [replica.instance, replica.port].iter().flat_map(|half| u32::from(*half).to_ne_bytes()).collect();
        Ok(sum(&self.kernel.lookup_all("lost", &key)?).packets)
    }

    /// Packets and copies that the program did not send, at all ports, by reason; those that are not listed are none.
    ///
    /// # Errors
    /// The kernel refuses the look-up.
    pub fn drops(&self) -> Result<BTreeMap<&'static str, u64>> {
        let mut drops = BTreeMap::new();
        for port in 0..PORTS {
            let cells = cells(&self.kernel, port)?;
            for (name, cell) in CELLS.iter().zip(cells.0).skip(2).filter(|(_, cell)| cell.packets > 0) {
                *drops.entry(*name).or_default() += cell.packets;
            }
        }
        Ok(drops)
    }
}

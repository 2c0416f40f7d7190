//! Packets through a program by `BPF_PROG_TEST_RUN`: the kernel runs ingress, the replication is done here, the kernel runs egress of each
//! copy.

use sluice_entities::Replica;
use sluice_switch::DROP_PORT;

use crate::device::Device;
use crate::error::{Result, XdpError};
use crate::kernel::MAX_TEST_FRAME;

/// What XDP returns for a packet that goes on.
const XDP_PASS: u32 = 2;

/// Shorter frames than the kernel takes are filled up; programs are told how long they are.
const LEAST_FRAME: usize = 64;

/// v1model's `instance_type` of copies of a group.
const REPLICATED: u32 = 5;

/// A frame that goes in.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'f> {
    /// Port that it comes in by.
    pub port: u16,
    /// When, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// Its bytes.
    pub frame: &'f [u8],
    /// Its length on the wire, bytes.
    pub wire_length: u32,
    /// Whether the port marked it bad.
    pub is_bad: bool,
}

/// A frame that comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Port that it leaves by.
    pub port: u16,
    /// Instance of the copy.
    pub instance: u16,
    /// Its bytes.
    pub frame: Vec<u8>,
    /// The length that it would have uncut, bytes.
    pub original_length: u32,
}

/// `struct test_packet`.
fn test_packet(arrival: &Arrival<'_>) -> Vec<u8> {
    let mut meta = arrival.time_ns.to_ne_bytes().to_vec();
    meta.extend((arrival.frame.len() as u32).to_ne_bytes());
    meta.extend(arrival.wire_length.to_ne_bytes());
    meta.extend(arrival.port.to_ne_bytes());
    meta.extend(u16::from(arrival.is_bad).to_ne_bytes());
    meta.resize(32, 0);
    meta
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|word| u32::from_ne_bytes(*word)).collect()
}

impl Device {
    /// Takes a frame through the program. The thread must stay on one processor for the length of the call: a copy finds its packet's
    /// state on the processor that made it.
    ///
    /// # Errors
    /// A frame longer than the kernel's test runs take, or what the kernel refuses.
    pub fn pass(&self, arrival: &Arrival<'_>) -> Result<Vec<Departure>> {
        if arrival.frame.len() > MAX_TEST_FRAME {
            return Err(XdpError::Cannot("test runs of frames of more than 3,400 bytes"));
        }
        let mut frame = arrival.frame.to_vec();
        frame.resize(frame.len().max(LEAST_FRAME), 0);
        let ran = self.running().run("sluice_ingress_test", &test_packet(arrival), &frame, 1)?;
        if ran.code != XDP_PASS {
            return Err(XdpError::Kernel {
                what: "a packet".to_string(),
                why: "ingress did not run".to_string(),
            });
        }
        let verdict: Vec<u32> =
            ran.meta.as_chunks::<2>().0.iter().map(|half| u16::from_ne_bytes(*half).into()).collect();
        let [_, _, _, _, _, _, _, _, _, _, ended, state, group, port, ..] = verdict[..] else {
            return Err(XdpError::Missing("verdict".to_string()));
        };
        if ended != 0 {
            return Ok(Vec::new());
        }
        let (replicas, kind) = if group != 0 {
            (self.members(group as u16), REPLICATED)
        } else if port == u32::from(DROP_PORT) {
            (Vec::new(), 0)
        } else {
            (vec![Replica { port: port as u16, instance: 0 }], 0)
        };
        let mut departures = Vec::new();
        for replica in replicas {
            departures.extend(self.leave(state, replica, kind, &frame)?);
        }
        Ok(departures)
    }

    /// How long ingress of a frame takes in the kernel, on average over so many runs; replication and egress are not in it.
    ///
    /// # Errors
    /// As [`Self::pass`].
    pub fn time_ingress(&self, arrival: &Arrival<'_>, runs: u32) -> Result<std::time::Duration> {
        let mut frame = arrival.frame.to_vec();
        frame.resize(frame.len().max(LEAST_FRAME), 0);
        let ran = self.running().run("sluice_ingress_test", &test_packet(arrival), &frame, runs)?;
        Ok(ran.each)
    }

    fn members(&self, group: u16) -> Vec<Replica> {
        let groups = self.shadow.multicast_groups();
        groups
            .iter()
            .find(|known| known.id == group)
            .map_or_else(Vec::new, |found| found.replicas().collect())
    }

    fn leave(&self, state: u32, replica: Replica, kind: u32, frame: &[u8]) -> Result<Option<Departure>> {
        let words_in = [state, u32::from(replica.port), u32::from(replica.instance), kind];
        let meta: Vec<u8> = words_in.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let ran = self.running().run("sluice_egress_test", &meta, frame, 1)?;
        if ran.code != XDP_PASS {
            return Err(XdpError::Kernel {
                what: "a copy".to_string(),
                why: "egress did not run".to_string(),
            });
        }
        let result = words(&ran.meta);
        let [reason, length, original_length, ..] = result[..] else {
            return Err(XdpError::Missing("result".to_string()));
        };
        if reason != 0 {
            return Ok(None);
        }
        let mut frame = ran.frame;
        if (length as usize) > frame.len() {
            return Err(XdpError::Missing("end of the frame".to_string()));
        }
        frame.truncate(length as usize);
        Ok(Some(Departure { port: replica.port, instance: replica.instance, frame, original_length }))
    }
}

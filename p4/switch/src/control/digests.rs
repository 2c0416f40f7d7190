//! Digest messages on their way to the controller (P4Runtime section 9.8).
//!
//! Messages of a digest that the controller wants are gathered into lists: a list is ready when it has as many messages as configured,
//! or when its first message has waited as long as configured. A message that waits, or that was sent and neither acknowledged nor sent
//! longer ago than the time for that, is not sent again. Time is the packets': see [`crate::Switch::advance`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use sluice_entities::{Bits, DigestConfig, PipelineInfo};

use crate::configuration::Configuration;

/// Most messages of one list of a digest that is configured without a bound.
pub const MAX_DIGEST_LIST: usize = 1024;

/// Most messages of one digest that wait to be fetched; what comes beyond is lost.
pub const MAX_WAITING_DIGESTS: usize = 1 << 16;

/// Messages of one digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestList {
    /// Name of the digest.
    pub digest: Arc<str>,
    /// Number of the list, from 1: what an acknowledgement names.
    pub list: u64,
    /// When it was ready, nanoseconds.
    pub time_ns: u64,
    /// Fields of each message, in order; no two are equal.
    pub messages: Vec<Vec<Bits>>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Digests {
    names: Vec<Arc<str>>,
    lanes: Mutex<Vec<Lane>>,
}

#[derive(Debug, Default)]
struct Lane {
    /// The list that is gathered.
    messages: Vec<Vec<Bits>>,
    first_ns: u64,
    known: FxHashMap<Vec<Bits>, Known>,
    ready: Vec<DigestList>,
    /// Messages of all lists in `ready`.
    waiting: usize,
    lists: u64,
}

/// Why a message is not taken again.
#[derive(Clone, Copy, Debug)]
enum Known {
    Gathered,
    Sent { list: u64, time_ns: u64 },
}

impl Digests {
    pub(crate) fn new(info: &PipelineInfo) -> Self {
        let names: Vec<_> = info.digests.iter().map(|digest| digest.name.clone()).collect();
        let lanes = names.iter().map(|_| Lane::default()).collect();
        Self { names, lanes: Mutex::new(lanes) }
    }

    fn lanes(&self) -> MutexGuard<'_, Vec<Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a message, if the controller wants it.
    pub(crate) fn take(&self, config: &Configuration, name: &str, message: Vec<Bits>, time_ns: u64) {
        let Some(index) = self.names.iter().position(|known| **known == *name) else { return };
        let Some(config) = config.digests.get(index).copied().flatten() else { return };
        if let Some(lane) = self.lanes().get_mut(index) {
            lane.take(&config, &self.names[index], message, time_ns);
        }
    }

    /// The lists that are ready.
    pub(crate) fn ready(&self, config: &Configuration, now_ns: u64) -> Vec<DigestList> {
        let mut lists = Vec::new();
        for ((lane, name), config) in self.lanes().iter_mut().zip(&self.names).zip(&*config.digests) {
            let Some(config) = config else { continue };
            if !lane.messages.is_empty() && now_ns.saturating_sub(lane.first_ns) >= config.max_timeout_ns {
                lane.close(config, name, now_ns);
            }
            lane.forget(config, now_ns);
            lane.waiting = 0;
            lists.append(&mut lane.ready);
        }
        lists
    }

    /// The controller has acted on a list: its messages may be sent again.
    pub(crate) fn acknowledge(&self, name: &str, list: u64) -> bool {
        let Some(index) = self.names.iter().position(|known| **known == *name) else { return false };
        if let Some(lane) = self.lanes().get_mut(index) {
            let is_of_list = |known: &Known| matches!(known, Known::Sent { list: sent, .. } if *sent == list);
            lane.known.retain(|_, known| !is_of_list(known));
        }
        true
    }

    /// Starts again with nothing gathered and nothing known.
    pub(crate) fn clear(&self, index: usize) {
        if let Some(lane) = self.lanes().get_mut(index) {
            *lane = Lane { lists: lane.lists, ..Lane::default() };
        }
    }
}

impl Lane {
    fn take(&mut self, config: &DigestConfig, name: &Arc<str>, message: Vec<Bits>, now_ns: u64) {
        match self.known.get(&message) {
            Some(Known::Gathered) => return,
            Some(Known::Sent { time_ns, .. }) if now_ns.saturating_sub(*time_ns) < config.ack_timeout_ns => {
                return;
            }
            _ => {}
        }
        if self.waiting + self.messages.len() >= MAX_WAITING_DIGESTS {
            return;
        }
        if self.messages.is_empty() {
            self.first_ns = now_ns;
        }
        self.known.insert(message.clone(), Known::Gathered);
        self.messages.push(message);
        let most = if config.max_list_size == 0 { MAX_DIGEST_LIST } else { config.max_list_size as usize };
        if self.messages.len() >= most || config.max_timeout_ns == 0 {
            self.close(config, name, now_ns);
        }
    }

    fn close(&mut self, config: &DigestConfig, name: &Arc<str>, now_ns: u64) {
        self.lists += 1;
        let messages = std::mem::take(&mut self.messages);
        for message in &messages {
            if config.ack_timeout_ns == 0 {
                self.known.remove(message);
            } else if let Some(known) = self.known.get_mut(message) {
                *known = Known::Sent { list: self.lists, time_ns: now_ns };
            }
        }
        self.waiting += messages.len();
        self.ready.push(DigestList { digest: name.clone(), list: self.lists, time_ns: now_ns, messages });
        if self.known.len() > MAX_WAITING_DIGESTS {
            self.forget(config, now_ns);
        }
    }

    fn forget(&mut self, config: &DigestConfig, now_ns: u64) {
        self.known.retain(|_, known| match known {
            Known::Gathered => true,
            Known::Sent { time_ns, .. } => now_ns.saturating_sub(*time_ns) < config.ack_timeout_ns,
        });
    }
}

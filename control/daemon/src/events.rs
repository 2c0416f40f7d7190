//! What happened.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sluice_store::Version;
use tokio::sync::broadcast;

/// How many happenings are kept for those who come back after a pause, and how many may wait for one who is slow.
const KEPT: usize = 1024;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A policy is in force.
    Applied {
        /// Its version.
        version: Version,
        /// Who.
        author: String,
        /// The tenant whose part alone was changed.
        tenant: Option<String>,
        /// The version whose text it is again.
        restores: Option<Version>,
    },
    /// A policy was refused.
    Refused {
        /// Who.
        author: String,
        /// The tenant whose part alone it was about.
        tenant: Option<String>,
        /// Why.
        why: String,
    },
    /// A port came up, or went down.
    Port {
        /// Its name.
        port: String,
        /// What it is now.
        is_up: bool,
    },
    /// A tool port is down, or its device was taken away: the other members of its groups have its shares.
    Out {
        /// Its name.
        port: String,
        /// Whether it went down so often that it has to be up for longer before it is back.
        is_held: bool,
    },
    /// A tool port has its shares of groups again.
    Back {
        /// Its name.
        port: String,
    },
    /// Shares of groups could not be moved.
    SharesStay {
        /// Why.
        why: String,
    },
    /// The data path cannot be asked or changed any more.
    OutOfReach {
        /// Why.
        why: String,
    },
    /// The data path can be asked and changed again.
    BackInReach {
        /// Whether it had forgotten what is in force, and was given it anew.
        is_rewritten: bool,
    },
    /// The data path that was chosen is out of reach, and another one stands in for it: it was given what is in force, and counts anew.
    StandsIn {
        /// Which, and why.
        why: String,
    },
    /// A port was given a device.
    Attached {
        /// Its name.
        port: String,
        /// The device.
        device: String,
        /// Who.
        user: String,
    },
    /// A port's device was taken away.
    Detached {
        /// Its name.
        port: String,
        /// Who.
        user: String,
    },
    /// A port's counters were cleared.
    Cleared {
        /// Its name.
        port: String,
        /// Who.
        user: String,
    },
    /// Something that is watched is wrong, or is well again.
    Alert {
        /// What about.
        alert: String,
        /// Of which port, tool, table.
        subject: String,
        /// Raised, or else cleared.
        is_raised: bool,
        /// For people.
        message: String,
    },
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Its number, from 1 in every process.
    pub id: u64,
    /// When, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// What.
    pub what: What,
}

#[derive(Debug)]
struct Kept {
    last: u64,
    list: VecDeque<Arc<Happening>>,
    sender: broadcast::Sender<Arc<Happening>>,
}

/// All that happened lately, and those who listen.
#[derive(Debug)]
pub(crate) struct Events {
    kept: Mutex<Kept>,
}

/// What somebody listens by.
#[derive(Debug)]
pub struct Subscription {
    /// What had happened since the number that was asked for, as far as it is kept.
    pub missed: Vec<Arc<Happening>>,
    /// What happens from now on.
    pub receiver: broadcast::Receiver<Arc<Happening>>,
}

impl Default for Events {
    fn default() -> Self {
        let (sender, _) = broadcast::channel(KEPT);
        Self { kept: Mutex::new(Kept { last: 0, list: VecDeque::new(), sender }) }
    }
}

impl Events {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, time_ns: u64, what: What) {
        let mut kept = self.kept();
        kept.last += 1;
        let happening = Arc::new(Happening { id: kept.last, time_ns, what });
        if kept.list.len() >= KEPT {
            kept.list.pop_front();
        }
        kept.list.push_back(happening.clone());
        // Nobody may listen.
        let _ = kept.sender.send(happening);
    }

    pub(crate) fn subscribe(&self, since: Option<u64>) -> Subscription {
        let kept = self.kept();
        let is_missed = |one: &&Arc<Happening>| since.is_some_and(|since| one.id > since);
        Subscription {
            missed: kept.list.iter().filter(is_missed).cloned().collect(),
            receiver: kept.sender.subscribe(),
        }
    }
}

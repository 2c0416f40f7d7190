//! Sets of MAC addresses: the two classes of addresses (unicast and multicast, by the lowest bit of the first byte) and
//! single addresses that differ from their class. A ternary table holds one with two entries and one per address.

use std::sync::Arc;

use super::{Combine, merged};

/// The bit that makes a 48-bit address a multicast address.
const GROUP_BIT: u64 = 1 << 40;

/// A set of MAC addresses. Canonical, so derived equality is equality of sets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MacSet {
    unicast: bool,
    multicast: bool,
    listed: Arc<[u64]>,
}

impl Default for MacSet {
    /// The empty set.
    fn default() -> Self {
        Self { unicast: false, multicast: false, listed: Arc::from([]) }
    }
}

impl MacSet {
    /// The given addresses (48 bits each).
    pub fn of(addresses: impl IntoIterator<Item = u64>) -> Self {
        let mut listed: Vec<u64> = addresses.into_iter().collect();
        listed.sort_unstable();
        listed.dedup();
        Self { listed: listed.into(), ..Self::default() }
    }

    /// All multicast addresses, broadcast among them.
    pub fn all_multicast() -> Self {
        Self { multicast: true, ..Self::default() }
    }

    /// Whether the address is in the set.
    pub fn contains(&self, address: u64) -> bool {
        self.class(address) != self.listed.binary_search(&address).is_ok()
    }

    /// Whether unicast addresses that are not listed are in the set (absent, all zero, is one of them).
    pub fn unicast(&self) -> bool {
        self.unicast
    }

    /// Whether multicast addresses that are not listed are in the set.
    pub fn multicast(&self) -> bool {
        self.multicast
    }

    /// The addresses whose membership is not that of their class, sorted.
    pub fn listed(&self) -> &[u64] {
        &self.listed
    }

    /// Whether it contains nothing.
    pub fn is_empty(&self) -> bool {
        !self.unicast && !self.multicast && self.listed.is_empty()
    }

    /// Whether it contains every address.
    pub fn is_full(&self) -> bool {
        self.unicast && self.multicast && self.listed.is_empty()
    }

    /// Addresses not in the set.
    pub fn complement(&self) -> Self {
        Self { unicast: !self.unicast, multicast: !self.multicast, listed: Arc::clone(&self.listed) }
    }

    pub(super) fn combine(&self, other: &Self, op: Combine) -> Self {
        let mut out = Self {
            unicast: op(self.unicast, other.unicast),
            multicast: op(self.multicast, other.multicast),
            listed: Arc::from([]),
        };
        let listed: Vec<u64> = merged(&self.listed, &other.listed)
            .filter(|address| op(self.contains(*address), other.contains(*address)) != out.class(*address))
            .collect();
        out.listed = listed.into();
        out
    }

    fn class(&self, address: u64) -> bool {
        if address & GROUP_BIT != 0 { self.multicast } else { self.unicast }
    }
}

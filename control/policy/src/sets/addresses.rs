//! Sets of network addresses: IPv4 (of ARP and RARP too), IPv6, and "no address".

use super::{Combine, Ipv4Set, Ipv6Set};
use crate::fields::Address;

/// A set of network addresses, over the three tables of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AddressSet {
    /// Addresses of IPv4, ARP and RARP.
    pub v4: Ipv4Set,
    /// Addresses of IPv6.
    pub v6: Ipv6Set,
    /// Whether packets without an address are in.
    pub absent: bool,
}

impl AddressSet {
    /// IPv4 prefixes alone: (value, length) each.
    pub fn of_v4(prefixes: impl IntoIterator<Item = (u32, u8)>) -> Self {
        Self { v4: Ipv4Set::of(prefixes), ..Self::default() }
    }

    /// IPv6 prefixes alone: (value, length) each.
    pub fn of_v6(prefixes: impl IntoIterator<Item = (u128, u8)>) -> Self {
        Self { v6: Ipv6Set::of(prefixes), ..Self::default() }
    }

    /// Whether the address is in the set.
    pub fn contains(&self, address: Address) -> bool {
        match address {
            Address::None => self.absent,
            Address::V4(value) => self.v4.contains(value),
            Address::V6(value) => self.v6.contains(value),
        }
    }

    /// Whether it contains nothing.
    pub fn is_empty(&self) -> bool {
        !self.absent && self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether it contains every address, and absent.
    pub fn is_full(&self) -> bool {
        self.absent && self.v4.is_full() && self.v6.is_full()
    }

    /// Whether every address of `self` is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        (!self.absent || other.absent) && self.v4.is_subset(&other.v4) && self.v6.is_subset(&other.v6)
    }

    /// Addresses in either.
    pub fn union(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a || b)
    }

    /// Addresses not in the set.
    pub fn complement(&self) -> Self {
        Self { v4: self.v4.complement(), v6: self.v6.complement(), absent: !self.absent }
    }

    pub(super) fn combine(&self, other: &Self, op: Combine) -> Self {
        Self {
            v4: self.v4.combine(&other.v4, op),
            v6: self.v6.combine(&other.v6, op),
            absent: op(self.absent, other.absent),
        }
    }
}

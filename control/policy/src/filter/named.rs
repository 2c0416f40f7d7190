//! Sets of addresses, MAC addresses or numbers: named ones from the configuration (`src in @servers`), and those written
//! out (`port in {80, 443, 8000-8010}`). However long, a set is one condition of one term.

use std::collections::BTreeMap;

use sluice_diagnostics::{Diagnostic, Diagnostics, Span};

use super::address::{self, Network, Wrong};
use super::names;
use crate::sets::{AddressSet, MacSet};

/// The members of a set; all of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedSet {
    /// Addresses and prefixes, IPv4 and IPv6.
    Addresses(AddressSet),
    /// MAC addresses.
    Macs(MacSet),
    /// Numbers (ports, VLAN ids, ...) as ranges, ends included, in the order written.
    Numbers(Vec<(u32, u32)>),
}

/// The sets that expressions may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedSets(BTreeMap<String, NamedSet>);

impl NamedSets {
    /// No sets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a set, or replaces the one of this name.
    pub fn insert(&mut self, name: impl Into<String>, set: NamedSet) {
        self.0.insert(name.into(), set);
    }

    /// The set of this name.
    pub fn find(&self, name: &str) -> Option<&NamedSet> {
        self.0.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl NamedSet {
    /// Reads members: addresses and prefixes, or MAC addresses, or numbers, ranges (`8000-8010`) and service names.
    ///
    /// # Errors
    /// Members that cannot be read, and members of another kind than the first, each at its span.
    pub fn parse<T: AsRef<str>>(items: &[(T, Span)]) -> Result<Self, Diagnostics> {
        let mut found = Diagnostics::new();
        let mut members = Members::default();
        for (text, span) in items {
            if let Err(wrong) = member(text.as_ref()).and_then(|member| members.add(member)) {
                found.push(Diagnostic::error(wrong.message).at(*span, "").help(wrong.help));
            }
        }
        if found.has_errors() { Err(found) } else { Ok(members.into_set()) }
    }

    /// What the set holds, for messages.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Addresses(_) => "addresses",
            Self::Macs(_) => "MAC addresses",
            Self::Numbers(_) => "numbers",
        }
    }
}

/// One member of a set.
enum Member {
    Network(Network),
    Mac(u64),
    Range(u32, u32),
}

fn member(text: &str) -> Result<Member, Wrong> {
    let text = text.trim();
    if let Some((value, length)) = text.split_once('/') {
        return address::network(value, Some(length)).map(Member::Network);
    }
    let as_number = |text: &str| names::number(text).and_then(|number| u32::try_from(number).ok());
    if let Some(number) = as_number(text) {
        return Ok(Member::Range(number, number));
    }
    if let Some(mac) = address::mac(text) {
        return Ok(Member::Mac(mac));
    }
    if let Some((low, high)) = text.split_once('-')
        && let (Some(low), Some(high)) = (as_number(low), as_number(high))
    {
        if low > high {
            return Err(Wrong::new(format!("the range `{text}` is empty"), format!("write `{high}-{low}`")));
        }
        return Ok(Member::Range(low, high));
    }
    if let Some((port, _)) = names::service(text) {
        return Ok(Member::Range(port.into(), port.into()));
    }
    match address::network(text, None) {
        Ok(network) => Ok(Member::Network(network)),
        Err(_) if !text.contains(['.', ':']) => Err(Wrong::new(
            format!("`{text}` is no member of a set"),
            "members are addresses (`192.0.2.1`), prefixes (`10.0.0.0/8`), MAC addresses, numbers, \
             ranges (`8000-8010`) or services (`https`)",
        )),
        Err(wrong) => Err(wrong),
    }
}

/// Members as they come, of one kind.
#[derive(Default)]
struct Members {
    v4: Vec<(u32, u8)>,
    v6: Vec<(u128, u8)>,
    macs: Vec<u64>,
    numbers: Vec<(u32, u32)>,
}

impl Members {
    fn add(&mut self, member: Member) -> Result<(), Wrong> {
        let addresses = !(self.v4.is_empty() && self.v6.is_empty());
        let (macs, numbers) = (!self.macs.is_empty(), !self.numbers.is_empty());
        let other = match member {
            Member::Network(_) => macs || numbers,
            Member::Mac(_) => addresses || numbers,
            Member::Range(..) => addresses || macs,
        };
        if other {
            let kind = if addresses {
                "addresses"
            } else if macs {
                "MAC addresses"
            } else {
                "numbers"
            };
            return Err(Wrong::new(
                format!("this set holds {kind}, and this member is of another kind"),
                "make two sets",
            ));
        }
        match member {
            Member::Network(Network::V4(value, length)) => self.v4.push((value, length)),
            Member::Network(Network::V6(value, length)) => self.v6.push((value, length)),
            Member::Mac(mac) => self.macs.push(mac),
            Member::Range(low, high) => self.numbers.push((low, high)),
        }
        Ok(())
    }

    fn into_set(self) -> NamedSet {
        if !self.macs.is_empty() {
            return NamedSet::Macs(MacSet::of(self.macs));
        }
        if !self.numbers.is_empty() {
            return NamedSet::Numbers(self.numbers);
        }
        let (v4, v6) = (AddressSet::of_v4(self.v4), AddressSet::of_v6(self.v6));
        NamedSet::Addresses(v4.union(&v6))
    }
}

//! Keys and edits in words.

use std::net::{Ipv4Addr, Ipv6Addr};

use sluice_entities::Bits;

use crate::compile::layout::{NarrowTable, Part};
use crate::config::{Edits, STRIP_NAMES, Tool};
use crate::fields::{FRAGMENT_FIRST, FRAGMENT_LATER, FRAGMENT_WHOLE, Field, FieldKind};

/// The packet's value in a narrow table.
pub(super) fn text(table: &NarrowTable, key: Option<&Bits>) -> String {
    let Some(key) = key else {
        return match table.part {
            Part::NoTunnel => "no tunnel".to_string(),
            _ if matches!(table.field, Field::L4Src | Field::InnerL4Src) => "no ports".to_string(),
            _ => "no address".to_string(),
        };
    };
    let number = key.to_u64().unwrap_or(0);
    match table.part {
        Part::V4 => Ipv4Addr::from(number as u32).to_string(),
        Part::V6 => Ipv6Addr::from(key.to_u128().unwrap_or(0)).to_string(),
        Part::Mac => {
            let bytes: Vec<String> =
                (0..6).rev().map(|i| format!("{:02x}", number >> (i * 8) & 0xFF)).collect();
            bytes.join(":")
        }
        Part::Icmp => match number >> 16 {
            0 => "no ICMP".to_string(),
            family => {
                let name = if family == 1 { "ICMP" } else { "ICMPv6" };
                format!("{name} type {} code {}", number >> 8 & 0xFF, number & 0xFF)
            }
        },
        Part::Range | Part::None | Part::NoTunnel => number.to_string(),
        Part::Values => value(table.field, number),
    }
}

fn value(field: Field, number: u64) -> String {
    if let FieldKind::Values { absent, .. } = field.kind()
        && number == absent
    {
        return "absent".to_string();
    }
    match field {
        Field::EtherType | Field::L3 | Field::InnerL3 => match number {
            0x0800 => "IPv4".to_string(),
            0x86DD => "IPv6".to_string(),
            0x0806 => "ARP".to_string(),
            other => format!("{other:#06x}"),
        },
        Field::TcpFlags | Field::InnerTcpFlags | Field::Teid | Field::GreKey => format!("{number:#x}"),
        Field::Fragment | Field::InnerFragment => match number {
            FRAGMENT_WHOLE => "not a fragment",
            FRAGMENT_FIRST => "first fragment",
            FRAGMENT_LATER => "later fragment",
            _ => "absent",
        }
        .to_string(),
        _ => number.to_string(),
    }
}

/// Edits of copies to a tool in the order in which they are made; empty for none.
pub(super) fn edits(edits: &Edits, tool: &Tool) -> String {
    let mut parts = Vec::new();
    let stripped: Vec<&str> =
        STRIP_NAMES.iter().filter(|(_, bit)| edits.strip >> bit & 1 == 1).map(|(name, _)| *name).collect();
    if !stripped.is_empty() {
        parts.push(format!("strip {}", stripped.join("+")));
    }
    for mask in &edits.mask {
        parts.push(format!("mask {} bytes at {:?}+{}", mask.length, mask.at, mask.offset).to_lowercase());
    }
    if let Some(slice) = edits.slice {
        parts.push(format!("slice at {:?}+{}", slice.anchor, slice.bytes).to_lowercase());
    }
    if edits.label {
        parts.push("label".to_string());
    }
    if let Some(stamp) = edits.stamp_for(tool) {
        parts.push(format!("stamp {}", stamp.name()));
    }
    if edits.fix_checksums {
        parts.push("fix checksums".to_string());
    }
    parts.join(", ")
}

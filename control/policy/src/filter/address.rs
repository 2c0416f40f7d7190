//! Addresses, networks and MAC addresses as text. Pure: what is wrong comes back as a message with help, and the caller
//! knows the place.

use std::net::Ipv6Addr;

/// What is wrong with a piece of text, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) help: String,
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// A prefix of either version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    V4(u32, u8),
    V6(u128, u8),
}

/// A MAC address in any of the usual ways of writing: `00:11:22:33:44:55`, with `-` or `.`, `0011.2233.4455`,
/// `001122334455`.
pub(super) fn mac(text: &str) -> Option<u64> {
    let digits = |part: &str, most: usize| {
        let fits =
            !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits { u64::from_str_radix(part, 16).ok() } else { None }
    };
    let parts: Vec<&str> = text.split([':', '-', '.']).collect();
    match parts.as_slice() {
        [all] if all.len() == 12 => digits(all, 12),
        [_, _, _] if text.contains('.') => parts
            .iter()
            .try_fold(0, |mac, part| Some(mac << 16 | digits(part, 4).filter(|_| part.len() == 4)?)),
        [_, _, _, _, _, _] => parts.iter().try_fold(0, |mac, part| Some(mac << 8 | digits(part, 2)?)),
        _ => None,
    }
}

/// `10.0.0.1`, or the upper bytes alone (`10.1` is 10.1.0.0/16): value and length.
pub(super) fn v4(text: &str) -> Option<(u32, u8)> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > 4 {
        return None;
    }
    let mut value = 0u32;
    for part in &parts {
        let plain = !part.is_empty() && part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
        value = value << 8 | u32::from(part.parse::<u8>().ok().filter(|_| plain)?);
    }
    let bits = 8 * parts.len() as u32;
    Some((value << (32 - bits), bits as u8))
}

/// An address, or a network with its prefix length: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`.
pub(super) fn network(address: &str, length: Option<&str>) -> Result<Network, Wrong> {
    if address.contains(':') {
        let value: Ipv6Addr = address.parse().map_err(|_| {
            Wrong::new(format!("`{address}` is no IPv6 address"), "for example `2001:db8::1`")
        })?;
        let length = prefix_length(length, 128)?;
        return v6_prefix(value.to_bits(), length);
    }
    let Some((value, given)) = v4(address) else {
        return Err(not_an_address(address));
    };
    match length {
        Some(_) => v4_prefix(value, prefix_length(length, 32)?),
        None => Ok(Network::V4(value, given)),
    }
}

fn not_an_address(text: &str) -> Wrong {
    if text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('.') {
        Wrong::new(format!("`{text}` is no IPv4 address"), "four numbers of 0 to 255: `192.0.2.1`")
    } else {
        Wrong::new(
            format!("`{text}` is no address"),
            "names are not looked up, so that a policy means the same everywhere; \
             write the address, or a set: `in @servers`",
        )
    }
}

fn prefix_length(text: Option<&str>, most: u8) -> Result<u8, Wrong> {
    let Some(text) = text else { return Ok(most) };
    text.parse()
        .ok()
        .filter(|length| *length <= most)
        .ok_or_else(|| Wrong::new(format!("`/{text}` is no prefix length"), format!("0 to {most}")))
}

fn v4_prefix(value: u32, length: u8) -> Result<Network, Wrong> {
    let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
    if value & !mask != 0 {
        let right = std::net::Ipv4Addr::from(value & mask);
        return Err(host_bits(
            &format!("{}/{length}", std::net::Ipv4Addr::from(value)),
            &format!("{right}/{length}"),
        ));
    }
    Ok(Network::V4(value, length))
}

fn v6_prefix(value: u128, length: u8) -> Result<Network, Wrong> {
    let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
    if value & !mask != 0 {
        let right = Ipv6Addr::from(value & mask);
        return Err(host_bits(&format!("{}/{length}", Ipv6Addr::from(value)), &format!("{right}/{length}")));
    }
    Ok(Network::V6(value, length))
}

fn host_bits(wrong: &str, right: &str) -> Wrong {
    Wrong::new(format!("`{wrong}` has bits set behind its prefix length"), format!("write `{right}`"))
}

/// `mask 255.255.0.0` behind a network.
pub(super) fn masked(value: u32, mask: &str) -> Result<Network, Wrong> {
    let bits = v4(mask).filter(|(_, given)| *given == 32).map(|(bits, _)| bits);
    match bits {
        Some(bits) if bits.leading_ones() + bits.trailing_zeros() >= 32 => {
            v4_prefix(value, bits.leading_ones() as u8)
        }
        Some(_) => Err(Wrong::new(
            format!("the ones of `{mask}` are not all in front"),
            "tables hold prefixes; write the networks as `net 10.0.0.0/8`",
        )),
        None => {
            Err(Wrong::new(format!("`{mask}` is no netmask"), "for example `net 10.0.0.0 mask 255.0.0.0`"))
        }
    }
}

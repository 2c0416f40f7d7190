//! Pools of values that expressions ask for and packets have, small enough that they meet.

use crate::oracle::expression::Prefix;
use crate::trial::Dice;

/// Values of one trial.
#[derive(Clone, Debug)]
pub struct Values {
    /// IPv4 prefixes, many inside others.
    pub v4: Vec<(u32, u32)>,
    /// IPv6 prefixes, many inside others.
    pub v6: Vec<(u128, u32)>,
    /// Ports.
    pub ports: Vec<u16>,
    /// MAC addresses.
    pub macs: Vec<u64>,
    /// VLAN ids.
    pub vlans: Vec<u16>,
    /// MPLS labels.
    pub labels: Vec<u32>,
    /// Network ids of overlays, also tunnel endpoints and keys.
    pub tunnel_ids: Vec<u32>,
    /// Protocol numbers.
    pub protocols: Vec<u8>,
    /// Named sets of prefixes.
    pub sets: Vec<(String, Vec<Prefix>)>,
}

impl Values {
    /// New pools. `many` makes them larger.
    pub fn new(dice: &mut Dice, many: bool) -> Self {
        let size = if many { 40 } else { 10 };
        let v4 = nested_v4(dice, size);
        let v6 = nested_v6(dice, size / 2);
        let mut values = Self {
            v4,
            v6,
            ports: vec![80, 443, 53, 4789, 6081, 2152],
            macs: vec![0xffff_ffff_ffff, 0x0100_5e00_0001, 0x3333_0000_0001],
            vlans: vec![0, 1, 100, 4095],
            labels: vec![0, 3, 16],
            tunnel_ids: vec![0, 1, 0xff_ffff],
            protocols: vec![1, 2, 4, 6, 17, 41, 47, 50, 58, 132],
            sets: Vec::new(),
        };
        for _ in 0..size {
            values.ports.push(dice.word() as u16);
            values.macs.push(dice.word() & 0xfeff_ffff_ffff);
            values.vlans.push(dice.below(4096) as u16);
            values.labels.push(dice.below(1 << 20) as u32);
            values.tunnel_ids.push(dice.below(1 << 24) as u32);
        }
        for name in ["red", "green", "blue"] {
            let prefixes = (0..dice.between(1, 5)).map(|_| values.prefix(dice)).collect();
            values.sets.push((name.to_string(), prefixes));
        }
        values
    }

    /// A prefix of either family.
    pub fn prefix(&self, dice: &mut Dice) -> Prefix {
        if dice.percent(65) {
            let (value, length) = *dice.pick(&self.v4);
            Prefix::V4(value, length)
        } else {
            let (value, length) = *dice.pick(&self.v6);
            Prefix::V6(value, length)
        }
    }

    /// An address in or near one of the prefixes.
    pub fn address_v4(&self, dice: &mut Dice) -> u32 {
        let (value, length) = *dice.pick(&self.v4);
        let noise = if dice.percent(60) { 0 } else { dice.word() as u32 };
        let inside = value | noise & u32::MAX.checked_shr(length).unwrap_or(0);
        if dice.percent(10) { inside ^ 1 << dice.below(32) } else { inside }
    }

    /// An address in or near one of the prefixes.
    pub fn address_v6(&self, dice: &mut Dice) -> u128 {
        let (value, length) = *dice.pick(&self.v6);
        let noise =
            if dice.percent(60) { 0 } else { u128::from(dice.word()) << 64 | u128::from(dice.word()) };
        let inside = value | noise & u128::MAX.checked_shr(length).unwrap_or(0);
        if dice.percent(10) { inside ^ 1 << dice.below(128) } else { inside }
    }

    /// A port, mostly one of the pool or next to one.
    pub fn port(&self, dice: &mut Dice) -> u16 {
        let port = *dice.pick(&self.ports);
        if dice.percent(15) { port.wrapping_add(1) } else { port }
    }
}

fn nested_v4(dice: &mut Dice, count: usize) -> Vec<(u32, u32)> {
    let mut all = vec![(0x0a00_0000_u32, 8_u32), (0xe000_0001, 32), (0xc0a8_0101, 32)];
    while all.len() < count.max(4) {
        let (value, length) = if dice.percent(70) { *dice.pick(&all) } else { (dice.word() as u32, 4) };
        let longer = (length + dice.between(0, 12) as u32).min(32);
        let value = value ^ (dice.word() as u32) & u32::MAX.checked_shr(length).unwrap_or(0);
        let keep = u32::MAX.checked_shl(32 - longer).unwrap_or(0);
        all.push((value & keep, longer));
    }
    all
}

fn nested_v6(dice: &mut Dice, count: usize) -> Vec<(u128, u32)> {
    let mut all = vec![(0x2001_0db8_u128 << 96, 32_u32), ((0xff02_u128 << 112) | 1, 128)];
    while all.len() < count.max(4) {
        let (value, length) = *dice.pick(&all);
        let longer = (length + dice.between(0, 40) as u32).min(128);
        let noise = u128::from(dice.word()) << 64 | u128::from(dice.word());
        let value = value ^ noise & u128::MAX.checked_shr(length).unwrap_or(0);
        let keep = u128::MAX.checked_shl(128 - longer).unwrap_or(0);
        all.push((value & keep, longer));
    }
    all
}

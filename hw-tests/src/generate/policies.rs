//! Random policies, and random changes of one.

use super::expressions::{Vocabulary, expression};
use super::values::Values;
use crate::model::{Anchor, Edits, Filter, Group, Mask, Model, Stamp, Target};
use crate::trial::Dice;

/// What a random policy may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyShape {
    /// Most filters.
    pub filters: u64,
    /// Percent of filters that edit bytes.
    pub edits: usize,
    /// Whether sampling may come.
    pub sampling: bool,
    /// Whether duplicate removal may come.
    pub dedup: bool,
    /// Whether port groups may come.
    pub groups: bool,
}

/// Where a filter sends, how much of it, with which edits: filters share a few of these, so that reachable combinations stay few.
#[derive(Clone, Debug)]
struct Profile {
    to: Vec<Target>,
    sample: Option<u8>,
    dedup: bool,
    edits: Edits,
}

/// A random policy.
pub fn policy(dice: &mut Dice, values: &Values, shape: PolicyShape) -> Model {
    let mut model = Model::with_ports(dice.between(1, 4) as u16, dice.between(2, 8) as u16);
    model.sets.clone_from(&values.sets);
    if shape.groups && dice.percent(40) {
        for i in 0..dice.between(1, 2) {
            let mut members: Vec<usize> = (0..model.tools.len()).collect();
            dice.shuffle(&mut members);
            members.truncate(dice.between(1, 4) as usize);
            model.groups.push(Group { name: format!("group-{i}"), members, hosts: dice.percent(50) });
        }
    }
    let profiles: Vec<Profile> = (0..dice.between(1, 6)).map(|_| profile(dice, &model, shape)).collect();
    let most = if dice.percent(20) { shape.filters } else { shape.filters.min(12) };
    for i in 0..dice.between(1, most) {
        let depth = *dice.pick(&[0, 0, 1, 1, 1, 2]);
        let expression = expression(dice, values, Vocabulary::All, depth);
        let mut filter = filter(dice, &model, &profiles);
        filter.name = format!("filter-{i}");
        filter.expression = (!dice.percent(5)).then_some(expression);
        model.filters.push(filter);
    }
    if dice.percent(50) {
        let mut filter = filter(dice, &model, &profiles);
        filter.name = "otherwise".to_string();
        model.otherwise = Some(filter);
    }
    model
}

fn filter(dice: &mut Dice, model: &Model, profiles: &[Profile]) -> Filter {
    let Profile { to, sample, dedup, edits } = dice.pick(profiles).clone();
    let mut from: Vec<usize> = Vec::new();
    if dice.percent(40) {
        from = (0..model.network.len()).filter(|_| dice.percent(50)).collect();
    }
    Filter { name: String::new(), from, expression: None, to, sample, dedup, edits }
}

fn profile(dice: &mut Dice, model: &Model, shape: PolicyShape) -> Profile {
    let mut to: Vec<Target> = Vec::new();
    for _ in 0..*dice.pick(&[0, 1, 1, 1, 1, 2, 2, 3]) {
        let target = if !model.groups.is_empty() && dice.percent(35) {
            Target::Group(dice.below(model.groups.len()))
        } else {
            Target::Tool(dice.below(model.tools.len()))
        };
        if !to.contains(&target) {
            to.push(target);
        }
    }
    let sampled = shape.sampling && dice.percent(30) && !to.is_empty();
    Profile {
        sample: sampled.then(|| *dice.pick(&[10, 50, 90])),
        dedup: shape.dedup && dice.percent(40) && !to.is_empty(),
        edits: if dice.percent(shape.edits) && !to.is_empty() { edits(dice) } else { Edits::default() },
        to,
    }
}

/// Random edits, but for right checksums.
pub fn edits(dice: &mut Dice) -> Edits {
    let mut edits = Edits::default();
    if dice.percent(60) {
        edits.strip = dice.word() as u16 & dice.word() as u16 & 0x3ff;
    }
    if dice.percent(40) {
        let anchors = [
            Anchor::Frame,
            Anchor::L3,
            Anchor::L4,
            Anchor::Payload,
            Anchor::InnerL3,
            Anchor::InnerL4,
            Anchor::InnerPayload,
        ];
        for _ in 0..dice.between(1, 3) {
            edits.masks.push(Mask {
                at: *dice.pick(&anchors),
                offset: dice.below(24) as u16,
                length: dice.between(1, 16) as u16,
                value: dice.word() as u8,
            });
        }
    }
    if dice.percent(40) {
        let anchors =
            [Anchor::Frame, Anchor::L3, Anchor::L4, Anchor::Payload, Anchor::InnerL4, Anchor::InnerPayload];
        edits.slice = Some((*dice.pick(&anchors), dice.between(14, 100) as u16));
    }
    edits.label = dice.percent(30);
    if dice.percent(30) {
        edits.stamp = Some(match dice.below(10) {
            0..=3 => Stamp::D28b { long: dice.percent(50), utc: dice.percent(50) },
            4 | 5 => {
                let port_bytes = dice.below(3) as u8;
                let port = dice.word() as u16 & [0, 0xff, 0xffff][usize::from(port_bytes)];
                Stamp::Vss { source: dice.below(4) as u8, port_bytes, port }
            }
            6 | 7 => Stamp::Ixia { source: dice.between(3, 7) as u8 },
            8 => Stamp::Metamako {
                degraded: dice.percent(50),
                device: dice.word() as u16,
                port: dice.word() as u8,
            },
            _ => Stamp::Exablaze { device: dice.word() as u8, port: dice.word() as u8 },
        });
    }
    edits
}

/// The policy with a few things changed: filters gone, new, moved, sent elsewhere, edited otherwise; labels; `otherwise`.
pub fn vary(dice: &mut Dice, values: &Values, shape: PolicyShape, old: &Model) -> Model {
    let mut model = old.clone();
    let profiles: Vec<Profile> = (0..2).map(|_| profile(dice, &model, shape)).collect();
    for round in 0..dice.between(1, 4) {
        let at = dice.below(model.filters.len());
        match dice.below(8) {
            0 if model.filters.len() > 1 => _ = model.filters.remove(at),
            1 => {
                let mut new = filter(dice, &model, &profiles);
                new.name = format!("new-{round}-{}", dice.below(1 << 20));
                new.expression = Some(expression(dice, values, Vocabulary::All, 1));
                model.filters.insert(at, new);
            }
            2 => {
                let other = dice.below(model.filters.len());
                model.filters.swap(at, other);
            }
            3 => model.filters[at].expression = Some(expression(dice, values, Vocabulary::All, 1)),
            4 if !model.filters[at].to.is_empty() && shape.edits > 0 => model.filters[at].edits = edits(dice),
            5 => {
                let port = dice.below(model.network.len());
                model.network[port].label = dice.between(1, 4_000) as u16;
            }
            6 => {
                model.otherwise = dice
                    .percent(70)
                    .then(|| Filter { name: "otherwise".to_string(), ..filter(dice, &model, &profiles) });
            }
            _ => {
                let Profile { to, sample, dedup, edits } = dice.pick(&profiles).clone();
                let filter = &mut model.filters[at];
                (filter.to, filter.sample, filter.dedup, filter.edits) = (to, sample, dedup, edits);
            }
        }
    }
    model
}

//! Random batches against a plain model of what is written: errors, reads and packets agree with it.
//!
//! The model keeps lists and looks at each element; it shares no code with the switch.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sluice_entities::{
    ActionCall, Atomicity, Bits, Code, Entity, GroupMember, Match, ProfileGroup, ProfileMember, Query,
    TableAction, TableEntry, TableQuery, Update, UpdateKind, WeightedAction,
};
use sluice_switch::{Ingress, Switch, Worker};

use crate::common::{Kept, call, name, program, switch};

const DECLARATIONS: &str = "
action set(value: bit<8>) { hdr.four.b = %value; }
action_profile s: size 6, selector identity, width 16;
table t { key { c: exact = hdr.four.c; } actions { set; NoAction; } default NoAction(); size 3; }
table l { key { c: lpm = hdr.four.c; } actions { set; NoAction; } default NoAction(); size 5; }
table q { key { a: ternary = hdr.four.a; c: range = hdr.four.c; } actions { set; NoAction; } default NoAction(); size 5; }
table g { key { a: exact = hdr.four.a; c: selector = hdr.four.c; } actions { set; NoAction; } default NoAction(); size 3; action_profile s; }
";

/// Tables and how many entries they hold.
const TABLES: [(&str, usize); 4] = [("t", 3), ("l", 5), ("q", 5), ("g", 3)];
const PROFILE_SIZE: u64 = 6;
const PORTS: [u16; 2] = [3, 4];

#[derive(Clone, Default)]
struct Model {
    /// In the order in which they were inserted.
    entries: Vec<TableEntry>,
    members: Vec<ProfileMember>,
    groups: Vec<ProfileGroup>,
}

impl Model {
    fn apply(&mut self, updates: &[Update], atomicity: Atomicity) -> Vec<(usize, Code)> {
        let before = self.clone();
        let mut errors = Vec::new();
        for (i, update) in updates.iter().enumerate() {
            if let Err(code) = self.update(update) {
                errors.push((i, code));
                if atomicity == Atomicity::RollbackOnError {
                    break;
                }
            }
        }
        if !errors.is_empty() && atomicity != Atomicity::ContinueOnError {
            *self = before;
        }
        errors
    }

    fn update(&mut self, update: &Update) -> Result<(), Code> {
        match &update.entity {
            Entity::Table(entry) => self.entry(update.kind, entry),
            Entity::Member(member) => {
                let at = self.members.iter().position(|known| known.id == member.id);
                let is_used =
                    self.groups.iter().any(|group| group.members.iter().any(|m| m.member == member.id))
                        || self.refers(&TableAction::Member(member.id));
                let is_full = self.members.len() as u64 + self.set_actions().count() as u64 >= PROFILE_SIZE;
                change(&mut self.members, update.kind, at, member, is_used, is_full)
            }
            Entity::Group(group) => {
                let at = self.groups.iter().position(|known| known.id == group.id);
                let mut is_full = false;
                if update.kind != UpdateKind::Delete && at.is_some() != (update.kind == UpdateKind::Insert) {
                    for one in &group.members {
                        if !self.members.iter().any(|member| member.id == one.member) {
                            return Err(Code::NotFound);
                        }
                        if one.weight == 0 {
                            return Err(Code::InvalidArgument);
                        }
                    }
                    is_full = self.load(Some(group.id), None) + weights(&group.members) > PROFILE_SIZE;
                }
                let is_used = self.refers(&TableAction::Group(group.id));
                if is_full && update.kind == UpdateKind::Modify {
                    return Err(Code::ResourceExhausted);
                }
                change(&mut self.groups, update.kind, at, group, is_used, is_full)
            }
            other => panic!("not in the model: {other:?}"),
        }
    }

    fn refers(&self, action: &TableAction) -> bool {
        self.entries.iter().any(|entry| entry.action.as_ref() == Some(action))
    }

    fn set_actions(&self) -> impl Iterator<Item = &WeightedAction> {
        self.entries.iter().flat_map(|entry| match &entry.action {
            Some(TableAction::Set(actions)) => &actions[..],
            _ => &[],
        })
    }

    /// What groups and action sets take of the selector, without a group and without an entry.
    fn load(&self, group: Option<u32>, without: Option<usize>) -> u64 {
        let groups = self.groups.iter().filter(|known| Some(known.id) != group);
        let entries = self.entries.iter().enumerate().filter(|(i, _)| Some(*i) != without);
        let sets = entries.map(|(_, entry)| match &entry.action {
            Some(TableAction::Set(actions)) => actions.iter().map(|one| u64::from(one.weight)).sum(),
            _ => 0,
        });
        groups.map(|group| weights(&group.members)).sum::<u64>() + sets.sum::<u64>()
    }

    fn entry(&mut self, kind: UpdateKind, entry: &TableEntry) -> Result<(), Code> {
        let same = |known: &TableEntry| {
            known.table == entry.table && known.matches == entry.matches && known.priority == entry.priority
        };
        let at = self.entries.iter().position(same);
        if kind != UpdateKind::Delete && at.is_some() != (kind == UpdateKind::Insert) {
            self.resolves(entry, at)?;
        }
        let size = TABLES.iter().find(|(name, _)| *name == &*entry.table).map_or(0, |(_, size)| *size);
        let is_full = self.entries.iter().filter(|known| known.table == entry.table).count() >= size;
        change(&mut self.entries, kind, at, entry, false, is_full)
    }

    /// Whether an entry's reference or action set is possible.
    fn resolves(&self, entry: &TableEntry, at: Option<usize>) -> Result<(), Code> {
        let is_reference =
            |action: &TableAction| matches!(action, TableAction::Member(_) | TableAction::Group(_));
        let has =
            |is: &dyn Fn(&TableAction) -> bool| self.entries.iter().filter_map(|e| e.action.as_ref()).any(is);
        let has_sets = has(&|action| matches!(action, TableAction::Set(_)));
        let is_there = match entry.action.as_ref().expect("the model's entries have actions") {
            TableAction::Call(_) => return Ok(()),
            TableAction::Member(_) | TableAction::Group(_) if has_sets => return Err(Code::InvalidArgument),
            TableAction::Member(id) => self.members.iter().any(|member| member.id == *id),
            TableAction::Group(id) => self.groups.iter().any(|group| group.id == *id),
            TableAction::Set(_) if has(&is_reference) => return Err(Code::InvalidArgument),
            TableAction::Set(actions) => {
                let replaced = match at.and_then(|at| self.entries[at].action.as_ref()) {
                    Some(TableAction::Set(old)) => old.len(),
                    _ => 0,
                };
                let members = self.members.len() + self.set_actions().count() - replaced + actions.len();
                let load = self.load(None, at) + actions.iter().map(|one| u64::from(one.weight)).sum::<u64>();
                if members as u64 > PROFILE_SIZE || load > PROFILE_SIZE {
                    return Err(Code::ResourceExhausted);
                }
                true
            }
        };
        if is_there { Ok(()) } else { Err(Code::NotFound) }
    }

    /// What `b` may be behind the tables.
    fn run(&self, a: u64, mut b: u64, c: u64, is_up: &dyn Fn(u16) -> bool) -> Vec<u64> {
        let mut results = Vec::new();
        for (table, _) in TABLES {
            let keys: &[u64] = match table {
                "t" | "l" => &[c],
                "q" => &[a, c],
                _ => &[a],
            };
            let found = self.entries.iter().filter(|entry| &*entry.table == table);
            let found =
                found.filter(|entry| entry.matches.iter().zip(keys).all(|(wanted, key)| holds(wanted, *key)));
            // Among equals the first wins, which `max_by_key` would not do.
            let best = found.rev().max_by_key(|entry| (entry.priority, prefix(&entry.matches)));
            let Some(action) = best.and_then(|entry| entry.action.as_ref()) else { continue };
            let member =
                |id: u32| self.members.iter().find(|member| member.id == id).map(|member| &member.action);
            results.clear();
            match action {
                TableAction::Call(call) => b = value(call),
                TableAction::Member(id) => b = member(*id).map_or(b, value),
                TableAction::Group(id) => {
                    let group =
                        self.groups.iter().find(|group| group.id == *id).expect("entries refer to groups");
                    let mut members = group.members.clone();
                    members.sort_by_key(|one| one.member);
                    let one =
                        |one: &GroupMember| (member(one.member).map_or(b, value), one.weight, one.watch_port);
                    results = choices(&members.iter().map(one).collect::<Vec<_>>(), c, b, is_up);
                }
                TableAction::Set(actions) => {
                    let one = |one: &WeightedAction| (value(&one.action), one.weight, one.watch_port);
                    results = choices(&actions.iter().map(one).collect::<Vec<_>>(), c, b, is_up);
                }
            }
        }
        if results.is_empty() { vec![b] } else { results }
    }
}

/// The values that a group may give: one, unless the member that was to give it is down.
fn choices(members: &[(u64, u32, Option<u16>)], hash: u64, b: u64, is_up: &dyn Fn(u16) -> bool) -> Vec<u64> {
    let spread: Vec<_> = members.iter().flat_map(|one| std::iter::repeat_n(one, one.1 as usize)).collect();
    let live = |one: &(u64, u32, Option<u16>)| one.2.is_none_or(is_up);
    if spread.is_empty() {
        return vec![b];
    }
    let first = spread[(hash % spread.len() as u64) as usize];
    if live(first) {
        return vec![first.0];
    }
    let left: Vec<u64> = members.iter().filter(|one| live(one)).map(|one| one.0).collect();
    if left.is_empty() { vec![b] } else { left }
}

fn weights(members: &[GroupMember]) -> u64 {
    members.iter().map(|one| u64::from(one.weight)).sum()
}

fn value(call: &ActionCall) -> u64 {
    call.params[0].to_u64().expect("a byte")
}

fn prefix(matches: &[Match]) -> u32 {
    matches.iter().map(|one| if let Match::Lpm { length, .. } = one { *length } else { 0 }).sum()
}

fn holds(wanted: &Match, key: u64) -> bool {
    let number = |bits: &Bits| bits.to_u64().expect("at most 16 bits");
    match wanted {
        Match::Exact(value) => number(value) == key,
        Match::Lpm { value, length } => number(value) >> (16 - length) == key >> (16 - length),
        Match::Ternary { value, mask } => number(value) == key & number(mask),
        Match::Range { low, high } => (number(low)..=number(high)).contains(&key),
        Match::Optional(value) => value.as_ref().is_none_or(|value| number(value) == key),
    }
}

/// Does an update of a list.
fn change<T: Clone>(
    list: &mut Vec<T>,
    kind: UpdateKind,
    at: Option<usize>,
    new: &T,
    is_used: bool,
    is_full: bool,
) -> Result<(), Code> {
    match (kind, at) {
        (UpdateKind::Insert, Some(_)) => return Err(Code::AlreadyExists),
        (UpdateKind::Modify | UpdateKind::Delete, None) => return Err(Code::NotFound),
        (UpdateKind::Insert, None) if is_full => return Err(Code::ResourceExhausted),
        (UpdateKind::Insert, None) => list.push(new.clone()),
        (UpdateKind::Modify, Some(at)) => list[at] = new.clone(),
        (UpdateKind::Delete, Some(_)) if is_used => return Err(Code::FailedPrecondition),
        (UpdateKind::Delete, Some(at)) => {
            list.remove(at);
        }
    }
    Ok(())
}

fn random_update(rng: &mut ChaCha8Rng) -> Update {
    let kinds = [UpdateKind::Insert, UpdateKind::Insert, UpdateKind::Modify, UpdateKind::Delete];
    let kind = kinds[rng.random_range(0..kinds.len())];
    let set = call("set", &[Bits::new(8, rng.random_range(1..200))]);
    let watch_port = rng.random_bool(0.5).then(|| PORTS[rng.random_range(0..2)]);
    let id = rng.random_range(1..4);
    let entity = match rng.random_range(0..8) {
        0 => Entity::Member(ProfileMember { profile: name("s"), id, action: set }),
        1 => {
            let members: Vec<GroupMember> = (1..4)
                .filter(|_| rng.random_bool(0.5))
                .map(|member| GroupMember {
                    member,
                    weight: u32::from(member != 3 || id != 3) * id,
                    watch_port,
                })
                .collect();
            Entity::Group(ProfileGroup { profile: name("s"), id, members, max_size: 0 })
        }
        2 | 3 => {
            let action = match rng.random_range(0..4) {
                0 => TableAction::Member(id),
                1 => TableAction::Group(id),
                _ => TableAction::Set(vec![
                    WeightedAction { action: set.clone(), weight: id, watch_port },
                    WeightedAction { action: set, weight: 1, watch_port: None },
                ]),
            };
            let matches = vec![Match::Exact(Bits::new(8, rng.random_range(0..4)))];
            Entity::Table(TableEntry::new(name("g"), matches, 0, action))
        }
        4 => {
            let matches = vec![Match::Exact(Bits::new(16, rng.random_range(0..5)))];
            Entity::Table(TableEntry::new(name("t"), matches, 0, set))
        }
        5 | 6 => {
            let length = rng.random_range(12..17);
            let value = &Bits::new(16, rng.random_range(0..8)) & &Bits::prefix_mask(16, length);
            Entity::Table(TableEntry::new(name("l"), vec![Match::Lpm { value, length }], 0, set))
        }
        _ => {
            let mask = Bits::new(8, rng.random_range(0..3));
            let value = &Bits::new(8, rng.random_range(0..4)) & &mask;
            let low = rng.random_range(0..5);
            let (low, high) = (Bits::new(16, low), Bits::new(16, low + rng.random_range(0..4)));
            let matches = vec![Match::Ternary { value, mask }, Match::Range { low, high }];
            Entity::Table(TableEntry::new(name("q"), matches, rng.random_range(1..3), set))
        }
    };
    Update { kind, entity }
}

fn compare_reads(switch: &Switch, model: &Model, when: &str) {
    let sorted = |mut entities: Vec<Entity>| {
        entities.sort_by_key(|entity| format!("{entity:?}"));
        entities
    };
    let read = |query| sorted(switch.read(&query).expect("a query"));
    let entries = model.entries.iter().cloned().map(Entity::Table).collect();
    assert_eq!(read(Query::Table(TableQuery::default())), sorted(entries), "{when}");
    let members = model.members.iter().cloned().map(Entity::Member).collect();
    assert_eq!(read(Query::Member { profile: None, id: None }), sorted(members), "{when}");
    let groups = model.groups.iter().cloned().map(Entity::Group).collect();
    assert_eq!(read(Query::Group { profile: Some(name("s")), id: None }), sorted(groups), "{when}");
}

fn compare_packets(rng: &mut ChaCha8Rng, worker: &mut Worker, model: &Model, up: [bool; 2], when: &str) {
    let is_up = |port: u16| PORTS.iter().zip(up).all(|(known, up)| *known != port || up);
    for _ in 0..12 {
        let (a, c) = (rng.random_range(0..4u8), rng.random_range(0..8u8));
        let mut kept = Kept::default();
        worker.process(&Ingress::new(1, 1, &[a, 0xff, 0, c]), &mut kept);
        let got = u64::from(kept.sent[0].data[1]);
        let expected = model.run(u64::from(a), 0xff, u64::from(c), &is_up);
        assert!(expected.contains(&got), "{when}: a {a}, c {c}: {got} is none of {expected:?}");
    }
}

#[test]
fn the_switch_does_what_a_plain_model_does() {
    for seed in 0..12 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let switch = switch(&program(DECLARATIONS, "apply t; apply l; apply q; apply g;", ""));
        let mut worker = switch.worker();
        let mut model = Model::default();
        let mut up = [true; 2];
        for batch in 0..150 {
            let when = format!("seed {seed}, batch {batch}");
            let updates: Vec<Update> = (0..rng.random_range(1..7)).map(|_| random_update(&mut rng)).collect();
            let kinds = [Atomicity::ContinueOnError, Atomicity::RollbackOnError, Atomicity::DataplaneAtomic];
            let atomicity = kinds[rng.random_range(0..3)];
            let expected = model.apply(&updates, atomicity);
            let errors =
                switch.write_batch(&updates, atomicity).err().map_or(Vec::new(), |errors| errors.errors);
            let errors: Vec<_> = errors.iter().map(|(index, error)| (*index, error.code())).collect();
            assert_eq!(errors, expected, "{when}: {atomicity:?} {updates:#?}");
            if rng.random_bool(0.1) {
                let port = rng.random_range(0..2);
                up[port] = !up[port];
                switch.set_port_up(PORTS[port], up[port]).expect("a port");
            }
            compare_reads(&switch, &model, &when);
            // A worker that rests keeps an old configuration, which the tables must not change.
            if rng.random_bool(0.7) {
                compare_packets(&mut rng, &mut worker, &model, up, &when);
            }
        }
    }
}

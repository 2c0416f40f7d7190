//! What is done with a program: entries, groups, packets; and what is seen of it.

use sluice_entities::{
    ActionCall, ActionScope, Bits, Branch, CloneSession, CounterData, Entity, GroupMember, Match, MatchKind,
    MulticastGroup, PipelineInfo, ProfileGroup, ProfileMember, Replica, TableAction, TableEntry, TableInfo,
    Update, UpdateKind, ValueSetEntry, ValueSetInfo,
};
use sluice_switch::{Digest, Ingress, Output, Sink, Switch, Verdict};

use super::forms::{Engine, Form};
use crate::campaign::Statistics;
use crate::trial::Dice;

/// Members of each action profile.
const MEMBERS: u32 = 3;

/// Entries and packets for one program, the same for each of its forms.
#[derive(Clone, Debug)]
pub struct Scene {
    updates: Vec<Update>,
    /// Port, time and bytes.
    packets: Vec<(u16, u64, Vec<u8>)>,
}

/// What came of one packet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    verdict: Option<Verdict>,
    /// Port, instance, bytes, length without cuts.
    sent: Vec<(u16, u16, Vec<u8>, u32)>,
    digests: Vec<(String, u64, Vec<Bits>)>,
}

/// What came of a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The packets, and what became of each.
    packets: Vec<(Vec<u8>, Seen)>,
    /// Counters and registers afterwards, by name and cell.
    counters: Vec<(String, Vec<CounterData>)>,
    /// The same of tables.
    direct_counters: Vec<(String, Vec<CounterData>)>,
    registers: Vec<(String, Vec<Bits>)>,
}

impl Sink for Seen {
    fn send(&mut self, output: Output<'_>) {
        let sent = (output.port, output.instance, output.data.to_vec(), output.original_length);
        self.sent.push(sent);
    }

    fn digest(&mut self, digest: Digest<'_>) {
        self.digests.push((digest.name.to_string(), digest.receiver, digest.data.to_vec()));
    }
}

/// A number that programs and packets have in common: small, at an edge or random.
fn bits(dice: &mut Dice, width: u32) -> Bits {
    match dice.below(4) {
        0 => Bits::ones(width),
        1 => Bits::from_bytes(width, &dice.bytes(width.div_ceil(8) as usize)),
        _ => Bits::new(width, dice.below(5) as u64),
    }
}

fn matched(dice: &mut Dice, kind: MatchKind, width: u32) -> Match {
    let value = bits(dice, width);
    match kind {
        MatchKind::Exact | MatchKind::Selector => Match::Exact(value),
        MatchKind::Lpm => {
            let length = dice.below(width as usize + 1) as u32;
            Match::Lpm { value: &value & &Bits::prefix_mask(width, length), length }
        }
        MatchKind::Ternary => {
            let mask =
                if dice.percent(40) { Bits::new(width, dice.below(4) as u64) } else { bits(dice, width) };
            Match::Ternary { value: &value & &mask, mask }
        }
        MatchKind::Range => {
            let other = bits(dice, width);
            let (low, high) = if value <= other { (value, other) } else { (other, value) };
            Match::Range { low, high }
        }
        MatchKind::Optional => Match::Optional(dice.percent(70).then_some(value)),
    }
}

/// A call with random data of an action that may stand in the table's entries.
fn call(dice: &mut Dice, info: &PipelineInfo, table: &TableInfo) -> Option<ActionCall> {
    let actions: Vec<_> =
        table.actions.iter().filter(|action| action.scope != ActionScope::DefaultOnly).collect();
    if actions.is_empty() {
        return None;
    }
    let action = info.action(&dice.pick(&actions).name)?;
    let params = action.params.iter().map(|param| bits(dice, param.width)).collect();
    Some(ActionCall { action: action.name.clone(), params })
}

/// Members for the table's profile, and the groups of a selector.
fn members(dice: &mut Dice, info: &PipelineInfo, table: &TableInfo, updates: &mut Vec<Update>) {
    let name = table.action_profile.as_ref();
    let Some(profile) = info.action_profiles.iter().find(|profile| Some(&profile.name) == name) else {
        return;
    };
    for id in 1..=MEMBERS {
        let Some(action) = call(dice, info, table) else { return };
        let member = ProfileMember { profile: profile.name.clone(), id, action };
        updates.push(Update { kind: UpdateKind::Insert, entity: Entity::Member(member) });
    }
    if profile.selector.is_some() {
        let member = |member| GroupMember { member, weight: 1, watch_port: None };
        let members = (1..=MEMBERS).map(member).collect();
        let group = ProfileGroup { profile: profile.name.clone(), id: 1, members, max_size: 0 };
        updates.push(Update { kind: UpdateKind::Insert, entity: Entity::Group(group) });
    }
}

fn entry(dice: &mut Dice, info: &PipelineInfo, table: &TableInfo) -> Option<Update> {
    if table.entries_are_const || table.keys.is_empty() {
        return None;
    }
    let action = match (&table.action_profile, table.selector_keys.is_empty()) {
        (None, _) => TableAction::Call(call(dice, info, table)?),
        (Some(_), false) if dice.percent(70) => TableAction::Group(1),
        (Some(_), _) => TableAction::Member(1 + dice.below(MEMBERS as usize) as u32),
    };
    let matches: Vec<_> = table.keys.iter().map(|key| matched(dice, key.kind, key.width)).collect();
    let is_ordered =
        |key: &MatchKind| matches!(key, MatchKind::Ternary | MatchKind::Range | MatchKind::Optional);
    let has_priority = table.keys.iter().any(|key| is_ordered(&key.kind));
    let priority = if has_priority { 1 + dice.below(1000) as u32 } else { 0 };
    let entry = TableEntry::new(table.name.clone(), matches, priority, action);
    Some(Update { kind: UpdateKind::Insert, entity: Entity::Table(entry) })
}

/// Members of a parser's value set.
fn value_set(dice: &mut Dice, set: &ValueSetInfo) -> Update {
    let member = |dice: &mut Dice| {
        set.fields.iter().map(|field| matched(dice, field.kind, field.width)).collect::<Vec<_>>()
    };
    let mut members: Vec<_> = (0..dice.below(3)).map(|_| member(dice)).collect();
    members.dedup();
    let entry = ValueSetEntry { set: set.name.clone(), members };
    Update { kind: UpdateKind::Modify, entity: Entity::ValueSet(entry) }
}

/// Bytes that programs look at: small numbers mostly.
fn packet(dice: &mut Dice) -> Vec<u8> {
    let length = if dice.percent(10) { dice.below(20) } else { 20 + dice.below(130) };
    let small = dice.percent(70);
    (0..length)
        .map(|_| if small && dice.percent(70) { dice.below(5) as u8 } else { dice.word() as u8 })
        .collect()
}

impl Scene {
    /// Random entries for its tables, groups and sessions of the numbers that programs use, packets.
    pub fn random(dice: &mut Dice, info: &PipelineInfo) -> Self {
        let mut updates = Vec::new();
        updates.extend(info.value_sets.iter().map(|set| value_set(dice, set)));
        for table in &info.tables {
            members(dice, info, table, &mut updates);
            for _ in 0..dice.below(6) {
                updates.extend(entry(dice, info, table));
            }
        }
        for id in 1..3 {
            let replicas = (1..=id).map(|port| Replica { port, instance: port + 10 });
            let group = MulticastGroup::new(id, replicas);
            updates.push(Update { kind: UpdateKind::Insert, entity: Entity::Multicast(group) });
            let session = CloneSession {
                id,
                branches: vec![Branch::from(Replica { port: id + 4, instance: 0 })],
                ..CloneSession::default()
            };
            updates.push(Update { kind: UpdateKind::Insert, entity: Entity::Clone(session) });
        }
        let packets = (0..12)
            .map(|number| (dice.below(4) as u16, 1_000_000_000 + number * 1_000_000, packet(dice)))
            .collect();
        Self { updates, packets }
    }

    /// Plays the scene.
    ///
    /// # Errors
    /// Where the switch does not take the program.
    pub fn run(&self, form: &Form, engine: &Engine) -> Result<Witness, String> {
        let switch =
            Switch::new(&form.module, engine.options.clone()).map_err(|why| format!("no switch: {why}"))?;
        for update in &self.updates {
            // Entries that are there twice or too many are refused, by every form alike.
            let _ = switch.write(std::slice::from_ref(update));
        }
        let mut worker = switch.worker();
        let mut packets = Vec::new();
        for (port, time_ns, data) in &self.packets {
            let mut seen = Seen { verdict: None, sent: Vec::new(), digests: Vec::new() };
            let verdict = worker.process(&Ingress::new(*port, *time_ns, data), &mut seen);
            seen.verdict = Some(verdict);
            packets.push((data.clone(), seen));
        }
        drop(worker);
        let info = switch.info();
        let counters = info
            .counters
            .iter()
            .map(|counter| {
                let cells = (0..counter.size).filter_map(|cell| switch.counter(&counter.name, cell));
                (counter.name.to_string(), cells.collect::<Vec<_>>())
            })
            .collect();
        let mut direct_counters = Vec::new();
        for table in &info.tables {
            if let Some(direct) = switch.direct_counters(&table.name) {
                let cells = direct.entries.into_iter().map(|(_, data)| data).chain([direct.default]);
                direct_counters.push((table.name.to_string(), cells.collect()));
            }
        }
        let registers = info.registers.iter().map(|register| {
            let cells = (0..register.size).filter_map(|cell| switch.register(&register.name, cell));
            (register.name.to_string(), cells.collect::<Vec<_>>())
        });
        Ok(Witness { packets, counters, direct_counters, registers: registers.collect() })
    }
}

impl Witness {
    /// The same without the counters and registers that the other has not, because nothing uses them, and without tables'
    /// counters: bmv2 counts wherever a table is applied, whether the action says `count` or not.
    pub fn as_bmv2_can_say_with(&self, other: &Self) -> Self {
        let mut own = self.clone();
        own.direct_counters.clear();
        own.counters.retain(|(name, _)| other.counters.iter().any(|(known, _)| known == name));
        own.registers.retain(|(name, _)| other.registers.iter().any(|(known, _)| known == name));
        own
    }

    /// What is different, in words.
    pub fn difference(&self, other: &Self) -> String {
        for ((packet, one), (_, two)) in self.packets.iter().zip(&other.packets) {
            if one != two {
                return format!("packet {packet:02x?}\ngives {one:02x?}\nand   {two:02x?}");
            }
        }
        let all = |own: &Self| [own.counters.clone(), own.direct_counters.clone()].concat();
        let (one, two) = (all(self), all(other));
        let counters = one.iter().zip(&two).find(|(one, two)| one != two);
        let registers = self.registers.iter().zip(&other.registers).find(|(one, two)| one != two);
        format!("counters {counters:?}, registers {registers:?}")
    }

    /// Adds what the scene was like.
    pub fn count(&self, statistics: &mut Statistics) {
        let mut sent = 0;
        for (packet, seen) in &self.packets {
            statistics.count("packets");
            statistics.add("packets sent", seen.sent.len() as u64);
            statistics.add("digests", seen.digests.len() as u64);
            let same = seen.sent.iter().filter(|sent| sent.2 == *packet).count();
            statistics.add("packets sent as they came", same as u64);
            sent += seen.sent.len();
        }
        statistics.add("programs that drop all packets", u64::from(sent == 0));
    }
}

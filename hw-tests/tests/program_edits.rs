//! Random edits of random frames, the program's tables written by hand: every byte is the oracle's.

use std::sync::Arc;

use sluice_broker::Build;
use sluice_conformance::captures::Captured;
use sluice_conformance::generate::{Frames, Values, edits};
use sluice_conformance::model::{Anchor, Edits, Stamp};
use sluice_conformance::oracle::decode::decode;
use sluice_conformance::oracle::edits::apply;
use sluice_conformance::trial;
use sluice_entities::{
    ActionCall, Bits, DefaultEntry, Entity, Match, MulticastGroup, Replica, TableEntry, Update, UpdateKind,
};
use sluice_switch::{Ingress, Output, Sink, Switch, SwitchOptions};

const PORT: u16 = 1;
const TOOL: u16 = 9;
const INSTANCE: u16 = 5;
const SOURCE: u64 = 3;
const LABEL: u16 = 0xabc;

fn bits(width: u32, value: u64) -> Bits {
    Bits::new(width, value)
}

fn call(action: &str, params: &[(u32, u64)]) -> ActionCall {
    ActionCall {
        action: Arc::from(action),
        params: params.iter().map(|(width, value)| bits(*width, *value)).collect(),
    }
}

fn entry(table: &str, matches: &[(u32, u64)], action: ActionCall) -> Update {
    let matches = matches.iter().map(|(width, value)| Match::Exact(bits(*width, *value))).collect();
    let entry = TableEntry::new(Arc::from(table), matches, 0, action);
    Update { kind: UpdateKind::Insert, entity: Entity::Table(entry) }
}

/// Everything from one port goes to one tool.
fn everything() -> Vec<Update> {
    let activate = call("ingress.activate", &[(256, 1), (256, 0), (256, 0), (128, 0)]);
    let policy = DefaultEntry::new(Arc::from("ingress.policy"), Some(activate));
    let group = MulticastGroup::new(7, [Replica { port: TOOL, instance: INSTANCE }]);
    vec![
        Update { kind: UpdateKind::Modify, entity: Entity::Default(policy) },
        entry(
            "ingress.network_port",
            &[(9, u64::from(PORT))],
            call("ingress.admit", &[(256, 1), (9, SOURCE), (1, 0)]),
        ),
        entry("ingress.collect_0", &[(8, 1)], call("ingress.collect", &[(128, 1)])),
        entry("ingress.deliver", &[(128, 1)], call("ingress.send", &[(16, 7)])),
        Update { kind: UpdateKind::Insert, entity: Entity::Multicast(group) },
    ]
}

fn anchor(anchor: Anchor) -> u64 {
    match anchor {
        Anchor::Frame => 0,
        Anchor::L3 => 1,
        Anchor::L4 => 2,
        Anchor::Payload => 3,
        Anchor::InnerL3 => 4,
        Anchor::InnerL4 => 5,
        Anchor::InnerPayload => 6,
    }
}

/// The entries of the instance.
fn entries(edits: &Edits) -> Vec<Update> {
    let instance = (16, u64::from(INSTANCE));
    let mut updates = Vec::new();
    let mut add = |table: &str, keys: &[(u32, u64)], action: &str, params: &[(u32, u64)]| {
        updates.push(entry(&format!("egress.{table}"), keys, call(&format!("egress.{action}"), params)));
    };
    if edits.strip != 0 {
        add("strip", &[instance], "strip", &[(16, u64::from(edits.strip))]);
    }
    for (i, mask) in edits.masks.iter().enumerate() {
        let at = (3, anchor(mask.at));
        let params = [at, (16, mask.offset.into()), (16, mask.length.into()), (8, mask.value.into())];
        add(&format!("mask_{i}"), &[instance], "mask", &params);
    }
    if let Some((at, bytes)) = edits.slice {
        add("slice", &[instance], "slice", &[(3, anchor(at)), (16, bytes.into())]);
    }
    if edits.label {
        add("label", &[instance, (9, SOURCE)], "push_label", &[(12, LABEL.into())]);
    }
    match edits.stamp {
        Some(Stamp::D28b { long, utc }) => {
            let version = if long { 0x0010 } else { 0x0020 } | if utc { 0x0100 } else { 0 };
            let offset = if utc { 0 } else { 37 };
            add("stamp", &[instance], "stamp_d28b", &[(16, version), (16, offset)]);
        }
        Some(Stamp::Vss { source, port_bytes, port }) => {
            let params = [(2, source.into()), (2, port_bytes.into()), (16, port.into())];
            add("stamp", &[instance], "stamp_vss", &params);
        }
        Some(Stamp::Ixia { source }) => add("stamp", &[instance], "stamp_ixia", &[(8, source.into())]),
        Some(Stamp::Metamako { degraded, device, port }) => {
            let flags = if degraded { 0x10 } else { 0 };
            let params = [(8, flags), (16, device.into()), (8, port.into())];
            add("stamp", &[instance], "stamp_metamako", &params);
        }
        Some(Stamp::Exablaze { device, port }) => {
            add("stamp", &[instance], "stamp_exablaze", &[(8, device.into()), (8, port.into())]);
        }
        None => {}
    }
    updates
}

struct One(Option<(Vec<u8>, u32)>);

impl Sink for One {
    fn send(&mut self, output: Output<'_>) {
        assert_eq!((output.port, output.instance), (TOOL, INSTANCE));
        assert!(self.0.replace((output.data.to_vec(), output.original_length)).is_none(), "two copies");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_edit_is_byte_exact() {
    let module = sluice_conformance::harness::module(Build::default());
    let switch = Switch::new(&module, SwitchOptions::default()).expect("the program runs");
    switch.write(&everything()).expect("the program has these tables");
    let mut worker = switch.worker();
    trial::each(100, trial::count(400, 20_000), |dice| {
        let values = Values::new(dice, false);
        let frames = Frames::new(&values, 25);
        let edits = edits(dice);
        let mut updates = entries(&edits);
        switch.write(&updates).unwrap_or_else(|error| panic!("{error}"));
        for number in 0..40 {
            let frame = Captured { time_ns: 1_700_000_000_123_456_789 + number, ..frames.next(dice) };
            let ingress = Ingress {
                port: PORT,
                time_ns: frame.time_ns,
                data: &frame.data,
                wire_length: frame.wire_length,
                bad_frame: false,
            };
            let mut one = One(None);
            worker.process(&ingress, &mut one);
            let (data, original) = one.0.expect("one copy");
            let expected = apply(&frame, &edits, LABEL);
            assert!(
                (&data, original) == (&expected.data, expected.original_length),
                "{edits:?}\nframe    {}\nof {}, {:?}\ngot      {} of {original}\nexpected {} of {}",
                hex(&frame.data),
                frame.wire_length,
                decode(&frame.data, frame.wire_length),
                hex(&data),
                hex(&expected.data),
                expected.original_length,
            );
        }
        for update in &mut updates {
            update.kind = UpdateKind::Delete;
        }
        switch.write(&updates).unwrap_or_else(|error| panic!("{error}"));
    });
}

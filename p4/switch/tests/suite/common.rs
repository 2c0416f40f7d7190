//! Modules from text, packets, and a sink that keeps what comes out.

use std::sync::Arc;

use sluice_diagnostics::Sources;
use sluice_entities::{
    ActionCall, Bits, Entity, Match, MulticastGroup, Replica, TableEntry, Update, UpdateKind,
};
use sluice_ir::{Module, text, verify};
use sluice_switch::{Digest, Ingress, Output, Sink, Switch, SwitchOptions, Verdict};

/// Declarations that most tests share: a header of four bytes that the parser takes and the deparser gives.
pub(crate) const PRELUDE: &str = "
header_type four_t { a: bit<8>; b: bit<8>; c: bit<16>; }
header hdr.four: four_t;
intrinsic sm.ingress_port: bit<9> is ingress_port;
intrinsic sm.egress_spec: bit<9> is egress_spec;
intrinsic sm.egress_port: bit<9> is egress_port;
intrinsic sm.instance_type: bit<32> is instance_type;
intrinsic sm.packet_length: bit<32> is packet_length;
intrinsic sm.mcast_grp: bit<16> is mcast_grp;
intrinsic sm.egress_rid: bit<16> is egress_rid;
intrinsic sm.parser_error: error is parser_error;
intrinsic sm.checksum_error: bit<1> is checksum_error;
action NoAction() { }
";

/// A parser for it.
pub(crate) const PARSER: &str = "parser { state start { extract(hdr.four); goto accept; } }\n";

/// A deparser for it.
pub(crate) const DEPARSER: &str = "deparser { emit(hdr.four); }\n";

/// The prelude, then declarations, then the ingress statements, egress statements.
pub(crate) fn program(declarations: &str, ingress: &str, egress: &str) -> String {
    format!(
        "{PRELUDE}{declarations}\n{PARSER}verify_checksum {{ }}\ningress {{ {ingress} }}\negress {{ {egress} }}\ncompute_checksum {{ }}\n{DEPARSER}"
    )
}

/// Reads and verifies a module.
pub(crate) fn module(source: &str) -> Module {
    let mut sources = Sources::new();
    let id = sources.add("test.ir", source);
    let module = match text::read(&sources, id) {
        Ok(module) => module,
        Err(errors) => panic!("{}", errors.render(&sources)),
    };
    if let Err(errors) = verify::verify(&module) {
        panic!("{}", errors.render(&sources));
    }
    module
}

/// A switch that runs a module.
pub(crate) fn switch(source: &str) -> Switch {
    Switch::new(&module(source), SwitchOptions::default()).expect("the module is within bounds")
}

/// One frame that came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) port: u16,
    pub(crate) instance: u16,
    pub(crate) data: Vec<u8>,
    pub(crate) original_length: u32,
}

/// Keeps everything.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) sent: Vec<Sent>,
    pub(crate) digests: Vec<(String, u64, Vec<Bits>)>,
}

impl Sink for Kept {
    fn send(&mut self, output: Output<'_>) {
        self.sent.push(Sent {
            port: output.port,
            instance: output.instance,
            data: output.data.to_vec(),
            original_length: output.original_length,
        });
    }

    fn digest(&mut self, digest: Digest<'_>) {
        self.digests.push((digest.name.to_string(), digest.receiver, digest.data.to_vec()));
    }
}

/// Puts one packet of port 1 through a switch.
pub(crate) fn pass(switch: &Switch, data: &[u8]) -> (Verdict, Kept) {
    let mut kept = Kept::default();
    let verdict = switch.worker().process(&Ingress::new(1, 1_000_000_000, data), &mut kept);
    (verdict, kept)
}

/// The bytes of the only frame that comes out.
pub(crate) fn frame(switch: &Switch, data: &[u8]) -> Vec<u8> {
    let (verdict, kept) = pass(switch, data);
    assert_eq!(kept.sent.len(), 1, "{verdict:?}");
    kept.sent[0].data.clone()
}

pub(crate) fn name(text: &str) -> Arc<str> {
    Arc::from(text)
}

pub(crate) fn call(action: &str, params: &[Bits]) -> ActionCall {
    ActionCall { action: name(action), params: params.to_vec() }
}

pub(crate) fn entry(table: &str, matches: &[Match], priority: u32, action: ActionCall) -> TableEntry {
    TableEntry::new(name(table), matches.to_vec(), priority, action)
}

pub(crate) fn insert(entity: Entity) -> Update {
    Update { kind: UpdateKind::Insert, entity }
}

pub(crate) fn modify(entity: Entity) -> Update {
    Update { kind: UpdateKind::Modify, entity }
}

pub(crate) fn delete(entity: Entity) -> Update {
    Update { kind: UpdateKind::Delete, entity }
}

pub(crate) fn group(id: u16, replicas: &[(u16, u16)]) -> Entity {
    let replicas = replicas.iter().map(|(port, instance)| Replica { port: *port, instance: *instance });
    Entity::Multicast(MulticastGroup::new(id, replicas))
}

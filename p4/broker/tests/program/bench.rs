//! A broker of one term and one copy, whose tables a test fills by hand.

use std::sync::{Arc, OnceLock};

use sluice_broker::Build;
use sluice_entities::{
    ActionCall, Bits, DefaultEntry, Entity, Match, MatchKind, MulticastGroup, Replica, TableEntry, Update,
    UpdateKind,
};
use sluice_ir::Module;
use sluice_switch::{Ingress, Output, Sink, Switch, SwitchOptions, Worker};

/// Where packets come in, and where the copy's tool is.
pub(crate) const TAP: u16 = 1;
/// The tool's port.
pub(crate) const TOOL: u16 = 9;
/// The copy's instance.
pub(crate) const INSTANCE: u64 = 5;
/// The tap's source id.
pub(crate) const SOURCE: u64 = 3;

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Its bytes.
    pub(crate) data: Vec<u8>,
    /// Its length without the slice.
    pub(crate) original_length: u32,
    /// By which port.
    pub(crate) port: u16,
}

#[derive(Default)]
struct Collector(Vec<Sent>);

impl Sink for Collector {
    fn send(&mut self, output: Output<'_>) {
        self.0.push(Sent {
            data: output.data.to_vec(),
            original_length: output.original_length,
            port: output.port,
        });
    }
}

/// The switch, and what runs it.
pub(crate) struct Bench {
    /// The switch.
    pub(crate) switch: Switch,
    worker: Worker,
}

impl Bench {
    /// Every packet from the tap matches term 0, whose copy 0 goes to the tool.
    pub(crate) fn new(build: Build) -> Self {
        static DEFAULT: OnceLock<Module> = OnceLock::new();
        let compile = || match sluice_broker::compile(build) {
            Ok(module) => module,
            Err((found, sources)) => panic!("{}", found.render(&sources)),
        };
        let other;
        let module = if build == Build::default() {
            DEFAULT.get_or_init(compile)
        } else {
            other = compile();
            &other
        };
        let switch = Switch::new(module, SwitchOptions::default()).expect("the program can be prepared");
        let worker = switch.worker();
        let bench = Self { switch, worker };
        bench.default("ingress.policy", "ingress.activate", &[1, 0, 0, 0]);
        bench.entry("ingress.network_port", &[u64::from(TAP)], "ingress.admit", &[1, SOURCE, 0]);
        bench.entry("ingress.collect_0", &[1], "ingress.collect", &[1]);
        bench.entry("ingress.deliver", &[1], "ingress.send", &[1]);
        let replicas = vec![Replica { port: TOOL, instance: INSTANCE as u16 }];
        bench.write(UpdateKind::Insert, Entity::Multicast(MulticastGroup::new(1, replicas)));
        bench
    }

    /// Writes one entity.
    pub(crate) fn write(&self, kind: UpdateKind, entity: Entity) {
        if let Err(error) = self.switch.write(&[Update { kind, entity }]) {
            panic!("{error}");
        }
    }

    fn call(&self, action: &str, values: &[u64]) -> ActionCall {
        let info = self.switch.info().action(action).unwrap_or_else(|| panic!("no action {action}"));
        let params: Vec<Bits> =
            info.params.iter().zip(values).map(|(param, value)| Bits::new(param.width, *value)).collect();
        assert_eq!(params.len(), info.params.len(), "parameters of {action}");
        ActionCall { action: Arc::from(action), params }
    }

    /// Sets the default action of a table.
    pub(crate) fn default(&self, table: &str, action: &str, values: &[u64]) {
        let action = Some(self.call(action, values));
        self.write(UpdateKind::Modify, Entity::Default(DefaultEntry::new(Arc::from(table), action)));
    }

    /// Adds an entry that matches exactly these values, whatever the kind of the key.
    pub(crate) fn entry(&self, table: &str, values: &[u64], action: &str, data: &[u64]) {
        let wide: Vec<u128> = values.iter().map(|value| u128::from(*value)).collect();
        self.wide_entry(table, &wide, action, data);
    }

    /// The same for values of more than 64 bits.
    pub(crate) fn wide_entry(&self, table: &str, values: &[u128], action: &str, data: &[u64]) {
        let info = self.switch.info().table(table).unwrap_or_else(|| panic!("no table {table}"));
        assert_eq!(info.keys.len(), values.len(), "keys of {table}");
        let mut priority = 0;
        let matches = info.keys.iter().zip(values).map(|(key, value)| {
            let value = Bits::from_u128(key.width, *value);
            match key.kind {
                MatchKind::Lpm => Match::Lpm { value, length: key.width },
                MatchKind::Ternary => {
                    priority = 1;
                    Match::Ternary { value, mask: Bits::ones(key.width) }
                }
                MatchKind::Range => {
                    priority = 1;
                    Match::Range { low: value.clone(), high: value }
                }
                MatchKind::Exact | MatchKind::Optional | MatchKind::Selector => Match::Exact(value),
            }
        });
        let matches = matches.collect();
        let entry = TableEntry::new(Arc::from(table), matches, priority, self.call(action, data));
        self.write(UpdateKind::Insert, Entity::Table(entry));
    }

    /// An edit of the copy's instance.
    pub(crate) fn edit(&self, table: &str, action: &str, data: &[u64]) {
        self.entry(&format!("egress.{table}"), &[INSTANCE], &format!("egress.{action}"), data);
    }

    /// Whether a table is applied only to packets with a tunnel.
    pub(crate) fn is_of_tunnel(&self, table: &str) -> bool {
        let ids = ["narrow_vni", "narrow_teid", "narrow_gre_key"];
        table.contains(".narrow_inner_") || ids.iter().any(|id| table.ends_with(id))
    }

    /// Which terms listen to the tap.
    pub(crate) fn write_admission(&self, survivors: u64) {
        let matches = vec![Match::Exact(Bits::new(9, u64::from(TAP)))];
        let action = self.call("ingress.admit", &[survivors, SOURCE, 0]);
        let table = Arc::from("ingress.network_port");
        self.write(UpdateKind::Modify, Entity::Table(TableEntry::new(table, matches, 0, action)));
    }

    /// What becomes of a frame from the tap.
    pub(crate) fn run_at(&mut self, time_ns: u64, data: &[u8]) -> Vec<Sent> {
        let mut sent = Collector::default();
        self.worker.process(&Ingress::new(TAP, time_ns, data), &mut sent);
        sent.0
    }

    /// The frame that the tool gets of this one, which must be one.
    pub(crate) fn run(&mut self, data: &[u8]) -> Vec<u8> {
        let mut sent = self.run_at(1_700_000_000_123_456_789, data);
        assert_eq!(sent.len(), 1, "copies");
        sent.remove(0).data
    }

    /// The tap's counter of outcomes.
    pub(crate) fn outcome(&self, reason: u64) -> u64 {
        let cell = u64::from(TAP) * 8 + reason;
        self.switch.counter("ingress.outcome", cell).expect("the counter of outcomes").packets
    }

    /// The instance's counter of outcomes.
    pub(crate) fn copy_outcome(&self, reason: u64) -> u64 {
        self.switch
            .counter("egress.copy_outcome", INSTANCE * 8 + reason)
            .expect("the counter of copies")
            .packets
    }
}

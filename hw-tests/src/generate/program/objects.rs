//! Statements with effects on tables, externs and the packet's way.

use super::scalar::Scalar;
use super::scope::{Callable, Named};
use super::statements::INDEX_BITS;
use super::types::Ty;
use super::writer::{Gress, Place, Writer};

const HASHES: [&str; 6] = ["crc32", "crc16", "csum16", "xor16", "identity", "crc32_custom"];

impl Writer<'_> {
    /// A statement that calls something.
    pub(super) fn object(&mut self, place: Place) {
        let in_control = place == Place::Control;
        match self.dice.below(16) {
            0..=3 if in_control => self.apply_table(),
            4 if in_control => self.apply_instance(),
            5 => self.call_action(),
            6 => self.count(),
            7..=8 => self.access_register(),
            9 => self.measure(),
            10 => self.hash(),
            11..=12 => self.direct(),
            13 => self.say(),
            _ => self.replicate(),
        }
    }

    fn apply_table(&mut self) {
        if self.objects.tables.is_empty() {
            return self.call_action();
        }
        let index = self.dice.below(self.objects.tables.len());
        let (table, actions) = self.objects.tables[index].clone();
        match self.dice.below(4) {
            0 => {
                let word = *self.dice.pick(&["hit", "miss"]);
                self.note("apply().hit or miss");
                self.open(&format!("if ({table}.apply().{word})"));
                self.statements(Place::Action, 0);
                self.close();
            }
            1 if !actions.is_empty() => {
                self.note("switch on action_run");
                self.open(&format!("switch ({table}.apply().action_run)"));
                for (index, action) in actions.iter().enumerate() {
                    if index + 1 < actions.len() && self.dice.percent(20) {
                        self.line(&format!("{action}:"));
                        continue;
                    }
                    self.open(&format!("{action}:"));
                    self.statements(Place::Action, 0);
                    self.close();
                }
                if self.dice.percent(50) {
                    self.open("default:");
                    self.statements(Place::Action, 0);
                    self.close();
                }
                self.close();
            }
            _ => self.line(&format!("{table}.apply();")),
        }
        self.note("table applied");
        // A table is applied in one place: bmv2 has no other.
        self.objects.tables.remove(index);
    }

    fn apply_instance(&mut self) {
        if self.objects.instances.is_empty() {
            return self.apply_table();
        }
        let instance = self.dice.pick(&self.objects.instances).clone();
        if let Some(call) = self.call(&instance, &["hdr", "meta"]) {
            self.note("sub-control applied");
            self.line(&format!("{call};"));
        }
    }

    fn call_action(&mut self) {
        if self.objects.actions.is_empty() {
            return self.say();
        }
        let action = self.dice.pick(&self.objects.actions).clone();
        if let Some(call) = self.call(&action, &[]) {
            self.note("action called directly");
            self.line(&format!("{call};"));
        }
    }

    fn index(&mut self) -> String {
        format!("(bit<32>) ({})", self.value(Scalar::Bit(INDEX_BITS)))
    }

    fn count(&mut self) {
        if self.objects.counters.is_empty() {
            return self.access_register();
        }
        let counter = self.dice.pick(&self.objects.counters).0.clone();
        let index = self.index();
        self.note("counter");
        self.line(&format!("{counter}.count({index});"));
    }

    fn access_register(&mut self) {
        if self.objects.registers.is_empty() {
            return self.hash();
        }
        let (register, ty, _) = self.dice.pick(&self.objects.registers).clone();
        let index = self.index();
        self.note("register");
        if self.dice.percent(60) {
            let value = self.value(ty);
            return self.line(&format!("{register}.write({index}, {value});"));
        }
        let fits = |leaf: &&Named| leaf.is_writable && leaf.ty == Ty::Scalar(ty);
        let fitting: Vec<_> = self.scope.leaves.iter().filter(fits).collect();
        if fitting.is_empty() {
            return;
        }
        let to = self.dice.pick(&fitting).text.clone();
        self.line(&format!("{register}.read({to}, {index});"));
    }

    fn bits(&mut self, least: u32) -> Option<Named> {
        let fits = |leaf: &&Named| {
            leaf.is_writable && matches!(leaf.ty, Ty::Scalar(Scalar::Bit(width)) if width >= least)
        };
        let fitting: Vec<_> = self.scope.leaves.iter().filter(fits).collect();
        (!fitting.is_empty()).then(|| (*self.dice.pick(&fitting)).clone())
    }

    fn measure(&mut self) {
        let (Some(to), false) = (self.bits(2), self.objects.meters.is_empty()) else { return self.hash() };
        let meter = self.dice.pick(&self.objects.meters).0.clone();
        let index = self.index();
        self.note("meter");
        self.line(&format!("{meter}.execute_meter({index}, {});", to.text));
    }

    fn hash(&mut self) {
        let Some(Named { text, ty: Ty::Scalar(ty), .. }) = self.bits(8) else { return };
        let data: Vec<_> = (0..1 + self.dice.below(3))
            .map(|_| {
                let width = 8 * (1 + self.dice.below(5) as u32);
                self.value(Scalar::Bit(width))
            })
            .collect();
        let algorithm = *self.dice.pick(&HASHES);
        let base = self.value(ty);
        let most = 1 + self.dice.below(250);
        self.note("hash");
        let width = ty.width().unwrap_or(8);
        self.line(&format!(
            "hash({text}, HashAlgorithm.{algorithm}, {base}, {{ {} }}, {width}w{most});",
            data.join(", ")
        ));
    }

    /// What decides on the packet's way.
    fn direct(&mut self) {
        if self.gress == Gress::Any {
            return self.say();
        }
        let condition = self.rare();
        match self.dice.below(5) {
            0 => {
                self.note("mark_to_drop");
                self.line(&format!("if ({condition}) {{ mark_to_drop(standard); }}"));
            }
            1 => {
                self.note("truncate");
                let length = 20 + self.dice.below(60);
                self.line(&format!("if ({condition}) {{ truncate(32w{length}); }}"));
            }
            _ if self.gress == Gress::Ingress => {
                let port = self.dice.below(8);
                self.line(&format!("standard.egress_spec = {port};"));
            }
            _ => self.note("truncate"),
        }
    }

    /// Multicast, clones and further rounds, each for packets that are new only, so that there is an end.
    fn replicate(&mut self) {
        let condition = self.expression(Scalar::Bool, 2);
        let new = format!("standard.instance_type == 0 && ({condition})");
        let session = self.dice.below(3);
        let line = match (self.gress, self.dice.below(4)) {
            (Gress::Any, _) => return self.say(),
            (Gress::Ingress, 0) => {
                self.note("multicast");
                format!("standard.mcast_grp = {};", self.dice.below(3))
            }
            (Gress::Ingress, 1) => {
                self.note("clone");
                format!("clone(CloneType.I2E, {session});")
            }
            (Gress::Ingress, 2) => {
                self.note("clone with fields");
                format!("clone_preserving_field_list(CloneType.I2E, {session}, 1);")
            }
            (Gress::Ingress, _) => {
                self.note("resubmit");
                "resubmit_preserving_field_list(1);".to_string()
            }
            (Gress::Egress, 0..=1) => {
                self.note("clone");
                format!("clone_preserving_field_list(CloneType.E2E, {session}, 1);")
            }
            (Gress::Egress, _) => {
                self.note("recirculate");
                "recirculate_preserving_field_list(1);".to_string()
            }
        };
        self.line(&format!("if ({new}) {{ {line} }}"));
    }

    /// What is said to people, to the control plane or to nobody.
    fn say(&mut self) {
        match self.dice.below(5) {
            0 => {
                let value = self.value(Scalar::Bit(16));
                self.note("log_msg");
                self.line(&format!("log_msg(\"value {{}}\", {{ {value} }});"));
            }
            1 => {
                let value = self.value(Scalar::Bit(8));
                self.note("assert or assume");
                let word = *self.dice.pick(&["assert", "assume"]);
                self.line(&format!("{word}(({value}) <= 8w255);"));
            }
            2 if self.gress == Gress::Ingress => {
                let (first, second) = (self.value(Scalar::Bit(8)), self.value(Scalar::Bit(32)));
                self.note("digest");
                self.line(&format!("digest<digest_t>(1, {{ {first}, {second} }});"));
            }
            3 => {
                let Some(Named { text, ty: Ty::Scalar(ty), .. }) = self.bits(8) else { return };
                let width = ty.width().unwrap_or(8);
                self.note("random");
                // Between two equal bounds, so that every engine has the same.
                self.line(&format!("random({text}, {width}w7, {width}w7);"));
            }
            _ => self.hash_or_register(),
        }
    }

    fn hash_or_register(&mut self) {
        if self.objects.registers.is_empty() { self.hash() } else { self.access_register() }
    }

    /// An instance of a sub-control, callable with what follows headers and metadata.
    pub(super) fn instantiate(&mut self) {
        if self.sub_controls.is_empty() {
            return;
        }
        let of = self.dice.pick(&self.sub_controls).clone();
        let name = self.name("sub");
        let number = self.dice.below(200);
        self.line(&format!("{}(8w{number}) {name};", of.name));
        self.objects.instances.push(Callable {
            name: format!("{name}.apply"),
            parameters: of.parameters,
            returns: None,
        });
    }
}

//! Actions and tables.

use std::collections::BTreeSet;

use num_bigint::BigInt;

use super::scalar::{Scalar, literal, value};
use super::scope::{Callable, Direction, Parameter};
use super::statements::INDEX_BITS;
use super::types::Ty;
use super::writer::{Place, Writer};

/// A key field.
struct Key {
    ty: Ty,
    kind: &'static str,
}

impl Writer<'_> {
    /// Externs, sub-controls, actions and tables of a control.
    pub(super) fn declare_objects(&mut self) {
        let cells = 1 << INDEX_BITS;
        for _ in 0..self.dice.below(2) {
            let name = self.name("counter");
            let kind = *self.dice.pick(&["packets", "bytes", "packets_and_bytes"]);
            self.line(&format!("counter({cells}, CounterType.{kind}) {name};"));
            self.objects.counters.push((name, cells));
        }
        for _ in 0..self.dice.below(2) {
            let name = self.name("meter");
            let kind = *self.dice.pick(&["packets", "bytes"]);
            self.line(&format!("meter({cells}, MeterType.{kind}) {name};"));
            self.objects.meters.push((name, cells));
        }
        for _ in 0..self.dice.below(3) {
            let name = self.name("register");
            let width = Scalar::width_of(self.dice);
            let ty = if self.dice.percent(80) { Scalar::Bit(width) } else { Scalar::Int(width) };
            self.line(&format!("register<{ty}>({cells}) {name};"));
            self.objects.registers.push((name, ty, cells));
        }
        for _ in 0..self.dice.below(2) {
            self.instantiate();
        }
        for _ in 0..self.dice.below(2) {
            self.local();
        }
        for _ in 0..1 + self.dice.below(2 + self.size) {
            self.action();
        }
        for _ in 0..self.dice.below(2 + self.size) {
            self.table();
        }
    }

    fn action(&mut self) {
        let name = self.name("action");
        let mut parameters = Vec::new();
        if self.dice.percent(30) {
            parameters = self.parameters(2, &[Direction::In, Direction::Out, Direction::InOut]);
            self.note("action with directions");
        }
        for _ in 0..self.dice.below(3) {
            let width = Scalar::width_of(self.dice);
            let name = self.name("d");
            parameters.push(Parameter { name, direction: Direction::None, ty: Scalar::Bit(width) });
            self.note("action data");
        }
        let declared = self.declared(&parameters);
        let annotation = self.annotation();
        let mark = self.scope.mark();
        self.open(&format!("{annotation}action {name}({declared})"));
        self.enter(&parameters);
        self.statements(Place::Action, 1);
        self.close();
        self.scope.reset(mark);
        self.objects.actions.push(Callable { name, parameters, returns: None });
    }

    fn table(&mut self) {
        let name = self.name("table");
        let has_selector = self.dice.percent(10);
        let has_profile = !has_selector && self.dice.percent(10);
        let direct_counter = self.dice.percent(20).then(|| self.direct_counter());
        let direct_meter = self.dice.percent(12).then(|| self.direct_meter());
        let annotation = self.annotation();
        self.open(&format!("{annotation}table {name}"));
        let keys = self.keys(has_selector);
        let own: Vec<_> =
            [&direct_counter, &direct_meter].into_iter().flatten().map(|own| own.1.clone()).collect();
        let actions = self.actions(&own);
        if has_selector {
            self.note("action selector");
            self.line("implementation = action_selector(HashAlgorithm.crc16, 16, 8);");
        } else if has_profile {
            self.note("action profile");
            self.line("implementation = action_profile(16);");
        } else {
            self.default_action(&actions);
            if !keys.is_empty() && self.dice.percent(60) {
                self.entries(&keys, &actions);
            }
        }
        if let Some((direct, _)) = direct_counter {
            self.line(&format!("counters = {direct};"));
        }
        if let Some((direct, _)) = direct_meter {
            self.line(&format!("meters = {direct};"));
        }
        if self.dice.percent(50) {
            self.line("size = 64;");
        }
        if self.dice.percent(10) {
            self.line("support_timeout = true;");
        }
        self.close();
        let mut listed: Vec<_> = actions.iter().map(|action| action.name.clone()).collect();
        listed.push("NoAction".to_string());
        self.objects.tables.push((name, listed));
    }

    fn keys(&mut self, has_selector: bool) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        let count = if has_selector { 2 } else { self.dice.below(4) };
        if count == 0 {
            self.note("table without a key");
            return keys;
        }
        self.open("key =");
        for index in 0..count {
            let (text, ty) = self.key_expression();
            let is_number = matches!(ty, Ty::Scalar(Scalar::Bit(_)));
            let has_lpm = keys.iter().any(|key| key.kind == "lpm");
            let kind = match self.dice.below(6) {
                _ if has_selector && index > 0 && is_number => "selector",
                _ if !is_number => "exact",
                0 if !has_lpm => "lpm",
                1 => "ternary",
                2 => "range",
                3 => "optional",
                _ => "exact",
            };
            self.note(match kind {
                "lpm" => "key: lpm",
                "ternary" => "key: ternary",
                "range" => "key: range",
                "optional" => "key: optional",
                "selector" => "key: selector",
                _ => "key: exact",
            });
            self.line(&format!("{text} : {kind} @name(\"key{index}\");"));
            if kind != "selector" {
                keys.push(Key { ty, kind });
            }
        }
        self.close();
        keys
    }

    fn key_expression(&mut self) -> (String, Ty) {
        let fits = |ty: &Ty| matches!(ty, Ty::Scalar(Scalar::Bit(_) | Scalar::Bool) | Ty::Enum(_));
        let leaves: Vec<_> = self.scope.leaves.iter().filter(|leaf| fits(&leaf.ty)).collect();
        if !leaves.is_empty() && self.dice.percent(60) {
            let leaf = self.dice.pick(&leaves);
            return (leaf.text.clone(), leaf.ty.clone());
        }
        if self.dice.percent(20) {
            self.note("key: isValid");
            return ("hdr.h0.isValid()".to_string(), Ty::Scalar(Scalar::Bool));
        }
        self.note("key: expression");
        let ty = Scalar::Bit(Scalar::width_of(self.dice));
        (format!("({})", self.value(ty)), Ty::Scalar(ty))
    }

    /// A direct counter, and an action of its table that counts.
    fn direct_counter(&mut self) -> (String, String) {
        self.note("direct counter");
        let (direct, action) = (self.name("direct"), self.name("action"));
        self.line(&format!("direct_counter(CounterType.packets_and_bytes) {direct};"));
        self.open(&format!("action {action}()"));
        self.statements(Place::Action, 0);
        self.line(&format!("{direct}.count();"));
        self.close();
        (direct, action)
    }

    /// A direct meter, and an action of its table that reads it.
    fn direct_meter(&mut self) -> (String, String) {
        self.note("direct meter");
        let (direct, action) = (self.name("direct"), self.name("action"));
        let kind = *self.dice.pick(&["packets", "bytes"]);
        self.line(&format!("direct_meter<bit<8>>(MeterType.{kind}) {direct};"));
        self.open(&format!("action {action}()"));
        self.line("bit<8> color = 0;");
        self.line(&format!("{direct}.read(color);"));
        self.line("hdr.h0.kind = color;");
        self.close();
        (direct, action)
    }

    /// The actions that can stand in entries; `own` are those of this table alone.
    fn actions(&mut self, own: &[String]) -> Vec<Callable> {
        let mut listed = Vec::new();
        self.open("actions =");
        for action in own {
            self.line(&format!("{action};"));
            listed.push(Callable { name: action.clone(), parameters: Vec::new(), returns: None });
        }
        for action in self.objects.actions.clone() {
            if self.dice.percent(40) {
                continue;
            }
            let (bound, data): (Vec<_>, Vec<_>) =
                action.parameters.into_iter().partition(|parameter| parameter.direction != Direction::None);
            let bound = Callable { name: action.name, parameters: bound, returns: None };
            if bound.parameters.is_empty() {
                self.line(&format!("{};", bound.name));
                listed.push(Callable { parameters: data, ..bound });
            } else if let Some(call) = self.call(&bound, &[]) {
                self.note("action with directions in a table");
                self.line(&format!("{call};"));
            }
        }
        let only = if self.dice.percent(30) { "@defaultonly " } else { "" };
        self.line(&format!("{only}NoAction;"));
        self.close();
        listed
    }

    /// A call of an action with literals for its data.
    fn data(&mut self, action: &Callable) -> String {
        let data = action.parameters.iter().map(|parameter| {
            let value = value(self.dice, parameter.ty);
            literal(parameter.ty, &value, 4)
        });
        let data: Vec<_> = data.collect();
        format!("{}({})", action.name, data.join(", "))
    }

    fn default_action(&mut self, actions: &[Callable]) {
        let constant = if self.dice.percent(30) { "const " } else { "" };
        if actions.is_empty() || self.dice.percent(20) {
            return self.line(&format!("{constant}default_action = NoAction();"));
        }
        let action = self.dice.pick(actions).clone();
        let call = self.data(&action);
        self.note("default action");
        self.line(&format!("{constant}default_action = {call};"));
    }

    fn entries(&mut self, keys: &[Key], actions: &[Callable]) {
        if actions.is_empty() {
            return;
        }
        let is_const = self.dice.percent(60);
        let has_priorities =
            !is_const && keys.iter().any(|key| matches!(key.kind, "ternary" | "range" | "optional"));
        self.note(if is_const { "const entries" } else { "initial entries" });
        self.open(if is_const { "const entries =" } else { "entries =" });
        let mut seen = BTreeSet::new();
        for row in 0..1 + self.dice.below(5) {
            let sets: Vec<_> = keys.iter().map(|key| self.key_set(key)).collect();
            let sets = if sets.len() == 1 { sets.concat() } else { format!("({})", sets.join(", ")) };
            let action = self.dice.pick(actions).clone();
            let call = self.data(&action);
            // The values are written in one way each, so that different texts are different entries.
            if !seen.insert(sets.clone()) {
                continue;
            }
            let priority =
                if has_priorities { format!("priority = {}: ", 10 * row + 1) } else { String::new() };
            self.line(&format!("{priority}{sets} : {call};"));
        }
        self.close();
    }

    /// A set of values of a key, in the only way in which it is written.
    fn key_set(&mut self, key: &Key) -> String {
        let scalar = match &key.ty {
            Ty::Scalar(scalar) => *scalar,
            Ty::Enum(of) => {
                let of = &self.types.enums[*of];
                return format!("{}.{}", of.name, self.dice.pick(&of.members));
            }
            _ => return "_".to_string(),
        };
        let Scalar::Bit(width) = scalar else {
            return literal(scalar, &value(self.dice, scalar), 4);
        };
        let number = value(self.dice, scalar).min(BigInt::from(5));
        let show = |number: &BigInt| literal(scalar, number, 4);
        match key.kind {
            "lpm" => {
                let length = 1 + self.dice.below(width as usize) as u32;
                let mask = (BigInt::from(1) << width) - (BigInt::from(1) << (width - length));
                format!("{} &&& {}", show(&(value(self.dice, scalar) & &mask)), show(&mask))
            }
            "ternary" | "optional" | "range" if self.dice.percent(20) => "_".to_string(),
            "ternary" => {
                let mask = value(self.dice, scalar) | BigInt::from(1);
                format!("{} &&& {}", show(&(number & &mask)), show(&mask))
            }
            "range" => {
                let low = number.max(BigInt::from(1));
                let high = value(self.dice, scalar).max(low.clone());
                format!("{} .. {}", show(&low), show(&high))
            }
            _ => show(&number),
        }
    }
}

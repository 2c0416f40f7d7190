//! Counters, meters, registers, calculations and lists of fields.

use std::collections::BTreeMap;

use sluice_entities::CounterUnit;
use sluice_ir::{
    Counter, DataType, DigestType, Handle, HashAlgorithm, Meter, Register, Type, ValueSet, ValueSetField,
    VariableKind,
};

use super::storage::Slot;
use super::{Reader, Result};
use crate::json::Node;
use crate::write::algorithm_name;

/// All algorithms that the IR has.
const ALGORITHMS: [HashAlgorithm; 7] = [
    HashAlgorithm::Crc32,
    HashAlgorithm::Crc32Custom,
    HashAlgorithm::Crc16,
    HashAlgorithm::Crc16Custom,
    HashAlgorithm::Identity,
    HashAlgorithm::Csum16,
    HashAlgorithm::Xor16,
];

/// Instances by their names in the file.
#[derive(Debug, Default)]
pub(super) struct Externs<'n> {
    pub(super) counters: BTreeMap<&'n str, Handle<Counter>>,
    pub(super) meters: BTreeMap<&'n str, Handle<Meter>>,
    pub(super) registers: BTreeMap<&'n str, Handle<Register>>,
    pub(super) value_sets: BTreeMap<&'n str, Handle<ValueSet>>,
    pub(super) calculations: BTreeMap<&'n str, &'n Node>,
    /// Direct counters, by their tables.
    pub(super) direct_counters: BTreeMap<&'n str, (&'n str, CounterUnit)>,
    /// Direct meters by name.
    pub(super) direct_meters: BTreeMap<&'n str, &'n Node>,
    /// Learn lists by id.
    pub(super) learn_lists: BTreeMap<u64, &'n Node>,
}

impl<'n> Reader<'n> {
    pub(super) fn read_externs(&mut self) {
        let root = self.root;
        for node in self.list(root, "counter_arrays") {
            let _ = self.counter(node);
        }
        for node in self.list(root, "meter_arrays") {
            let _ = self.meter(node);
        }
        for node in self.list(root, "register_arrays") {
            let _ = self.register(node);
        }
        for node in self.list(root, "parse_vsets") {
            let _ = self.value_set(node);
        }
        for node in self.list(root, "calculations") {
            if let Ok(name) = self.need_text(node, "name") {
                self.externs.calculations.insert(name, node);
            }
        }
        for node in self.list(root, "learn_lists") {
            let _ = self.learn_list(node);
        }
        for node in self.list(root, "field_lists") {
            let _ = self.field_list(node);
        }
        for node in self.list(root, "actions") {
            if let Ok(id) = self.need_number(node, "id")
                && self.actions.insert(id, node).is_some()
            {
                self.refuse(node.start(), format!("two actions have the id {id}"), "ids are unique");
            }
        }
        for node in self.list(root, "extern_instances") {
            let ty = node.get("type").and_then(Node::as_text).unwrap_or("?").to_string();
            let message = format!("an extern of type `{ty}` is used");
            self.refuse(
                node.start(),
                message,
                "v1model's externs are arrays and primitives; others are not known",
            );
        }
    }

    fn is_direct(node: &Node) -> bool {
        node.get("is_direct").and_then(Node::as_bool).unwrap_or(false)
    }

    fn counter(&mut self, node: &'n Node) -> Result<()> {
        let name = self.need_text(node, "name")?;
        let unit = match node.get("sluice").and_then(|ours| ours.get("unit")).and_then(Node::as_text) {
            Some("packets") => CounterUnit::Packets,
            Some("bytes") => CounterUnit::Bytes,
            _ => CounterUnit::Both,
        };
        if Self::is_direct(node) {
            let table = self.need_text(node, "binding")?;
            self.externs.direct_counters.insert(table, (name, unit));
            return Ok(());
        }
        let size = self.need_number(node, "size")?;
        let counter = Counter { name: name.to_string(), size, unit, index: None, annotations: Vec::new() };
        let handle = self.module.counters.push(counter);
        self.externs.counters.insert(name, handle);
        Ok(())
    }

    /// What a meter measures.
    pub(super) fn meter_unit(&mut self, node: &'n Node) -> Result<CounterUnit> {
        match self.need_text(node, "type")? {
            "packets" => Ok(CounterUnit::Packets),
            "bytes" => Ok(CounterUnit::Bytes),
            other => {
                let message = format!("no meter measures `{other}`");
                Err(self.refuse(node.start(), message, "`type` is packets or bytes"))
            }
        }
    }

    fn meter(&mut self, node: &'n Node) -> Result<()> {
        let name = self.need_text(node, "name")?;
        let unit = self.meter_unit(node)?;
        if Self::is_direct(node) {
            self.externs.direct_meters.insert(name, node);
            return Ok(());
        }
        let size = self.need_number(node, "size")?;
        let meter = Meter { name: name.to_string(), size, unit, index: None, annotations: Vec::new() };
        let handle = self.module.meters.push(meter);
        self.externs.meters.insert(name, handle);
        Ok(())
    }

    fn register(&mut self, node: &'n Node) -> Result<()> {
        let name = self.need_text(node, "name")?;
        let size = self.need_number(node, "size")?;
        let bits = self.need(node, "bitwidth")?;
        let bits = self.width(bits)?;
        let signed = node.get("sluice").and_then(|ours| ours.get("signed")).and_then(Node::as_bool);
        let ty = if signed == Some(true) { Type::Int(bits) } else { Type::Bits(bits) };
        let register =
            Register { name: name.to_string(), size, ty, named: None, index: None, annotations: Vec::new() };
        let handle = self.module.registers.push(register);
        self.externs.registers.insert(name, handle);
        Ok(())
    }

    fn value_set(&mut self, node: &'n Node) -> Result<()> {
        let name = self.need_text(node, "name")?;
        let bits = self.need(node, "compressed_bitwidth")?;
        let bits = self.width(bits)?;
        let size = node.get("max_size").and_then(Node::as_number).unwrap_or(1024);
        let mut fields = Vec::new();
        let mut add = |name: &str, width| {
            let kind = sluice_entities::MatchKind::Exact;
            fields.push(ValueSetField { name: name.to_string(), kind, width, annotations: Vec::new() });
        };
        if let Some(ours) = node.get("sluice") {
            for field in self.list(ours, "fields") {
                let [name, width] = field.items() else { continue };
                add(name.as_text().unwrap_or(""), self.width(width)?);
            }
        } else {
            add("", bits);
        }
        let set = ValueSet { name: name.to_string(), size, fields, annotations: Vec::new() };
        let handle = self.module.value_sets.push(set);
        self.externs.value_sets.insert(name, handle);
        Ok(())
    }

    fn learn_list(&mut self, node: &'n Node) -> Result<()> {
        let (name, id) = (self.need_text(node, "name")?, self.need_number(node, "id")?);
        let mut types = Vec::new();
        for element in self.list(node, "elements") {
            let value = self.need(element, "value")?;
            let slot = self.slot(value)?;
            types.push(match self.slot_type(slot) {
                Type::Bool => DataType::Bool,
                Type::Int(width) => DataType::Int(width),
                Type::Error => DataType::Error,
                Type::Varbit(width) => DataType::Varbit(width),
                Type::Bits(width) => DataType::Bits(width),
            });
        }
        self.module.digests.push(DigestType { name: name.to_string(), ty: DataType::Tuple(types) });
        self.externs.learn_lists.insert(id, node);
        Ok(())
    }

    /// Fields of metadata in a list are kept with that list; headers are parsed anew.
    fn field_list(&mut self, node: &'n Node) -> Result<()> {
        let id = self.need_number(node, "id")?;
        let Ok(id) = u32::try_from(id) else {
            return Err(self.refuse(node.start(), "this is no id of a field list", "ids are small numbers"));
        };
        for element in self.list(node, "elements") {
            if element.get("type").and_then(Node::as_text) == Some("hexstr") {
                continue;
            }
            let value = self.need(element, "value")?;
            let slot = self.slot(value)?;
            if let Slot::Variable(variable, _) = slot {
                let variable = &mut self.module.variables[variable];
                if !variable.field_lists.contains(&id) && variable.kind != VariableKind::Local {
                    variable.field_lists.push(id);
                }
            }
        }
        Ok(())
    }

    pub(super) fn register_named(&mut self, node: &Node, name: &str) -> Result<Handle<Register>> {
        if let Some(register) = self.externs.registers.get(name) {
            return Ok(*register);
        }
        let known: Vec<&str> = self.externs.registers.keys().copied().collect();
        Err(self.unknown(node, "register", name, known))
    }

    /// The algorithm of a calculation or selector.
    pub(super) fn algorithm(&mut self, node: &'n Node) -> Result<HashAlgorithm> {
        let value = self.need(node, "algo")?;
        let name = self.need_text(node, "algo")?;
        // Older names of the same sum.
        let name = if name == "cksum16" { "csum16" } else { name };
        if let Some(found) = ALGORITHMS.into_iter().find(|known| algorithm_name(*known) == Some(name)) {
            return Ok(found);
        }
        if name == "random" {
            return Ok(HashAlgorithm::Random);
        }
        let known: Vec<&str> = ALGORITHMS.into_iter().filter_map(algorithm_name).collect();
        Err(self.unknown(value, "algorithm", name, known))
    }
}

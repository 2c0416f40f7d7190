//! The parser.

use std::collections::BTreeMap;

use sluice_diagnostics::Span;
use sluice_entities::Bits;
use sluice_ir::{
    Block, Expression, ExpressionKind, Handle, HeaderRef, KeySet, Place, SelectCase, State, Statement,
    StatementKind, Target, Transition, Type,
};

use super::operands::Operand;
use super::storage::Slot;
use super::{Reader, Result};
use crate::json::Node;

/// The state that parsing begins with.
const START: &str = "start";

impl<'n> Reader<'n> {
    pub(super) fn read_parser(&mut self) {
        let root = self.root;
        let parsers = self.list(root, "parsers");
        let Some(parser) = parsers.first() else {
            self.refuse(root.start(), "there is no parser", "give one in `parsers`");
            return;
        };
        if let Some(other) = parsers.get(1) {
            self.refuse(other.start(), "there is a second parser", "simple_switch has one");
        }
        // Noted.
        let _ = self.parser(parser);
    }

    fn parser(&mut self, node: &'n Node) -> Result<()> {
        let first = self.need_text(node, "init_state")?;
        let first_node = self.need(node, "init_state")?;
        let list = self.list(node, "parse_states");
        let mut named: Vec<(&str, &Node)> = Vec::new();
        for state in list {
            let name = self.need_text(state, "name")?;
            if named.iter().any(|(known, _)| *known == name) {
                return Err(self.refuse(
                    state.start(),
                    format!("two states are called `{name}`"),
                    "names are unique",
                ));
            }
            named.push((name, state));
        }
        let Some(at) = named.iter().position(|(name, _)| *name == first) else {
            return Err(self.unknown(first_node, "state", first, named.iter().map(|(name, _)| *name)));
        };
        let begin = named.remove(at);
        named.insert(0, begin);
        let states: BTreeMap<&str, Handle<State>> =
            named.iter().enumerate().map(|(i, (name, _))| (*name, Handle::new(i))).collect();
        for (index, (name, node)) in named.iter().enumerate() {
            let name = match (index, *name) {
                (0, _) => START.to_string(),
                (_, START) => format!("{START}$"),
                (_, name) => name.to_string(),
            };
            // What is wrong with it was noted.
            let read = self.state(node, &states);
            let (body, transition) =
                read.unwrap_or_else(|_| (Vec::new(), Transition::Always(Target::Accept)));
            self.module.pipeline.parser.states.push(State { name, body, transition, span: node.start() });
        }
        Ok(())
    }

    fn state(
        &mut self,
        node: &'n Node,
        states: &BTreeMap<&str, Handle<State>>,
    ) -> Result<(Block, Transition)> {
        let mut body = Vec::new();
        for operation in self.list(node, "parser_ops") {
            let done = self.parser_operation(operation, &mut body);
            if done.is_err() {
                self.before.clear();
            }
        }
        let mut keys = Vec::new();
        for key in self.list(node, "transition_key") {
            keys.push(self.transition_key(key, &mut body)?);
        }
        let transition = self.transition(node, keys, states)?;
        Ok((body, transition))
    }

    fn transition_key(&mut self, key: &'n Node, body: &mut Block) -> Result<Handle<Expression>> {
        let span = key.start();
        if self.need_text(key, "type")? == "lookahead" {
            let value = self.need(key, "value")?;
            let (offset_bits, width) = self.lookahead(value)?;
            let variable = self.temporary("$key", Type::Bits(width));
            let kind = StatementKind::Lookahead { to: Place::Variable(variable), offset_bits };
            body.push(Statement { kind, span });
            return Ok(self.push(ExpressionKind::Variable(variable), Type::Bits(width), span));
        }
        let slot = self.slot_operand(key)?;
        Ok(self.load(slot, span))
    }

    fn lookahead(&mut self, value: &'n Node) -> Result<(u32, u32)> {
        if let [offset, width] = value.items() {
            let width = self.width(width)?;
            if let Some(offset) = offset.as_number().and_then(|offset| u32::try_from(offset).ok()) {
                return Ok((offset, width));
            }
        }
        Err(self.refuse(value.start(), "this says not what is looked at", "write [offset, width], in bits"))
    }

    fn transition(
        &mut self,
        node: &'n Node,
        keys: Vec<Handle<Expression>>,
        states: &BTreeMap<&str, Handle<State>>,
    ) -> Result<Transition> {
        let widths: Vec<u32> = keys
            .iter()
            .map(|key| self.module.expressions[*key].ty)
            .map(|ty| if ty == Type::Error { 32 } else { ty.width() })
            .collect();
        let mut cases: Vec<SelectCase> = Vec::new();
        let mut default = None;
        for item in self.list(node, "transitions") {
            let target = match item.get("next_state") {
                None => Target::Accept,
                Some(next) => {
                    let Some(name) = next.as_text() else {
                        return Err(self.wrong(next, "the name of a state"));
                    };
                    match states.get(name) {
                        Some(state) => Target::State(*state),
                        None => return Err(self.unknown(next, "state", name, states.keys().copied())),
                    }
                }
            };
            let value = item.get("value");
            let ty = item.get("type").and_then(Node::as_text).unwrap_or("hexstr");
            let is_default = ty == "default" || value.and_then(Node::as_text) == Some("default");
            match ty {
                _ if is_default => default = Some(target),
                "hexstr" => {
                    let sets = self.sets(item, &widths, &keys)?;
                    cases.push(SelectCase { sets, target });
                }
                "parse_vset" => {
                    let set = self.value_set_case(item, &widths)?;
                    cases.push(SelectCase { sets: vec![set], target });
                }
                _ => {
                    let message = format!("no transition is of type `{ty}`");
                    return Err(self.refuse(
                        item.start(),
                        message,
                        "types are default, hexstr and parse_vset",
                    ));
                }
            }
        }
        // The switch accepts where nothing fits: that this is an error is said by a state of its own.
        let target = default.unwrap_or(Target::Accept);
        if keys.is_empty() {
            return Ok(Transition::Always(target));
        }
        // The default is looked at last, wherever it stands.
        cases.push(SelectCase { sets: vec![KeySet::Any; keys.len()], target });
        Ok(Transition::Select { keys, cases })
    }

    /// The bytes of a value or mask, each key's in whole bytes.
    fn split(&mut self, node: &'n Node, widths: &[u32]) -> Result<Vec<Bits>> {
        let number = self.hex(node)?;
        let bytes: u64 = widths.iter().map(|width| u64::from(width.div_ceil(8))).sum();
        let Some(number) = number.to_biguint().filter(|number| number.bits() <= bytes * 8) else {
            let message = format!("the value does not fit the keys of this state, which have {bytes} bytes");
            return Err(self.refuse(
                node.start(),
                message,
                "write the keys one behind the other, each in whole bytes",
            ));
        };
        let mut digits = number.to_bytes_be();
        let missing = (bytes as usize).saturating_sub(digits.len());
        digits.splice(0..0, std::iter::repeat_n(0, missing));
        let mut values = Vec::new();
        let mut rest = digits.as_slice();
        for width in widths {
            let (own, others) = rest.split_at(width.div_ceil(8) as usize);
            values.push(Bits::from_bytes(*width, own));
            rest = others;
        }
        Ok(values)
    }

    fn sets(&mut self, item: &'n Node, widths: &[u32], keys: &[Handle<Expression>]) -> Result<Vec<KeySet>> {
        let value = self.need(item, "value")?;
        let values = self.split(value, widths)?;
        let masks = match item.get("mask") {
            Some(mask) => Some(self.split(mask, widths)?),
            None => None,
        };
        let mut sets = Vec::new();
        for (index, value) in values.into_iter().enumerate() {
            let mask = masks.as_ref().map(|masks| masks[index].clone());
            let is_error = self.module.expressions[keys[index]].ty == Type::Error;
            sets.push(match mask {
                Some(mask) if mask.is_zero() => KeySet::Any,
                Some(mask) if mask.count_ones() < mask.width() => {
                    KeySet::Masked { value: &value & &mask, mask }
                }
                _ if is_error => {
                    let number = value.to_u64().unwrap_or(u64::MAX);
                    let error = self.errors.iter().position(|known| *known == number);
                    // A value of no error: one that no error has.
                    KeySet::Value(Bits::new(16, error.map_or(u64::from(u16::MAX), |index| index as u64)))
                }
                _ => KeySet::Value(value),
            });
        }
        Ok(sets)
    }

    fn value_set_case(&mut self, item: &'n Node, widths: &[u32]) -> Result<KeySet> {
        let value = self.need(item, "value")?;
        let name = self.need_text(item, "value")?;
        let Some(set) = self.externs.value_sets.get(name).copied() else {
            let known: Vec<&str> = self.externs.value_sets.keys().copied().collect();
            return Err(self.unknown(value, "value set", name, known));
        };
        if let Some(mask) = item.get("mask") {
            let message = "a value set is compared under a mask";
            return Err(self.refuse(mask.start(), message, "give null: whole values are compared"));
        }
        // The file says how many bits all keys have, not how they are divided.
        let fields = &mut self.module.value_sets[set].fields;
        if let [whole] = fields.as_slice()
            && widths.len() > 1
            && whole.width == widths.iter().sum::<u32>()
        {
            let whole = whole.clone();
            *fields = widths
                .iter()
                .enumerate()
                .map(|(i, width)| sluice_ir::ValueSetField {
                    name: format!("f{i}"),
                    width: *width,
                    ..whole.clone()
                })
                .collect();
        }
        Ok(KeySet::ValueSet(set))
    }

    fn parser_operation(&mut self, node: &'n Node, out: &mut Block) -> Result<()> {
        let span = node.start();
        let op = self.need_text(node, "op")?;
        let parameters = self.list(node, "parameters");
        let mut add = |reader: &mut Self, kind: StatementKind| {
            out.append(&mut reader.before);
            out.push(Statement { kind, span });
        };
        match (op, parameters) {
            ("extract", [target]) => {
                let header = self.extracted(target)?;
                add(self, StatementKind::Extract { header, varbit_bits: None });
            }
            ("extract_VL", [target, length]) => {
                let header = self.extracted(target)?;
                let bits = self.number(length)?;
                add(self, StatementKind::Extract { header, varbit_bits: Some(bits) });
            }
            ("set", [target, value]) => {
                let slot = self.slot_operand(target)?;
                let statements = self.set(slot, target, value, span)?;
                for statement in statements {
                    add(self, statement.kind);
                }
            }
            ("verify", [condition, error]) => {
                let condition = self.boolean(condition)?;
                let error = match error.as_number() {
                    Some(number) => match self.error_index(&number.into()) {
                        Some(index) => self.error_constant(index, span),
                        None => return Err(self.wrong(error, "the value of an error")),
                    },
                    None => self.error_value(error)?,
                };
                add(self, StatementKind::Verify { condition, error });
            }
            ("shift", [bytes]) => {
                let Some(bits) = bytes.as_number().and_then(|bytes| bytes.checked_mul(8)) else {
                    return Err(self.wrong(bytes, "a number of bytes"));
                };
                let bits = self.module.constant(Bits::new(64, bits), span);
                add(self, StatementKind::Advance(bits));
            }
            ("advance", [bits]) => {
                let bits = self.number(bits)?;
                add(self, StatementKind::Advance(bits));
            }
            ("primitive", [primitive]) => self.primitive(primitive, out)?,
            ("extract" | "extract_VL" | "set" | "verify" | "shift" | "advance" | "primitive", _) => {
                let message = format!("`{op}` does not have {} parameters", parameters.len());
                let due = match op {
                    "extract_VL" | "set" | "verify" => 2,
                    _ => 1,
                };
                return Err(self.refuse(span, message, format!("give {due}")));
            }
            _ => {
                let known = ["extract", "extract_VL", "set", "verify", "shift", "advance", "primitive"];
                return Err(self.unknown(node, "parser operation", op, known));
            }
        }
        Ok(())
    }

    fn set(&mut self, slot: Slot, target: &'n Node, value: &'n Node, span: Span) -> Result<Vec<Statement>> {
        let whole = self.unwrapped(value)?;
        if whole.get("type").and_then(Node::as_text) == Some("lookahead") {
            let (offset_bits, width) = {
                let value = self.need(whole, "value")?;
                self.lookahead(value)?
            };
            if self.stored_type(slot) == Type::Bits(width) {
                let to = self.place(slot, target)?;
                let kind = StatementKind::Lookahead { to, offset_bits };
                return Ok(vec![Statement { kind, span }]);
            }
            let variable = self.temporary("$ahead", Type::Bits(width));
            let kind = StatementKind::Lookahead { to: Place::Variable(variable), offset_bits };
            let read = self.push(ExpressionKind::Variable(variable), Type::Bits(width), span);
            return Ok(vec![Statement { kind, span }, self.store(slot, read, target)?]);
        }
        let place = self.place(slot, target)?;
        let value = self.stored(slot, value)?;
        Ok(vec![Statement { kind: StatementKind::Assign(place, value), span }])
    }

    fn extracted(&mut self, target: &'n Node) -> Result<HeaderRef> {
        let ty = self.need_text(target, "type")?;
        let value = self.need(target, "value")?;
        match ty {
            "regular" => {
                let name = self.need_text(target, "value")?;
                Ok(HeaderRef::Header(self.header_named(value, name)?))
            }
            "stack" => {
                let name = self.need_text(target, "value")?;
                Ok(HeaderRef::Next(self.stack_named(value, name)?))
            }
            "union_stack" => {
                let [stack, member] = self.pair(value)?;
                Ok(HeaderRef::Next(self.union_member(value, stack, member)?))
            }
            _ => match self.operand(target)? {
                Operand::Header(header) => Ok(header),
                _ => {
                    let message = format!("nothing of type `{ty}` is extracted");
                    Err(self.refuse(target.start(), message, "types are regular, stack and union_stack"))
                }
            },
        }
    }
}

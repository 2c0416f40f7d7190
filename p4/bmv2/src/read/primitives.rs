//! Primitives as statements, and lists of them with jumps as blocks.

use num_traits::ToPrimitive;
use sluice_ir::{
    BinaryOp, Block, CloneKind, Expression, ExpressionKind, ExternCall, Handle, Place, Statement,
    StatementKind, Type,
};

use super::operands::Operand;
use super::storage::Slot;
use super::structure::{Exit, Piece};
use super::{Reader, Result};
use crate::json::{Node, NodeKind};

/// Primitives that are known, with their numbers of parameters.
const PRIMITIVES: [(&str, usize); 43] = [
    ("_jump", 1),
    ("_jump_if_zero", 2),
    ("add", 3),
    ("add_header", 1),
    ("add_header_fast", 1),
    ("add_to_field", 2),
    ("assert", 1),
    ("assign", 2),
    ("assign_VL", 2),
    ("assign_header", 2),
    ("assign_header_stack", 2),
    ("assign_union", 2),
    ("assign_union_stack", 2),
    ("assume", 1),
    ("bit_and", 3),
    ("bit_or", 3),
    ("bit_xor", 3),
    ("clone_egress_pkt_to_egress", 2),
    ("clone_ingress_pkt_to_egress", 2),
    ("copy_header", 2),
    ("count", 2),
    ("drop", 0),
    ("execute_meter", 3),
    ("exit", 0),
    ("generate_digest", 2),
    ("log_msg", 2),
    ("mark_to_drop", 1),
    ("modify_field", 2),
    ("modify_field_rng_uniform", 3),
    ("modify_field_with_hash_based_offset", 4),
    ("no_op", 0),
    ("pop", 2),
    ("push", 2),
    ("recirculate", 1),
    ("register_read", 3),
    ("register_write", 3),
    ("remove_header", 1),
    ("resubmit", 1),
    ("shift_left", 3),
    ("shift_right", 3),
    ("subtract", 3),
    ("subtract_from_field", 2),
    ("truncate", 1),
];

/// Most rounds that jumps may make the reader look at: actions are no longer.
const LONGEST: usize = 1 << 16;

impl<'n> Reader<'n> {
    /// A list of primitives as a block.
    pub(super) fn primitives(&mut self, list: &'n [Node]) -> Block {
        // What is wrong was noted.
        self.action_block(list).unwrap_or_default()
    }

    fn action_block(&mut self, list: &'n [Node]) -> Result<Block> {
        if list.len() > LONGEST {
            let span = list.first().map_or(self.root.start(), Node::start);
            return Err(self.refuse(
                span,
                "the action is too long",
                format!("{LONGEST} primitives are possible"),
            ));
        }
        // Where straight pieces begin: at the start, where jumps go, and behind them.
        let mut jumps = vec![None; list.len()];
        let mut starts = vec![false; list.len() + 1];
        starts[0] = true;
        for (index, node) in list.iter().enumerate() {
            let op = node.get("op").and_then(Node::as_text).unwrap_or("");
            if matches!(op, "_jump" | "_jump_if_zero" | "exit") {
                starts[index + 1] = true;
            }
            if matches!(op, "_jump" | "_jump_if_zero") {
                let target = self.jump_target(node, list.len())?;
                jumps[index] = Some(target);
                starts[target] = true;
            }
        }
        let mut number = vec![0; list.len() + 1];
        let mut count = 0;
        for (index, starts) in starts.iter().enumerate() {
            count += usize::from(*starts && index > 0);
            number[index] = count;
        }
        let mut pieces: Vec<Piece> = Vec::new();
        for index in 0..=list.len() {
            let span = list.get(index).or(list.last()).map_or(self.root.start(), Node::start);
            if starts[index] {
                pieces.push(Piece { body: Vec::new(), exit: Exit::Stop, span });
            }
            let Some(node) = list.get(index) else { break };
            let mut body = Vec::new();
            let done = self.primitive(node, &mut body);
            if done.is_err() {
                self.before.clear();
            }
            let next = number[index + 1];
            let Some(piece) = pieces.last_mut() else { break };
            piece.exit = if starts[index + 1] { Exit::Goto(next) } else { Exit::Stop };
            piece.body.append(&mut body);
            if let Some(target) = jumps.get(index).copied().flatten() {
                let target = number[target];
                let exit = self.jump(node, target, next)?;
                let mut before = std::mem::take(&mut self.before);
                if let Some(piece) = pieces.last_mut() {
                    piece.body.append(&mut before);
                    piece.exit = exit;
                    piece.span = node.start();
                }
            } else if index + 1 == list.len() && !starts[list.len()] {
                piece.exit = Exit::Stop;
            }
        }
        self.structured(pieces)
    }

    fn jump(&mut self, node: &'n Node, target: usize, next: usize) -> Result<Exit> {
        if self.need_text(node, "op")? == "_jump" {
            return Ok(Exit::Goto(target));
        }
        let Some(condition) = self.list(node, "parameters").first() else { return Ok(Exit::Goto(next)) };
        let condition = self.boolean(condition)?;
        Ok(Exit::Branch { condition, accept: next, reject: target })
    }

    fn jump_target(&mut self, node: &'n Node, length: usize) -> Result<usize> {
        let parameters = self.arguments(node)?;
        let Some(target) = parameters.last() else { return Err(self.wrong(node, "a jump")) };
        let number = match self.operand(target)? {
            Operand::Constant(number) => number.to_usize(),
            _ => None,
        };
        match number.filter(|number| *number <= length) {
            Some(number) => Ok(number),
            None => {
                let help = format!("jumps go to constant places, 0 to {length}");
                Err(self.refuse(target.start(), "the jump leads out of the action", help))
            }
        }
    }

    /// The parameters of a primitive, as many as it has.
    fn arguments(&mut self, node: &'n Node) -> Result<&'n [Node]> {
        let op = self.need_text(node, "op")?;
        let parameters = self.list(node, "parameters");
        let Some((_, due)) = PRIMITIVES.iter().find(|(name, _)| *name == op) else {
            let value = self.need(node, "op")?;
            return Err(self.unknown(value, "primitive", op, PRIMITIVES.iter().map(|(name, _)| *name)));
        };
        if parameters.len() != *due {
            let message = format!("`{op}` does not have {} parameters", parameters.len());
            return Err(self.refuse(node.start(), message, format!("give {due}")));
        }
        Ok(parameters)
    }

    /// Adds the statements of a primitive. Jumps are none.
    pub(super) fn primitive(&mut self, node: &'n Node, out: &mut Block) -> Result<()> {
        let op = self.need_text(node, "op")?;
        let arguments = self.arguments(node)?;
        let mut statements = Vec::new();
        self.try_primitive(op, arguments, node, &mut statements)?;
        out.append(&mut self.before);
        out.append(&mut statements);
        Ok(())
    }

    fn try_primitive(
        &mut self,
        op: &str,
        arguments: &'n [Node],
        node: &'n Node,
        out: &mut Block,
    ) -> Result<()> {
        let span = node.start();
        let mut add = |kind: StatementKind| out.push(Statement { kind, span });
        match (op, arguments) {
            ("_jump" | "_jump_if_zero" | "no_op", _) => {}
            ("assign" | "modify_field", [to, from]) => {
                let slot = self.slot_operand(to)?;
                let place = self.place(slot, to)?;
                let value = self.stored(slot, from)?;
                add(StatementKind::Assign(place, value));
            }
            ("assign_VL", [to, from]) => {
                let (target, source) = (self.slot_operand(to)?, self.slot_operand(from)?);
                let place = self.place(target, to)?;
                let value = self.load(source, span);
                add(StatementKind::Assign(place, value));
            }
            ("assign_header" | "copy_header", [to, from]) => {
                let (to, from) = (self.header_operand(to)?, self.header_operand(from)?);
                add(StatementKind::CopyHeader { to, from });
            }
            ("assign_header_stack" | "assign_union" | "assign_union_stack", [to, from]) => {
                for kind in self.copies(to, from)? {
                    add(kind);
                }
            }
            ("add_header" | "add_header_fast", [header]) => {
                add(StatementKind::SetValid(self.header_operand(header)?));
            }
            ("remove_header", [header]) => {
                add(StatementKind::SetInvalid(self.header_operand(header)?));
            }
            ("push" | "pop", [stack, count]) => {
                for kind in self.shifts(op, stack, count)? {
                    add(kind);
                }
            }
            ("add_to_field" | "subtract_from_field", [to, by]) => {
                let op = if op == "add_to_field" { BinaryOp::Add } else { BinaryOp::Sub };
                self.computed(op, to, [to, by], out)?;
            }
            ("add" | "subtract" | "bit_and" | "bit_or" | "bit_xor", [to, a, b]) => {
                let op = match op {
                    "add" => BinaryOp::Add,
                    "subtract" => BinaryOp::Sub,
                    "bit_and" => BinaryOp::And,
                    "bit_or" => BinaryOp::Or,
                    _ => BinaryOp::Xor,
                };
                self.computed(op, to, [a, b], out)?;
            }
            ("shift_left" | "shift_right", [to, a, by]) => {
                let slot = self.slot_operand(to)?;
                let width = self.slot_type(slot).width();
                let by = self.number(by)?;
                let value = if op == "shift_left" { self.low(a, width)? } else { self.exact(a)?.0 };
                let op = if op == "shift_left" { BinaryOp::Shl } else { BinaryOp::Shr };
                let ty = self.ty(value);
                let value = self.push(ExpressionKind::Binary(op, value, by), ty, span);
                let statement = self.store(slot, value, to)?;
                out.push(statement);
            }
            ("exit", _) => add(StatementKind::Exit),
            ("drop" | "mark_to_drop", _) => add(StatementKind::Extern(ExternCall::MarkToDrop)),
            _ => self.call(op, arguments, node, out)?,
        }
        Ok(())
    }

    /// An operation of two operands in the width of where it is stored.
    fn computed(&mut self, op: BinaryOp, to: &'n Node, [a, b]: [&'n Node; 2], out: &mut Block) -> Result<()> {
        let slot = self.slot_operand(to)?;
        let width = self.slot_type(slot).width();
        let (a, b) = (self.low(a, width)?, self.low(b, width)?);
        let value = self.push(ExpressionKind::Binary(op, a, b), Type::Bits(width), to.start());
        let statement = self.store(slot, value, to)?;
        out.push(statement);
        Ok(())
    }

    fn copies(&mut self, to: &'n Node, from: &'n Node) -> Result<Vec<StatementKind>> {
        match (self.operand(to)?, self.operand(from)?) {
            (Operand::Stack(to), Operand::Stack(from)) => Ok(vec![StatementKind::CopyStack { to, from }]),
            (Operand::UnionStack(to), Operand::UnionStack(from)) if to.len() == from.len() => {
                let both = to.into_iter().zip(from);
                Ok(both.map(|((_, to), (_, from))| StatementKind::CopyStack { to, from }).collect())
            }
            (to_union, from_union) => {
                let members = |reader: &Self, union| match union {
                    Operand::Union(union) => Some(
                        reader.module.unions[union]
                            .members
                            .iter()
                            .map(|member| sluice_ir::HeaderRef::Header(*member))
                            .collect::<Vec<_>>(),
                    ),
                    Operand::UnionElement(members) => Some(members),
                    _ => None,
                };
                match (members(self, to_union), members(self, from_union)) {
                    (Some(to), Some(from)) if to.len() == from.len() => {
                        // What is invalid first: making a member valid makes the others invalid.
                        let both = to.into_iter().zip(from);
                        Ok(both.map(|(to, from)| StatementKind::CopyHeader { to, from }).collect())
                    }
                    _ => Err(self.wrong(to, "two stacks or two unions of one type")),
                }
            }
        }
    }

    fn shifts(&mut self, op: &str, stack: &'n Node, count: &'n Node) -> Result<Vec<StatementKind>> {
        let stacks = match self.operand(stack)? {
            Operand::Stack(stack) => vec![stack],
            Operand::UnionStack(members) => members.into_iter().map(|(_, stack)| stack).collect(),
            _ => return Err(self.wrong(stack, "a header stack")),
        };
        let number = match self.operand(count)? {
            Operand::Constant(number) => number.to_u32(),
            _ => None,
        };
        let Some(number) = number else {
            return Err(self.refuse(count.start(), "a stack is moved by a constant", "give a number"));
        };
        let kind = |stack| {
            if op == "push" {
                StatementKind::PushFront(stack, number)
            } else {
                StatementKind::PopFront(stack, number)
            }
        };
        Ok(stacks.into_iter().map(kind).collect())
    }

    /// The name of an instance that an argument gives.
    fn instance<T: Copy>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: impl Fn(&Self) -> Vec<(&'n str, T)>,
    ) -> Result<T> {
        let value = self.need(node, "value")?;
        let name = self.need_text(node, "value")?;
        let known = known(self);
        match known.iter().find(|(of, _)| *of == name) {
            Some((_, found)) => Ok(*found),
            None => Err(self.unknown(value, what, name, known.iter().map(|(of, _)| *of))),
        }
    }

    /// Where a result of so many bits goes, and the statement that takes it on, where the place is of another type.
    fn result(&mut self, node: &'n Node, ty: Type, name: &str) -> Result<(Place, Option<Statement>)> {
        let slot = self.slot_operand(node)?;
        if self.stored_type(slot) == ty && self.slot_type(slot) == ty {
            return Ok((self.place(slot, node)?, None));
        }
        let variable = self.temporary(name, ty);
        let value = self.push(ExpressionKind::Variable(variable), ty, node.start());
        Ok((Place::Variable(variable), Some(self.store(slot, value, node)?)))
    }

    fn call(&mut self, op: &str, arguments: &'n [Node], node: &'n Node, out: &mut Block) -> Result<()> {
        let span = node.start();
        let (call, after) = match (op, arguments) {
            ("count", [counter, index]) => {
                let counter = self.instance(counter, "counter", |reader| {
                    reader.externs.counters.iter().map(|(name, handle)| (*name, *handle)).collect()
                })?;
                (ExternCall::CounterCount { counter, index: self.number(index)? }, None)
            }
            ("execute_meter", [meter, index, result]) => {
                let meter = self.instance(meter, "meter", |reader| {
                    reader.externs.meters.iter().map(|(name, handle)| (*name, *handle)).collect()
                })?;
                let index = self.number(index)?;
                let slot = self.slot_operand(result)?;
                let ty = match self.stored_type(slot) {
                    Type::Bits(width) if width >= 2 => Type::Bits(width),
                    _ => Type::Bits(2),
                };
                let (result, after) = self.result(result, ty, "$color")?;
                (ExternCall::MeterExecute { meter, index, result }, after)
            }
            ("register_read", [result, register, index]) => {
                let register = self.instance(register, "register", |reader| {
                    reader.externs.registers.iter().map(|(name, handle)| (*name, *handle)).collect()
                })?;
                let index = self.number(index)?;
                let ty = self.module.registers[register].ty;
                let (result, after) = self.result(result, ty, "$cell")?;
                (ExternCall::RegisterRead { register, index, result }, after)
            }
            ("register_write", [register, index, value]) => {
                let register = self.instance(register, "register", |reader| {
                    reader.externs.registers.iter().map(|(name, handle)| (*name, *handle)).collect()
                })?;
                let index = self.number(index)?;
                let ty = self.module.registers[register].ty;
                let low = self.low(value, ty.width())?;
                let value = self.cast(low, ty);
                (ExternCall::RegisterWrite { register, index, value }, None)
            }
            ("modify_field_rng_uniform", [result, low, high]) => {
                let slot = self.slot_operand(result)?;
                let ty = Type::Bits(self.slot_type(slot).width());
                let (low, high) = (self.low(low, ty.width())?, self.low(high, ty.width())?);
                let (result, after) = self.result(result, ty, "$random")?;
                (ExternCall::Random { result, low, high }, after)
            }
            ("modify_field_with_hash_based_offset", [result, base, calculation, max]) => {
                return self.hash(result, [base, max], calculation, node, out);
            }
            _ => (self.packet_call(op, arguments, node)?, None),
        };
        out.push(Statement { kind: StatementKind::Extern(call), span });
        out.extend(after);
        Ok(())
    }

    fn hash(
        &mut self,
        result: &'n Node,
        [base, max]: [&'n Node; 2],
        calculation: &'n Node,
        node: &'n Node,
        out: &mut Block,
    ) -> Result<()> {
        let calculation = self.instance(calculation, "calculation", |reader| {
            reader.externs.calculations.iter().map(|(name, node)| (*name, *node)).collect()
        })?;
        let algorithm = self.algorithm(calculation)?;
        let (data, with_payload) = self.input(calculation)?;
        if with_payload {
            let message = "a hash over the rest of the packet is asked for";
            return Err(self.refuse(calculation.start(), message, "only checksums have it"));
        }
        let (base, max) = (self.number(base)?, self.number(max)?);
        let slot = self.slot_operand(result)?;
        let ty = Type::Bits(self.slot_type(slot).width());
        let (result, after) = self.result(result, ty, "$hash")?;
        let call = ExternCall::Hash { algorithm, result, base, max, data };
        out.push(Statement { kind: StatementKind::Extern(call), span: node.start() });
        out.extend(after);
        Ok(())
    }

    /// Calls that say what becomes of the packet, and those for testing.
    fn packet_call(&mut self, op: &str, arguments: &'n [Node], node: &'n Node) -> Result<ExternCall> {
        Ok(match (op, arguments) {
            ("generate_digest", [receiver, list]) => self.digest(receiver, list)?,
            ("clone_ingress_pkt_to_egress" | "clone_egress_pkt_to_egress", [session, list]) => {
                let kind = if op.starts_with("clone_ingress") {
                    CloneKind::IngressToEgress
                } else {
                    CloneKind::EgressToEgress
                };
                let is_none = matches!(self.operand(list)?, Operand::Constant(number) if number == 0.into());
                let field_list = if is_none { None } else { Some(self.number(list)?) };
                ExternCall::Clone { kind, session: self.number(session)?, field_list }
            }
            ("resubmit", [list]) => ExternCall::Resubmit { field_list: Some(self.number(list)?) },
            ("recirculate", [list]) => ExternCall::Recirculate { field_list: Some(self.number(list)?) },
            ("truncate", [length]) => ExternCall::Truncate { length_bytes: self.number(length)? },
            ("assert", [condition]) => {
                ExternCall::Assert { condition: self.boolean(condition)?, text: fragment(node) }
            }
            ("assume", [condition]) => {
                ExternCall::Assume { condition: self.boolean(condition)?, text: fragment(node) }
            }
            ("log_msg", [format, values]) => self.log(format, values)?,
            _ => {
                let message = format!("the primitive `{op}` is not read");
                return Err(self.refuse(node.start(), message, "it is not one of simple_switch's"));
            }
        })
    }

    /// A line of the log. Headers and lists among the values are written as their fields.
    fn log(&mut self, format: &'n Node, values: &'n Node) -> Result<ExternCall> {
        let text = self.need_text(format, "value")?;
        let values = self.need(values, "value")?;
        let pieces: Vec<&str> = text.split("{}").collect();
        if pieces.len() != values.items().len() + 1 {
            let message = format!("the text does not have {} places for values", values.items().len());
            return Err(self.refuse(format.start(), message, "write `{}` for each value"));
        }
        let mut arguments = Vec::new();
        let mut format = pieces[0].to_string();
        for (value, piece) in values.items().iter().zip(&pieces[1..]) {
            let before = arguments.len();
            self.logged(value, &mut arguments)?;
            match arguments.len() - before {
                1 => format.push_str("{}"),
                count => format.push_str(&format!("({})", vec!["{}"; count].join(", "))),
            }
            format.push_str(piece);
        }
        Ok(ExternCall::LogMessage { format, arguments })
    }

    fn logged(&mut self, value: &'n Node, out: &mut Vec<Handle<Expression>>) -> Result<()> {
        if let NodeKind::List(items) = &value.kind {
            return items.iter().try_for_each(|item| self.logged(item, out));
        }
        let name = value.get("value").and_then(Node::as_text);
        if value.get("type").and_then(Node::as_text) == Some("header")
            && let Some(name) = name
        {
            for slot in self.fields_of(value, name)? {
                out.push(self.load(slot, value.start()));
            }
            return Ok(());
        }
        out.push(self.number(value)?);
        Ok(())
    }

    fn digest(&mut self, receiver: &'n Node, list: &'n Node) -> Result<ExternCall> {
        let number = match self.operand(list)? {
            Operand::Constant(number) => number.to_u64(),
            _ => None,
        };
        let Some(learn_list) = number.and_then(|id| self.externs.learn_lists.get(&id).copied()) else {
            return Err(self.refuse(
                list.start(),
                "there is no such learn list",
                "give the id of one of `learn_lists`",
            ));
        };
        let name = self.need_text(learn_list, "name")?.to_string();
        let mut data = Vec::new();
        for element in self.list(learn_list, "elements") {
            let slot = self.slot_operand(element)?;
            data.push(self.load(slot, element.start()));
        }
        Ok(ExternCall::Digest { name, receiver: self.number(receiver)?, data })
    }

    /// What a calculation reads, and whether the rest of the packet is added.
    pub(super) fn input(&mut self, calculation: &'n Node) -> Result<(Vec<Handle<Expression>>, bool)> {
        let mut data = Vec::new();
        let mut with_payload = false;
        for item in self.list(calculation, "input") {
            let span = item.start();
            match self.need_text(item, "type")? {
                "payload" => with_payload = true,
                "field" => {
                    let slot = self.slot_operand(item)?;
                    data.push(self.load(slot, span));
                }
                "hexstr" => {
                    let width = self.need(item, "bitwidth")?;
                    let width = self.width(width)?;
                    let value = self.need(item, "value")?;
                    let bits = self.hex_bits(value, width)?;
                    data.push(self.module.constant(bits, span));
                }
                "header" => {
                    let header = self.header_operand(item)?;
                    let ty = self.module.header_type_of(header);
                    let count = ty.map_or(0, |ty| self.module.header_types[ty].fields.len());
                    for index in 0..count {
                        data.push(self.load(Slot::Field(header, index as u32), span));
                    }
                }
                other => {
                    let message = format!("no input is of type `{other}`");
                    return Err(self.refuse(span, message, "types are field, hexstr, header and payload"));
                }
            }
        }
        Ok((data, with_payload))
    }
}

/// The condition of an assertion as it was written, if the file says it.
fn fragment(node: &Node) -> String {
    let text = node.get("source_info").and_then(|info| info.get("source_fragment")).and_then(Node::as_text);
    text.unwrap_or("condition").to_string()
}

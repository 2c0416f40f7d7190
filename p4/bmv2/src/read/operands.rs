//! Values as the format says them: an object with `type` and `value`.

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use sluice_ir::{Handle, HeaderRef, Register, Stack, Type, Union};

use super::storage::Slot;
use super::{Reader, Result};
use crate::json::Node;

/// Indexes that stand in indexes, at most: an operand is looked at several times, and each time what is in it.
const INDEX_DEPTH: u32 = 3;

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Operand<'n> {
    Slot(Slot),
    Constant(BigInt),
    Bool(bool),
    Header(HeaderRef),
    Stack(Handle<Stack>),
    Union(Handle<Union>),
    /// Members of a stack of unions.
    UnionStack(Vec<(String, Handle<Stack>)>),
    /// An element of a stack of unions: members as headers.
    UnionElement(Vec<HeaderRef>),
    /// A parameter of the action.
    Parameter(u32),
    /// A cell of a register.
    Register(Handle<Register>, &'n Node),
    Operation(Operation<'n>),
}

/// An operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation<'n> {
    pub(super) op: &'n str,
    pub(super) left: Option<&'n Node>,
    pub(super) right: Option<&'n Node>,
    pub(super) condition: Option<&'n Node>,
    pub(super) node: &'n Node,
}

impl<'n> Operation<'n> {
    pub(super) fn left(&self, reader: &mut Reader<'n>) -> Result<&'n Node> {
        match self.left {
            Some(left) => Ok(left),
            None => Err(missing(reader, self.node, "left", self.op)),
        }
    }

    pub(super) fn right(&self, reader: &mut Reader<'n>) -> Result<&'n Node> {
        match self.right {
            Some(right) => Ok(right),
            None => Err(missing(reader, self.node, "right", self.op)),
        }
    }
}

fn missing<'n>(reader: &mut Reader<'n>, node: &'n Node, side: &str, op: &str) -> super::Refused {
    reader.refuse(node.start(), format!("the operation `{op}` has no `{side}`"), format!("give `{side}`"))
}

impl<'n> Reader<'n> {
    /// An expression may stand in any number of objects of type `expression`.
    pub(super) fn unwrapped(&mut self, mut node: &'n Node) -> Result<&'n Node> {
        loop {
            let inner =
                node.get("value").filter(|_| node.get("type").and_then(Node::as_text) == Some("expression"));
            match inner {
                Some(inner) if inner.get("type").is_some() => node = inner,
                _ => {
                    self.expect_object(node)?;
                    return Ok(node);
                }
            }
        }
    }

    pub(super) fn operand(&mut self, node: &'n Node) -> Result<Operand<'n>> {
        let node = self.unwrapped(node)?;
        let ty = self.need_text(node, "type")?;
        let value = self.need(node, "value")?;
        Ok(match ty {
            "field" => Operand::Slot(self.slot(value)?),
            "hexstr" => Operand::Constant(self.hex(value)?),
            "bool" => match value.as_bool() {
                Some(value) => Operand::Bool(value),
                None => return Err(self.wrong(value, "true or false")),
            },
            "local" | "runtime_data" => Operand::Parameter(self.parameter(value)?),
            "stack_field" => {
                let [stack, field] = self.pair(value)?;
                let stack = self.stack_named(value, stack)?;
                Operand::Slot(self.field_of(value, HeaderRef::Last(stack), field)?)
            }
            "union_stack_field" => Operand::Slot(self.union_stack_field(value)?),
            "register" => {
                let [name, index] = value.items() else {
                    return Err(self.refuse(
                        value.start(),
                        "this names no cell of a register",
                        "write [\"register\", index]",
                    ));
                };
                let Some(register) = name.as_text() else {
                    return Err(self.wrong(name, "the name of a register"));
                };
                Operand::Register(self.register_named(name, register)?, index)
            }
            "expression" => self.operation(node, value)?,
            "header" | "header_stack" | "header_union" | "header_union_stack" => self.whole(ty, value)?,
            _ => {
                let message = format!("no value here is of type `{ty}`");
                let help = "types are field, hexstr, bool, expression, header, header_stack, stack_field, local, runtime_data and so on";
                return Err(self.refuse(node.start(), message, help));
            }
        })
    }

    fn whole(&mut self, ty: &str, value: &'n Node) -> Result<Operand<'n>> {
        let Some(name) = value.as_text() else { return Err(self.wrong(value, "a name")) };
        Ok(match ty {
            "header" => Operand::Header(HeaderRef::Header(self.header_named(value, name)?)),
            "header_stack" => Operand::Stack(self.stack_named(value, name)?),
            "header_union" => Operand::Union(self.union_named(value, name)?),
            _ => Operand::UnionStack(self.union_stack_named(value, name)?),
        })
    }

    fn parameter(&mut self, value: &'n Node) -> Result<u32> {
        let count = self.params.len();
        match value.as_number() {
            Some(index) if (index as usize) < count && u32::try_from(index).is_ok() => Ok(index as u32),
            Some(_) => {
                let help = if count == 0 {
                    "there are no parameters here".to_string()
                } else {
                    format!("numbers are 0 to {}", count - 1)
                };
                Err(self.refuse(value.start(), "there is no such parameter", help))
            }
            None => Err(self.wrong(value, "the number of a parameter")),
        }
    }

    fn field_of(&mut self, node: &'n Node, header: HeaderRef, field: &str) -> Result<Slot> {
        let Some(ty) = self.module.header_type_of(header) else { return Err(self.wrong(node, "a header")) };
        if field == "$valid$" {
            return Ok(Slot::Valid(header));
        }
        Ok(Slot::Field(header, self.field_index(node, ty, field)?))
    }

    fn union_stack_field(&mut self, value: &'n Node) -> Result<Slot> {
        let names: Vec<&str> = value.items().iter().filter_map(Node::as_text).collect();
        let [stack, member, field] = names.as_slice() else {
            let help = "write [\"stack\", \"member\", \"field\"]";
            return Err(self.refuse(value.start(), "this names no field of a stack of unions", help));
        };
        let stack = self.union_member(value, stack, member)?;
        self.field_of(value, HeaderRef::Last(stack), field)
    }

    /// The stack that a member of a stack of unions is.
    pub(super) fn union_member(
        &mut self,
        node: &'n Node,
        stack: &str,
        member: &str,
    ) -> Result<Handle<Stack>> {
        let members = self.union_stack_named(node, stack)?;
        match members.iter().find(|(name, _)| name == member) {
            Some((_, stack)) => Ok(*stack),
            None => Err(self.unknown(node, "member", member, members.iter().map(|(name, _)| name.as_str()))),
        }
    }

    fn operation(&mut self, node: &'n Node, value: &'n Node) -> Result<Operand<'n>> {
        let op = self.need_text(value, "op")?;
        let (left, right) = (value.get("left"), value.get("right"));
        let operation = Operation { op, left, right, condition: value.get("cond"), node };
        match op {
            "dereference_header_stack" => {
                let stack = operation.left(self)?;
                let Operand::Stack(stack) = self.operand(stack)? else {
                    return Err(self.wrong(stack, "a header stack"));
                };
                let index = operation.right(self)?;
                Ok(Operand::Header(self.element(stack, index)?))
            }
            "dereference_union_stack" => {
                let stack = operation.left(self)?;
                let Operand::UnionStack(members) = self.operand(stack)? else {
                    return Err(self.wrong(stack, "a header union stack"));
                };
                let index = operation.right(self)?;
                let elements: Result<Vec<HeaderRef>> =
                    members.iter().map(|(_, stack)| self.element(*stack, index)).collect();
                Ok(Operand::UnionElement(elements?))
            }
            "access_union_header" => {
                let union = operation.left(self)?;
                let members = match self.operand(union)? {
                    Operand::Union(union) => self.module.unions[union]
                        .members
                        .iter()
                        .map(|member| HeaderRef::Header(*member))
                        .collect(),
                    Operand::UnionElement(members) => members,
                    _ => return Err(self.wrong(union, "a header union")),
                };
                let index = operation.right(self)?;
                match index.as_number().and_then(|index| members.get(index as usize)) {
                    Some(member) => Ok(Operand::Header(*member)),
                    None => Err(self.refuse(
                        index.start(),
                        "the union has no such member",
                        "members count from 0",
                    )),
                }
            }
            "access_field" => {
                let header = operation.left(self)?;
                let Operand::Header(of) = self.operand(header)? else {
                    return Err(self.wrong(header, "a header"));
                };
                let index = operation.right(self)?;
                let number = index.as_number().and_then(|index| u32::try_from(index).ok());
                match number.filter(|number| self.module.field_type(of, *number).is_some()) {
                    Some(number) => Ok(Operand::Slot(Slot::Field(of, number))),
                    None => {
                        Err(self.refuse(index.start(), "the header has no such field", "fields count from 0"))
                    }
                }
            }
            _ => Ok(Operand::Operation(operation)),
        }
    }

    /// An element of a stack.
    fn element(&mut self, stack: Handle<Stack>, index: &'n Node) -> Result<HeaderRef> {
        if self.indexes == INDEX_DEPTH {
            let message = format!("indexes stand in indexes more than {INDEX_DEPTH} deep");
            return Err(self.refuse(index.start(), message, "compute the index into a field before"));
        }
        self.indexes += 1;
        let element = self.element_at(stack, index);
        self.indexes -= 1;
        element
    }

    /// Next and last elements are told by what their index is computed from.
    fn element_at(&mut self, stack: Handle<Stack>, index: &'n Node) -> Result<HeaderRef> {
        match self.operand(index)? {
            Operand::Constant(number) => {
                let at = number.to_usize();
                if let Some(element) = at.and_then(|at| self.module.stacks[stack].elements.get(at)) {
                    return Ok(HeaderRef::Header(*element));
                }
            }
            Operand::Operation(operation) if self.is_last_index(&operation, stack) => {
                return Ok(HeaderRef::Last(stack));
            }
            Operand::Operation(operation) if operation.op == "+" => {
                let (left, right) = (operation.left(self)?, operation.right(self)?);
                let (left, right) = (self.operand(left)?, self.operand(right)?);
                if let (Operand::Operation(last), Operand::Constant(one)) = (left, right)
                    && one == BigInt::from(1)
                    && self.is_last_index(&last, stack)
                {
                    return Ok(HeaderRef::Next(stack));
                }
            }
            _ => {}
        }
        let (index, ty) = self.exact(index)?;
        let index = if let Type::Int(width) = ty { self.cast(index, Type::Bits(width)) } else { index };
        Ok(HeaderRef::Element(stack, index))
    }

    fn is_last_index(&mut self, operation: &Operation<'n>, stack: Handle<Stack>) -> bool {
        let right = operation.right.filter(|_| operation.op == "last_stack_index");
        let of = right.and_then(|right| self.operand(right).ok());
        matches!(of, Some(Operand::Stack(of)) if of == stack)
    }

    /// A header that an argument names.
    pub(super) fn header_operand(&mut self, node: &'n Node) -> Result<HeaderRef> {
        match self.operand(node)? {
            Operand::Header(header) => Ok(header),
            _ => Err(self.wrong(node, "a header")),
        }
    }

    /// A field that an argument names.
    pub(super) fn slot_operand(&mut self, node: &'n Node) -> Result<Slot> {
        match self.operand(node)? {
            Operand::Slot(slot) => Ok(slot),
            _ => {
                let message = "this cannot be written to";
                Err(self.refuse(node.start(), message, "give a field"))
            }
        }
    }
}

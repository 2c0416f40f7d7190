//! Expressions over whole numbers as expressions over bits.
//!
//! The value of an expression modulo 2^w, its *low* w bits, follows for most operations from the low bits of the operands: so a cut
//! around a sum says in which width the sum is computed. Where more matters (comparisons, division, what is shifted to the right),
//! the *exact* value is computed in a width that holds every value that there can be.

use num_bigint::BigInt;
use num_traits::{One, Signed, ToPrimitive, Zero};
use sluice_diagnostics::Span;
use sluice_entities::Bits;
use sluice_ir::{
    BinaryOp, Expression, ExpressionKind, ExternCall, Handle, HeaderRef, Place, Statement, StatementKind,
    Type, UnaryOp, limits,
};

use super::node::bits;
use super::operands::{Operand, Operation};
use super::storage::Slot;
use super::{Reader, Result};
use crate::json::Node;

/// Which values there can be: from 0 below 2^width, or, signed, from -2^(width-1) below 2^(width-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    signed: bool,
    width: u32,
}

impl Range {
    fn unsigned(width: u64) -> Self {
        Self { signed: false, width: width.clamp(1, u64::from(u32::MAX)) as u32 }
    }

    fn signed(width: u64) -> Self {
        Self { signed: true, width: width.clamp(1, u64::from(u32::MAX)) as u32 }
    }

    fn of(ty: Type) -> Self {
        Self { signed: matches!(ty, Type::Int(_)), width: if ty == Type::Error { 32 } else { ty.width() } }
    }

    /// The width with a sign.
    fn with_sign(self) -> u64 {
        u64::from(self.width) + u64::from(!self.signed)
    }

    /// One that holds both.
    fn or(self, other: Self) -> Self {
        if self.signed || other.signed {
            Self::signed(self.with_sign().max(other.with_sign()))
        } else {
            Self::unsigned(u64::from(self.width.max(other.width)))
        }
    }

    fn ty(self) -> Type {
        if self.signed { Type::Int(self.width) } else { Type::Bits(self.width) }
    }
}

/// Operations that give true or false.
const BOOLEAN: [&str; 14] =
    ["==", "!=", "<", "<=", ">", ">=", "and", "or", "not", "d2b", "valid", "valid_union", "&&", "||"];

/// Whether a constant is 2^n - 1, n at least 1; gives n.
fn mask_width(number: &BigInt) -> Option<u32> {
    if !number.is_positive() {
        return None;
    }
    let width = number.bits();
    (number + BigInt::one() == BigInt::one() << width).then(|| u32::try_from(width).ok()).flatten()
}

impl<'n> Reader<'n> {
    fn is_boolean(&mut self, node: &'n Node) -> Result<bool> {
        Ok(match self.operand(node)? {
            Operand::Bool(_) => true,
            Operand::Operation(operation) if operation.op == "?" => {
                let left = operation.left(self)?;
                self.is_boolean(left)?
            }
            Operand::Operation(operation) => BOOLEAN.contains(&operation.op),
            _ => false,
        })
    }

    /// A constant, if that is what an operand is.
    fn constant_operand(&mut self, node: &'n Node) -> Result<Option<BigInt>> {
        Ok(match self.operand(node)? {
            Operand::Constant(number) => Some(number),
            _ => None,
        })
    }

    /// A constant that must be one: widths and so on.
    fn small_constant(&mut self, node: &'n Node, most: u32) -> Result<u32> {
        let number = self.constant_operand(node)?.and_then(|number| number.to_u32());
        match number.filter(|number| (1..=most).contains(number)) {
            Some(number) => Ok(number),
            None => Err(self.refuse(
                node.start(),
                "this must be a constant",
                format!("give a number from 1 to {most}"),
            )),
        }
    }

    fn range(&mut self, node: &'n Node) -> Result<Range> {
        Ok(match self.operand(node)? {
            Operand::Slot(slot) => Range::of(self.slot_type(slot)),
            Operand::Constant(number) if number.is_negative() => Range::signed(number.bits() + 1),
            Operand::Constant(number) => Range::unsigned(number.bits()),
            Operand::Bool(_) => Range::unsigned(1),
            Operand::Parameter(index) => Range::of(self.params[index as usize]),
            Operand::Register(register, _) => Range::of(self.module.registers[register].ty),
            Operand::Operation(operation) => self.range_of(&operation)?,
            Operand::Header(_)
            | Operand::Stack(_)
            | Operand::Union(_)
            | Operand::UnionStack(_)
            | Operand::UnionElement(_) => return Err(self.wrong_kind(node)),
        })
    }

    fn wrong_kind(&mut self, node: &'n Node) -> super::Refused {
        self.refuse(
            node.start(),
            "a number is expected here",
            "give a field, a constant or an operation on them",
        )
    }

    fn range_of(&mut self, operation: &Operation<'n>) -> Result<Range> {
        let op = operation.op;
        if BOOLEAN.contains(&op) || op == "b2d" {
            return Ok(Range::unsigned(1));
        }
        if matches!(op, "last_stack_index" | "size_stack") {
            return Ok(Range::signed(33));
        }
        let right = operation.right(self)?;
        if matches!(op, "two_comp_mod" | "sat_cast" | "usat_cast") {
            let width = self.small_constant(right, limits::WIDTH)?;
            return Ok(Range { signed: op != "usat_cast", width });
        }
        if let ("&", Some(left)) = (op, operation.left) {
            // What a mask cuts may be of any width.
            for mask in [left, right] {
                if let Some(number) = self.constant_operand(mask)?.filter(|number| !number.is_negative()) {
                    return Ok(Range::unsigned(number.bits()));
                }
            }
        }
        let b = self.range(right)?;
        let a = match operation.left {
            Some(left) => self.range(left)?,
            // Operations on one operand are on 0 and that.
            None => Range::unsigned(1),
        };
        Ok(match op {
            "+" if a.signed || b.signed => Range::signed(a.with_sign().max(b.with_sign()) + 1),
            "+" => Range::unsigned(u64::from(a.width.max(b.width)) + 1),
            "-" => Range::signed(a.with_sign().max(b.with_sign()) + 1),
            "*" if a.signed || b.signed => Range::signed(a.with_sign() + b.with_sign()),
            "*" => Range::unsigned(u64::from(a.width) + u64::from(b.width)),
            "&" if !a.signed && !b.signed => Range::unsigned(u64::from(a.width.min(b.width))),
            "&" if !a.signed => a,
            "&" if !b.signed => b,
            "&" | "|" | "^" | "?" => a.or(b),
            "~" => Range::signed(b.with_sign()),
            "<<" => {
                let by = self.constant_operand(right)?.and_then(|by| by.to_u32());
                let Some(by) = by else {
                    let message = "the width of this shift is known only with the packet";
                    return Err(self.refuse(
                        operation.node.start(),
                        message,
                        "cut the result: `&` it with a mask",
                    ));
                };
                Range { signed: a.signed, width: a.width.saturating_add(by) }
            }
            ">>" => a,
            "/" if a.signed || b.signed => Range::signed(a.with_sign() + 1),
            "/" => a,
            "%" => a.or(b),
            _ => return Err(self.unknown_operation(operation)),
        })
    }

    fn unknown_operation(&mut self, operation: &Operation<'n>) -> super::Refused {
        let message = format!("there is no operation `{}`", operation.op);
        let help = "operations are + - * / % << >> & | ^ ~ == != < <= > >= and or not ? d2b b2d valid valid_union two_comp_mod sat_cast usat_cast and those of stacks";
        self.refuse(operation.node.start(), message, help)
    }

    /// The exact value, of type `Bits` or `Int`.
    pub(super) fn exact(&mut self, node: &'n Node) -> Result<(Handle<Expression>, Type)> {
        let range = self.range(node)?;
        if range.width > limits::WIDTH {
            let help = format!("values have at most {} bits", limits::WIDTH);
            return Err(self.refuse(node.start(), "this number may have too many bits", help));
        }
        let low = self.low(node, range.width)?;
        Ok((self.cast(low, range.ty()), range.ty()))
    }

    /// The exact value as `Bits`: of one with a sign its two's complement.
    pub(super) fn number(&mut self, node: &'n Node) -> Result<Handle<Expression>> {
        let (value, ty) = self.exact(node)?;
        Ok(self.cast(value, Type::Bits(ty.width())))
    }

    /// Both exact values, of one type.
    fn both(&mut self, left: &'n Node, right: &'n Node, wider: u32) -> Result<[Handle<Expression>; 2]> {
        let range = self.range(left)?.or(self.range(right)?);
        let width = range.width.saturating_add(wider);
        if width > limits::WIDTH {
            let help = format!("values have at most {} bits", limits::WIDTH);
            return Err(self.refuse(left.start(), "this number may have too many bits", help));
        }
        let ty = Range { signed: range.signed, width }.ty();
        let mut values = [left, right].into_iter().map(|side| {
            let low = self.low(side, width)?;
            Ok(self.cast(low, ty))
        });
        match (values.next(), values.next()) {
            (Some(a), Some(b)) => Ok([a?, b?]),
            _ => Err(super::Refused),
        }
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        left: Handle<Expression>,
        right: Handle<Expression>,
        span: Span,
    ) -> Handle<Expression> {
        let ty = if op.is_comparison() || op.is_logical() { Type::Bool } else { self.ty(left) };
        self.push(ExpressionKind::Binary(op, left, right), ty, span)
    }

    /// Any value of type `Bits` or `Int` as `Bits` of a width, with its sign if it has one.
    fn resized(&mut self, value: Handle<Expression>, width: u32) -> Handle<Expression> {
        self.cast(value, Type::Bits(width))
    }

    /// The low bits of a value, of type `Bits(width)`.
    pub(super) fn low(&mut self, node: &'n Node, width: u32) -> Result<Handle<Expression>> {
        let span = node.start();
        Ok(match self.operand(node)? {
            Operand::Slot(slot) => {
                let value = self.load(slot, span);
                let value = if self.ty(value) == Type::Error { self.number_of_error(value) } else { value };
                self.resized(value, width)
            }
            Operand::Constant(number) => self.module.constant(bits(&number, width), span),
            Operand::Bool(value) => self.module.constant(Bits::new(width, u64::from(value)), span),
            Operand::Parameter(index) => {
                let value = self.push(ExpressionKind::Parameter(index), self.params[index as usize], span);
                self.resized(value, width)
            }
            Operand::Register(register, index) => {
                let index = self.number(index)?;
                let ty = self.module.registers[register].ty;
                let variable = self.temporary("$cell", ty);
                let result = Place::Variable(variable);
                let kind = StatementKind::Extern(ExternCall::RegisterRead { register, index, result });
                self.before.push(Statement { kind, span });
                let value = self.push(ExpressionKind::Variable(variable), ty, span);
                self.resized(value, width)
            }
            Operand::Operation(operation) => self.low_of(&operation, width)?,
            _ => return Err(self.wrong_kind(node)),
        })
    }

    fn low_of(&mut self, operation: &Operation<'n>, width: u32) -> Result<Handle<Expression>> {
        let span = operation.node.start();
        let op = operation.op;
        if BOOLEAN.contains(&op) {
            let value = self.boolean(operation.node)?;
            return Ok(self.resized(value, width));
        }
        match op {
            "+" | "-" | "*" | "|" | "^" => self.closed(operation, width),
            "&" => self.masked(operation, width),
            "~" => {
                let right = operation.right(self)?;
                let value = self.low(right, width)?;
                Ok(self.push(ExpressionKind::Unary(UnaryOp::BitNot, value), Type::Bits(width), span))
            }
            "<<" => {
                let (left, right) = (operation.left(self)?, operation.right(self)?);
                let value = self.low(left, width)?;
                let by = self.number(right)?;
                Ok(self.binary(BinaryOp::Shl, value, by, span))
            }
            ">>" => self.shifted(operation, width),
            "/" | "%" => {
                let (left, right) = (operation.left(self)?, operation.right(self)?);
                // One bit more: the least number divided by -1.
                let wider = u32::from(op == "/" && self.range(left)?.signed);
                let [a, b] = self.both(left, right, wider)?;
                let value = self.binary(if op == "/" { BinaryOp::Div } else { BinaryOp::Mod }, a, b, span);
                Ok(self.resized(value, width))
            }
            "two_comp_mod" => {
                let (left, right) = (operation.left(self)?, operation.right(self)?);
                let within = self.small_constant(right, limits::WIDTH)?;
                if width <= within {
                    return self.low(left, width);
                }
                let value = self.low(left, within)?;
                let value = self.cast(value, Type::Int(within));
                Ok(self.resized(value, width))
            }
            "sat_cast" | "usat_cast" => {
                let value = self.saturated(operation)?;
                Ok(self.resized(value, width))
            }
            "?" => {
                let (left, right) = (operation.left(self)?, operation.right(self)?);
                let condition = self.condition_of(operation)?;
                let (accept, reject) = (self.low(left, width)?, self.low(right, width)?);
                Ok(self.push(ExpressionKind::Mux { condition, accept, reject }, Type::Bits(width), span))
            }
            "b2d" => {
                let right = operation.right(self)?;
                let value = self.boolean(right)?;
                Ok(self.resized(value, width))
            }
            "last_stack_index" | "size_stack" => {
                let right = operation.right(self)?;
                let Operand::Stack(stack) = self.operand(right)? else {
                    return Err(self.wrong(right, "a header stack"));
                };
                let mut value = self.push(ExpressionKind::LastIndex(stack), Type::Bits(32), span);
                if op == "size_stack" {
                    let one = self.module.constant(Bits::new(32, 1), span);
                    value = self.binary(BinaryOp::Add, value, one, span);
                }
                if width <= 32 {
                    return Ok(self.resized(value, width));
                }
                let value = self.cast(value, Type::Int(32));
                Ok(self.resized(value, width))
            }
            _ => Err(self.unknown_operation(operation)),
        }
    }

    fn condition_of(&mut self, operation: &Operation<'n>) -> Result<Handle<Expression>> {
        match operation.condition {
            Some(condition) => self.boolean(condition),
            None => {
                Err(self.refuse(operation.node.start(), "the operation `?` has no `cond`", "give `cond`"))
            }
        }
    }

    /// Operations whose low bits follow from those of the operands.
    fn closed(&mut self, operation: &Operation<'n>, width: u32) -> Result<Handle<Expression>> {
        let span = operation.node.start();
        let right = operation.right(self)?;
        let b = self.low(right, width)?;
        let a = match operation.left {
            Some(left) => match self.constant_operand(left)? {
                Some(zero) if zero.is_zero() && operation.op == "-" => None,
                _ => Some(self.low(left, width)?),
            },
            None => None,
        };
        let op = match operation.op {
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Sub,
            "*" => BinaryOp::Mul,
            "|" => BinaryOp::Or,
            _ => BinaryOp::Xor,
        };
        Ok(match a {
            Some(a) => self.binary(op, a, b, span),
            None if op == BinaryOp::Sub => {
                self.push(ExpressionKind::Unary(UnaryOp::Negate, b), Type::Bits(width), span)
            }
            None if op == BinaryOp::Add => b,
            None => {
                operation.left(self)?;
                b
            }
        })
    }

    /// `&`: with a mask of ones it only says how many bits matter.
    fn masked(&mut self, operation: &Operation<'n>, width: u32) -> Result<Handle<Expression>> {
        let span = operation.node.start();
        let (left, right) = (operation.left(self)?, operation.right(self)?);
        for (value, mask) in [(left, right), (right, left)] {
            let Some(number) = self.constant_operand(mask)? else { continue };
            if let Some(ones) = mask_width(&number) {
                let low = self.low(value, ones.min(width))?;
                return Ok(self.resized(low, width));
            }
            if !number.is_negative() {
                let within = Range::unsigned(number.bits()).width.min(width);
                let low = self.low(value, within)?;
                let mask = self.module.constant(bits(&number, within), span);
                let value = self.binary(BinaryOp::And, low, mask, span);
                return Ok(self.resized(value, width));
            }
        }
        let (a, b) = (self.low(left, width)?, self.low(right, width)?);
        Ok(self.binary(BinaryOp::And, a, b, span))
    }

    /// `>>`: bits above those that remain matter, too.
    fn shifted(&mut self, operation: &Operation<'n>, width: u32) -> Result<Handle<Expression>> {
        let span = operation.node.start();
        let (left, right) = (operation.left(self)?, operation.right(self)?);
        let range = self.range(left)?;
        if let Some(by) = self.constant_operand(right)?.filter(|by| !by.is_negative()) {
            // Of a number with a sign, the sign goes on without end.
            let by = by.to_u32().unwrap_or(u32::MAX).min(range.width);
            if by == 0 {
                return self.low(left, width);
            }
            if !range.signed && by >= range.width {
                return Ok(self.module.constant(Bits::zero(width), span));
            }
            let needed = u64::from(by) + u64::from(width);
            let within = if range.signed { needed } else { needed.min(u64::from(range.width)) };
            if within <= u64::from(limits::WIDTH) {
                let within = within as u32;
                let base = self.low(left, within)?;
                let kind = ExpressionKind::Slice { base, high: within - 1, low: by };
                let slice = self.push(kind, Type::Bits(within - by), span);
                return Ok(self.resized(slice, width));
            }
        }
        let (value, _) = self.exact(left)?;
        let by = self.number(right)?;
        let value = self.binary(BinaryOp::Shr, value, by, span);
        Ok(self.resized(value, width))
    }

    /// A saturating cast: a saturating sum where it is of one, else two comparisons.
    fn saturated(&mut self, operation: &Operation<'n>) -> Result<Handle<Expression>> {
        let span = operation.node.start();
        let signed = operation.op == "sat_cast";
        let (left, right) = (operation.left(self)?, operation.right(self)?);
        let width = self.small_constant(right, limits::WIDTH)?;
        let ty = Range { signed, width }.ty();
        if let Operand::Operation(inner) = self.operand(left)?
            && let ("+" | "-", Some(a), Some(b)) = (inner.op, inner.left, inner.right)
        {
            let fits = |range: Range| range.signed == signed && range.width <= width;
            if fits(self.range(a)?) && fits(self.range(b)?) {
                let op = if inner.op == "+" { BinaryOp::SatAdd } else { BinaryOp::SatSub };
                let (a, b) = (self.low(a, width)?, self.low(b, width)?);
                let (a, b) = (self.cast(a, ty), self.cast(b, ty));
                return Ok(self.binary(op, a, b, span));
            }
        }
        let range = self.range(left)?.or(Range { signed: true, width: width.saturating_add(1) });
        if range.width > limits::WIDTH {
            let help = format!("values have at most {} bits", limits::WIDTH);
            return Err(self.refuse(span, "this number may have too many bits", help));
        }
        let wide = range.ty();
        let low = self.low(left, range.width)?;
        let value = self.cast(low, wide);
        let power = |bits: u32| BigInt::one() << bits;
        let (least, most) = if signed {
            (-power(width - 1), power(width - 1) - 1)
        } else {
            (BigInt::zero(), power(width) - 1)
        };
        let mut result = self.cast(value, ty);
        for (op, bound) in [(BinaryOp::Gt, most), (BinaryOp::Lt, least)] {
            let limit = self.push(ExpressionKind::Constant(bits(&bound, range.width)), wide, span);
            let condition = self.binary(op, value, limit, span);
            let accept = self.push(ExpressionKind::Constant(bits(&bound, width)), ty, span);
            result = self.push(ExpressionKind::Mux { condition, accept, reject: result }, ty, span);
        }
        Ok(result)
    }

    /// True or false; a number is true unless it is 0.
    pub(super) fn boolean(&mut self, node: &'n Node) -> Result<Handle<Expression>> {
        let span = node.start();
        let operation = match self.operand(node)? {
            Operand::Bool(value) => return Ok(self.module.bool(value, span)),
            Operand::Operation(operation) => operation,
            _ => return self.is_not_zero(node),
        };
        match operation.op {
            "and" | "or" | "&&" | "||" => {
                let (left, right) = (operation.left(self)?, operation.right(self)?);
                let (a, b) = (self.boolean(left)?, self.boolean(right)?);
                let is_and = matches!(operation.op, "and" | "&&");
                Ok(self.binary(if is_and { BinaryOp::LogicalAnd } else { BinaryOp::LogicalOr }, a, b, span))
            }
            "not" => {
                let right = operation.right(self)?;
                let value = self.boolean(right)?;
                Ok(self.push(ExpressionKind::Unary(UnaryOp::Not, value), Type::Bool, span))
            }
            "d2b" => {
                let right = operation.right(self)?;
                self.is_not_zero(right)
            }
            "valid" => {
                let right = operation.right(self)?;
                let header = self.header_operand(right)?;
                Ok(self.push(ExpressionKind::IsValid(header), Type::Bool, span))
            }
            "valid_union" => self.valid_union(&operation),
            "?" => {
                let (left, right) = (operation.left(self)?, operation.right(self)?);
                if !self.is_boolean(left)? {
                    return self.is_not_zero(node);
                }
                let condition = self.condition_of(&operation)?;
                let (accept, reject) = (self.boolean(left)?, self.boolean(right)?);
                Ok(self.push(ExpressionKind::Mux { condition, accept, reject }, Type::Bool, span))
            }
            "==" | "!=" => {
                let equal = self.equal(&operation)?;
                if operation.op == "==" {
                    return Ok(equal);
                }
                if let ExpressionKind::Binary(BinaryOp::Eq, a, b) = self.module.expressions[equal].kind {
                    return Ok(self.binary(BinaryOp::Ne, a, b, span));
                }
                Ok(self.push(ExpressionKind::Unary(UnaryOp::Not, equal), Type::Bool, span))
            }
            "<" | "<=" | ">" | ">=" => {
                let (left, right) = (operation.left(self)?, operation.right(self)?);
                let [a, b] = self.both(left, right, 0)?;
                let op = match operation.op {
                    "<" => BinaryOp::Lt,
                    "<=" => BinaryOp::Le,
                    ">" => BinaryOp::Gt,
                    _ => BinaryOp::Ge,
                };
                Ok(self.binary(op, a, b, span))
            }
            _ => self.is_not_zero(node),
        }
    }

    fn is_not_zero(&mut self, node: &'n Node) -> Result<Handle<Expression>> {
        if self.is_boolean(node)? {
            return self.boolean(node);
        }
        if let Operand::Slot(Slot::Valid(header)) = self.operand(node)? {
            return Ok(self.push(ExpressionKind::IsValid(header), Type::Bool, node.start()));
        }
        let (value, ty) = self.exact(node)?;
        if ty == Type::Bits(1) {
            return Ok(self.cast(value, Type::Bool));
        }
        let zero = self.push(ExpressionKind::Constant(Bits::zero(ty.width())), ty, node.start());
        Ok(self.binary(BinaryOp::Ne, value, zero, node.start()))
    }

    fn valid_union(&mut self, operation: &Operation<'n>) -> Result<Handle<Expression>> {
        let span = operation.node.start();
        let right = operation.right(self)?;
        let members = match self.operand(right)? {
            Operand::Union(union) => {
                self.module.unions[union].members.iter().map(|member| HeaderRef::Header(*member)).collect()
            }
            Operand::UnionElement(members) => members,
            _ => return Err(self.wrong(right, "a header union")),
        };
        let mut any = self.module.bool(false, span);
        for member in members {
            let one = self.push(ExpressionKind::IsValid(member), Type::Bool, span);
            any = self.binary(BinaryOp::LogicalOr, any, one, span);
        }
        Ok(any)
    }

    fn equal(&mut self, operation: &Operation<'n>) -> Result<Handle<Expression>> {
        let span = operation.node.start();
        let (left, right) = (operation.left(self)?, operation.right(self)?);
        let (a, b) = (self.operand(left)?, self.operand(right)?);
        if let (Operand::Header(a), Operand::Header(b)) = (&a, &b) {
            return self.equal_headers(*a, *b, operation.node);
        }
        if let (Operand::Slot(a), Operand::Slot(b)) = (&a, &b)
            && matches!(self.slot_type(*a), Type::Varbit(_))
            && self.slot_type(*a) == self.slot_type(*b)
        {
            let (a, b) = (self.load(*a, span), self.load(*b, span));
            return Ok(self.binary(BinaryOp::Eq, a, b, span));
        }
        if self.is_boolean(left)? && self.is_boolean(right)? {
            let (a, b) = (self.boolean(left)?, self.boolean(right)?);
            return Ok(self.binary(BinaryOp::Eq, a, b, span));
        }
        for (one, other, node) in [(&a, &b, right), (&b, &a, left)] {
            let Operand::Slot(slot) = one else { continue };
            if self.slot_type(*slot) != Type::Error {
                continue;
            }
            let error = match other {
                Operand::Constant(number) => match self.error_index(number) {
                    Some(index) => self.error_constant(index, span),
                    None => return Ok(self.module.bool(false, span)),
                },
                Operand::Slot(of) if self.slot_type(*of) == Type::Error => self.load(*of, node.start()),
                _ => continue,
            };
            let value = self.load(*slot, span);
            return Ok(self.binary(BinaryOp::Eq, value, error, span));
        }
        let [a, b] = self.both(left, right, 0)?;
        Ok(self.binary(BinaryOp::Eq, a, b, span))
    }

    /// Headers are equal if both are invalid, or both valid with equal fields.
    fn equal_headers(&mut self, a: HeaderRef, b: HeaderRef, node: &'n Node) -> Result<Handle<Expression>> {
        let span = node.start();
        let ty = self.module.header_type_of(a);
        let Some(ty) = ty.filter(|ty| self.module.header_type_of(b) == Some(*ty)) else {
            return Err(self.refuse(
                span,
                "headers of two types are compared",
                "compare headers of one type",
            ));
        };
        let types: Vec<Type> = self.module.header_types[ty].fields.iter().map(|field| field.ty).collect();
        let valid = [a, b].map(|header| self.push(ExpressionKind::IsValid(header), Type::Bool, span));
        let mut equal = valid[0];
        for (index, ty) in types.into_iter().enumerate() {
            let sides = [a, b].map(|header| self.push(ExpressionKind::Field(header, index as u32), ty, span));
            let same = self.binary(BinaryOp::Eq, sides[0], sides[1], span);
            equal = self.binary(BinaryOp::LogicalAnd, equal, same, span);
        }
        let both = self.binary(BinaryOp::LogicalAnd, equal, valid[1], span);
        let neither = valid.map(|one| self.push(ExpressionKind::Unary(UnaryOp::Not, one), Type::Bool, span));
        let neither = self.binary(BinaryOp::LogicalAnd, neither[0], neither[1], span);
        Ok(self.binary(BinaryOp::LogicalOr, both, neither, span))
    }
}

//! Expressions to instructions.
//!
//! Expressions are pure and total, so that their order is free: `&&`, `||` and `?:` compute both sides where that is
//! cheaper than a jump. A result goes straight to where it is wanted; leaves are used where they are.

use sluice_entities::Bits;
use sluice_ir::{BinaryOp, Expression, ExpressionKind, Handle, HeaderRef, Type, UnaryOp};

use super::PrepareError;
use super::codegen::{Codegen, Patch, invalid};
use super::layout::{limbs, slot_bits};
use crate::engine::op::{Op, Slot};
use crate::engine::wide_op::{WideArithmetic, WideOp};

type Result<T> = std::result::Result<T, PrepareError>;
type Operand = Handle<Expression>;

/// Whether values of that width take one word.
pub(super) fn narrow(width: u32) -> bool {
    width <= 64
}

impl<'m> Codegen<'m> {
    /// Computes a value; the slot may be a variable's own.
    pub(super) fn value(&mut self, expression: Operand) -> Result<Slot> {
        self.compute(expression, None)
    }

    /// Computes a value into a slot.
    pub(super) fn value_into(&mut self, expression: Operand, d: Slot) -> Result<()> {
        self.compute(expression, Some(d)).map(|_| ())
    }

    /// Computes a number for an index, a length or the like: one word, saturated.
    pub(super) fn number_value(&mut self, expression: Operand) -> Result<Slot> {
        let width = self.ty(expression)?.width();
        let a = self.value(expression)?;
        if narrow(width) {
            return Ok(a);
        }
        let d = self.temporary_words(1)?;
        self.add_wide(WideOp::Saturate { d, a, n: limbs(width) as u16 });
        Ok(d)
    }

    /// The constant that an expression is.
    pub(super) fn constant_of(&self, expression: Operand) -> Option<&'m Bits> {
        match &self.module.expressions.try_index(expression)?.kind {
            ExpressionKind::Constant(bits) => Some(bits),
            _ => None,
        }
    }

    fn compute(&mut self, expression: Operand, want: Option<Slot>) -> Result<Slot> {
        let module = self.module;
        let node = module.expressions.try_index(expression).ok_or_else(|| invalid("expression"))?;
        let width = slot_bits(node.ty);
        match &node.kind {
            ExpressionKind::Constant(bits) => {
                let slot = self.constant(&bits.resize(width))?;
                Ok(self.place_at(slot, width, want))
            }
            ExpressionKind::Variable(variable) => {
                let slot =
                    *self.storage.variables.get(variable.index()).ok_or_else(|| invalid("variable"))?;
                Ok(self.place_at(slot, width, want))
            }
            ExpressionKind::Parameter(index) => {
                let slot = *self.params.get(*index as usize).ok_or_else(|| invalid("parameter"))?;
                Ok(self.place_at(slot, width, want))
            }
            ExpressionKind::Field(header, field) => {
                let d = self.destination(want, width)?;
                self.load_field(*header, *field, None, d)?;
                Ok(d)
            }
            ExpressionKind::IsValid(header) => self.is_valid(*header, want),
            ExpressionKind::LastIndex(stack) => {
                let next = self.storage.stacks.get(stack.index()).ok_or_else(|| invalid("stack"))?.next;
                let one = self.number(1)?;
                let d = self.destination(want, 32)?;
                self.push(Op::Sub { d, a: next, b: one, width: 32 });
                Ok(d)
            }
            ExpressionKind::Unary(op, operand) => self.unary(*op, *operand, width, want),
            ExpressionKind::Binary(op, left, right) => self.binary(*op, *left, *right, want),
            ExpressionKind::Mux { condition, accept, reject } => {
                self.choose(*condition, *accept, *reject, width, want)
            }
            ExpressionKind::Slice { base, high: _, low } => self.slice(*base, *low, width, want),
            ExpressionKind::Concat(left, right) => self.concat(*left, *right, width, want),
            ExpressionKind::Cast(operand) => self.cast(*operand, width, want),
        }
    }

    /// The slot itself where the place does not matter, else a move to the wanted place.
    pub(super) fn place_at(&mut self, slot: Slot, width: u32, want: Option<Slot>) -> Slot {
        let Some(d) = want else { return slot };
        if d != slot {
            if narrow(width) {
                self.push(Op::Move { d, a: slot });
            } else {
                self.push(Op::MoveW { d, a: slot, n: limbs(width) as u16 });
            }
        }
        d
    }

    fn destination(&mut self, want: Option<Slot>, width: u32) -> Result<Slot> {
        want.map_or_else(|| self.temporary(width), Ok)
    }

    fn is_valid(&mut self, header: HeaderRef, want: Option<Slot>) -> Result<Slot> {
        if let HeaderRef::Header(header) = header {
            let slot = self.storage.headers.get(header.index()).ok_or_else(|| invalid("header"))?.valid;
            return Ok(self.place_at(slot, 1, want));
        }
        let d = self.destination(want, 1)?;
        self.on_header(header, &mut |codegen, header| {
            let a = match header {
                Some(header) => codegen.storage.headers[header].valid,
                None => codegen.number(0)?,
            };
            codegen.push(Op::Move { d, a });
            Ok(())
        })?;
        Ok(d)
    }

    fn unary(&mut self, op: UnaryOp, operand: Operand, width: u32, want: Option<Slot>) -> Result<Slot> {
        let a = self.value(operand)?;
        let d = self.destination(want, width)?;
        match op {
            UnaryOp::Not => self.push(Op::Not { d, a }),
            UnaryOp::BitNot if narrow(width) => self.push(Op::BitNot { d, a, width: width as u8 }),
            UnaryOp::Negate if narrow(width) => self.push(Op::Negate { d, a, width: width as u8 }),
            UnaryOp::BitNot => self.add_wide(WideOp::Not { d, a, width }),
            UnaryOp::Negate => {
                let zero = self.constant(&Bits::zero(width))?;
                self.add_wide(WideOp::Arithmetic { op: WideArithmetic::Sub, d, a: zero, b: a, width });
            }
        }
        Ok(d)
    }

    fn binary(&mut self, op: BinaryOp, left: Operand, right: Operand, want: Option<Slot>) -> Result<Slot> {
        let ty = self.ty(left)?;
        let (width, signed) = (slot_bits(ty), matches!(ty, Type::Int(_)));
        if matches!(op, BinaryOp::Shl | BinaryOp::Shr) {
            return self.shift(op == BinaryOp::Shl, signed, left, right, width, want);
        }
        let a = self.value(left)?;
        let b = self.value(right)?;
        let result_width = if op.is_comparison() { 1 } else { width };
        let d = self.destination(want, result_width)?;
        // Signed division is rare enough to have no narrow instruction.
        let signed_division = signed && matches!(op, BinaryOp::Div | BinaryOp::Mod);
        if narrow(width) && !signed_division {
            let op = narrow_binary(op, signed, width as u8, d, a, b);
            self.push(op);
        } else {
            self.wide_binary(op, signed, width, d, a, b);
        }
        Ok(d)
    }

    fn wide_binary(&mut self, op: BinaryOp, signed: bool, width: u32, d: Slot, a: Slot, b: Slot) {
        let n = limbs(width) as u16;
        let arithmetic = |op| WideOp::Arithmetic { op, d, a, b, width };
        let less = |or_equal, a, b| WideOp::Less { or_equal, signed, d, a, b, width };
        let wide = match op {
            BinaryOp::And | BinaryOp::LogicalAnd => return self.push(Op::AndW { d, a, b, n }),
            BinaryOp::Or | BinaryOp::LogicalOr => return self.push(Op::OrW { d, a, b, n }),
            BinaryOp::Xor => return self.push(Op::XorW { d, a, b, n }),
            BinaryOp::Eq => return self.push(Op::EqW { d, a, b, n }),
            BinaryOp::Ne => {
                self.push(Op::EqW { d, a, b, n });
                return self.push(Op::Not { d, a: d });
            }
            BinaryOp::Add => arithmetic(WideArithmetic::Add),
            BinaryOp::Sub => arithmetic(WideArithmetic::Sub),
            BinaryOp::Mul => arithmetic(WideArithmetic::Mul),
            BinaryOp::Div => arithmetic(WideArithmetic::Div { signed }),
            BinaryOp::Mod => arithmetic(WideArithmetic::Mod { signed }),
            BinaryOp::SatAdd => arithmetic(WideArithmetic::SatAdd { signed }),
            BinaryOp::SatSub => arithmetic(WideArithmetic::SatSub { signed }),
            BinaryOp::Lt => less(false, a, b),
            BinaryOp::Le => less(true, a, b),
            BinaryOp::Gt => less(false, b, a),
            BinaryOp::Ge => less(true, b, a),
            BinaryOp::Shl | BinaryOp::Shr => return,
        };
        self.add_wide(wide);
    }

    fn shift(
        &mut self,
        left: bool,
        signed: bool,
        value: Operand,
        by: Operand,
        width: u32,
        want: Option<Slot>,
    ) -> Result<Slot> {
        let a = self.value(value)?;
        let by = self.number_value(by)?;
        let d = self.destination(want, width)?;
        if !narrow(width) {
            self.add_wide(WideOp::Shift { left, signed, d, a, by, width });
        } else if left {
            self.push(Op::Shl { d, a, b: by, width: width as u8 });
        } else {
            self.push(Op::Shr { d, a, b: by, width: width as u8, signed });
        }
        Ok(d)
    }

    fn choose(
        &mut self,
        condition: Operand,
        accept: Operand,
        reject: Operand,
        width: u32,
        want: Option<Slot>,
    ) -> Result<Slot> {
        let d = self.destination(want, width)?;
        if narrow(width) && self.is_leaf(accept) && self.is_leaf(reject) {
            let condition = self.value(condition)?;
            let a = self.value(accept)?;
            let b = self.value(reject)?;
            self.push(Op::Choose { d, condition, a, b });
            return Ok(d);
        }
        let otherwise = self.branch(condition, false)?;
        self.value_into(accept, d)?;
        let done = self.jump(Op::Jump { to: 0 });
        self.land(otherwise);
        self.value_into(reject, d)?;
        self.land([done]);
        Ok(d)
    }

    /// Whether a value is in a slot already.
    fn is_leaf(&self, expression: Operand) -> bool {
        matches!(
            self.module.expressions.try_index(expression).map(|node| &node.kind),
            Some(ExpressionKind::Constant(_) | ExpressionKind::Variable(_) | ExpressionKind::Parameter(_))
        )
    }

    fn slice(&mut self, base: Operand, low: u32, width: u32, want: Option<Slot>) -> Result<Slot> {
        let module = self.module;
        let base_width = self.ty(base)?.width();
        if low + width > base_width {
            return Err(invalid("bit"));
        }
        if let Some(ExpressionKind::Field(header, field)) =
            module.expressions.try_index(base).map(|node| &node.kind)
        {
            let d = self.destination(want, width)?;
            self.load_field(*header, *field, Some((low, width)), d)?;
            return Ok(d);
        }
        let a = self.value(base)?;
        let d = self.destination(want, width)?;
        if narrow(base_width) {
            self.push(Op::Slice { d, a, low: low as u8, width: width as u8 });
        } else if narrow(width) {
            self.push(Op::SliceW { d, a, low: low as u16, width: width as u8 });
        } else {
            self.add_wide(WideOp::Slice { d, a, a_width: base_width, low, width });
        }
        Ok(d)
    }

    fn concat(&mut self, left: Operand, right: Operand, width: u32, want: Option<Slot>) -> Result<Slot> {
        let (a_width, b_width) = (self.ty(left)?.width(), self.ty(right)?.width());
        if narrow(width) && self.constant_of(left).is_some_and(Bits::is_zero) {
            return self.compute(right, want);
        }
        let a = self.value(left)?;
        let b = self.value(right)?;
        let d = self.destination(want, width)?;
        if narrow(width) {
            self.push(Op::Concat { d, a, b, b_width: b_width as u8 });
        } else {
            self.add_wide(WideOp::Concat { d, a, a_width, b, b_width });
        }
        Ok(d)
    }

    fn cast(&mut self, operand: Operand, to: u32, want: Option<Slot>) -> Result<Slot> {
        let ty = self.ty(operand)?;
        let (from, signed) = (ty.width(), matches!(ty, Type::Int(_)));
        if from == to {
            return self.compute(operand, want);
        }
        if to < from {
            return self.slice(operand, 0, to, want);
        }
        if narrow(to) && !signed {
            return self.compute(operand, want);
        }
        let a = self.value(operand)?;
        let d = self.destination(want, to)?;
        if narrow(to) {
            self.push(Op::SignExtend { d, a, from: from as u8, to: to as u8 });
        } else {
            self.add_wide(WideOp::Resize { d, a, from, to, signed });
        }
        Ok(d)
    }

    /// Code that jumps where the condition is `on`, and else goes on.
    pub(super) fn branch(&mut self, condition: Operand, on: bool) -> Result<Vec<Patch>> {
        let module = self.module;
        let node = module.expressions.try_index(condition).ok_or_else(|| invalid("expression"))?;
        match &node.kind {
            ExpressionKind::Constant(bits) => {
                Ok(if bits.is_zero() == on { Vec::new() } else { vec![self.jump(Op::Jump { to: 0 })] })
            }
            ExpressionKind::Unary(UnaryOp::Not, operand) => self.branch(*operand, !on),
            ExpressionKind::Binary(op @ (BinaryOp::LogicalAnd | BinaryOp::LogicalOr), left, right) => {
                // `&&` jumps on false from either side, `||` jumps on true from either side.
                let either = (*op == BinaryOp::LogicalOr) == on;
                let first = self.branch(*left, on == either)?;
                let mut second = self.branch(*right, on)?;
                if either {
                    second.extend(first);
                } else {
                    self.land(first);
                }
                Ok(second)
            }
            ExpressionKind::Binary(op, left, right)
                if op.is_comparison()
                    && narrow(slot_bits(self.ty(*left)?))
                    && !self.is_signed_order(*op, *left)? =>
            {
                let b = self.value(*right)?;
                let a = self.value(*left)?;
                let op = compare_and_jump(*op, on, a, b);
                let op = self.joined_with_slice(op);
                Ok(vec![self.jump(op)])
            }
            ExpressionKind::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), left, right) => {
                let n = limbs(slot_bits(self.ty(*left)?)) as u16;
                let a = self.value(*left)?;
                let b = self.value(*right)?;
                let equal = (*op == BinaryOp::Eq) == on;
                let op = if equal { Op::JumpEqW { a, b, n, to: 0 } } else { Op::JumpNeW { a, b, n, to: 0 } };
                Ok(vec![self.jump(op)])
            }
            _ => {
                let a = self.value(condition)?;
                let op = if on { Op::JumpIf { a, to: 0 } } else { Op::JumpUnless { a, to: 0 } };
                Ok(vec![self.jump(op)])
            }
        }
    }

    /// A comparison of a slice that was only just taken, as one instruction.
    fn joined_with_slice(&mut self, jump: Op) -> Op {
        let (slot, b) = match jump {
            Op::JumpEq { a, b, .. } | Op::JumpNe { a, b, .. } => (a, b),
            _ => return jump,
        };
        let Some(Op::SliceW { d, a, low, width }) = self.last_op().copied() else { return jump };
        // A temporary is read by nothing but what it was made for; `a == a` reads it twice.
        if d != slot || b == slot || !self.is_temporary(d) {
            return jump;
        }
        self.ops.pop();
        match jump {
            Op::JumpEq { .. } => Op::JumpSliceEq { a, low, width, b, to: 0 },
            _ => Op::JumpSliceNe { a, low, width, b, to: 0 },
        }
    }

    fn is_signed_order(&self, op: BinaryOp, operand: Operand) -> Result<bool> {
        Ok(!matches!(op, BinaryOp::Eq | BinaryOp::Ne) && matches!(self.ty(operand)?, Type::Int(_)))
    }
}

fn compare_and_jump(op: BinaryOp, on: bool, a: Slot, b: Slot) -> Op {
    match (op, on) {
        (BinaryOp::Eq, true) | (BinaryOp::Ne, false) => Op::JumpEq { a, b, to: 0 },
        (BinaryOp::Lt, true) | (BinaryOp::Ge, false) => Op::JumpLt { a, b, to: 0 },
        (BinaryOp::Ge, true) | (BinaryOp::Lt, false) => Op::JumpGe { a, b, to: 0 },
        (BinaryOp::Gt, true) | (BinaryOp::Le, false) => Op::JumpLt { a: b, b: a, to: 0 },
        (BinaryOp::Le, true) | (BinaryOp::Gt, false) => Op::JumpGe { a: b, b: a, to: 0 },
        _ => Op::JumpNe { a, b, to: 0 },
    }
}

fn narrow_binary(op: BinaryOp, signed: bool, width: u8, d: Slot, a: Slot, b: Slot) -> Op {
    match op {
        BinaryOp::Add => Op::Add { d, a, b, width },
        BinaryOp::Sub => Op::Sub { d, a, b, width },
        BinaryOp::Mul => Op::Mul { d, a, b, width },
        BinaryOp::Div => Op::Div { d, a, b },
        BinaryOp::Mod => Op::Mod { d, a, b },
        BinaryOp::SatAdd => Op::SatAdd { d, a, b, width, signed },
        BinaryOp::SatSub => Op::SatSub { d, a, b, width, signed },
        BinaryOp::And | BinaryOp::LogicalAnd => Op::And { d, a, b },
        BinaryOp::Or | BinaryOp::LogicalOr => Op::Or { d, a, b },
        BinaryOp::Xor => Op::Xor { d, a, b },
        BinaryOp::Shl => Op::Shl { d, a, b, width },
        BinaryOp::Shr => Op::Shr { d, a, b, width, signed },
        BinaryOp::Eq => Op::Eq { d, a, b },
        BinaryOp::Ne => Op::Ne { d, a, b },
        BinaryOp::Lt if signed => Op::LtSigned { d, a, b, width },
        BinaryOp::Le if signed => Op::LeSigned { d, a, b, width },
        BinaryOp::Gt if signed => Op::LtSigned { d, a: b, b: a, width },
        BinaryOp::Ge if signed => Op::LeSigned { d, a: b, b: a, width },
        BinaryOp::Lt => Op::Lt { d, a, b },
        BinaryOp::Le => Op::Le { d, a, b },
        BinaryOp::Gt => Op::Lt { d, a: b, b: a },
        BinaryOp::Ge => Op::Le { d, a: b, b: a },
    }
}

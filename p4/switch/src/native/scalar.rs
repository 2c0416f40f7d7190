//! Instructions on words.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

use super::seam::Function;
use super::slots::wide_accesses;
use super::translate::Translator;
use crate::engine::bytes::low_mask;
use crate::engine::op::{Op, Slot};
use crate::engine::wide_op::WideOp;

/// A bitwise operation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bitwise {
    And,
    Or,
    Xor,
    /// The first operand.
    First,
}

impl Translator<'_, '_> {
    /// Instructions that neither jump nor look at headers.
    pub(super) fn scalar(&mut self, op: Op) {
        match op {
            Op::Move { d, a } => self.bitwise(Bitwise::First, d, a, a, 1),
            Op::MoveW { d, a, n } => self.bitwise(Bitwise::First, d, a, a, n),
            Op::Move2 { d, a } => self.bitwise(Bitwise::First, d, a, a, 2),
            Op::Move4 { d, a } => self.bitwise(Bitwise::First, d, a, a, 4),
            Op::And { d, a, b } => self.bitwise(Bitwise::And, d, a, b, 1),
            Op::Or { d, a, b } => self.bitwise(Bitwise::Or, d, a, b, 1),
            Op::Xor { d, a, b } => self.bitwise(Bitwise::Xor, d, a, b, 1),
            Op::AndW { d, a, b, n } => self.bitwise(Bitwise::And, d, a, b, n),
            Op::OrW { d, a, b, n } => self.bitwise(Bitwise::Or, d, a, b, n),
            Op::XorW { d, a, b, n } => self.bitwise(Bitwise::Xor, d, a, b, n),
            Op::And2 { d, a, b } => self.bitwise(Bitwise::And, d, a, b, 2),
            Op::Or2 { d, a, b } => self.bitwise(Bitwise::Or, d, a, b, 2),
            Op::And4 { d, a, b } => self.bitwise(Bitwise::And, d, a, b, 4),
            Op::Or4 { d, a, b } => self.bitwise(Bitwise::Or, d, a, b, 4),
            Op::EqW { d, a, b, n } => {
                let equal = self.equal(a, b, n);
                self.set_flag(d, equal);
            }
            Op::Eq { d, a, b } => self.compare(d, IntCC::Equal, a, b),
            Op::Ne { d, a, b } => self.compare(d, IntCC::NotEqual, a, b),
            Op::Lt { d, a, b } => self.compare(d, IntCC::UnsignedLessThan, a, b),
            Op::Le { d, a, b } => self.compare(d, IntCC::UnsignedLessThanOrEqual, a, b),
            Op::LtSigned { d, a, b, width } => self.compare_signed(d, IntCC::SignedLessThan, a, b, width),
            Op::LeSigned { d, a, b, width } => {
                self.compare_signed(d, IntCC::SignedLessThanOrEqual, a, b, width);
            }
            Op::SliceW { d, a, low, width } => {
                let value = self.slice_wide(a, low, width);
                self.set(d, value);
            }
            Op::Choose { d, condition, a, b } => {
                let (condition, a, b) = (self.get(condition), self.get(a), self.get(b));
                let value = self.b.ins().select(condition, a, b);
                self.set(d, value);
            }
            Op::Insert { d, a, low, width } => {
                let (old, value) = (self.get(d), self.get(a));
                let mask = low_mask(width) << low;
                let kept = self.and(old, !mask);
                let value = self.b.ins().ishl_imm_u(value, i64::from(low));
                let value = self.and(value, mask);
                let value = self.b.ins().bor(kept, value);
                self.set(d, value);
            }
            Op::Concat { d, a, b, b_width } => {
                let (a, b) = (self.get(a), self.get(b));
                let a = self.b.ins().ishl_imm_u(a, i64::from(b_width));
                let value = self.b.ins().bor(a, b);
                self.set(d, value);
            }
            Op::Not { d, a }
            | Op::BitNot { d, a, .. }
            | Op::Negate { d, a, .. }
            | Op::Cut { d, a, .. }
            | Op::SignExtend { d, a, .. }
            | Op::Slice { d, a, .. } => {
                let a = self.get(a);
                let value = self.unary(op, a);
                self.set(d, value);
            }
            Op::Add { d, a, b, .. }
            | Op::Sub { d, a, b, .. }
            | Op::Mul { d, a, b, .. }
            | Op::Div { d, a, b }
            | Op::Mod { d, a, b }
            | Op::SatAdd { d, a, b, .. }
            | Op::SatSub { d, a, b, .. }
            | Op::Shl { d, a, b, .. }
            | Op::Shr { d, a, b, .. } => {
                let (a, b) = (self.get(a), self.get(b));
                let value = self.binary(op, a, b);
                self.set(d, value);
            }
            // All others are translated elsewhere.
            _ => {}
        }
    }

    fn unary(&mut self, op: Op, a: Value) -> Value {
        match op {
            Op::Not { .. } => self.b.ins().bxor_imm_u(a, 1),
            Op::BitNot { width, .. } => {
                let value = self.b.ins().bnot(a);
                self.and(value, low_mask(width))
            }
            Op::Negate { width, .. } => {
                let value = self.b.ins().ineg(a);
                self.and(value, low_mask(width))
            }
            Op::Cut { width, .. } => self.and(a, low_mask(width)),
            Op::SignExtend { from, to, .. } => {
                let value = self.signed(a, from);
                self.and(value, low_mask(to))
            }
            Op::Slice { low, width, .. } => {
                let value = self.b.ins().ushr_imm_u(a, i64::from(low));
                self.and(value, low_mask(width))
            }
            _ => a,
        }
    }

    fn binary(&mut self, op: Op, a: Value, b: Value) -> Value {
        match op {
            Op::Add { width, .. } => {
                let value = self.b.ins().iadd(a, b);
                self.and(value, low_mask(width))
            }
            Op::Sub { width, .. } => {
                let value = self.b.ins().isub(a, b);
                self.and(value, low_mask(width))
            }
            Op::Mul { width, .. } => {
                let value = self.b.ins().imul(a, b);
                self.and(value, low_mask(width))
            }
            Op::Div { .. } | Op::Mod { .. } => {
                let (zero, one) = (self.number(0), self.number(1));
                let by_zero = self.compare_with(IntCC::Equal, b, 0);
                let divisor = self.b.ins().select(by_zero, one, b);
                let value = if matches!(op, Op::Div { .. }) {
                    self.b.ins().udiv(a, divisor)
                } else {
                    self.b.ins().urem(a, divisor)
                };
                self.b.ins().select(by_zero, zero, value)
            }
            Op::SatAdd { width, signed: false, .. } => {
                let (sum, most) = (self.b.ins().iadd(a, b), self.number(low_mask(width)));
                let overflows = self.b.ins().icmp(IntCC::UnsignedLessThan, sum, a);
                let sum = self.b.ins().select(overflows, most, sum);
                self.b.ins().umin(sum, most)
            }
            Op::SatSub { signed: false, .. } => {
                let (difference, zero) = (self.b.ins().isub(a, b), self.number(0));
                let is_less = self.b.ins().icmp(IntCC::UnsignedLessThan, a, b);
                self.b.ins().select(is_less, zero, difference)
            }
            Op::SatAdd { width, .. } => self.saturating_signed(a, b, width, false),
            Op::SatSub { width, .. } => self.saturating_signed(a, b, width, true),
            Op::Shl { width, .. } => {
                let value = self.b.ins().ishl(a, b);
                let value = self.unless_too_far(b, value);
                self.and(value, low_mask(width))
            }
            Op::Shr { signed: false, .. } => {
                let value = self.b.ins().ushr(a, b);
                self.unless_too_far(b, value)
            }
            Op::Shr { width, .. } => {
                let (a, most) = (self.signed(a, width), self.number(63));
                let by = self.b.ins().umin(b, most);
                let value = self.b.ins().sshr(a, by);
                self.and(value, low_mask(width))
            }
            _ => a,
        }
    }

    /// Zero where a value is shifted by 64 bits or more.
    fn unless_too_far(&mut self, by: Value, value: Value) -> Value {
        let zero = self.number(0);
        let far = self.compare_with(IntCC::UnsignedGreaterThan, by, 63);
        self.b.ins().select(far, zero, value)
    }

    fn saturating_signed(&mut self, a: Value, b: Value, width: u8, minus: bool) -> Value {
        let (a, b) = (self.signed(a, width), self.signed(b, width));
        let sum = if minus { self.b.ins().isub(a, b) } else { self.b.ins().iadd(a, b) };
        let high = low_mask(width) >> 1;
        let (most, least) = (self.number(high), self.number(!high));
        // The sum of 64 bits overflows where its sign is one that the operands do not explain.
        let from_a = self.b.ins().bxor(sum, a);
        let from_b = if minus { self.b.ins().bxor(a, b) } else { self.b.ins().bxor(sum, b) };
        let overflow = self.b.ins().band(from_a, from_b);
        let overflows = self.compare_with(IntCC::SignedLessThan, overflow, 0);
        let is_negative = self.compare_with(IntCC::SignedLessThan, a, 0);
        let bound = self.b.ins().select(is_negative, least, most);
        let sum = self.b.ins().select(overflows, bound, sum);
        let sum = self.b.ins().smin(sum, most);
        let sum = self.b.ins().smax(sum, least);
        self.and(sum, low_mask(width))
    }

    /// A value of `width` bits with its sign in all bits above.
    fn signed(&mut self, value: Value, width: u8) -> Value {
        let by = i64::from(64 - width.clamp(1, 64));
        if by == 0 {
            return value;
        }
        let value = self.b.ins().ishl_imm_u(value, by);
        self.b.ins().sshr_imm_u(value, by)
    }

    pub(super) fn and(&mut self, value: Value, mask: u64) -> Value {
        if mask == u64::MAX {
            return value;
        }
        let mask = self.number(mask);
        self.b.ins().band(value, mask)
    }

    fn compare(&mut self, d: Slot, how: IntCC, a: Slot, b: Slot) {
        let (a, b) = (self.get(a), self.get(b));
        let flag = self.b.ins().icmp(how, a, b);
        self.set_flag(d, flag);
    }

    fn compare_signed(&mut self, d: Slot, how: IntCC, a: Slot, b: Slot, width: u8) {
        let (a, b) = (self.get(a), self.get(b));
        let (a, b) = (self.signed(a, width), self.signed(b, width));
        let flag = self.b.ins().icmp(how, a, b);
        self.set_flag(d, flag);
    }

    pub(super) fn set_flag(&mut self, d: Slot, flag: Value) {
        let value = self.b.ins().uextend(types::I64, flag);
        self.set(d, value);
    }

    /// `d = f(a, b)` of `n` words: by two at a time, where they all stand in the packet's state.
    pub(super) fn bitwise(&mut self, f: Bitwise, d: Slot, a: Slot, b: Slot, n: u16) {
        if matches!(f, Bitwise::First) && self.moved(d, a, n) {
            return;
        }
        let first = d;
        let mut at = 0;
        while at < n {
            let (d, a, b) = (d + at, a + at, b + at);
            let pairs = n - at >= 2
                && self.is_in_memory(d)
                && self.is_in_memory(d + 1)
                && [a, b].into_iter().all(|slot| self.is_pair(slot));
            if pairs {
                let (x, y) = (self.pair(a), self.pair(b));
                let value = self.combine(f, x, y);
                self.store_word(d, value);
                at += 2;
            } else {
                let (x, y) = (self.get(a), self.get(b));
                let value = self.combine(f, x, y);
                self.set(d, value);
                at += 1;
            }
        }
        self.settle(first, n);
    }

    pub(super) fn combine(&mut self, f: Bitwise, a: Value, b: Value) -> Value {
        match f {
            Bitwise::And => self.b.ins().band(a, b),
            Bitwise::Or => self.b.ins().bor(a, b),
            Bitwise::Xor => self.b.ins().bxor(a, b),
            Bitwise::First => a,
        }
    }

    /// Whether a word and the next one stand in memory, or are constants.
    pub(super) fn is_pair(&mut self, slot: Slot) -> bool {
        match (self.elsewhere(slot), self.elsewhere(slot.saturating_add(1))) {
            (None, None) => {}
            (Some((_, first, at)), Some((_, second, next))) => return first == second && next == at + 8,
            _ => return false,
        }
        (slot..slot.saturating_add(2)).all(|slot| self.constant(slot).is_some() || self.is_in_memory(slot))
    }

    /// A word and the next one, of which [`Self::is_pair`] says that they are there.
    pub(super) fn pair(&mut self, slot: Slot) -> Value {
        if let Some((flags, address, offset)) = self.elsewhere(slot) {
            return self.b.ins().load(types::I64X2, flags, address, offset);
        }
        match (self.constant(slot), self.constant(slot + 1)) {
            (Some(low), Some(high)) if low == high => {
                let value = self.number(low);
                self.b.ins().splat(types::I64X2, value)
            }
            // Constants stand in the packet's state too.
            _ => self.load_word(slot, types::I64X2),
        }
    }

    /// Whether two long values of `n` words, an even number, are equal.
    fn equal_pairs(&mut self, a: Slot, b: Slot, n: u16) -> Value {
        let mut difference = None;
        for at in (0..n).step_by(2) {
            let (x, y) = (self.pair(a + at), self.pair(b + at));
            let pair = self.b.ins().bxor(x, y);
            difference = Some(match difference {
                None => pair,
                Some(before) => self.b.ins().bor(before, pair),
            });
        }
        match difference {
            Some(difference) => {
                let differ = self.b.ins().vany_true(difference);
                self.compare_with(IntCC::Equal, differ, 0)
            }
            None => {
                let zero = self.number(0);
                self.compare_with(IntCC::Equal, zero, 0)
            }
        }
    }

    /// Whether two values of `n` words are equal.
    pub(super) fn equal(&mut self, a: Slot, b: Slot, n: u16) -> Value {
        let all_pairs = n > 4
            && n.is_multiple_of(2)
            && (0..n).step_by(2).all(|at| self.is_pair(a + at) && self.is_pair(b + at));
        if all_pairs {
            return self.equal_pairs(a, b, n);
        }
        let mut difference = None;
        for at in 0..n {
            let (x, y) = (self.get(a + at), self.get(b + at));
            let word = self.b.ins().bxor(x, y);
            difference = Some(match difference {
                None => word,
                Some(before) => self.b.ins().bor(before, word),
            });
        }
        let difference = difference.unwrap_or_else(|| self.number(0));
        self.compare_with(IntCC::Equal, difference, 0)
    }

    /// `width` bits of a wide value from `low` on.
    pub(super) fn slice_wide(&mut self, a: Slot, low: u16, width: u8) -> Value {
        let (limb, bit) = (a + low / 64, low % 64);
        let value = self.get(limb);
        let mut value = self.b.ins().ushr_imm_u(value, i64::from(bit));
        if u32::from(bit) + u32::from(width) > 64 {
            let next = self.get(limb + 1);
            let next = self.b.ins().ishl_imm_u(next, i64::from(64 - bit));
            value = self.b.ins().bor(value, next);
        }
        self.and(value, low_mask(width))
    }

    /// The rare operations on wide values.
    pub(super) fn wide(&mut self, index: u16) {
        let op = self.program.wide[usize::from(index)];
        match op {
            WideOp::Lookahead { d, offset, width } => self.lookahead(d, offset, width),
            WideOp::Not { d, a, width } => {
                let n = width.div_ceil(64) as u16;
                for at in 0..n {
                    let value = self.get(a + at);
                    let value = self.b.ins().bnot(value);
                    let left = width - u32::from(at) * 64;
                    let value = self.and(value, low_mask(left.min(64) as u8));
                    self.set(d + at, value);
                }
            }
            WideOp::Resize { d, a, from, to, signed: false } => {
                let words = from.div_ceil(64).min(to.div_ceil(64)) as u16;
                for at in 0..to.div_ceil(64) as u16 {
                    let value = if at < words { self.get(a + at) } else { self.number(0) };
                    let left = (to - u32::from(at) * 64).min(64) as u8;
                    let value = self.and(value, low_mask(left));
                    self.set(d + at, value);
                }
            }
            WideOp::Saturate { d, a, n } => {
                let mut high = self.number(0);
                for at in 1..n {
                    let word = self.get(a + at);
                    high = self.b.ins().bor(high, word);
                }
                let (low, most) = (self.get(a), self.number(u64::MAX));
                let value = self.b.ins().select(high, most, low);
                self.set(d, value);
            }
            _ => {
                let number = self.number(index.into());
                self.call_on_words(Function::Wide, &[number], &|f| wide_accesses(op, f));
            }
        }
    }
}

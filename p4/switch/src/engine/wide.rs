//! Arithmetic on values of more than 64 bits.
//!
//! Bitwise operations are the ones that matter for speed (the broker's term masks); they go limb by limb in place. The others
//! compute into a buffer first, so that operands may be where the result goes.

use super::op::Slot;
use super::program::Combine;
use super::state::Words;
use super::wide_op::{WideArithmetic, WideOp};
use crate::prepare::MAX_SCALAR_BITS;

/// Limbs of the widest scalar.
const LIMBS: usize = MAX_SCALAR_BITS as usize / 64;

type Buffer = [u64; LIMBS];

fn limbs(width: u32) -> usize {
    (width.div_ceil(64) as usize).min(LIMBS)
}

/// Declares a bitwise operation: `d = f(a, b)`, four limbs at a time, then two, then one.
///
/// It is a call on purpose: the interpreter's loop stays small enough to be kept in registers.
macro_rules! bitwise {
    ($(#[$doc:meta])* $name:ident, $f:expr) => {
        $(#[$doc])*
        #[inline(never)]
        pub(crate) fn $name(words: &mut Words, d: Slot, a: Slot, b: Slot, n: u16) {
            let f: fn(u64, u64) -> u64 = $f;
            let (mut d, mut a, mut b, mut left) = (usize::from(d), usize::from(a), usize::from(b), n);
            while left >= 4 {
                step::<4>(words, d, a, b, f);
                (d, a, b, left) = (d + 4, a + 4, b + 4, left - 4);
            }
            if left >= 2 {
                step::<2>(words, d, a, b, f);
                (d, a, b, left) = (d + 2, a + 2, b + 2, left - 2);
            }
            if left == 1 {
                step::<1>(words, d, a, b, f);
            }
        }
    };
}

/// `d = f(a, b)` of `N` limbs.
#[inline(always)]
pub(crate) fn step<const N: usize>(
    words: &mut Words,
    d: usize,
    a: usize,
    b: usize,
    f: impl Fn(u64, u64) -> u64,
) {
    let (Some(x), Some(y)) = (words[a..].first_chunk::<N>(), words[b..].first_chunk::<N>()) else { return };
    let out: [u64; N] = std::array::from_fn(|i| f(x[i], y[i]));
    if let Some(to) = words[d..].first_chunk_mut() {
        *to = out;
    }
}

bitwise!(
    /// `d = a & b`.
    and,
    |a, b| a & b
);
bitwise!(
    /// `d = a | b`.
    or,
    |a, b| a | b
);
bitwise!(
    /// `d = a ^ b`.
    xor,
    |a, b| a ^ b
);
bitwise!(
    /// `d = a`; `b` is read and does not matter.
    first,
    |a, _| a
);

/// Copies a value.
#[inline(always)]
pub(crate) fn copy(words: &mut Words, d: Slot, a: Slot, n: u16) {
    first(words, d, a, a, n);
}

/// `target = target & data` or `|`, and the same into `copy`.
#[inline(always)]
pub(crate) fn combine(words: &mut Words, combine: &Combine, data: &[u64]) {
    let (from, to) = (usize::from(combine.offset), usize::from(combine.target));
    let limbs = usize::from(combine.limbs);
    let Some(data) = data.get(from..from + limbs) else { return };
    let target = &mut words[to..to + limbs];
    if combine.and {
        target.iter_mut().zip(data).for_each(|(limb, data)| *limb &= data);
    } else {
        target.iter_mut().zip(data).for_each(|(limb, data)| *limb |= data);
    }
    if combine.copy != combine.target {
        copy(words, combine.copy, combine.target, combine.limbs);
    }
}

/// Whether two values are equal.
#[inline(never)]
pub(crate) fn equal(words: &Words, a: Slot, b: Slot, n: u16) -> bool {
    let (a, b, n) = (usize::from(a), usize::from(b), usize::from(n));
    let pairs = words[a..a + n].iter().zip(&words[b..b + n]);
    pairs.fold(0, |difference, (a, b)| difference | a ^ b) == 0
}

fn load(words: &Words, slot: Slot, width: u32) -> Buffer {
    let mut buffer = [0; LIMBS];
    let n = limbs(width);
    buffer[..n].copy_from_slice(&words[usize::from(slot)..usize::from(slot) + n]);
    buffer
}

/// Stores a value cut to its width.
pub(crate) fn store(words: &mut Words, slot: Slot, width: u32, buffer: &Buffer) {
    let n = limbs(width);
    let to = &mut words[usize::from(slot)..usize::from(slot) + n];
    to.copy_from_slice(&buffer[..n]);
    if !width.is_multiple_of(64)
        && let Some(last) = to.last_mut()
    {
        *last &= u64::MAX >> (64 - width % 64);
    }
}

/// Runs one of the rare operations; lookaheads are the interpreter's.
#[inline(never)]
pub(crate) fn run(words: &mut Words, op: WideOp) {
    match op {
        WideOp::Arithmetic { op, d, a, b, width } => {
            let (a, b) = (load(words, a, width), load(words, b, width));
            store(words, d, width, &arithmetic(op, &a, &b, width));
        }
        WideOp::Shift { left, signed, d, a, by, width } => {
            let by = words[usize::from(by)].min(u64::from(width)) as u32;
            let a = load(words, a, width);
            let negative = signed && bit(&a, width - 1);
            let out = match (left, negative) {
                (true, _) => shl(&a, by),
                (false, false) => shr(&a, by),
                (false, true) => not(&cut(shr(&cut(not(&a), width), by), width)),
            };
            store(words, d, width, &out);
        }
        WideOp::Less { or_equal, signed, d, a, b, width } => {
            let (a, b) = (load(words, a, width), load(words, b, width));
            let order = compare(&a, &b, width, signed);
            words[usize::from(d)] = u64::from(order.is_lt() || or_equal && order.is_eq());
        }
        WideOp::Slice { d, a, a_width, low, width } => {
            let out = shr(&load(words, a, a_width), low);
            store(words, d, width, &out);
        }
        WideOp::Concat { d, a, a_width, b, b_width } => {
            let high = shl(&load(words, a, a_width), b_width);
            let low = load(words, b, b_width);
            store(words, d, a_width + b_width, &zip(&high, &low, |x, y| x | y));
        }
        WideOp::Insert { d, d_width, a, low, width } => {
            let mask = shl(&cut([u64::MAX; LIMBS], width), low);
            let value = shl(&load(words, a, width), low);
            let old = load(words, d, d_width);
            let kept = zip(&old, &mask, |x, y| x & !y);
            store(words, d, d_width, &zip(&kept, &value, |x, y| x | y));
        }
        WideOp::Resize { d, a, from, to, signed } => {
            let mut value = load(words, a, from);
            if signed && bit(&value, from - 1) {
                value = zip(&value, &cut([u64::MAX; LIMBS], from), |x, ones| x | !ones);
            }
            store(words, d, to, &value);
        }
        WideOp::Not { d, a, width } => {
            let out = not(&load(words, a, width));
            store(words, d, width, &out);
        }
        WideOp::Saturate { d, a, n } => {
            let (a, n) = (usize::from(a), usize::from(n));
            let high = words[a + 1..a + n].iter().any(|limb| *limb != 0);
            words[usize::from(d)] = if high { u64::MAX } else { words[a] };
        }
        WideOp::Lookahead { .. } => {}
    }
}

fn zip(a: &Buffer, b: &Buffer, f: impl Fn(u64, u64) -> u64) -> Buffer {
    std::array::from_fn(|i| f(a[i], b[i]))
}

fn not(a: &Buffer) -> Buffer {
    a.map(|limb| !limb)
}

/// The low `width` bits.
fn cut(mut a: Buffer, width: u32) -> Buffer {
    let full = (width / 64) as usize;
    for (i, limb) in a.iter_mut().enumerate().skip(full) {
        *limb &= if i == full && !width.is_multiple_of(64) { u64::MAX >> (64 - width % 64) } else { 0 };
    }
    a
}

fn bit(a: &Buffer, index: u32) -> bool {
    a[index as usize / 64] >> (index % 64) & 1 == 1
}

fn shl(a: &Buffer, by: u32) -> Buffer {
    let (whole, part) = ((by / 64) as usize, by % 64);
    let limb = |i: usize| i.checked_sub(whole).and_then(|i| a.get(i)).copied().unwrap_or(0);
    std::array::from_fn(|i| {
        let carried = if part > 0 && i > 0 { limb(i - 1) >> (64 - part) } else { 0 };
        limb(i) << part | carried
    })
}

fn shr(a: &Buffer, by: u32) -> Buffer {
    let (whole, part) = ((by / 64) as usize, by % 64);
    let limb = |i: usize| a.get(i + whole).copied().unwrap_or(0);
    std::array::from_fn(|i| limb(i) >> part | if part > 0 { limb(i + 1) << (64 - part) } else { 0 })
}

fn compare(a: &Buffer, b: &Buffer, width: u32, signed: bool) -> std::cmp::Ordering {
    if signed && bit(a, width - 1) != bit(b, width - 1) {
        return bit(b, width - 1).cmp(&bit(a, width - 1));
    }
    a.iter().rev().cmp(b.iter().rev())
}

fn arithmetic(op: WideArithmetic, a: &Buffer, b: &Buffer, width: u32) -> Buffer {
    match op {
        WideArithmetic::Add => add(a, b),
        WideArithmetic::Sub => sub(a, b),
        WideArithmetic::Mul => mul(a, b, limbs(width)),
        WideArithmetic::Div { signed } => divide(a, b, width, signed).0,
        WideArithmetic::Mod { signed } => divide(a, b, width, signed).1,
        WideArithmetic::SatAdd { signed } => saturate(cut(add(a, b), width), a, b, width, signed, false),
        WideArithmetic::SatSub { signed } => saturate(cut(sub(a, b), width), a, b, width, signed, true),
    }
}

fn add(a: &Buffer, b: &Buffer) -> Buffer {
    let mut carry = false;
    std::array::from_fn(|i| {
        let (sum, first) = a[i].overflowing_add(b[i]);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        carry = first || second;
        sum
    })
}

fn sub(a: &Buffer, b: &Buffer) -> Buffer {
    add(&add(a, &not(b)), &std::array::from_fn(|i| u64::from(i == 0)))
}

fn mul(a: &Buffer, b: &Buffer, n: usize) -> Buffer {
    let mut out = [0; LIMBS];
    for i in 0..n {
        let mut carry = 0u128;
        for j in 0..n - i {
            let sum = u128::from(a[i]) * u128::from(b[j]) + u128::from(out[i + j]) + carry;
            out[i + j] = sum as u64;
            carry = sum >> 64;
        }
    }
    out
}

/// Quotient and remainder; zero for a divisor of zero.
fn divide(a: &Buffer, b: &Buffer, width: u32, signed: bool) -> (Buffer, Buffer) {
    let negate = |value: &Buffer, if_negative: bool| {
        if if_negative { cut(sub(&[0; LIMBS], value), width) } else { *value }
    };
    let (a_negative, b_negative) = (signed && bit(a, width - 1), signed && bit(b, width - 1));
    let (quotient, rest) = divide_unsigned(&negate(a, a_negative), &negate(b, b_negative), width);
    (negate(&quotient, a_negative != b_negative), negate(&rest, a_negative))
}

fn divide_unsigned(a: &Buffer, b: &Buffer, width: u32) -> (Buffer, Buffer) {
    let (mut quotient, mut rest) = ([0; LIMBS], [0; LIMBS]);
    if b.iter().all(|limb| *limb == 0) {
        return (quotient, rest);
    }
    for index in (0..width).rev() {
        // A bit shifted out at the top makes the remainder larger than any divisor.
        let overflow = bit(&rest, MAX_SCALAR_BITS - 1);
        rest = shl(&rest, 1);
        rest[0] |= u64::from(bit(a, index));
        if overflow || compare(&rest, b, MAX_SCALAR_BITS, false).is_ge() {
            rest = sub(&rest, b);
            quotient[index as usize / 64] |= 1 << (index % 64);
        }
    }
    (quotient, rest)
}

fn saturate(sum: Buffer, a: &Buffer, b: &Buffer, width: u32, signed: bool, minus: bool) -> Buffer {
    if signed {
        let (x, y, s) = (bit(a, width - 1), bit(b, width - 1) != minus, bit(&sum, width - 1));
        return match (x == y && s != x, x) {
            (false, _) => sum,
            (true, false) => cut([u64::MAX; LIMBS], width - 1),
            (true, true) => shl(&std::array::from_fn(|i| u64::from(i == 0)), width - 1),
        };
    }
    match (minus, compare(a, b, width, false).is_lt(), compare(&sum, a, width, false).is_lt()) {
        (true, true, _) => [0; LIMBS],
        (false, _, true) => cut([u64::MAX; LIMBS], width),
        _ => sum,
    }
}

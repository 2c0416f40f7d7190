//! Fields of headers: loads and stores of as few bytes as a field needs.
//!
//! A load that reaches beyond what one store wrote has to wait until the store is done; parsers store headers, and controls load
//! their fields right afterwards.

use std::mem::offset_of;

use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};

use super::seam::Frame;
use super::translate::Translator;
use crate::engine::bytes::low_mask;
use crate::engine::op::Slot;
use crate::engine::state::LINE;

/// Bits of a string of bytes.
#[derive(Clone, Copy)]
struct Window {
    /// First byte.
    at: u32,
    /// Bytes that the bits lie in.
    bytes: u32,
    /// Bits behind them in the last byte.
    spare: u32,
    width: u32,
}

impl Window {
    fn new(bit: u32, width: u32) -> Self {
        let (at, end) = (bit / 8, bit + width);
        let bytes = end.div_ceil(8) - at;
        Self { at, bytes, spare: (at + bytes) * 8 - end, width }
    }

    fn is_whole(self) -> bool {
        self.width == self.bytes * 8
    }
}

/// The number type of so many bytes.
fn int(bytes: u32) -> Type {
    match bytes {
        1 => types::I8,
        2 => types::I16,
        4 => types::I32,
        _ => types::I64,
    }
}

/// The largest access of at most so many bytes.
fn largest(bytes: u32) -> u32 {
    match bytes {
        8.. => 8,
        4.. => 4,
        2.. => 2,
        _ => 1,
    }
}

/// Parts of a wide field from its low end: the bits of each word.
pub(super) fn parts(bit: u32, width: u32) -> impl Iterator<Item = (u16, u32, u32)> {
    (0..width.div_ceil(64)).map(move |word| {
        let left = width - word * 64;
        let part = left.min(64);
        (word as u16, bit + left - part, part)
    })
}

impl Translator<'_, '_> {
    /// A big-endian number of one, two, four or eight bytes.
    fn load_int(&mut self, flags: MemFlagsData, base: Value, at: u32, bytes: u32) -> Value {
        let value = self.b.ins().load(int(bytes), flags, base, at as i32);
        let value = if bytes > 1 { self.b.ins().bswap(value) } else { value };
        if bytes < 8 { self.b.ins().uextend(types::I64, value) } else { value }
    }

    fn store_int(&mut self, flags: MemFlagsData, base: Value, at: u32, bytes: u32, value: Value) {
        let value = if bytes < 8 { self.b.ins().ireduce(int(bytes), value) } else { value };
        let value = if bytes > 1 { self.b.ins().bswap(value) } else { value };
        self.b.ins().store(flags, value, base, at as i32);
    }

    /// A big-endian number of up to eight bytes, and not a byte more.
    fn load_exactly(&mut self, flags: MemFlagsData, base: Value, at: u32, bytes: u32) -> Value {
        let size = largest(bytes);
        let value = self.load_int(flags, base, at, size);
        if size == bytes {
            return value;
        }
        let left = bytes - size;
        let rest = self.load_exactly(flags, base, at + size, left);
        let value = self.b.ins().ishl_imm_u(value, i64::from(left * 8));
        self.b.ins().bor(value, rest)
    }

    fn store_exactly(&mut self, flags: MemFlagsData, base: Value, at: u32, bytes: u32, value: Value) {
        let size = largest(bytes);
        let left = bytes - size;
        let high = if left > 0 { self.b.ins().ushr_imm_u(value, i64::from(left * 8)) } else { value };
        self.store_int(flags, base, at, size, high);
        if left > 0 {
            self.store_exactly(flags, base, at + size, left, value);
        }
    }

    /// At most 64 bits from bit `bit` on.
    pub(super) fn load_bits(&mut self, flags: MemFlagsData, base: Value, bit: u32, width: u32) -> Value {
        let window = Window::new(bit, width);
        if width == 0 {
            return self.number(0);
        }
        if window.bytes > 8 {
            // Nine bytes: the first eight without the bits before, and the rest of the last one.
            let first = self.load_exactly(flags, base, window.at, 8);
            let last = self.load_exactly(flags, base, window.at + 8, 1);
            let first = self.b.ins().ishl_imm_u(first, i64::from(8 - window.spare));
            let last = self.b.ins().ushr_imm_u(last, i64::from(window.spare));
            let value = self.b.ins().bor(first, last);
            return self.and(value, low_mask(width as u8));
        }
        let value = self.load_exactly(flags, base, window.at, window.bytes);
        let value =
            if window.spare > 0 { self.b.ins().ushr_imm_u(value, i64::from(window.spare)) } else { value };
        if window.is_whole() { value } else { self.and(value, low_mask(width as u8)) }
    }

    fn store_bits(&mut self, bit: u32, width: u32, value: Value) {
        let (flags, base) = (self.memory.bytes, self.bytes);
        let window = Window::new(bit, width);
        if width == 0 {
            return;
        }
        if window.is_whole() {
            return self.store_exactly(flags, base, window.at, window.bytes, value);
        }
        if window.bytes > 8 {
            // The low bits, in the ninth byte, then all above.
            let low = 8 - window.spare;
            self.store_bits(bit + width - low, low, value);
            let high = self.b.ins().ushr_imm_u(value, i64::from(low));
            return self.store_bits(bit, width - low, high);
        }
        let old = self.load_exactly(flags, base, window.at, window.bytes);
        let mask = low_mask(width as u8) << window.spare;
        let kept = self.and(old, !mask);
        let value = self.b.ins().ishl_imm_u(value, i64::from(window.spare));
        let value = self.and(value, mask);
        let value = self.b.ins().bor(kept, value);
        self.store_exactly(flags, base, window.at, window.bytes, value);
    }

    /// A field that lies within eight bytes from `at` on, with `shift` bits behind it.
    pub(super) fn load_field(&mut self, at: u32, shift: u8, width: u8) -> Value {
        let bit = at * 8 + 64 - u32::from(shift) - u32::from(width);
        self.load_bits(self.memory.bytes, self.bytes, bit, width.into())
    }

    pub(super) fn store_field(&mut self, a: Slot, at: u32, shift: u8, width: u8) {
        let bit = at * 8 + 64 - u32::from(shift) - u32::from(width);
        let value = self.get(a);
        self.store_bits(bit, width.into(), value);
        self.touch(bit / 8, (bit + u32::from(width)).div_ceil(8) - bit / 8);
    }

    pub(super) fn load_wide(&mut self, d: Slot, bit: u32, width: u16) {
        for (word, bit, part) in parts(bit, width.into()) {
            let value = self.load_bits(self.memory.bytes, self.bytes, bit, part);
            self.set(d + word, value);
        }
    }

    pub(super) fn store_wide(&mut self, a: Slot, bit: u32, width: u16) {
        for (word, bit, part) in parts(bit, width.into()) {
            let value = self.get(a + word);
            self.store_bits(bit, part, value);
        }
        self.touch(bit / 8, (bit + u32::from(width)).div_ceil(8) - bit / 8);
    }

    /// Notes that so many bytes of header storage are written.
    pub(super) fn touch(&mut self, at: u32, length: u32) {
        let (mut line, end) = (at as usize / LINE, (at as usize + length as usize).div_ceil(LINE));
        let touched = self.fixed_from_frame(offset_of!(Frame, touched));
        while line < end {
            let (word, count) = (line / 64, (end - line).min(64 - line % 64));
            let bits = (u64::MAX >> (64 - count)) << (line % 64);
            let flags = self.memory.touched;
            let before = self.b.ins().load(types::I64, flags, touched, word as i32 * 8);
            let bits = self.number(bits);
            let after = self.b.ins().bor(before, bits);
            self.b.ins().store(flags, after, touched, word as i32 * 8);
            line += count;
        }
    }

    /// Copies so many bytes, no byte more.
    pub(super) fn copy_bytes(
        &mut self,
        from: (MemFlagsData, Value, u32),
        to: (MemFlagsData, Value, u32),
        bytes: u32,
    ) {
        let mut at = 0;
        while at < bytes {
            let left = bytes - at;
            // The last piece may begin within the one before.
            let (ty, size) = match left {
                16.. => (types::I8X16, 16),
                8.. => (types::I64, 8),
                _ if at >= 8 => (types::I64, 8),
                4.. => (types::I32, 4),
                2.. => (types::I16, 2),
                _ => (types::I8, 1),
            };
            let start = if size > left { bytes - size } else { at };
            let value = self.b.ins().load(ty, from.0, from.1, (from.2 + start) as i32);
            self.b.ins().store(to.0, value, to.1, (to.2 + start) as i32);
            at = start + size;
        }
    }
}

//! Headers: their address, their validity, bits in them.

use sluice_ir::{Handle, Header, HeaderRef, Stack};

use super::code::{Code, cut, number};

/// A header as code reaches it.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    /// Address of its first byte.
    pub(super) address: String,
    /// The header, or the first element of its stack.
    pub(super) header: Handle<Header>,
    /// The element's index, for a stack's element: a name.
    pub(super) index: Option<(Handle<Stack>, String)>,
}

impl Code<'_> {
    /// How code reaches a header. An element's index is given a name, and may be out of range: [`Self::within`].
    pub(super) fn reach(&mut self, header: HeaderRef) -> Reached {
        let (stack, index) = match header {
            HeaderRef::Header(header) => return self.reach_header(header),
            HeaderRef::Element(stack, index) => {
                let index = self.low_word(index);
                (stack, self.named(&index))
            }
            HeaderRef::Next(stack) => {
                let next = self.next(stack);
                (stack, self.named(&next))
            }
            HeaderRef::Last(stack) => {
                let next = self.next(stack);
                (stack, self.named(&format!("{next} - 1")))
            }
        };
        let first = self.module.stacks[stack].elements[0];
        let place = &self.storage.headers[first.index()];
        let (base, name, stride) = (self.base(place.in_work), place.name.clone(), place.stride);
        self.line(format!("OPAQUE({index});"));
        let address = format!("({base}->{name} + {index} * {stride})");
        Reached { address, header: first, index: Some((stack, index)) }
    }

    pub(super) fn reach_header(&self, header: Handle<Header>) -> Reached {
        let place = &self.storage.headers[header.index()];
        let address = format!("{}->{}", self.base(place.in_work), place.name);
        Reached { address, header, index: None }
    }

    /// A stack's next index.
    pub(super) fn next(&self, stack: Handle<Stack>) -> String {
        let place = &self.storage.stacks[self.owner(stack).index()];
        format!("{}->{}", self.base(place.next_in_work), place.next)
    }

    /// The stack whose next index a stack has.
    fn owner(&self, stack: Handle<Stack>) -> Handle<Stack> {
        self.module.stacks[stack].shares_index_of.unwrap_or(stack)
    }

    /// The condition on which the header is there; none for one that always is.
    pub(super) fn within(&self, reached: &Reached) -> Option<String> {
        let (stack, index) = reached.index.as_ref()?;
        Some(format!("{index} < {}", self.module.stacks[*stack].elements.len()))
    }

    /// Writes `body`, within the stack's bounds.
    pub(super) fn guarded(&mut self, reached: &Reached, body: impl FnOnce(&mut Self)) {
        match self.within(reached) {
            None => body(self),
            Some(condition) => self.braced(format!("if ({condition})"), body),
        }
    }

    /// The word of validity and the bit in it, as text.
    fn valid_bit(&self, header: Handle<Header>, index: Option<&str>) -> (u32, String) {
        let bit = self.storage.headers[header.index()].bit;
        match index {
            None => (bit / 64, format!("(1ULL << {})", bit % 64)),
            Some(index) => (bit / 64, format!("(1ULL << ({} + {index}))", bit % 64)),
        }
    }

    /// 1 if the header is valid, else 0; for an element, within bounds only.
    pub(super) fn is_valid(&self, reached: &Reached) -> String {
        let bit = self.storage.headers[reached.header.index()].bit;
        let index = reached.index.as_ref().map_or(String::new(), |(_, index)| format!(" + {index}"));
        format!("({}->valid[{}] >> ({}{index}) & 1)", self.own(), bit / 64, bit % 64)
    }

    /// Writes a header's validity. Making it valid makes the other members of its union invalid.
    pub(super) fn set_valid(&mut self, reached: &Reached, valid: bool) {
        let own = self.own();
        let index = reached.index.as_ref().map(|(_, index)| index.clone());
        let (word, bit) = self.valid_bit(reached.header, index.as_deref());
        if !valid {
            self.line(format!("{own}->valid[{word}] &= ~{bit};"));
            return;
        }
        self.line(format!("{own}->valid[{word}] |= {bit};"));
        // The elements of stacks of unions have their rivals at the same index of other stacks.
        for rival in self.storage.headers[reached.header.index()].rivals.clone() {
            let (word, bit) = self.valid_bit(rival, index.as_deref());
            self.line(format!("{own}->valid[{word}] &= ~{bit};"));
        }
    }

    /// Notes that headers are no longer what the parser took.
    pub(super) fn changed(&mut self) {
        let own = self.own();
        self.line(format!("{own}->changed = 1;"));
    }

    /// Up to 64 bits of a string of bytes, from bit `at` on, the first byte's highest bit being bit 0.
    pub(super) fn bits(address: &str, at: u32, width: u32) -> String {
        let (first, end) = (at / 8, at + width);
        let last = (end - 1) / 8;
        let shift = (last + 1) * 8 - end;
        let place = |byte: u32| if byte == 0 { address.to_string() } else { format!("{address} + {byte}") };
        let bytes = last - first + 1;
        if bytes == 9 {
            let low = format!("LOAD8({})", place(last));
            let joined = format!("(LOAD64({}) << {} | {low} >> {shift})", place(first), 8 - shift);
            return cut(&joined, width);
        }
        let loaded = bytes.next_power_of_two();
        let shift = shift + (loaded - bytes) * 8;
        let load = format!("LOAD{}({})", loaded * 8, place(first));
        let value = if shift == 0 { load } else { format!("({load} >> {shift})") };
        // A load that begins with the field has nothing above it.
        if at.is_multiple_of(8) { value } else { cut(&value, width) }
    }

    /// Writes up to 64 bits of a string of bytes; `value` is a name.
    pub(super) fn store_bits(&mut self, address: &str, at: u32, width: u32, value: &str) {
        let end = at + width;
        let mut from = at;
        while from < end {
            let byte = from / 8;
            let left = end - from;
            let whole =
                [64, 32, 16, 8].into_iter().find(|size| *size <= left).filter(|_| from.is_multiple_of(8));
            let shifted =
                |rest: u32| if rest == 0 { value.to_string() } else { format!("{value} >> {rest}") };
            if let Some(size) = whole {
                self.line(format!("STORE{size}({address} + {byte}, {});", shifted(left - size)));
                from += size;
                continue;
            }
            // Part of a byte: what it shares with other fields stays.
            let until = end.min((byte + 1) * 8);
            let (low, count) = ((byte + 1) * 8 - until, until - from);
            let part = ((1u32 << count) - 1) << low;
            let rest = end - until;
            let bits = format!("(({}) << {low} & {part:#x})", shifted(rest));
            let kept = 0xff & !part;
            self.line(format!(
                "STORE8({address} + {byte}, (LOAD8({address} + {byte}) & {}) | {bits});",
                number(u64::from(kept))
            ));
            from = until;
        }
    }
}

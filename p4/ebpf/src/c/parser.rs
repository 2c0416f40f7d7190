//! The parser: a function with a label for each state.

use sluice_entities::Bits;
use sluice_ir::{
    Expression, Handle, HeaderRef, KeySet, Place, SelectCase, StatementKind, Target, Transition,
};

use super::code::{Code, number};
use super::expression::{Words, equality};
use super::header::Reached;
use super::statement::OUT;

/// Most turns of a loop, and most parser states visited again, by one packet: the verifier follows each of them.
pub const MAX_TURNS: u32 = 256;

/// Bytes that a lookahead may copy.
pub(super) const NEAR_BYTES: u32 = 256;

impl Code<'_> {
    /// The whole parser.
    pub(super) fn parser(&mut self) {
        self.in_parser = true;
        self.line("u32 turns = 0;");
        let module = self.module;
        for (handle, state) in module.pipeline.parser.states.iter() {
            self.label(&state_label(handle.index()));
            self.line(format!("/* {} */", state.name));
            self.span = Some(state.span);
            self.block(&state.body);
            self.span = Some(state.span);
            match &state.transition {
                Transition::Always(target) => self.go(*target, handle.index()),
                Transition::Select { keys, cases } => self.select(keys, cases, handle.index()),
            }
        }
        self.label(OUT);
        self.line("(void) turns;");
        self.in_parser = false;
    }

    /// Goes to a state; back to an earlier one only so many times.
    fn go(&mut self, target: Target, from: usize) {
        match target {
            Target::Accept | Target::Reject => self.line(format!("goto {OUT};")),
            Target::State(state) => {
                if state.index() <= from {
                    self.braced(format!("if (++turns > {MAX_TURNS})"), |code| {
                        code.reject_with("ParserTimeout");
                    });
                }
                self.line(format!("goto {};", state_label(state.index())));
            }
        }
    }

    fn select(&mut self, keys: &[Handle<Expression>], cases: &[SelectCase], from: usize) {
        let widths: Vec<u32> = keys.iter().map(|key| self.ty(*key).width()).collect();
        let keys: Vec<Words> = keys
            .iter()
            .map(|key| {
                let words = self.words(*key);
                words.iter().map(|word| self.named(word)).collect()
            })
            .collect();
        for case in cases {
            if let [KeySet::ValueSet(set)] = case.sets[..] {
                let keys: Vec<String> = keys.iter().flatten().cloned().collect();
                let found = self.in_value_set(set, &keys);
                self.braced(format!("if ({found})"), |code| code.go(case.target, from));
                continue;
            }
            let mut conditions = Vec::new();
            for ((key, width), set) in keys.iter().zip(&widths).zip(&case.sets) {
                conditions.extend(self.in_set(key, *width, set));
            }
            if conditions.is_empty() {
                return self.go(case.target, from);
            }
            self.braced(format!("if ({})", conditions.join(" && ")), |code| code.go(case.target, from));
        }
        self.reject_with("NoMatch");
    }

    fn in_set(&mut self, key: &[String], width: u32, set: &KeySet) -> Vec<String> {
        match set {
            KeySet::Any | KeySet::ValueSet(_) => Vec::new(),
            KeySet::Value(value) => vec![equality(key, &constant(value, width), false)],
            KeySet::Masked { value, mask } => {
                let mask = constant(mask, width);
                let masked: Words =
                    key.iter().zip(&mask).map(|(key, mask)| format!("({key} & {mask})")).collect();
                let value = constant(value, width);
                let value: Words =
                    value.iter().zip(&mask).map(|(value, mask)| format!("({value} & {mask})")).collect();
                vec![equality(&masked, &value, false)]
            }
            KeySet::Range { low, high } => {
                let (low, high) = (constant(low, width), constant(high, width));
                vec![self.not_above(&low, key), self.not_above(key, &high)]
            }
        }
    }

    /// `a <= b` of unsigned values.
    pub(super) fn not_above(&mut self, a: &[String], b: &[String]) -> String {
        let mut text = format!("({} <= {})", a[0], b[0]);
        for (a, b) in a.iter().zip(b).skip(1) {
            text = format!("({a} != {b} ? {a} < {b} : {text})");
        }
        text
    }

    /// Ends the parser with an error, a value of type `error`.
    pub(super) fn reject(&mut self, error: &str) {
        if let Some(variable) = self.storage.intrinsic(self.module, sluice_ir::Intrinsic::ParserError) {
            self.store_number(&Place::Variable(variable), error);
        }
        self.line(format!("goto {OUT};"));
    }

    /// Ends the parser with an error of core.p4.
    pub(super) fn reject_with(&mut self, name: &str) {
        let index = self.module.errors.iter().position(|error| error == name).unwrap_or(0);
        self.reject(&number(index as u64));
    }

    pub(super) fn reject_unless_within(&mut self, reached: &Reached) {
        if let Some(within) = self.within(reached) {
            self.braced(format!("if (!({within}))"), |code| code.reject_with("StackOutOfBounds"));
        }
    }

    pub(super) fn extract(&mut self, header: HeaderRef, varbit_bits: Option<Handle<Expression>>) {
        let bits = varbit_bits.map(|bits| self.low_word(bits));
        let bits = bits.map(|bits| self.named(&bits));
        let reached = self.reach(header);
        if matches!(header, HeaderRef::Next(_) | HeaderRef::Last(_)) {
            self.reject_unless_within(&reached);
        }
        self.guarded(&reached, |code| code.extract_there(&reached, bits.as_deref()));
        if let HeaderRef::Next(stack) = header {
            let next = self.next(stack);
            self.line(format!("{next} += 1;"));
        }
    }

    fn extract_there(&mut self, reached: &Reached, bits: Option<&str>) {
        let place = self.storage.headers[reached.header.index()].clone();
        match (place.varbit, bits) {
            (Some((_, offset, most)), Some(bits)) => {
                self.braced(format!("if ({bits} > {})", most * 8), |code| code.reject_with("HeaderTooShort"));
                self.braced(format!("if ({bits} & 7)"), |code| code.reject_with("ParserInvalidArgument"));
                let length = self.named(&format!("{bits} / 8"));
                self.line(format!("OPAQUE({length});"));
                let (fixed, address) = (place.fixed_bytes, reached.address.clone());
                let behind = fixed - offset;
                self.braced(format!("if (st->off + {fixed} + {length} > st->len)"), |code| {
                    code.reject_with("PacketTooShort");
                });
                self.line(format!(
                    "if ({length} > {most} || !take_varbit(ctx, st->off, {address}, {offset}, {behind}, {fixed}, {length}, {most}))"
                ));
                self.braced("", |code| code.reject_with("PacketTooShort"));
                self.line(format!("*(u32 *) ({address} + {}) = {length};", place.length_at()));
                self.line(format!("st->off += {fixed} + {length};"));
            }
            _ => {
                let bytes = place.fixed_bytes;
                if bytes > 0 {
                    let window = self.fresh();
                    self.line(format!("const u8 *{window} = window(ctx, st, st->off, {bytes});"));
                    self.braced(format!("if (!{window})"), |code| code.reject_with("PacketTooShort"));
                    if self.storage.reads.header(reached.header.index()) {
                        self.line(format!("copy({}, {window}, {bytes});", reached.address));
                    }
                    self.line(format!("st->off += {bytes};"));
                }
            }
        }
        self.set_valid(reached, true);
    }

    pub(super) fn lookahead(&mut self, to: &Place, offset_bits: u32) {
        let width = self.module.place_type(to).map_or(0, |ty| ty.width());
        let end = (offset_bits + width).div_ceil(8);
        let window = self.fresh();
        self.line(format!("const u8 *{window} = window(ctx, st, st->off, {end});"));
        self.braced(format!("if (!{window})"), |code| code.reject_with("PacketTooShort"));
        // Bits are loaded by whole powers of two, which may reach beyond the window: then from a copy with room behind it.
        let words = if is_loadable(offset_bits, width, end) {
            self.bits_of(&window, offset_bits, width)
        } else if end > NEAR_BYTES {
            return self.refuse("lookahead beyond 256 bytes", "look ahead over fewer bytes at once");
        } else {
            self.line(format!("copy(st->near, {window}, {end});"));
            self.bits_of("st->near", offset_bits, width)
        };
        let words: Words = words.iter().map(|word| self.named(word)).collect();
        self.store(to, words);
    }

    pub(super) fn advance(&mut self, bits: Handle<Expression>) {
        let bits = self.low_word(bits);
        let bits = self.named(&bits);
        self.braced(format!("if ({bits} > (st->len - st->off) * 8ULL)"), |code| {
            code.reject_with("PacketTooShort");
        });
        // A header that does not begin with a byte has no copy in `struct state`.
        self.braced(format!("if ({bits} & 7)"), |code| {
            code.line("st->ended = ENDED_UNALIGNED;");
            code.line(format!("goto {OUT};"));
        });
        self.line(format!("st->off += {bits} / 8;"));
    }

    /// Whether the parser takes headers in the order in which the deparser, which only emits, writes them, and skips nothing. Then a
    /// packet whose headers nobody changed leaves as it came.
    pub(super) fn keeps_order(&self) -> bool {
        let mut rank = vec![None; self.module.headers.len()];
        for (index, statement) in self.module.pipeline.deparser.iter().enumerate() {
            match statement.kind {
                StatementKind::Emit(HeaderRef::Header(header)) => {
                    if rank[header.index()].replace(index).is_some() {
                        return false;
                    }
                }
                _ => return false,
            }
        }
        super::order::keeps(self.module, &rank)
    }
}

/// Whether all loads that take the bits stay within so many bytes.
fn is_loadable(offset: u32, width: u32, bytes: u32) -> bool {
    (0..width.div_ceil(64)).all(|word| {
        let end = offset + width - word * 64;
        let first = end.saturating_sub(64).max(offset) / 8;
        let taken = end.div_ceil(8) - first;
        first + if taken == 9 { 9 } else { taken.next_power_of_two() } <= bytes
    })
}

fn constant(value: &Bits, width: u32) -> Words {
    let value = value.resize(width);
    (0..crate::layout::words_of(width)).map(|i| number(value.limbs().get(i).copied().unwrap_or(0))).collect()
}

fn state_label(index: usize) -> String {
    format!("s{index}")
}

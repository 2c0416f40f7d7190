//! Assignments, and statements that move whole headers.

use sluice_ir::{
    BinaryOp, Expression, ExpressionKind, Handle, Header, HeaderRef, Place, Stack, Type, UnaryOp, Variable,
};

use super::code::{Code, cut, mask, number};
use super::expression::Words;
use super::header::Reached;

impl Code<'_> {
    /// `place = value`; the value is computed before anything is stored.
    pub(super) fn assign(&mut self, place: &Place, value: Handle<Expression>) {
        if let (Type::Varbit(_), Place::Field(to, _), ExpressionKind::Field(from, _)) =
            (self.ty(value), place, &self.module.expressions[value].kind)
        {
            return self.copy_varbit(*to, *from);
        }
        if let Place::Variable(variable) = place
            && self.ty(value).width() > 64
            && self.is_wordwise(value)
        {
            return self.assign_wordwise(*variable, value);
        }
        let words = self.words(value);
        self.store(place, words);
    }

    /// Whether each word of a value is made of the same words of others. Such an assignment needs no names, which would stand on the stack
    /// all at once.
    fn is_wordwise(&self, value: Handle<Expression>) -> bool {
        match &self.module.expressions[value].kind {
            ExpressionKind::Constant(_) | ExpressionKind::Variable(_) | ExpressionKind::Parameter(_) => true,
            ExpressionKind::Unary(UnaryOp::BitNot, operand) => self.is_wordwise(*operand),
            ExpressionKind::Binary(BinaryOp::And | BinaryOp::Or | BinaryOp::Xor, left, right) => {
                self.is_wordwise(*left) && self.is_wordwise(*right)
            }
            _ => false,
        }
    }

    /// Reads each word of the variable itself, if at all, before it is written, and no other.
    fn assign_wordwise(&mut self, variable: Handle<Variable>, value: Handle<Expression>) {
        let target = self.variable(variable);
        for i in 0..crate::layout::words_of(self.storage.variables[variable.index()].width) {
            let word = self.word(value, i);
            self.line(format!("{target}[{i}] = {word};"));
        }
    }

    /// One word of such a value.
    fn word(&mut self, value: Handle<Expression>, i: usize) -> String {
        match &self.module.expressions[value].kind {
            ExpressionKind::Unary(_, operand) => {
                let left = self.ty(value).width() - (i as u32) * 64;
                let word = format!("~{}", self.word(*operand, i));
                if left >= 64 { word } else { cut(&word, left) }
            }
            ExpressionKind::Binary(op, left, right) => {
                let symbol = match op {
                    BinaryOp::And => '&',
                    BinaryOp::Or => '|',
                    _ => '^',
                };
                format!("({} {symbol} {})", self.word(*left, i), self.word(*right, i))
            }
            _ => self.words(value).swap_remove(i),
        }
    }

    /// A varbit field with its length.
    fn copy_varbit(&mut self, to: HeaderRef, from: HeaderRef) {
        let (target, source) = (self.reach(to), self.reach(from));
        let within: Vec<String> = self.within(&target).into_iter().chain(self.within(&source)).collect();
        let places = [&target, &source].map(|reached| self.storage.headers[reached.header.index()].clone());
        let [a, b] = &places;
        let most = a.varbit.map_or(0, |(_, _, most)| most);
        self.braced(
            format!("if ({})", if within.is_empty() { "1".to_string() } else { within.join(" && ") }),
            |code| {
                let bytes = [(&target, a), (&source, b)]
                    .map(|(reached, place)| format!("{} + {}", reached.address, place.fixed_bytes));
                code.line(format!("copy({}, {}, {most});", bytes[0], bytes[1]));
                let lengths = [(&target, a), (&source, b)].map(|(reached, place)| {
                    format!("*(u32 *) ({} + {})", reached.address, place.length_at())
                });
                code.line(format!("{} = {};", lengths[0], lengths[1]));
                code.changed();
            },
        );
    }

    /// Stores words, which have the place's width.
    pub(super) fn store(&mut self, place: &Place, words: Words) {
        match place {
            Place::Variable(variable) => self.store_variable(*variable, words),
            Place::Field(header, field) => {
                let ty = self.module.field_type(*header, *field);
                let width = ty.map_or(0, |ty| ty.width());
                let words: Words = words.iter().map(|word| self.named(word)).collect();
                let reached = self.reach(*header);
                let at = self.storage.headers[reached.header.index()].field_bits[*field as usize];
                self.at_header(*header, &reached, |code| code.store_field(&reached, at, width, &words));
            }
            Place::Slice { base, high, low } => self.store_slice(base, *high, *low, words),
        }
    }

    /// Writes `body` for a header that is there; in a parser, `next` and `last` beyond the stack reject.
    fn at_header(&mut self, header: HeaderRef, reached: &Reached, body: impl FnOnce(&mut Self)) {
        if self.in_parser && matches!(header, HeaderRef::Next(_) | HeaderRef::Last(_)) {
            self.reject_unless_within(reached);
            body(self);
        } else {
            self.guarded(reached, body);
        }
    }

    fn store_field(&mut self, reached: &Reached, at: u32, width: u32, words: &[String]) {
        for (i, word) in words.iter().enumerate().rev() {
            let below = (i as u32) * 64;
            let count = (width - below).min(64);
            self.store_bits(&reached.address, at + width - below - count, count, word);
        }
        self.changed();
    }

    fn store_variable(&mut self, variable: Handle<Variable>, words: Words) {
        let target = self.variable(variable);
        if let [word] = &words[..] {
            self.line(format!("{target} = {word};"));
            return;
        }
        // A word may be made of others of the same variable.
        let words: Words = words
            .into_iter()
            .map(|word| if word.contains(&target) { self.named(&word) } else { word })
            .collect();
        for (i, word) in words.iter().enumerate() {
            self.line(format!("{target}[{i}] = {word};"));
        }
    }

    /// Bits of a variable or field; the others stay.
    fn store_slice(&mut self, base: &Place, high: u32, low: u32, words: Words) {
        let width = high - low + 1;
        match base {
            Place::Field(header, field) => {
                let whole = self.module.field_type(*header, *field).map_or(0, |ty| ty.width());
                let words: Words = words.iter().map(|word| self.named(word)).collect();
                let reached = self.reach(*header);
                let at = self.storage.headers[reached.header.index()].field_bits[*field as usize];
                let at = at + whole - 1 - high;
                self.at_header(*header, &reached, |code| code.store_field(&reached, at, width, &words));
            }
            Place::Variable(variable) => self.store_bits_of(*variable, low, width, words),
            Place::Slice { .. } => {}
        }
    }

    fn store_bits_of(&mut self, variable: Handle<Variable>, low: u32, width: u32, words: Words) {
        let name = self.variable(variable);
        let is_wide = self.storage.variables[variable.index()].width > 64;
        let words: Words = words.iter().map(|word| self.named(word)).collect();
        let mut done = 0;
        while done < width {
            let at = low + done;
            let (word, bit) = (at / 64, at % 64);
            let count = (64 - bit).min(width - done).min(64 - done % 64);
            let target = if is_wide { format!("{name}[{word}]") } else { name.clone() };
            let part =
                format!("({} >> {} & {})", words[(done / 64) as usize], done % 64, number(mask(count)));
            let kept = number(!(mask(count) << bit));
            self.line(format!("{target} = ({target} & {kept}) | {part} << {bit};"));
            done += count;
        }
    }

    /// Stores a number of 64 bits into a place of any width, cut or extended by zeros.
    pub(super) fn store_number(&mut self, place: &Place, value: &str) {
        let width = self.module.place_type(place).map_or(64, |ty| ty.width());
        let low = if width < 64 { cut(value, width) } else { value.to_string() };
        let zeros = crate::layout::words_of(width) - 1;
        let words = std::iter::once(low).chain(std::iter::repeat_n("0".to_string(), zeros)).collect();
        self.store(place, words);
    }

    /// `to = from` of headers of one type.
    pub(super) fn copy_header(&mut self, to: HeaderRef, from: HeaderRef) {
        let (to, from) = (self.reach(to), self.reach(from));
        let mut within: Vec<String> = self.within(&to).into_iter().collect();
        within.extend(self.within(&from));
        let body = |code: &mut Self| {
            code.copy_bytes(&to, &from);
            let valid = code.is_valid(&from);
            code.braced(format!("if ({valid})"), |code| code.set_valid(&to, true));
            code.braced("else", |code| code.set_valid(&to, false));
        };
        if within.is_empty() {
            body(self);
        } else {
            self.braced(format!("if ({})", within.join(" && ")), body);
        }
    }

    fn copy_bytes(&mut self, to: &Reached, from: &Reached) {
        let bytes = self.storage.headers[to.header.index()].stride;
        self.line(format!("copy({}, {}, {bytes});", to.address, from.address));
        self.changed();
    }

    /// `to = from` of stacks of one type and size.
    pub(super) fn copy_stack(&mut self, to: Handle<Stack>, from: Handle<Stack>) {
        let module = self.module;
        let pairs = module.stacks[to].elements.iter().zip(&module.stacks[from].elements);
        for (to, from) in pairs {
            self.copy_header(HeaderRef::Header(*to), HeaderRef::Header(*from));
        }
        if module.stacks[to].shares_index_of.is_none() {
            let (to, from) = (self.next(to), self.next(from));
            self.line(format!("{to} = {from};"));
        }
    }

    /// `push_front` by a positive number of places, `pop_front` by a negative one (P4-16 section 8.18). Of stacks of unions only the
    /// element's own validity moves.
    pub(super) fn shift_stack(&mut self, stack: Handle<Stack>, by: i64) {
        let elements: Vec<Handle<Header>> = self.module.stacks[stack].elements.clone();
        let count = elements.len() as i64;
        let by = by.clamp(-count, count);
        let order: Vec<i64> = if by > 0 { (0..count).rev().collect() } else { (0..count).collect() };
        for to in order {
            let from = to - by;
            let target = self.reach_header(elements[to as usize]);
            let plain = |code: &mut Self, valid: &str| {
                let bit = code.storage.headers[target.header.index()].bit;
                let (own, word, bit) = (code.own(), bit / 64, bit % 64);
                code.line(format!(
                    "{own}->valid[{word}] = ({own}->valid[{word}] & ~(1ULL << {bit})) | {valid} << {bit};"
                ));
            };
            if (0..count).contains(&from) {
                let source = self.reach_header(elements[from as usize]);
                let valid = self.is_valid(&source);
                let valid = self.named(&valid);
                self.copy_bytes(&target, &source);
                plain(self, &valid);
            } else {
                plain(self, "0ULL");
            }
        }
        self.changed();
        if self.module.stacks[stack].shares_index_of.is_none() {
            let (next, places) = (self.next(stack), by.unsigned_abs());
            if by > 0 {
                self.line(format!("{next} = {next} + {places} < {count} ? {next} + {places} : {count};"));
            } else {
                self.line(format!("{next} = {next} > {places} ? {next} - {places} : 0;"));
            }
        }
    }
}

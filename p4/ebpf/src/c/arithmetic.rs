//! Arithmetic of values of any number of words.

use sluice_ir::{BinaryOp, Expression, ExpressionKind, Handle, Type};

use super::code::{Code, mask, number};
use super::expression::Words;
use crate::layout::words_of;

impl Code<'_> {
    /// Sum or difference modulo 2^width.
    pub(super) fn sum(&mut self, a: &[String], b: &[String], width: u32, minus: bool) -> Words {
        let sign = if minus { '-' } else { '+' };
        if a.len() == 1 {
            return self.masked(vec![format!("({} {sign} {})", a[0], b[0])], width);
        }
        let mut carry: Option<String> = None;
        let mut words = Vec::new();
        for (a, b) in a.iter().zip(b) {
            let partial = self.named(&format!("{a} {sign} {b}"));
            let over = if minus { format!("({a} < {b})") } else { format!("({partial} < {a})") };
            let (word, over) = match &carry {
                None => (partial.clone(), over),
                Some(carry) => {
                    let word = self.named(&format!("{partial} {sign} {carry}"));
                    let more = if minus {
                        format!("({partial} < {carry})")
                    } else {
                        format!("({word} < {partial})")
                    };
                    (word, format!("({over} | {more})"))
                }
            };
            words.push(word);
            carry = Some(self.named(&format!("(u64) {over}")));
        }
        self.masked(words, width)
    }

    /// `a < b`, or `a <= b`.
    pub(super) fn less(
        &mut self,
        a: &[String],
        b: &[String],
        width: u32,
        signed: bool,
        or_equal: bool,
    ) -> String {
        let symbol = if or_equal { "<=" } else { "<" };
        let top = a.len() - 1;
        let used = width - (top as u32) * 64;
        let side = |word: &str| {
            if signed { format!("sign_extend({word}, {used})") } else { word.to_string() }
        };
        let mut text = if top == 0 {
            format!("({} {symbol} {})", side(&a[0]), side(&b[0]))
        } else {
            format!("({} {symbol} {})", a[0], b[0])
        };
        for i in 1..=top {
            let (x, y) = if i == top { (side(&a[i]), side(&b[i])) } else { (a[i].clone(), b[i].clone()) };
            text = self.short(format!("(u64) ({x} != {y} ? {x} < {y} : {text})"));
        }
        format!("(u64) {text}")
    }

    /// The product modulo 2^width, by words.
    pub(super) fn product(&mut self, a: &[String], b: &[String], width: u32) -> Words {
        if a.len() == 1 {
            return self.masked(vec![format!("({} * {})", a[0], b[0])], width);
        }
        let count = a.len();
        let words: Words = (0..count).map(|_| self.named("0")).collect();
        let carry = self.named("0");
        for i in 0..count {
            self.line(format!("{carry} = 0;"));
            for j in 0..count - i {
                // word + low + carry never exceeds the two words that follow from it.
                let low = self.named(&format!("{} * {}", a[i], b[j]));
                let high = self.named(&format!("multiply_high({}, {})", a[i], b[j]));
                self.line(format!("{low} += {carry};"));
                self.line(format!("{high} += {low} < {carry};"));
                self.line(format!("{} += {low};", words[i + j]));
                self.line(format!("{carry} = {high} + ({} < {low});", words[i + j]));
            }
        }
        self.masked(words, width)
    }

    pub(super) fn shift(
        &mut self,
        op: BinaryOp,
        left: Handle<Expression>,
        right: Handle<Expression>,
        ty: Type,
    ) -> Words {
        let (width, signed) = (ty.width(), matches!(ty, Type::Int(_)));
        let a = self.words(left);
        let left_shift = op == BinaryOp::Shl;
        if let ExpressionKind::Constant(by) = &self.module.expressions[right].kind {
            let by = by.to_u64().unwrap_or(u64::MAX);
            return self.shifted(a, by, width, left_shift, signed);
        }
        let by = self.low_word(right);
        if a.len() == 1 {
            return vec![match (left_shift, signed) {
                (true, _) => format!("shift_left({}, {by}, {})", a[0], number(mask(width))),
                (false, false) => format!("shift_right({}, {by})", a[0]),
                (false, true) => format!("shift_right_signed({}, {by}, {width})", a[0]),
            }];
        }
        // One step for each bit of the number of places.
        let by = self.named(&by);
        let words: Words = a.iter().map(|word| self.named(word)).collect();
        let mut step = 1u64;
        while step < u64::from(width) {
            let to = self.shifted(words.clone(), step, width, left_shift, signed);
            self.assign_if(&format!("{by} & {step}"), &words, to);
            step *= 2;
        }
        let beyond = self.shifted(words.clone(), u64::MAX, width, left_shift, signed);
        self.assign_if(&format!("{by} >= {width}"), &words, beyond);
        words
    }

    /// Gives names other values where a condition holds.
    fn assign_if(&mut self, condition: &str, names: &[String], values: Words) {
        self.braced(format!("if ({condition})"), |code| {
            let values: Words = values.iter().map(|value| code.named(value)).collect();
            for (name, value) in names.iter().zip(values) {
                code.line(format!("{name} = {value};"));
            }
        });
    }

    /// Shifted by a number of places that is known.
    fn shifted(&mut self, words: Words, by: u64, width: u32, left: bool, signed: bool) -> Words {
        let whole = u64::from(width);
        if left {
            if by >= whole {
                return vec!["0".to_string(); words.len()];
            }
            let by = by as u32;
            let kept = self.taken(&words, 0, width - by);
            return self.joined(&kept, &vec!["0".to_string(); words_of(by)], by, width);
        }
        if signed {
            let by = by.min(whole - 1) as u32;
            let kept = self.taken(&words, by, width - by);
            return if by == 0 { words } else { self.sign_extended(kept, width - by, width) };
        }
        if by >= whole {
            return vec!["0".to_string(); words.len()];
        }
        let mut kept = self.taken(&words, by as u32, width - by as u32);
        kept.resize(words.len(), "0".to_string());
        kept
    }
}

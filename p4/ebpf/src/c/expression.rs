//! Expressions: each as its words, the least significant first, none of them with bits above the value's width.

use sluice_ir::{BinaryOp, Expression, ExpressionKind, Handle, HeaderRef, Type, UnaryOp};

use super::code::{Code, cut, number};
use super::header::Reached;
use crate::layout::words_of;

/// A value: text of each word.
pub(super) type Words = Vec<String>;

impl Code<'_> {
    /// The type of an expression.
    pub(super) fn ty(&self, expression: Handle<Expression>) -> Type {
        self.module.expressions[expression].ty
    }

    /// A value of at most 64 bits.
    pub(super) fn scalar(&mut self, expression: Handle<Expression>) -> String {
        self.words(expression).swap_remove(0)
    }

    /// A value as a number of 64 bits: all ones where it is larger.
    pub(super) fn low_word(&mut self, expression: Handle<Expression>) -> String {
        let mut words = self.words(expression);
        let low = words.swap_remove(0);
        if words.is_empty() {
            return low;
        }
        let high = words.join(" | ");
        self.named(&format!("({high}) ? ~0ULL : {low}"))
    }

    /// A value's words.
    pub(super) fn words(&mut self, handle: Handle<Expression>) -> Words {
        let module = self.module;
        let Expression { kind, ty, .. } = &module.expressions[handle];
        let width = ty.width();
        let words = match kind {
            ExpressionKind::Constant(bits) => {
                let limbs = bits.resize(width);
                (0..words_of(width)).map(|i| number(limbs.limbs().get(i).copied().unwrap_or(0))).collect()
            }
            ExpressionKind::Variable(variable) => {
                let text = self.variable(*variable);
                if width <= 64 {
                    vec![format!("(u64) {text}")]
                } else {
                    (0..words_of(width)).map(|i| format!("{text}[{i}]")).collect()
                }
            }
            ExpressionKind::Field(header, field) => self.field(*header, *field, width),
            ExpressionKind::Parameter(index) => self.parameter(*index, width),
            ExpressionKind::IsValid(header) => {
                let reached = self.reach(*header);
                vec![match self.within(&reached) {
                    None => self.is_valid(&reached),
                    Some(within) => format!("({within} ? {} : 0)", self.is_valid(&reached)),
                }]
            }
            ExpressionKind::LastIndex(stack) => {
                let next = self.next(*stack);
                vec![cut(&format!("((u64) {next} - 1)"), 32)]
            }
            ExpressionKind::Unary(op, operand) => self.unary(*op, *operand, width),
            ExpressionKind::Binary(op, left, right) => self.binary(*op, *left, *right, width),
            ExpressionKind::Mux { condition, accept, reject } => {
                let condition = self.scalar(*condition);
                let condition = self.short(condition);
                let (accept, reject) = (self.words(*accept), self.words(*reject));
                accept.iter().zip(&reject).map(|(a, b)| format!("({condition} ? {a} : {b})")).collect()
            }
            ExpressionKind::Slice { base, high, low } => self.slice(*base, *high, *low),
            ExpressionKind::Concat(left, right) => {
                let low_width = self.ty(*right).width();
                let (left, right) = (self.words(*left), self.words(*right));
                self.joined(&left, &right, low_width, width)
            }
            ExpressionKind::Cast(operand) => self.cast(*operand, width),
        };
        words.into_iter().map(|word| self.short(word)).collect()
    }

    /// Bits of a value from `low` on.
    pub(super) fn taken(&self, words: &[String], low: u32, width: u32) -> Words {
        let count = words_of(width);
        let (skip, shift) = ((low / 64) as usize, low % 64);
        let word = |i: usize| {
            let part = words.get(skip + i).cloned().unwrap_or_else(|| "0".to_string());
            let left = width - (i as u32) * 64;
            let value = if shift == 0 {
                part
            } else if left.min(64) + shift > 64
                && let Some(above) = words.get(skip + i + 1)
            {
                format!("({part} >> {shift} | {above} << {})", 64 - shift)
            } else {
                format!("({part} >> {shift})")
            };
            if left >= 64 { value } else { cut(&value, left) }
        };
        (0..count).map(word).collect()
    }

    /// `high` in front of `low`, which has `low_width` bits.
    pub(super) fn joined(&mut self, high: &[String], low: &[String], low_width: u32, width: u32) -> Words {
        let (skip, shift) = ((low_width / 64) as usize, low_width % 64);
        let word = |i: usize| {
            let mut parts: Vec<String> =
                low.get(i).filter(|word| *word != "0").cloned().into_iter().collect();
            if let Some(at) = i.checked_sub(skip) {
                if let Some(word) = high.get(at).filter(|word| *word != "0") {
                    parts.push(if shift == 0 { word.clone() } else { format!("{word} << {shift}") });
                }
                if shift != 0
                    && let Some(word) = at.checked_sub(1).and_then(|below| high.get(below))
                    && word != "0"
                {
                    parts.push(format!("{word} >> {}", 64 - shift));
                }
            }
            match parts.len() {
                0 => "0".to_string(),
                1 => format!("({})", parts[0]),
                _ => format!("({})", parts.join(" | ")),
            }
        };
        (0..words_of(width)).map(word).collect()
    }

    fn parameter(&mut self, index: u32, width: u32) -> Words {
        let Some(action) = self.acting else { return vec!["0".to_string(); words_of(width)] };
        let before = action.params.iter().take(index as usize);
        let at: usize = before.map(|param| words_of(param.ty.width())).sum();
        (0..words_of(width)).map(|i| format!("data[{}]", at + i)).collect()
    }

    /// A field's words.
    fn field(&mut self, header: HeaderRef, field: u32, width: u32) -> Words {
        let reached = self.reach(header);
        if self.in_parser && matches!(header, HeaderRef::Next(_) | HeaderRef::Last(_)) {
            self.reject_unless_within(&reached);
            return self.field_of(&reached, field, width);
        }
        match self.within(&reached) {
            None => self.field_of(&reached, field, width),
            Some(within) => {
                let names: Words = (0..words_of(width)).map(|_| self.named("0")).collect();
                let words = self.field_of(&reached, field, width);
                self.braced(format!("if ({within})"), |code| {
                    for (name, word) in names.iter().zip(words) {
                        code.line(format!("{name} = {word};"));
                    }
                });
                names
            }
        }
    }

    /// The words of a field of a header that is there.
    fn field_of(&self, reached: &Reached, field: u32, width: u32) -> Words {
        let at = self.storage.headers[reached.header.index()].field_bits[field as usize];
        self.bits_of(&reached.address, at, width)
    }

    /// The words of bits of a string of bytes.
    pub(super) fn bits_of(&self, address: &str, at: u32, width: u32) -> Words {
        let word = |i: usize| {
            let below = (i as u32) * 64;
            let count = (width - below).min(64);
            Self::bits(address, at + width - below - count, count)
        };
        (0..words_of(width)).map(word).collect()
    }

    fn slice(&mut self, base: Handle<Expression>, high: u32, low: u32) -> Words {
        let width = high - low + 1;
        // Bits of a field are read where they stand.
        if let ExpressionKind::Field(HeaderRef::Header(header), field) = self.module.expressions[base].kind {
            let place = &self.storage.headers[header.index()];
            let whole = self.ty(base).width();
            let at = place.field_bits[field as usize] + whole - 1 - high;
            let address = self.reach_header(header).address;
            return self.bits_of(&address, at, width);
        }
        let words = self.words(base);
        self.taken(&words, low, width)
    }

    fn cast(&mut self, operand: Handle<Expression>, width: u32) -> Words {
        let from = self.ty(operand);
        let words = self.words(operand);
        if width <= from.width() {
            return self.taken(&words, 0, width);
        }
        if !matches!(from, Type::Int(_)) {
            let zeros = words_of(width) - words.len();
            return words.into_iter().chain(std::iter::repeat_n("0".to_string(), zeros)).collect();
        }
        self.sign_extended(words, from.width(), width)
    }

    pub(super) fn sign_extended(&mut self, words: Words, from: u32, width: u32) -> Words {
        let top = words.len() - 1;
        let used = from - (top as u32) * 64;
        let extended = if used == 64 {
            words[top].clone()
        } else {
            format!("(u64) sign_extend({}, {used})", words[top])
        };
        let extended = self.named(&extended);
        let sign = format!("(u64) ((s64) {extended} >> 63)");
        let word = |i: usize| {
            let value = match i.cmp(&top) {
                std::cmp::Ordering::Less => words[i].clone(),
                std::cmp::Ordering::Equal => extended.clone(),
                std::cmp::Ordering::Greater => sign.clone(),
            };
            let left = width - (i as u32) * 64;
            if left >= 64 { value } else { cut(&value, left) }
        };
        (0..words_of(width)).map(word).collect()
    }

    fn unary(&mut self, op: UnaryOp, operand: Handle<Expression>, width: u32) -> Words {
        let words = self.words(operand);
        match op {
            UnaryOp::Not => vec![format!("({} ^ 1)", words[0])],
            UnaryOp::BitNot => self.masked(words.iter().map(|word| format!("~{word}")).collect(), width),
            UnaryOp::Negate => {
                let zero = vec!["0".to_string(); words.len()];
                self.sum(&zero, &words, width, true)
            }
        }
    }

    /// The words with what is above the width cut off.
    pub(super) fn masked(&self, mut words: Words, width: u32) -> Words {
        let rest = width % 64;
        if rest != 0
            && let Some(last) = words.last_mut()
        {
            *last = cut(last, rest);
        }
        words
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        left: Handle<Expression>,
        right: Handle<Expression>,
        width: u32,
    ) -> Words {
        let operand = self.ty(left);
        if let Type::Varbit(_) = operand {
            return self.varbits_equal(left, right, op == BinaryOp::Ne);
        }
        if op.is_shift() {
            return self.shift(op, left, right, operand);
        }
        let (a, b) = (self.words(left), self.words(right));
        let signed = matches!(operand, Type::Int(_));
        let bits = operand.width();
        let wordwise = |symbol: &str| -> Words {
            a.iter().zip(&b).map(|(a, b)| format!("({a} {symbol} {b})")).collect()
        };
        match op {
            BinaryOp::And | BinaryOp::LogicalAnd => wordwise("&"),
            BinaryOp::Or | BinaryOp::LogicalOr => wordwise("|"),
            BinaryOp::Xor => wordwise("^"),
            BinaryOp::Add => self.sum(&a, &b, width, false),
            BinaryOp::Sub => self.sum(&a, &b, width, true),
            BinaryOp::Eq | BinaryOp::Ne => vec![equality(&a, &b, op == BinaryOp::Ne)],
            BinaryOp::Lt => vec![self.less(&a, &b, bits, signed, false)],
            BinaryOp::Le => vec![self.less(&a, &b, bits, signed, true)],
            BinaryOp::Gt => vec![self.less(&b, &a, bits, signed, false)],
            BinaryOp::Ge => vec![self.less(&b, &a, bits, signed, true)],
            BinaryOp::Mul => self.product(&a, &b, width),
            BinaryOp::Div | BinaryOp::Mod if a.len() == 1 => {
                let symbol = if op == BinaryOp::Div { '/' } else { '%' };
                let b = self.named(&b[0]);
                vec![format!("({b} ? {} {symbol} {b} : 0)", a[0])]
            }
            BinaryOp::SatAdd | BinaryOp::SatSub if a.len() == 1 => {
                let minus = op == BinaryOp::SatSub;
                vec![match (signed, minus) {
                    (true, _) => {
                        format!("saturating_signed({}, {}, {bits}, {})", a[0], b[0], u8::from(minus))
                    }
                    (false, true) => format!("saturating_sub({}, {})", a[0], b[0]),
                    (false, false) => format!("saturating_add({}, {}, {bits})", a[0], b[0]),
                }]
            }
            BinaryOp::Div | BinaryOp::Mod | BinaryOp::SatAdd | BinaryOp::SatSub => {
                let what = "division, remainder or saturating arithmetic of more than 64 bits";
                self.refuse(what, "compute with 64 bits or fewer, or run the program on the soft switch");
                vec!["0".to_string(); a.len()]
            }
            BinaryOp::Shl | BinaryOp::Shr => a,
        }
    }

    fn varbits_equal(&mut self, left: Handle<Expression>, right: Handle<Expression>, differ: bool) -> Words {
        let reached = [left, right].map(|side| match self.module.expressions[side].kind {
            ExpressionKind::Field(HeaderRef::Header(header), _) => Some(self.reach_header(header)),
            _ => None,
        });
        let [Some(a), Some(b)] = reached else {
            self.refuse(
                "comparison of varbit fields of stack elements",
                "compare headers that are not in a stack",
            );
            return vec!["0".to_string()];
        };
        let place = self.storage.headers[a.header.index()].clone();
        let length = place.length_at();
        let same =
            self.named(&format!("*(u32 *) ({} + {length}) ^ *(u32 *) ({} + {length})", a.address, b.address));
        // Zeros stand behind a varbit's end.
        let most = place.varbit.map_or(0, |(_, _, most)| most);
        for byte in 0..most {
            let at = place.fixed_bytes + byte;
            self.line(format!("{same} |= LOAD8({} + {at}) ^ LOAD8({} + {at});", a.address, b.address));
        }
        vec![format!("(u64) ({same} {} 0)", if differ { "!=" } else { "==" })]
    }
}

/// Whether two values are equal, or differ.
pub(super) fn equality(a: &[String], b: &[String], differ: bool) -> String {
    let symbol = if differ { "!=" } else { "==" };
    if a.len() == 1 {
        return format!("(u64) ({} {symbol} {})", a[0], b[0]);
    }
    let differences: Vec<String> = a.iter().zip(b).map(|(a, b)| format!("({a} ^ {b})")).collect();
    format!("(u64) (({}) {symbol} 0)", differences.join(" | "))
}

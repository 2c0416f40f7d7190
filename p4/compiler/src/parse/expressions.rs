//! Expressions with operators, and the keysets made of them.

use super::{Parsed, Parser};
use crate::ast::{BinaryOperator, Expr, ExprKind, Keyset, KeysetKind, UnaryOperator};
use crate::lex::TokenKind;
use crate::limits;

/// Binary operators and how tightly they bind: as in C, but for `&`, `^` and `|`, which bind tighter than comparisons.
const OPERATORS: [(&str, u8, BinaryOperator); 21] = [
    ("||", 1, BinaryOperator::Or),
    ("&&", 2, BinaryOperator::And),
    ("==", 3, BinaryOperator::Equal),
    ("!=", 3, BinaryOperator::NotEqual),
    ("<", 4, BinaryOperator::Less),
    (">", 4, BinaryOperator::Greater),
    ("<=", 4, BinaryOperator::LessEqual),
    (">=", 4, BinaryOperator::GreaterEqual),
    ("|", 5, BinaryOperator::BitOr),
    ("^", 6, BinaryOperator::BitXor),
    ("&", 7, BinaryOperator::BitAnd),
    ("<<", 8, BinaryOperator::ShiftLeft),
    (">>", 8, BinaryOperator::ShiftRight),
    ("++", 9, BinaryOperator::Concat),
    ("+", 9, BinaryOperator::Add),
    ("-", 9, BinaryOperator::Subtract),
    ("|+|", 9, BinaryOperator::SaturatingAdd),
    ("|-|", 9, BinaryOperator::SaturatingSubtract),
    ("*", 10, BinaryOperator::Multiply),
    ("/", 10, BinaryOperator::Divide),
    ("%", 10, BinaryOperator::Modulo),
];

impl Parser<'_> {
    /// Any expression.
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.nested(|parser| {
            let start = parser.span();
            let condition = parser.binary(1)?;
            if !parser.is("?") {
                return Ok(condition);
            }
            let mut height = parser.height;
            parser.advance();
            let yes = parser.expression()?;
            height = height.max(parser.height);
            parser.expect(":", "a conditional expression is `condition ? value if true : value if false`")?;
            let no = parser.expression()?;
            parser.grow(height.max(parser.height))?;
            let kind =
                ExprKind::Ternary { condition: Box::new(condition), yes: Box::new(yes), no: Box::new(no) };
            Ok(Expr { kind, span: parser.since(start) })
        })
    }

    /// An expression one higher than its highest operand was read.
    pub(super) fn grow(&mut self, operands: usize) -> Parsed<()> {
        self.height = operands + 1;
        if self.height > limits::NESTING { Err(self.too_deep()) } else { Ok(()) }
    }

    fn binary(&mut self, least: u8) -> Parsed<Expr> {
        let start = self.span();
        let mut left = self.unary()?;
        while self.token().kind == TokenKind::Symbol && self.offset == 0 {
            let found = OPERATORS.iter().find(|(text, _, _)| self.is(text));
            let Some((_, strength, operator)) = found.filter(|(_, strength, _)| *strength >= least) else {
                break;
            };
            self.advance();
            let height = self.height;
            let right = self.binary(strength + 1)?;
            self.grow(height.max(self.height))?;
            let kind = ExprKind::Binary { operator: *operator, left: Box::new(left), right: Box::new(right) };
            left = Expr { kind, span: self.since(start) };
        }
        Ok(left)
    }

    /// An operand with the operators before it.
    pub(super) fn unary(&mut self) -> Parsed<Expr> {
        let operators = [
            ("!", UnaryOperator::Not),
            ("~", UnaryOperator::Complement),
            ("-", UnaryOperator::Minus),
            ("+", UnaryOperator::Plus),
        ];
        let Some((_, operator)) = operators.iter().find(|(text, _)| self.is(text)) else {
            return self.postfix();
        };
        let start = self.span();
        self.advance();
        let operand = self.nested(Self::unary)?;
        self.grow(self.height)?;
        let kind = ExprKind::Unary { operator: *operator, operand: Box::new(operand) };
        Ok(Expr { kind, span: self.since(start) })
    }

    /// What a `select` case or an entry compares with: one keyset, or several in parentheses.
    pub(super) fn keysets(&mut self) -> Parsed<Vec<Keyset>> {
        if !self.is_tuple_of_keysets() {
            return Ok(vec![self.keyset()?]);
        }
        self.advance();
        let keysets = self.list(")", false, Self::keyset)?;
        self.expect(")", "several keysets stand between `(` and `)`, with commas between")?;
        Ok(keysets)
    }

    /// Whether the `(` that is next is closed right before the `:`, so that it encloses all keysets.
    fn is_tuple_of_keysets(&self) -> bool {
        if !self.is("(") {
            return false;
        }
        let mut open = 0usize;
        for at in 0.. {
            let token = self.ahead(at);
            if ["(", "[", "{"].iter().any(|bracket| token.is(bracket)) {
                open += 1;
            } else if [")", "]", "}"].iter().any(|bracket| token.is(bracket)) {
                open = open.saturating_sub(1);
                if open == 0 {
                    return self.ahead(at + 1).is(":");
                }
            } else if token.is(";") || token.kind == TokenKind::End {
                return false;
            }
        }
        false
    }

    fn keyset(&mut self) -> Parsed<Keyset> {
        let start = self.span();
        if self.take("default") {
            return Ok(Keyset { kind: KeysetKind::Default, span: start });
        }
        if self.take("_") {
            return Ok(Keyset { kind: KeysetKind::DontCare, span: start });
        }
        let value = self.expression()?;
        let kind = if self.take("&&&") {
            KeysetKind::Mask { value, mask: self.expression()? }
        } else if self.take("..") {
            KeysetKind::Range { low: value, high: self.expression()? }
        } else {
            KeysetKind::Value(value)
        };
        Ok(Keyset { kind, span: self.since(start) })
    }
}

/// A list in braces that stands alone, `{a, b}`, as the values for each key, like `(a, b)`; `is_for_all` says so of its length.
pub(super) fn opened(keysets: Vec<Keyset>, is_for_all: impl Fn(usize) -> bool) -> Vec<Keyset> {
    match <[Keyset; 1]>::try_from(keysets) {
        Ok([Keyset { kind: KeysetKind::Value(Expr { kind: ExprKind::List(parts), .. }), .. }])
            if is_for_all(parts.len()) =>
        {
            parts.into_iter().map(|part| Keyset { span: part.span, kind: KeysetKind::Value(part) }).collect()
        }
        Ok([other]) => vec![other],
        Err(several) => several,
    }
}

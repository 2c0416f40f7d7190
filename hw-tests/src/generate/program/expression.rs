//! Expressions: well-typed by construction, and free of what has no value.

use std::fmt;

use num_bigint::BigInt;

use super::scalar::{Scalar, literal, value};
use crate::trial::Dice;

/// An operator on two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the language's specification")]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    SaturatingAdd,
    SaturatingSubtract,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    LogicalAnd,
    LogicalOr,
}

use Operator::{
    Add, And, Divide, Equal, Greater, GreaterEqual, Less, LessEqual, LogicalAnd, LogicalOr, Modulo, Multiply,
    NotEqual, Or, SaturatingAdd, SaturatingSubtract, ShiftLeft, ShiftRight, Subtract, Xor,
};

impl Operator {
    /// How the language writes it.
    pub fn symbol(self) -> &'static str {
        match self {
            Add => "+",
            Subtract => "-",
            Multiply => "*",
            Divide => "/",
            Modulo => "%",
            SaturatingAdd => "|+|",
            SaturatingSubtract => "|-|",
            And => "&",
            Or => "|",
            Xor => "^",
            ShiftLeft => "<<",
            ShiftRight => ">>",
            Equal => "==",
            NotEqual => "!=",
            Less => "<",
            LessEqual => "<=",
            Greater => ">",
            GreaterEqual => ">=",
            LogicalAnd => "&&",
            LogicalOr => "||",
        }
    }
}

/// An operator on one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the language's specification")]
pub enum Prefix {
    Minus,
    Plus,
    Complement,
    Not,
}

/// An expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A literal, in one of the ways to write it.
    Literal(Scalar, BigInt, u8),
    /// A literal without a width, where the other operand has one of this type: it takes that.
    Bare(Scalar, BigInt),
    /// Whatever else the program has a value of that type of.
    Leaf(Scalar, String),
    /// `-a`.
    Prefix(Prefix, Box<Expr>),
    /// `a + b`.
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `a ? b : c`.
    Mux(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `a[high:low]`.
    Slice(Box<Expr>, u32, u32),
    /// `a ++ b`.
    Concat(Box<Expr>, Box<Expr>),
    /// `(T) a`.
    Cast(Scalar, Box<Expr>),
}

impl Expr {
    /// Its type.
    pub fn ty(&self) -> Scalar {
        match self {
            Self::Literal(ty, ..) | Self::Bare(ty, _) | Self::Leaf(ty, _) | Self::Cast(ty, _) => *ty,
            Self::Prefix(_, of) => of.ty(),
            Self::Binary(op, left, right) => match op {
                Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual | LogicalAnd | LogicalOr => {
                    Scalar::Bool
                }
                _ if matches!(**left, Self::Bare(..)) => right.ty(),
                _ => left.ty(),
            },
            Self::Mux(_, accept, _) => accept.ty(),
            Self::Slice(_, high, low) => Scalar::Bit(high - low + 1),
            Self::Concat(left, right) => {
                let width = left.ty().width().unwrap_or(0) + right.ty().width().unwrap_or(0);
                if matches!(left.ty(), Scalar::Int(_)) { Scalar::Int(width) } else { Scalar::Bit(width) }
            }
        }
    }

    /// Whether it can stand as an operand without parentheses around it.
    fn is_atom(&self) -> bool {
        match self {
            Self::Literal(..) | Self::Bare(..) | Self::Leaf(..) | Self::Slice(..) => true,
            Self::Prefix(..) | Self::Binary(..) | Self::Mux(..) | Self::Concat(..) | Self::Cast(..) => false,
        }
    }
}

/// An operand: with parentheses, unless it binds closer.
struct Operand<'e>(&'e Expr, Option<Operator>);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let binds_closer = match (self.0, self.1) {
            // Left operands of a sum.
            (Expr::Binary(Multiply | Divide | Modulo | Add | Subtract, ..), Some(Add | Subtract)) => true,
            (Expr::Binary(Less | Equal | And, ..), Some(LogicalAnd | LogicalOr)) => true,
            (Expr::Prefix(..) | Expr::Cast(..), Some(_)) => true,
            (other, _) => other.is_atom(),
        };
        if binds_closer { write!(f, "{}", self.0) } else { write!(f, "({})", self.0) }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(ty, value, style) => f.write_str(&literal(*ty, value, *style)),
            Self::Bare(_, value) => f.write_str(&literal(Scalar::Unbounded, value, 4)),
            Self::Leaf(_, text) => f.write_str(text),
            Self::Prefix(prefix, of) => {
                let symbol = match prefix {
                    Prefix::Minus => "-",
                    Prefix::Plus => "+",
                    Prefix::Complement => "~",
                    Prefix::Not => "!",
                };
                write!(f, "{symbol}{}", Operand(of, None))
            }
            Self::Binary(op, left, right) => {
                write!(f, "{} {} {}", Operand(left, Some(*op)), op.symbol(), Operand(right, None))
            }
            Self::Mux(condition, accept, reject) => {
                write!(
                    f,
                    "{} ? {} : {}",
                    Operand(condition, None),
                    Operand(accept, None),
                    Operand(reject, None)
                )
            }
            Self::Slice(of, high, low) => write!(f, "{}[{high}:{low}]", Operand(of, None)),
            Self::Concat(left, right) => write!(f, "{} ++ {}", Operand(left, None), Operand(right, None)),
            Self::Cast(ty, of) => write!(f, "({ty}) {}", Operand(of, None)),
        }
    }
}

/// Gives what a program has of a type, if it has anything.
pub type Leaves<'l> = &'l mut dyn FnMut(&mut Dice, Scalar) -> Option<Expr>;

/// One of the variables, made one of that type if there is none of it.
pub(super) fn leaf(dice: &mut Dice, known: &[(String, Scalar)], ty: Scalar) -> Option<Expr> {
    let same: Vec<_> = known.iter().filter(|one| one.1 == ty).collect();
    if !same.is_empty() {
        return Some(Expr::Leaf(ty, dice.pick(&same).0.clone()));
    }
    let near = |other: Scalar| {
        matches!(
            (ty, other),
            (Scalar::Bit(_), Scalar::Bit(_))
                | (Scalar::Int(_), Scalar::Int(_))
                | (Scalar::Bool, Scalar::Bit(1))
        )
    };
    let near: Vec<_> = known.iter().filter(|one| near(one.1)).collect();
    if near.is_empty() {
        return None;
    }
    let (name, from) = (*dice.pick(&near)).clone();
    Some(Expr::Cast(ty, Box::new(Expr::Leaf(from, name))))
}

/// An expression of that type, with at most so many operators inside one another.
pub fn expression(dice: &mut Dice, leaves: Leaves<'_>, ty: Scalar, depth: u32) -> Expr {
    if depth == 0 || dice.percent(15) {
        return match leaves(dice, ty) {
            Some(leaf) if dice.percent(75) => leaf,
            _ => some_literal(dice, ty),
        };
    }
    if ty != Scalar::Unbounded && dice.percent(12) {
        let condition = expression(dice, leaves, Scalar::Bool, depth - 1);
        let accept = expression(dice, leaves, ty, depth - 1);
        let reject = expression(dice, leaves, ty, depth - 1);
        return Expr::Mux(Box::new(condition), Box::new(accept), Box::new(reject));
    }
    match ty {
        Scalar::Bool => condition(dice, leaves, depth),
        Scalar::Unbounded => unbounded(dice, depth, false),
        Scalar::Bit(width) => match dice.below(6) {
            0 => slice(dice, leaves, width, depth),
            1 if width > 1 => concatenation(dice, leaves, width, false, depth),
            2 => cast(dice, leaves, ty, depth),
            _ => arithmetic(dice, leaves, ty, depth),
        },
        Scalar::Int(width) => match dice.below(6) {
            0 if width > 1 => concatenation(dice, leaves, width, true, depth),
            1 => cast(dice, leaves, ty, depth),
            _ => arithmetic(dice, leaves, ty, depth),
        },
    }
}

fn some_literal(dice: &mut Dice, ty: Scalar) -> Expr {
    Expr::Literal(ty, value(dice, ty), dice.word() as u8)
}

fn binary(op: Operator, left: Expr, right: Expr) -> Expr {
    Expr::Binary(op, Box::new(left), Box::new(right))
}

/// Two operands of a type, one of them a bare literal at times.
fn operands(dice: &mut Dice, leaves: Leaves<'_>, ty: Scalar, depth: u32) -> (Expr, Expr) {
    let left = expression(dice, leaves, ty, depth - 1);
    if ty != Scalar::Bool && ty != Scalar::Unbounded && dice.percent(15) {
        let bare = Expr::Bare(ty, value(dice, ty));
        return if dice.percent(30) { (bare, left) } else { (left, bare) };
    }
    let right = expression(dice, leaves, ty, depth - 1);
    (left, right)
}

fn condition(dice: &mut Dice, leaves: Leaves<'_>, depth: u32) -> Expr {
    match dice.below(8) {
        0 => Expr::Prefix(Prefix::Not, Box::new(expression(dice, leaves, Scalar::Bool, depth - 1))),
        1 => Expr::Cast(Scalar::Bool, Box::new(expression(dice, leaves, Scalar::Bit(1), depth - 1))),
        2..=3 => {
            let op = *dice.pick(&[LogicalAnd, LogicalOr, Equal, NotEqual]);
            let left = expression(dice, leaves, Scalar::Bool, depth - 1);
            binary(op, left, expression(dice, leaves, Scalar::Bool, depth - 1))
        }
        kind => {
            let ty = match kind {
                4 => Scalar::Unbounded,
                5 => Scalar::Int(Scalar::width_of(dice)),
                _ => Scalar::Bit(Scalar::width_of(dice)),
            };
            let op = *dice.pick(&[Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual]);
            let (left, right) = operands(dice, leaves, ty, depth);
            binary(op, left, right)
        }
    }
}

fn slice(dice: &mut Dice, leaves: Leaves<'_>, width: u32, depth: u32) -> Expr {
    let (low, above) = (dice.below(9) as u32, dice.below(5) as u32);
    let whole = low + width + above;
    let ty = if dice.percent(20) { Scalar::Int(whole) } else { Scalar::Bit(whole) };
    let of = expression(dice, leaves, ty, depth - 1);
    Expr::Slice(Box::new(of), low + width - 1, low)
}

fn concatenation(dice: &mut Dice, leaves: Leaves<'_>, width: u32, is_signed: bool, depth: u32) -> Expr {
    let high = 1 + dice.below(width as usize - 1) as u32;
    let low = width - high;
    let left = if is_signed { Scalar::Int(high) } else { Scalar::Bit(high) };
    let right = if dice.percent(20) { Scalar::Int(low) } else { Scalar::Bit(low) };
    let left = expression(dice, leaves, left, depth - 1);
    Expr::Concat(Box::new(left), Box::new(expression(dice, leaves, right, depth - 1)))
}

fn cast(dice: &mut Dice, leaves: Leaves<'_>, ty: Scalar, depth: u32) -> Expr {
    let other = Scalar::width_of(dice);
    let from = match (ty, dice.below(4)) {
        (_, 0) => Scalar::Unbounded,
        (Scalar::Bit(1), 1) => Scalar::Bool,
        (Scalar::Bit(width), 1) => Scalar::Int(width),
        (Scalar::Int(width), 1) => Scalar::Bit(width),
        (Scalar::Int(_), _) => Scalar::Int(other),
        _ => Scalar::Bit(other),
    };
    Expr::Cast(ty, Box::new(expression(dice, leaves, from, depth - 1)))
}

fn arithmetic(dice: &mut Dice, leaves: Leaves<'_>, ty: Scalar, depth: u32) -> Expr {
    let op = *dice.pick(&[
        Add,
        Subtract,
        Multiply,
        Divide,
        Modulo,
        SaturatingAdd,
        SaturatingSubtract,
        And,
        Or,
        Xor,
        ShiftLeft,
        ShiftRight,
        Add,
        Subtract,
    ]);
    match op {
        // By a constant that is not zero; of unsigned numbers only.
        Divide | Modulo => {
            let left = expression(dice, leaves, ty, depth - 1);
            let divisor = value(dice, ty);
            match ty {
                Scalar::Bit(_) if divisor != BigInt::from(0) => {
                    binary(op, left, Expr::Literal(ty, divisor, dice.word() as u8))
                }
                _ => {
                    let prefix = *dice.pick(&[Prefix::Minus, Prefix::Plus, Prefix::Complement]);
                    Expr::Prefix(prefix, Box::new(left))
                }
            }
        }
        ShiftLeft | ShiftRight => {
            let left = expression(dice, leaves, ty, depth - 1);
            let by = if dice.percent(40) {
                Expr::Literal(Scalar::Unbounded, BigInt::from(dice.below(140)), 4)
            } else {
                let width = 1 + dice.below(12) as u32;
                expression(dice, leaves, Scalar::Bit(width), depth.min(2) - 1)
            };
            binary(op, left, by)
        }
        _ => {
            let (left, right) = operands(dice, leaves, ty, depth);
            binary(op, left, right)
        }
    }
}

/// An integer of any size. Division is of what is not negative; nothing grows without bounds.
fn unbounded(dice: &mut Dice, depth: u32, is_natural: bool) -> Expr {
    let leaf = |dice: &mut Dice| {
        let number = value(dice, Scalar::Unbounded);
        let number = if is_natural { BigInt::from(number.magnitude().clone()) } else { number };
        Expr::Literal(Scalar::Unbounded, number, dice.word() as u8)
    };
    if depth == 0 {
        return leaf(dice);
    }
    let small = |dice: &mut Dice| {
        let number = BigInt::from(1 + dice.below(40));
        Expr::Literal(Scalar::Unbounded, number, 4)
    };
    match dice.below(if is_natural { 8 } else { 11 }) {
        0 => leaf(dice),
        1 => binary(Divide, unbounded(dice, depth - 1, true), small(dice)),
        2 => binary(Modulo, unbounded(dice, depth - 1, true), small(dice)),
        kind @ 3..=4 => {
            let op = if kind == 3 { ShiftLeft } else { ShiftRight };
            binary(op, unbounded(dice, depth - 1, is_natural), small(dice))
        }
        kind @ 5..=7 => {
            let op = [Add, Multiply, And][kind - 5];
            let left = unbounded(dice, depth - 1, is_natural);
            binary(op, left, unbounded(dice, depth - 1, is_natural))
        }
        8 => Expr::Prefix(Prefix::Minus, Box::new(unbounded(dice, depth - 1, false))),
        kind => {
            let op = if kind == 9 { Subtract } else { *dice.pick(&[Or, Xor]) };
            let left = unbounded(dice, depth - 1, false);
            binary(op, left, unbounded(dice, depth - 1, false))
        }
    }
}

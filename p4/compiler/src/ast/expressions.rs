//! Expressions, arguments and the sets that keys are compared with.

use std::fmt;
use std::rc::Rc;

use num_bigint::BigInt;
use sluice_diagnostics::Span;

use super::{Name, Path, Type};

/// An expression (section 8).
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Which.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `true` or `false`.
    Bool(bool),
    /// `5`, `8w0xFF`, `4s7`.
    Integer(Integer),
    /// `"text"`, its escapes resolved.
    String(Rc<str>),
    /// `name` or `.name`; it may name a type, as in `Type.member` and in the callee of a constructor call.
    Path(Path),
    /// `this`, in an abstract method's body.
    This,
    /// `error.Name`.
    ErrorMember(Name),
    /// `base.member`.
    Member {
        /// What has the member: a value, an instance or (a path) an enumeration.
        base: Box<Expr>,
        /// Field, method or enumeration member.
        member: Name,
    },
    /// `base[index]`.
    Index {
        /// A header stack, tuple or list.
        base: Box<Expr>,
        /// Which element.
        index: Box<Expr>,
    },
    /// `base[high:low]`.
    Slice {
        /// A value of fixed width.
        base: Box<Expr>,
        /// The topmost bit taken.
        high: Box<Expr>,
        /// The lowest bit taken.
        low: Box<Expr>,
    },
    /// `base[low+:width]`.
    SliceOf {
        /// A value of fixed width.
        base: Box<Expr>,
        /// The lowest bit taken; it need not be known at compile time.
        low: Box<Expr>,
        /// How many bits are taken.
        width: Box<Expr>,
    },
    /// `-x`, `+x`, `!x`, `~x`.
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// On what.
        operand: Box<Expr>,
    },
    /// `left operator right`.
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// Evaluated first.
        left: Box<Expr>,
        /// Evaluated second; not at all where `&&` or `||` is decided.
        right: Box<Expr>,
    },
    /// `condition ? yes : no`.
    Ternary {
        /// What decides.
        condition: Box<Expr>,
        /// The value when true.
        yes: Box<Expr>,
        /// The value when false.
        no: Box<Expr>,
    },
    /// `(type) operand`; so also a typed initializer, `(S) {a = 1}`.
    Cast {
        /// To what.
        ty: Box<Type>,
        /// Of what.
        operand: Box<Expr>,
    },
    /// `callee<types>(arguments)`: a function, action, method, table's `apply`, or (callee a type's path) a constructor.
    Call {
        /// What is called.
        callee: Box<Expr>,
        /// Type arguments; empty where there were none.
        type_arguments: Vec<Type>,
        /// Arguments.
        arguments: Vec<Argument>,
    },
    /// `{a, b}`: a tuple or list; a last `...` stands for defaults and is [`ExprKind::Default`].
    List(Vec<Expr>),
    /// `{a = 1, b = 2}` (section 8.13).
    Record {
        /// The fields given.
        fields: Vec<FieldValue>,
        /// Where `...` stands last: the other fields have their default values.
        rest: Option<Span>,
    },
    /// `{#}`: an invalid header.
    Invalid,
    /// `...`: the default value of the type expected.
    Default,
    /// `_`, as the argument of an `out` parameter that is not wanted or of an optional one.
    DontCare,
}

/// An integer literal (section 6.4.3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integer {
    /// The digits' value, before it is cut to the width; never negative.
    pub value: BigInt,
    /// The width, where there was one; none is a literal of type `int`.
    pub width: Option<Width>,
    /// 2, 8, 10 or 16: as it was written, for messages and generated names.
    pub base: u32,
}

/// The `8w` or `8s` before a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Width {
    /// How many bits.
    pub bits: u32,
    /// `s`: `int<bits>`; otherwise `bit<bits>`.
    pub signed: bool,
}

/// `name = value` in a structure-valued expression.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldValue {
    /// The field.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// An argument of a call or instantiation.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The parameter's name, where it was given by name.
    pub name: Option<Name>,
    /// The value; [`ExprKind::DontCare`] for `_`.
    pub value: Expr,
}

/// What an entry or a `select` case compares one key with.
#[derive(Clone, Debug, PartialEq)]
pub struct Keyset {
    /// Which.
    pub kind: KeysetKind,
    /// Where.
    pub span: Span,
}

/// The forms of a set of values (section 8.15).
#[derive(Clone, Debug, PartialEq)]
pub enum KeysetKind {
    /// `default`: everything.
    Default,
    /// `_`: everything.
    DontCare,
    /// This value alone, or the members of the value set named.
    Value(Expr),
    /// `value &&& mask`.
    Mask {
        /// The bits to compare with.
        value: Expr,
        /// Which bits are compared.
        mask: Expr,
    },
    /// `low .. high`, both within.
    Range {
        /// The least.
        low: Expr,
        /// The greatest.
        high: Expr,
    },
}

/// An operator before its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `!`
    Not,
    /// `~`
    Complement,
    /// `-`
    Minus,
    /// `+`
    Plus,
}

impl fmt::Display for UnaryOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Not => "!",
            Self::Complement => "~",
            Self::Minus => "-",
            Self::Plus => "+",
        })
    }
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `|+|`
    SaturatingAdd,
    /// `|-|`
    SaturatingSubtract,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `<=`
    LessEqual,
    /// `>=`
    GreaterEqual,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `&`
    BitAnd,
    /// `^`
    BitXor,
    /// `|`
    BitOr,
    /// `++`
    Concat,
    /// `&&`
    And,
    /// `||`
    Or,
}

impl fmt::Display for BinaryOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::SaturatingAdd => "|+|",
            Self::SaturatingSubtract => "|-|",
            Self::ShiftLeft => "<<",
            Self::ShiftRight => ">>",
            Self::LessEqual => "<=",
            Self::GreaterEqual => ">=",
            Self::Less => "<",
            Self::Greater => ">",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::BitAnd => "&",
            Self::BitXor => "^",
            Self::BitOr => "|",
            Self::Concat => "++",
            Self::And => "&&",
            Self::Or => "||",
        })
    }
}

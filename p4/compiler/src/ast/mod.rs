//! The syntax tree of P4-16, language version 1.2.5: what was written, before any name or type is resolved.
//!
//! Every node carries the [`Span`] of the text that it came from; a node whose tokens came out of a macro carries
//! the place where the macro was used. Parentheses leave no node behind (the inner expression's span covers them).
//! The parser knows which names are types (the grammar cannot be parsed otherwise), but the tree does not say so:
//! resolving names is the next stage's work.

use std::fmt;
use std::rc::Rc;

use sluice_diagnostics::Span;

mod declarations;
mod expressions;
mod statements;

pub use declarations::*;
pub use expressions::*;
pub use statements::*;

/// A whole program after preprocessing: `#include`d declarations first, in the order of the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The top-level declarations.
    pub declarations: Vec<Declaration>,
    /// Where the text of the main file ends.
    pub end: Span,
}

/// An identifier as it was written.
#[derive(Clone, Debug)]
pub struct Name {
    /// Its text.
    pub text: Rc<str>,
    /// Where it was written.
    pub span: Span,
}

impl Name {
    /// A name at a place.
    pub fn new(text: impl Into<Rc<str>>, span: Span) -> Self {
        Self { text: text.into(), span }
    }

    /// The text alone.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Name {
    /// Names are the same when their texts are, wherever they were written.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Name {}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A name to look up: `name`, or `.name` for one of the top level (section 6.8, name resolution).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Whether a dot stands before it: the lookup starts, and ends, at the top level.
    pub absolute: bool,
    /// The name.
    pub name: Name,
    /// The dot, if any, and the name.
    pub span: Span,
}

/// `@name`, `@name(tokens)` or `@name[structured]` (section 20).
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// The name behind the `@`.
    pub name: Name,
    /// What stands in the parentheses or brackets.
    pub body: AnnotationBody,
    /// From the `@` to the closing bracket.
    pub span: Span,
}

impl Annotation {
    /// The string of `@name("string")`, in either form of body; `None` where it is anything else.
    pub fn string(&self) -> Option<&str> {
        match &self.body {
            AnnotationBody::Unstructured(tokens) => match tokens.as_slice() {
                [AnnotationToken { kind: AnnotationTokenKind::String(text), .. }] => Some(text),
                _ => None,
            },
            AnnotationBody::Expressions(values) => match values.as_slice() {
                [Expr { kind: ExprKind::String(text), .. }] => Some(text),
                _ => None,
            },
            AnnotationBody::None | AnnotationBody::Pairs(_) => None,
        }
    }
}

/// What an annotation holds.
#[derive(Clone, Debug, PartialEq)]
pub enum AnnotationBody {
    /// `@name`.
    None,
    /// `@name(...)`: any tokens with balanced parentheses; their meaning is the annotation's own.
    Unstructured(Vec<AnnotationToken>),
    /// `@name[1, "a"]`; also `@name[]`.
    Expressions(Vec<Expr>),
    /// `@name[key = value, ...]`.
    Pairs(Vec<(Name, Expr)>),
}

/// One token of an unstructured annotation.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotationToken {
    /// What it is, with its value.
    pub kind: AnnotationTokenKind,
    /// As it was written.
    pub text: Rc<str>,
    /// Where.
    pub span: Span,
}

/// What a token of an unstructured annotation is.
#[derive(Clone, Debug, PartialEq)]
pub enum AnnotationTokenKind {
    /// An identifier or a keyword.
    Word,
    /// A string literal, its escapes resolved.
    String(Rc<str>),
    /// An integer literal.
    Integer(Integer),
    /// Punctuation.
    Symbol,
}

/// A type as it was written (section 7).
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// Which.
    pub kind: TypeKind,
    /// Where.
    pub span: Span,
}

/// The forms of a type. Widths and sizes are expressions, to be evaluated at compile time.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `void`: the result of what returns nothing.
    Void,
    /// `bool`.
    Bool,
    /// `error`.
    Error,
    /// `match_kind`.
    MatchKind,
    /// `string`.
    String,
    /// `int`: integers of any size, known at compile time.
    Int,
    /// `bit<W>`; plain `bit` has the width 1.
    Bit(Box<Expr>),
    /// `int<W>`: two's complement.
    SignedInt(Box<Expr>),
    /// `varbit<W>`: W is the most that it can hold.
    Varbit(Box<Expr>),
    /// `name`, `.name` or `name<arguments>`.
    Named {
        /// The declared type or type variable.
        path: Path,
        /// Type arguments; empty where there were none.
        arguments: Vec<Type>,
    },
    /// `element[size]`.
    Stack {
        /// A header or header union (or, since 1.2.5, any element of an array).
        element: Box<Type>,
        /// How many.
        size: Box<Expr>,
    },
    /// `tuple<...>`.
    Tuple(Vec<Type>),
    /// `list<element>`.
    List(Box<Type>),
    /// `_`, as a type argument: to be inferred.
    DontCare,
}

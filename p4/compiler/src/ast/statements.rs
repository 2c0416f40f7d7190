//! Statements: the bodies of actions, functions, parser states and controls.

use sluice_diagnostics::Span;

use super::{Annotation, Argument, BinaryOperator, Declaration, Expr, Name, Type};

/// A statement (section 12).
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Which.
    pub kind: StatementKind,
    /// Where.
    pub span: Span,
}

/// `{ statements }`, with annotations before the brace.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Before the brace.
    pub annotations: Vec<Annotation>,
    /// Within.
    pub statements: Vec<Statement>,
    /// From brace to brace.
    pub span: Span,
}

/// The forms of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// A constant, variable or instance.
    Declaration(Box<Declaration>),
    /// `target = value;`, or `target += value;` and its like.
    Assign {
        /// The operator before the `=`, where there is one; never a comparison, `&&`, `||` or `++`.
        operator: Option<BinaryOperator>,
        /// A left-value.
        target: Expr,
        /// What it becomes.
        value: Expr,
    },
    /// A call as a statement; the expression is an [`Call`](super::ExprKind::Call).
    Call(Expr),
    /// `Type.apply(arguments);`: an instance of the control or parser type made for this one use (section 14.3).
    DirectApply {
        /// The control or parser, with type arguments.
        ty: Type,
        /// Arguments.
        arguments: Vec<Argument>,
    },
    /// `;`
    Empty,
    /// `{ ... }`
    Block(Block),
    /// `if (condition) then else otherwise`
    If {
        /// What decides.
        condition: Expr,
        /// Done when true.
        then: Box<Statement>,
        /// Done when false.
        otherwise: Option<Box<Statement>>,
    },
    /// `switch (value) { cases }`
    Switch {
        /// A table's `apply(...).action_run`, or a value.
        value: Expr,
        /// In the order written.
        cases: Vec<SwitchCase>,
    },
    /// `for (init; condition; update) body`
    For {
        /// Before it.
        annotations: Vec<Annotation>,
        /// Done once, in a scope of the loop's own.
        init: Vec<Statement>,
        /// Tested before each round.
        condition: Expr,
        /// Done after each round.
        update: Vec<Statement>,
        /// Each round.
        body: Box<Statement>,
    },
    /// `for (T name in collection) body`
    ForIn {
        /// Before the `for`.
        annotations: Vec<Annotation>,
        /// Before the variable's type.
        variable_annotations: Vec<Annotation>,
        /// The variable's type.
        ty: Type,
        /// The variable.
        name: Name,
        /// What it takes its values from.
        collection: ForCollection,
        /// Each round.
        body: Box<Statement>,
    },
    /// `break;`
    Break,
    /// `continue;`
    Continue,
    /// `return;` or `return value;`
    Return(Option<Expr>),
    /// `exit;`
    Exit,
}

/// What a `for ... in` goes through.
#[derive(Clone, Debug, PartialEq)]
pub enum ForCollection {
    /// A list or header stack.
    Value(Expr),
    /// `low .. high`, both within.
    Range {
        /// The first value.
        low: Expr,
        /// The last value.
        high: Expr,
    },
}

/// One case of a `switch`.
#[derive(Clone, Debug, PartialEq)]
pub struct SwitchCase {
    /// The value, action name, or `default`.
    pub label: SwitchLabel,
    /// `None` falls through to the next case that has a body.
    pub body: Option<Block>,
    /// Where.
    pub span: Span,
}

/// What a case of a `switch` is for.
#[derive(Clone, Debug, PartialEq)]
pub enum SwitchLabel {
    /// `default`
    Default(Span),
    /// An action's name, or a compile-time value.
    Value(Expr),
}

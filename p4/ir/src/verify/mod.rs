//! Checks that a module means something: everything that a back end may rely on.
//!
//! After [`verify`] a back end either succeeds or returns an error; it never panics.
//!
//! # The rules
//!
//! Storage
//! - The errors begin with core.p4's seven, in its order; no error, header type, header, stack, union, variable, table, counter,
//!   meter, register, action profile, value set or parser state has the name of another of its kind; direct counters and meters
//!   share their names with the indirect ones.
//! - Every handle is in range of its arena.
//! - Widths are 1 to [`limits::WIDTH`]; sizes are at most [`limits::CELLS`].
//! - Header fields are `Bits`, `Int`, `Bool` or at most one `Varbit`, with unique names; the fixed widths sum up to whole bytes.
//! - Stacks have elements, all of one type, none of which is in another stack; a shared index is that of another stack of the same size, which
//!   shares no other's.
//! - A union's members name it, and who names it is a member.
//! - Variables are not `Varbit`; an intrinsic has v1model's type and is there once.
//! - Registers hold `Bits`, `Int` or `Bool`. Value sets have fields of any match kind but `Selector`.
//!
//! What the control plane is told
//! - Types with names have names of their own, as have their members and the digests; a type refers to types before it.
//! - An enumeration's values have its width. The members of a union are headers.
//! - What a key, parameter or register names as its type is an enumeration or new type of its width.
//!
//! Expressions
//! - They refer only to expressions before them, within [`limits::EXPRESSION_DEPTH`] and [`limits::EXPRESSION_SIZE`].
//! - Constants have their type's width, and errors are in the list. Every other type follows from the operands, whose types fit the operator;
//!   casts are between `Bits` and `Int`, or between `Bool` and `Bits(1)`, or change nothing.
//! - Slices are within their base; stack indexes are `Bits`.
//! - `Varbit` stands only in assignments and comparisons for equality with the same type, and in the data of hashes, checksums, digests and logs.
//! - Parameters stand only in actions that have them, with their type.
//! - `Next`, `Last` and `LastIndex` stand only in the parser.
//!
//! Statements
//! - Types fit: assignments, conditions, selectors, arguments, results. Slices of places are not nested.
//! - Copied headers and stacks are of one type and size.
//! - A switch's values have the selector's width, and each is listed once.
//! - Labels are unique; `Leave` stands inside its label; a loop has something that jumps out of it.
//! - Blocks nest at most [`limits::BLOCK_DEPTH`] deep.
//! - `Apply` stands only in ingress or egress, one table in one of the two; `hit` is `Bool`, `run` is `Bits(16)`.
//! - `Extract`, `Lookahead`, `Advance`, `Verify` and `PacketLength` stand only in the parser; `Exit` only in controls and actions.
//! - A varbit length is given exactly for headers that have a varbit field.
//! - `Emit` stands only in the deparser, which writes headers and locals and no metadata.
//! - `VerifyChecksum` stands only in the verify-checksum control, `UpdateChecksum` only in the compute-checksum control;
//!   `Resubmit` and a clone of the ingress packet only in ingress, `Recirculate` and a clone of the egress packet only in egress.
//! - A direct counter or meter is used only in actions that its table lists and no other table does.
//! - A log's format has one `{}` for each argument. A trailer has whole bytes.
//!
//! Actions and tables
//! - Parameters are `Bits`, `Int` or `Bool` with unique names; actions of one name have the same parameters.
//! - Keys are scalars, not `Varbit`, with unique names, at most one of them `Lpm`; `Selector` only where the table has a selector.
//! - A table lists each action, and each name of an action, once.
//! - Default action and entries name a listed action whose scope allows it, with data of its parameters' widths.
//! - Entries have a value for each key, of its kind and width: prefixes and masks without bits outside, ranges not empty; priorities from 1 where
//!   a key is ternary, range or optional, 0 elsewhere. There are no more of them than the size, and none where an action profile holds the actions.
//!
//! Parser
//! - The first state is `start`.
//! - A select has keys, scalars but not `Varbit`; a case has one set of its width for each, or one value set with their widths; ranges are not empty.

mod actions;
mod calls;
mod control_plane;
mod expressions;
mod parser;
mod places;
mod statements;
mod storage;

use sluice_diagnostics::{Diagnostic, Diagnostics, Span};

use crate::extent::{Extent, extents};
use crate::{Action, Arena, Expression, Handle, Module, Type, limits};

/// Checks every rule of this module's documentation.
///
/// # Errors
///
/// All violations, located where the item knows where it was written.
pub fn verify(module: &Module) -> Result<(), Diagnostics> {
    let mut checker = Checker {
        module,
        found: Diagnostics::new(),
        extents: extents(module),
        parser_only: expressions::parser_only(module),
        parameterized: expressions::parameterized(module),
    };
    checker.storage();
    checker.expressions();
    checker.actions_and_tables();
    checker.parser();
    checker.controls();
    if checker.found.has_errors() { Err(checker.found) } else { Ok(()) }
}

/// What is being checked, and what was found.
struct Checker<'m> {
    module: &'m Module,
    found: Diagnostics,
    extents: Vec<Extent>,
    /// Whether an expression stands only in parsers.
    parser_only: Vec<bool>,
    /// Whether an expression has parameters in it.
    parameterized: Vec<bool>,
}

impl Checker<'_> {
    /// Notes a violation with a place.
    fn error(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Diagnostic::error(message).at(span, "").help(help));
    }

    /// Notes a violation by an item that does not know its place.
    fn placeless(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.found.push(Diagnostic::error(message).help(help));
    }

    /// Whether a handle is in range; notes it if not. `of` says who has it.
    fn in_range<T>(&mut self, arena: &Arena<T>, handle: Handle<T>, of: &str, span: Option<Span>) -> bool {
        let there = arena.try_index(handle).is_some();
        if !there {
            let message = format!("{of} refers to item {} of {}", handle.index(), arena.len());
            let error = Diagnostic::error(message).help("refer to an item of the module");
            self.found.push(match span {
                Some(span) => error.at(span, ""),
                None => error,
            });
        }
        there
    }

    /// An expression and its type where it is used; `None`, noted, if it is not there.
    fn used(&mut self, handle: Handle<Expression>, scope: &Scope) -> Option<(Type, Span)> {
        let module = self.module;
        let Some(expression) = module.expressions.try_index(handle) else {
            self.in_range(&module.expressions, handle, "a statement", Some(scope.span));
            return None;
        };
        if self.parser_only[handle.index()] && scope.context != Context::Parser {
            let help = "read the stack into a variable in the parser, or use an index";
            self.error(expression.span, "`next`, `last` and `last_index` stand only in the parser", help);
        }
        if self.parameterized[handle.index()] {
            self.parameters(handle, scope.action);
        }
        Some((expression.ty, expression.span))
    }

    /// Checks that a type's width is within the bounds.
    fn width(&mut self, ty: Type, what: &str, span: Option<Span>) {
        if ty.width() == 0 || ty.width() > limits::WIDTH {
            let message = format!("{what} has {} bits", ty.width());
            let error = Diagnostic::error(message).help(format!("1 to {} bits are possible", limits::WIDTH));
            self.found.push(match span {
                Some(span) => error.at(span, ""),
                None => error,
            });
        }
    }
}

/// Where statements stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Context {
    Parser,
    VerifyChecksum,
    Ingress,
    Egress,
    ComputeChecksum,
    Deparser,
    /// In an action that no applied table lists.
    UnusedAction,
}

/// What surrounds an expression: the control, the action, the statement's place.
#[derive(Clone, Copy)]
struct Scope {
    context: Context,
    action: Option<Handle<Action>>,
    span: Span,
}

/// A type in the text's words.
fn show(ty: Type) -> String {
    crate::text::show_type(ty)
}

/// Whether it is `Bits` or `Int`.
fn is_number(ty: Type) -> bool {
    matches!(ty, Type::Bits(_) | Type::Int(_))
}

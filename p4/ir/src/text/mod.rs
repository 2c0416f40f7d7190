//! The text form of a module: for goldens, for tests and for whoever debugs a back end.
//!
//! [`print`] writes every construct; storage has its dotted path, expressions are nested, with a type only where the
//! operands do not say it. The text is stable: equal modules print alike, and
//! `print(read(print(m))) == print(m)` for every module.
//!
//! # Grammar
//!
//! ```text
//! module     = { item }
//! item       = 'errors' '{' names '}'                      (left out: core.p4's seven)
//!            | 'header_type' name '{' { name ':' type ';' } '}'
//!            | 'header' name ':' name ['in' name] ';'      (its type, its union)
//!            | 'stack' name ['shares' name] '{' names '}'
//!            | 'union' name '{' names '}'
//!            | ('metadata' | 'local' | 'intrinsic') name ':' type ['is' intrinsic] ['in' '(' numbers ')'] ';'
//!            | 'main' ';'                                  (the package, for its annotations)
//!            | 'type' name ':' ('struct' | 'header' | 'union') '{' { name ':' data ';' } '}'
//!            | 'type' name ':' 'enum' ('{' names '}' | type '{' { name '=' constant ',' } '}')
//!            | 'type' name ':' 'new' data ['as' string 'to' ('string' | number)] ';'
//!            | 'digest' name ':' data ';'
//!            | ('counter' | 'meter') name ':' unit ',' 'size' number [',' 'by' name] ';'
//!            | 'register' name ':' type ['as' name] ',' 'size' number [',' 'by' name] ';'
//!            | 'action_profile' name ':' 'size' number [',' 'selector' algorithm ',' 'width' number] ';'
//!            | 'value_set' name ':' 'size' number '{' { name ':' kind ',' 'width' number ';' } '}'
//!            | 'action' name '(' { name ':' type ['as' name] } ')' block
//!            | 'table' name '{' properties '}'
//!            | 'parser' '{' { 'state' name '{' { statement } transition '}' } '}'
//!            | ('verify_checksum' | 'ingress' | 'egress' | 'compute_checksum' | 'deparser') block
//! data       = type | name | name '*' number | '(' { data } ')'
//! expression = operand [operator operand] | operand '?' operand ':' operand
//! operand    = constant | path | '%' parameter | ('!' | '~' | '-') operand | '(' expression ')'
//!            | operand '[' high ':' low ']' | type '(' expression ')' | 'is' '<' type '>' '(' expression ')'
//!            | 'valid' '(' header ')' | 'last_index' '(' stack ')'
//! constant   = 8w0x2a (bits) | 8s0xff (two's complement) | true | false | error.NoMatch
//! header     = path | stack '[' expression ']' | 'next' '(' stack ')' | 'last' '(' stack ')'
//! ```
//!
//! Annotations (`@name("body")`, `@name[1, "x"]`, `@name[key = true]`) stand before the item. `is<T>(e)` says the type of an expression whose operands say
//! another one, which no verified module has. A name that is not made of letters, digits, `_`, `$`, dots and `[number]`s, that
//! is a word of this grammar or that could mean another path is quoted; `name#2` is the second item of that name (specialised actions),
//! and `?7` is item 7 where there is none. `//` begins a comment.

mod cursor;
mod lex;
mod names;
mod print;
mod print_control_plane;
mod print_expression;
mod print_statement;
mod read;
mod read_control_plane;
mod read_expression;
mod read_statement;
mod read_table;
mod words;

use sluice_diagnostics::{Diagnostics, SourceId, Sources};

pub(crate) use print_expression::show_type;

use crate::{Action, Expression, Handle, KeySet, Module, State, Statement, StatementKind, Table};

/// The errors that core.p4 declares, in its order.
pub const CORE_ERRORS: [&str; 7] = [
    "NoError",
    "PacketTooShort",
    "NoMatch",
    "StackOutOfBounds",
    "HeaderTooShort",
    "ParserTimeout",
    "ParserInvalidArgument",
];

/// The text of a module, verified or not.
pub fn print(module: &Module) -> String {
    print::print(module)
}

/// The module that a text says; spans point into the text. It is not verified yet.
///
/// # Errors
///
/// Located: what is not the grammar's, names that nothing declares, and nesting beyond [`crate::limits`].
pub fn read(sources: &Sources, source: SourceId) -> Result<Module, Diagnostics> {
    read::read(sources, source)
}

/// Pieces of a module's text, for what shows the module in another way.
pub(crate) struct Pieces<'m> {
    printer: print::Printer<'m>,
}

impl<'m> Pieces<'m> {
    pub(crate) fn new(module: &'m Module) -> Self {
        Self { printer: print::Printer::new(module) }
    }

    pub(crate) fn expression(&self, handle: Handle<Expression>) -> String {
        self.printer.expression(handle)
    }

    /// A statement that has no blocks.
    pub(crate) fn statement(&self, statement: &StatementKind) -> String {
        self.printer.simple(statement)
    }

    /// The lines of a block.
    pub(crate) fn lines(&self, block: &[Statement]) -> Vec<String> {
        print::Printer::lines(self.printer.module, block)
    }

    pub(crate) fn key_set(&self, set: &KeySet) -> String {
        self.printer.key_set(set)
    }

    pub(crate) fn table(&self, handle: Handle<Table>) -> String {
        self.printer.names.tables.of(handle)
    }

    pub(crate) fn action(&self, handle: Handle<Action>) -> String {
        self.printer.names.actions.of(handle)
    }

    pub(crate) fn state(&self, handle: Handle<State>) -> String {
        self.printer.names.states.of(handle)
    }
}

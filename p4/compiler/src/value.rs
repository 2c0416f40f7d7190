//! What an expression stands for once it is elaborated.
//!
//! P4 programs are instantiated wholly at compile time, so an expression is a tree of scalars over known storage: a struct is
//! its fields, a header is the name of one (or a literal), and only scalars become expressions of the IR. The same
//! [`Value`] is read and written: a scalar that is a variable, a field or a slice of one is also a place.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use num_bigint::BigInt;
use sluice_diagnostics::Span;
use sluice_entities::CounterUnit;
use sluice_ir::{
    ActionProfile, Block, Counter, Expression, Handle, HeaderRef, Meter, Register, Stack, Table, ValueSet,
};

use crate::ast;
use crate::scope::Scope;
use crate::types::Type;

/// A value, complete with all its parts.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    /// Of type `int`.
    Int(BigInt),
    /// A string.
    String(Rc<str>),
    /// One scalar; known at compile time if the expression is a constant.
    Scalar(Handle<Expression>),
    /// A struct, tuple, list or literal of one: the parts in order.
    Fields(Rc<[Value<'a>]>),
    /// A header in storage.
    Header(HeaderRef),
    /// A valid header that has these fields.
    HeaderLiteral(Rc<[Value<'a>]>),
    /// A header union in storage: its members in order.
    Union(Rc<[HeaderRef]>),
    /// A stack of headers in storage.
    Stack(Handle<Stack>),
    /// A stack of unions in storage: one stack for each member.
    UnionStack(Rc<[Handle<Stack>]>),
    /// An invalid header or union.
    Invalid,
    /// `...` before its type is known.
    Default,
    /// `_`
    DontCare,
    /// A table, extern object, control or parser.
    Object(Object<'a>),
    /// The result of what returns nothing.
    Nothing,
}

/// A value with its type.
#[derive(Clone, Debug)]
pub(crate) struct Operand<'a> {
    /// The value.
    pub(crate) value: Value<'a>,
    /// Its type.
    pub(crate) ty: Type,
    /// Whether it may be written.
    pub(crate) writable: bool,
    /// Whether it is a list as written, which becomes what is expected; a tuple in storage stays one.
    pub(crate) is_list: bool,
    /// Where it is written, if that depends on a number that is computed at run time; the value is what is read there.
    pub(crate) place: Option<Rc<ComputedPlace<'a>>>,
}

/// Storage that is known only when the program runs.
#[derive(Clone, Debug)]
pub(crate) enum ComputedPlace<'a> {
    /// The element of that number, unsigned; there is nothing where it is out of range.
    Element {
        /// Which one.
        index: Handle<Expression>,
        /// All of them, each as wide as the other.
        elements: Rc<[Operand<'a>]>,
    },
    /// So many bits of a number from one on; those beyond its end are lost.
    Bits {
        /// Of what.
        base: Operand<'a>,
        /// The lowest one, unsigned.
        low: Handle<Expression>,
        /// How many.
        width: u32,
    },
}

impl<'a> Operand<'a> {
    /// Something that is only read.
    pub(crate) fn new(value: Value<'a>, ty: Type) -> Self {
        Self { value, ty, writable: false, is_list: false, place: None }
    }

    /// Something in storage.
    pub(crate) fn place(value: Value<'a>, ty: Type) -> Self {
        Self { value, ty, writable: true, is_list: false, place: None }
    }

    /// A part of something: it may be written if that may.
    pub(crate) fn part(value: Value<'a>, ty: Type, writable: bool) -> Self {
        Self { value, ty, writable, is_list: false, place: None }
    }

    /// Only to be read.
    pub(crate) fn read_only(self) -> Self {
        Self { writable: false, place: None, ..self }
    }

    /// The result of what returns nothing.
    pub(crate) fn nothing() -> Self {
        Self::new(Value::Nothing, Type::Void)
    }
}

/// Something that has methods.
#[derive(Clone, Debug)]
pub(crate) enum Object<'a> {
    /// A table.
    Table(Rc<TableObject<'a>>),
    /// An instance of an extern.
    Extern(Rc<ExternObject>),
    /// An instance of a control.
    Control(Rc<ControlObject<'a>>),
    /// An instance of a parser.
    Parser(Rc<ParserObject<'a>>),
    /// A parser value set.
    ValueSet(Handle<ValueSet>),
}

/// A table after lowering.
#[derive(Debug)]
pub(crate) struct TableObject<'a> {
    /// In the module.
    pub(crate) handle: Handle<Table>,
    /// What computes its keys, run before each application.
    pub(crate) before: Block,
    /// Names by which a `switch` knows its actions, in the order of the table's list.
    pub(crate) actions: Vec<Rc<ActionDeclaration<'a>>>,
    /// Whether it is applied somewhere.
    pub(crate) applied: Cell<bool>,
    /// Its name.
    pub(crate) name: ast::Name,
}

/// An action where it was declared.
#[derive(Debug)]
pub(crate) struct ActionDeclaration<'a> {
    /// As written.
    pub(crate) action: &'a ast::Action,
    /// Before it.
    pub(crate) annotations: &'a [ast::Annotation],
    /// Where.
    pub(crate) span: Span,
    /// The names that its body sees.
    pub(crate) scope: Rc<Scope<'a>>,
    /// How many of them: those declared before it.
    pub(crate) order: u32,
    /// Control-plane name.
    pub(crate) name: String,
    /// Prefix of its locals.
    pub(crate) path: Rc<str>,
    /// Its form without bound arguments, once it is lowered.
    pub(crate) lowered: Cell<Option<Handle<sluice_ir::Action>>>,
    /// Whether its body was elaborated, hence checked.
    pub(crate) checked: Cell<bool>,
}

/// An instance of an extern.
#[derive(Debug)]
pub(crate) struct ExternObject {
    /// What it is in the module.
    pub(crate) kind: ExternKind,
    /// Where it was declared.
    pub(crate) span: Span,
}

/// What an extern's instance is in the module.
#[derive(Debug)]
pub(crate) enum ExternKind {
    /// The packet in a parser.
    PacketIn,
    /// The packet in a deparser.
    PacketOut,
    /// `counter`
    Counter(Handle<Counter>),
    /// `direct_counter`
    DirectCounter(Direct),
    /// `meter`
    Meter(Handle<Meter>),
    /// `direct_meter`
    DirectMeter(Direct),
    /// `register`
    Register(Handle<Register>),
    /// `action_profile` or `action_selector`
    ActionProfile(Handle<ActionProfile>),
    /// `Checksum16`
    Checksum16,
    /// One that v1model does not have, by name.
    Foreign(Rc<str>),
}

/// A counter or meter of a table's entries.
#[derive(Debug)]
pub(crate) struct Direct {
    /// Control-plane name.
    pub(crate) name: String,
    /// What it counts.
    pub(crate) unit: CounterUnit,
    /// Its annotations.
    pub(crate) annotations: Vec<sluice_ir::Annotation>,
    /// The table that has it, once that is known.
    pub(crate) table: Cell<Option<Handle<Table>>>,
    /// Whether an action uses it explicitly.
    pub(crate) used: Cell<bool>,
}

/// An instance of a control.
#[derive(Debug)]
pub(crate) struct ControlObject<'a> {
    /// As written.
    pub(crate) control: &'a ast::Control,
    /// Has the constructor parameters, type parameters and, once applied, parameters and locals.
    pub(crate) scope: Rc<Scope<'a>>,
    /// Control-plane prefix.
    pub(crate) path: Rc<str>,
    /// Where it was declared.
    pub(crate) span: Span,
    /// Parameters and locals since the first application, to whose storage its state refers.
    pub(crate) bound: RefCell<Option<Rc<Scope<'a>>>>,
}

/// An instance of a parser.
#[derive(Debug)]
pub(crate) struct ParserObject<'a> {
    /// As written.
    pub(crate) parser: &'a ast::Parser,
    /// Has the constructor parameters, type parameters and, once applied, parameters and locals.
    pub(crate) scope: Rc<Scope<'a>>,
    /// Control-plane prefix.
    pub(crate) path: Rc<str>,
    /// Where it was declared.
    pub(crate) span: Span,
    /// Parameters and locals since the first application, to whose storage its state refers.
    pub(crate) bound: RefCell<Option<Rc<Scope<'a>>>>,
}

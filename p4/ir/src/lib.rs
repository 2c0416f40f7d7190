//! The one intermediate representation of a P4 program.
//!
//! The compiler writes it, [`verify`](verify::verify) checks it, every back end (soft switch, BMv2 JSON, XDP, RTL) reads it and
//! nothing else. It has a text form that prints and reads back to the same module ([`text`]).
//!
//! # What a module means
//!
//! A [`Module`] is one program for the v1model pipeline (parser, verify checksum, ingress, packet replication
//! engine, egress, compute checksum, deparser), *after* instantiation: no generics, no functions, no sub-parsers or
//! sub-controls, no struct types are left. What remains is
//!
//! - **Storage.** [`Header`]s, [`Stack`]s of headers, [`Union`]s and scalar [`Variable`]s, all named by their dotted path
//!   (`hdr.ipv4`, `meta.l4.sport`). Structs are flattened. All storage lives for one packet. At the packet's start
//!   headers are invalid, their fields zero, variables zero, stacks empty. The egress copy of a packet starts with the
//!   values at the end of ingress (of every variable, not only metadata); the intrinsics that v1model defines are set by the engine.
//! - **Expressions** are pure: evaluating one changes nothing, so order does not matter. Calls with effects are statements that put their result
//!   into a [`Place`]. Every expression has one [`Type`]; no implicit conversions are left, [`ExpressionKind::Cast`] says each.
//! - **Statements** run in order. `Block`s nest; [`StatementKind::Leave`] jumps behind the enclosing `Labelled` or
//!   `Loop` of that label, which is all that is left of `return`, `break` and `continue`; `Exit` ends the current control.
//! - **Actions** are bodies over module storage and *action data* ([`ExpressionKind::Parameter`]). Directional
//!   parameters were bound at instantiation.
//!
//! # Choices that P4-16 leaves open (and bmv2's way, which this IR fixes)
//!
//! - Reading a field of an invalid header gives its stored value (zero unless written); writing it stores it. Setting
//!   an invalid header valid, and extracting into it, keeps or overwrites the storage; it is not cleared.
//! - `Element` with an index out of range: reads give zero, writes are lost, `SetValid` and copies do nothing.
//! - `Next` in a parser when the stack is full, or `Last` when it is empty, rejects with `error.StackOutOfBounds`.
//! - Shifts by the width or more give zero (or the sign); division or modulo by zero gives zero.
//! - A parser that rejects stops parsing; the packet goes on to ingress with `parser_error` set, the headers
//!   extracted so far valid, and everything behind them as payload.

pub mod arena;
pub mod arithmetic;
mod build;
pub mod control_plane;
pub mod expression;
mod extent;
pub mod graph;
mod info;
pub mod limits;
pub mod module;
pub mod statement;
pub mod text;
mod typing;
pub mod verify;
pub mod walk;

pub use arena::{Arena, Handle};
pub use control_plane::{
    Annotation, AnnotationBody, AnnotationValue, DataType, DigestType, Member, NamedKind, NamedType,
    Translation,
};
pub use expression::{BinaryOp, Expression, ExpressionKind, HeaderRef, Place, Type, UnaryOp};
pub use module::{
    Action, ActionProfile, ActionUse, Counter, DirectCounter, DirectMeter, Field, Header, HeaderType,
    InitialEntry, Intrinsic, Key, KeySet, Meter, Module, Parameter, Parser, Pipeline, Register, SelectCase,
    SelectorInfo, Stack, State, Table, TableAction, Target, Transition, Union, ValueSet, ValueSetField,
    Variable, VariableKind,
};
pub use statement::{
    Block, CloneKind, ExternCall, HashAlgorithm, Label, LogArgument, SluiceCall, Statement, StatementKind,
};

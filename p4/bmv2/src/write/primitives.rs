//! Statements without jumps as primitives.

use sluice_diagnostics::Span;
use sluice_ir::{Expression, Handle, HeaderRef, Place, Stack, Statement, StatementKind, Type};

use super::expressions::{argument, unary};
use super::storage::StackName;
use super::{Result, Writer, small};
use crate::json::Json;

impl Writer<'_> {
    /// Adds the primitives of a statement; what cannot be said is noted and left out.
    pub(super) fn statement(&mut self, statement: &Statement, out: &mut Vec<Json>) {
        // Noted already.
        let _ = self.try_statement(statement, out);
    }

    fn try_statement(&mut self, statement: &Statement, out: &mut Vec<Json>) -> Result<()> {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Assign(place, value) => self.assignment(place, *value, span, out),
            StatementKind::CopyHeader { to, from } => {
                let arguments = vec![self.header_argument(*to, span)?, self.header_argument(*from, span)?];
                self.primitive("assign_header", arguments, span, out);
                Ok(())
            }
            StatementKind::CopyStack { to, from } => self.copy_stack(*to, *from, span, out),
            StatementKind::SetValid(header) => {
                let header = self.header_argument(*header, span)?;
                self.primitive("add_header", vec![header], span, out);
                Ok(())
            }
            StatementKind::SetInvalid(header) => {
                let header = self.header_argument(*header, span)?;
                self.primitive("remove_header", vec![header], span, out);
                Ok(())
            }
            StatementKind::PushFront(stack, count) => self.shift("push", *stack, *count, span, out),
            StatementKind::PopFront(stack, count) => self.shift("pop", *stack, *count, span, out),
            StatementKind::Extern(call) => self.call(call, span, out),
            StatementKind::Emit(header) => {
                self.emit(statement, *header, out);
                Ok(())
            }
            StatementKind::Extract { .. }
            | StatementKind::Lookahead { .. }
            | StatementKind::Advance(_)
            | StatementKind::Verify { .. } => self.parser_statement(statement, out),
            StatementKind::If { .. }
            | StatementKind::Switch { .. }
            | StatementKind::Apply { .. }
            | StatementKind::Labelled(..)
            | StatementKind::Loop(..)
            | StatementKind::Leave(_)
            | StatementKind::Exit => Ok(()),
        }
    }

    fn assignment(
        &mut self,
        place: &Place,
        value: Handle<Expression>,
        span: Span,
        out: &mut Vec<Json>,
    ) -> Result<()> {
        if let Some(Type::Varbit(_)) = self.module.place_type(place) {
            let Place::Field(header, index) = place else { return Ok(()) };
            let to = argument(self.field(*header, *index, span)?);
            let from = argument(self.data(value)?);
            self.primitive("assign_VL", vec![to, from], span, out);
            return Ok(());
        }
        let value = self.value(value)?;
        self.assign(place, value, span, out)
    }

    /// A header as an argument.
    pub(super) fn header_argument(&mut self, header: HeaderRef, span: Span) -> Result<Json> {
        Ok(argument(self.header(header, span)?))
    }

    fn copy_stack(
        &mut self,
        to: Handle<Stack>,
        from: Handle<Stack>,
        span: Span,
        out: &mut Vec<Json>,
    ) -> Result<()> {
        let typed = |ty: &str, name: String| Json::typed(ty, Json::text(name));
        match (self.storage.stack(to), self.storage.stack(from)) {
            (StackName::Headers(to), StackName::Headers(from)) => {
                let arguments = vec![typed("header_stack", to), typed("header_stack", from)];
                self.primitive("assign_header_stack", arguments, span, out);
                Ok(())
            }
            (StackName::Unions { stack: target, .. }, StackName::Unions { stack: source, .. }) => {
                // The stacks of the other members go with that of the first.
                if self.module.stacks[to].shares_index_of.is_none() {
                    let arguments =
                        vec![typed("header_union_stack", target), typed("header_union_stack", source)];
                    self.primitive("assign_union_stack", arguments, span, out);
                }
                Ok(())
            }
            _ => {
                let message = "bmv2 does not copy between a stack of headers and one of unions";
                Err(self.refuse(span, message, "copy element by element"))
            }
        }
    }

    fn shift(
        &mut self,
        op: &str,
        stack: Handle<Stack>,
        count: u32,
        span: Span,
        out: &mut Vec<Json>,
    ) -> Result<()> {
        let stack = match self.storage.stack(stack) {
            StackName::Headers(name) => Json::typed("header_stack", Json::text(name)),
            StackName::Unions { .. } if self.module.stacks[stack].shares_index_of.is_some() => return Ok(()),
            StackName::Unions { stack, .. } => Json::typed("header_union_stack", Json::text(stack)),
        };
        self.primitive(op, vec![stack, small(u64::from(count))], span, out);
        Ok(())
    }

    /// A condition as a number, for primitives that ask for one.
    pub(super) fn condition_argument(&mut self, condition: Handle<Expression>) -> Result<Json> {
        Ok(argument(unary("b2d", self.boolean(condition)?)))
    }
}

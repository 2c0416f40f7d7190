//! Headers, fields and what can be assigned.

use sluice_diagnostics::Span;
use sluice_entities::Bits;
use sluice_ir::{ExpressionKind, Handle, Header, HeaderRef, Place, Stack, Type};

use super::expressions::{argument, binary, cut, unary};
use super::storage::{StackName, field, shape};
use super::{Context, Refused, Result, Writer, constant, small};
use crate::json::Json;

impl Writer<'_> {
    /// The header that a reference names, if that is known before any packet.
    pub(super) fn constant_header(&self, header: HeaderRef) -> Option<Handle<Header>> {
        match header {
            HeaderRef::Header(header) => Some(header),
            HeaderRef::Element(stack, index) => match &self.module.expressions[index].kind {
                ExpressionKind::Constant(bits) => {
                    let index = usize::try_from(bits.to_u64()?).ok()?;
                    self.module.stacks[stack].elements.get(index).copied()
                }
                _ => None,
            },
            HeaderRef::Next(_) | HeaderRef::Last(_) => None,
        }
    }

    /// A stack of headers as an operand.
    pub(super) fn header_stack(&mut self, stack: Handle<Stack>, span: Span) -> Result<Json> {
        match self.storage.stack(stack) {
            StackName::Headers(name) => Ok(Json::typed("header_stack", Json::text(name))),
            StackName::Unions { stack, .. } => Err(self.no_union_element(&stack, span)),
        }
    }

    fn no_union_element(&mut self, stack: &str, span: Span) -> Refused {
        let message = format!("bmv2 cannot name an element of the stack of unions `{stack}` so");
        self.refuse(span, message, "use a constant index; `next` in extract, `last` as a select key")
    }

    /// A header as an operand of expressions.
    pub(super) fn header(&mut self, header: HeaderRef, span: Span) -> Result<Json> {
        if let Some(header) = self.constant_header(header) {
            return Ok(Json::typed("header", Json::text(&self.module.headers[header].name)));
        }
        let (stack, index) = match header {
            HeaderRef::Element(stack, index) => (stack, self.data(index)?),
            HeaderRef::Next(stack) => {
                let last = unary("last_stack_index", self.header_stack(stack, span)?);
                (stack, binary("+", last, small(1)))
            }
            HeaderRef::Last(stack) => (stack, unary("last_stack_index", self.header_stack(stack, span)?)),
            HeaderRef::Header(header) => {
                return Ok(Json::typed("header", Json::text(&self.module.headers[header].name)));
            }
        };
        let stack = self.header_stack(stack, span)?;
        Ok(binary("dereference_header_stack", stack, index))
    }

    /// A field as an operand.
    pub(super) fn field(&mut self, header: HeaderRef, index: u32, span: Span) -> Result<Json> {
        let module = self.module;
        let ty = module.header_type_of(header).map(|ty| &module.header_types[ty]);
        let name = ty.and_then(|ty| ty.fields.get(index as usize)).map_or("", |field| &field.name);
        if let Some(header) = self.constant_header(header) {
            return Ok(field(&module.headers[header].name, name));
        }
        if let HeaderRef::Last(stack) = header
            && let StackName::Headers(stack) = self.storage.stack(stack)
        {
            return Ok(Json::typed("stack_field", Json::List(vec![Json::text(stack), Json::text(name)])));
        }
        let header = self.header(header, span)?;
        Ok(binary("access_field", header, Json::number(index as usize)))
    }

    /// A place as the first argument of a primitive; slices are none.
    fn whole_place(&mut self, place: &Place, span: Span) -> Result<Json> {
        match place {
            Place::Variable(variable) => {
                let (header, name) = self.variable(*variable);
                Ok(field(header, &name))
            }
            Place::Field(header, index) => Ok(argument(self.field(*header, *index, span)?)),
            Place::Slice { base, .. } => self.whole_place(base, span),
        }
    }

    /// Puts a number into a place.
    pub(super) fn assign(
        &mut self,
        place: &Place,
        value: Json,
        span: Span,
        out: &mut Vec<Json>,
    ) -> Result<()> {
        let target = self.whole_place(place, span)?;
        let value = if let Place::Slice { base, high, low } = place {
            let width = self.module.place_type(base).map_or(0, Type::width);
            let (high, low) = (*high, *low);
            let mask = Bits::ones(high - low + 1).resize(width).shl(low);
            let rest = binary("&", operand(target.clone()), constant(&!&mask));
            let value = cut(operand(value), high - low + 1);
            let moved = if low == 0 { value } else { binary("<<", value, small(u64::from(low))) };
            argument(binary("|", rest, moved))
        } else {
            value
        };
        self.primitive("assign", vec![target, value], span, out);
        Ok(())
    }

    /// The field that a primitive writes its result to: the place itself if it is a field, else a scratch field, which
    /// [`Self::settle`] copies.
    pub(super) fn result(&mut self, place: &Place, name: &str, span: Span) -> Result<Json> {
        match place {
            Place::Variable(_) => self.whole_place(place, span),
            Place::Field(header, _) if self.constant_header(*header).is_some() => {
                self.whole_place(place, span)
            }
            Place::Field(..) | Place::Slice { .. } => {
                let (bits, signed) = self.module.place_type(place).map_or((1, false), shape);
                Ok(self.storage.scratch(name, bits, signed))
            }
        }
    }

    /// Puts a result where it belongs, if it is not there.
    pub(super) fn settle(
        &mut self,
        place: &Place,
        result: Json,
        span: Span,
        out: &mut Vec<Json>,
    ) -> Result<()> {
        if self.whole_place(place, span)? == result && !matches!(place, Place::Slice { .. }) {
            return Ok(());
        }
        self.assign(place, result, span, out)
    }

    /// Adds a primitive. In the parser, assignments to fields are operations of their own.
    pub(super) fn primitive(&mut self, op: &str, arguments: Vec<Json>, span: Span, out: &mut Vec<Json>) {
        let mut entries = vec![("op", Json::text(op)), ("parameters", Json::List(arguments))];
        self.source.add(&mut entries, span);
        let primitive = Json::Object(entries);
        out.push(match self.context {
            Context::Action => primitive,
            Context::Parser => Json::Object(vec![
                ("op", Json::text("primitive")),
                ("parameters", Json::List(vec![primitive])),
            ]),
        });
    }
}

/// An argument as an operand again: the inverse of [`argument`].
fn operand(argument: Json) -> Json {
    let Json::Object(entries) = &argument else { return argument };
    match entries.as_slice() {
        [("type", Json::Text(ty)), ("value", inner @ Json::Object(_))] if ty == "expression" => match inner {
            // An expression in an object of its own.
            Json::Object(fields) if fields.first().is_some_and(|(key, _)| *key == "type") => inner.clone(),
            _ => argument,
        },
        [("type", Json::Text(ty)), ("value", value)] if ty == "runtime_data" => {
            Json::typed("local", value.clone())
        }
        _ => argument,
    }
}

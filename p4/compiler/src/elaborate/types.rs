//! From types as written to types as meant.

use std::rc::Rc;

use num_bigint::BigInt;
use rustc_hash::FxHashMap;
use sluice_diagnostics::{Diagnostic, Span};

use super::{Elaborator, Result};
use crate::ast::{self, TypeKind};
use crate::bounds;
use crate::limits;
use crate::numbers;
use crate::scope::{BlockKind, Entity, Scope};
use crate::types::{Enum, ExternType, Field, NewType, Record, Type};
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    /// The type that is written here.
    pub(super) fn resolve_type(&mut self, ty: &'a ast::Type) -> Result<Type> {
        Ok(match &ty.kind {
            TypeKind::Void => Type::Void,
            TypeKind::Bool => Type::Bool,
            TypeKind::Error => Type::Error,
            TypeKind::MatchKind => Type::MatchKind,
            TypeKind::String => Type::String,
            TypeKind::Int => Type::Int,
            TypeKind::Bit(width) => Type::Bits(self.width(width)?),
            TypeKind::SignedInt(width) => Type::Signed(self.width(width)?),
            TypeKind::Varbit(width) => Type::Varbit(self.width(width)?),
            TypeKind::Named { path, arguments } => self.resolve_named(path, arguments, ty.span)?,
            TypeKind::Stack { element, size } => self.resolve_stack(element, size)?,
            TypeKind::Tuple(parts) => {
                let parts: Result<Vec<_>> = parts.iter().map(|part| self.resolve_type(part)).collect();
                let parts = parts?;
                if let Some(list) = parts.iter().find(|part| matches!(part, Type::List(_) | Type::Void)) {
                    return self.fail(
                        Diagnostic::error(format!("a tuple cannot have a part of type `{list}`"))
                            .at(ty.span, "")
                            .help("its parts are values of types with a size: numbers, headers, structs, tuples and so on"),
                    );
                }
                let tuple = Type::Tuple(parts.into());
                self.bound_cells(tuple.cells(), ty.span)?;
                tuple
            }
            TypeKind::List(element) => Type::List(Rc::new(self.resolve_type(element)?)),
            TypeKind::DontCare => self.fresh_variable(&"_".into()),
        })
    }

    /// A type variable that no other is.
    pub(super) fn fresh_variable(&mut self, name: &Rc<str>) -> Type {
        self.type_variables += 1;
        Type::Variable(self.type_variables, name.clone())
    }

    fn width(&mut self, width: &'a ast::Expr) -> Result<u32> {
        let value = self.constant_integer(width)?;
        self.small(&value, "a width", limits::LITERAL_WIDTH, width.span)
    }

    fn resolve_stack(&mut self, element: &'a ast::Type, size: &'a ast::Expr) -> Result<Type> {
        let inner = self.resolve_type(element)?;
        if !inner.is_storable() && super::unify::variable_in(&inner).is_none() {
            return self.fail(
                Diagnostic::error(format!("there are no arrays of `{inner}`"))
                    .at(element.span, "this is not a type of variables")
                    .help("header stacks hold headers or header unions; arrays hold what has a width, or structs of it"),
            );
        }
        let value = self.constant_integer(size)?;
        let value = self.small(&value, "a stack size", bounds::STACK, size.span)?;
        if value == 0 {
            return self.fail(
                Diagnostic::error("a header stack needs at least one element")
                    .at(size.span, "this is 0")
                    .help("write a size of 1 or more"),
            );
        }
        let stack = Type::Stack(Rc::new(inner), value);
        self.bound_cells(stack.cells(), element.span.to(size.span))?;
        Ok(stack)
    }

    /// Refuses a type whose values have more parts than there is storage; what walks through types relies on it.
    fn bound_cells(&mut self, cells: u64, span: Span) -> Result<()> {
        if cells <= bounds::CELLS {
            return Ok(());
        }
        self.fail(
            Diagnostic::error("a value of this type is too large")
                .at(span, "")
                .help(format!("a value has {} scalars at the most, with all its parts", bounds::CELLS)),
        )
    }

    fn resolve_named(&mut self, path: &'a ast::Path, arguments: &'a [ast::Type], span: Span) -> Result<Type> {
        let (entity, declared) = self.resolve(path, "type")?;
        let given: Result<Vec<_>> = arguments.iter().map(|argument| self.resolve_type(argument)).collect();
        let given = given?;
        match entity {
            Entity::Type(ty) => {
                self.arity(path, given.len(), 0, span, declared)?;
                Ok(ty)
            }
            Entity::Record(record, declaration) => {
                self.arity(path, given.len(), record.type_parameters.len(), span, declared)?;
                Ok(Type::Record(self.instantiate_record(record, declaration, given)?))
            }
            Entity::Extern(object) => {
                self.arity(path, given.len(), object.type_parameters.len(), span, declared)?;
                Ok(Type::Extern(Rc::new(ExternType { name: object.name.text.clone(), arguments: given })))
            }
            Entity::BlockType(..) | Entity::Parser(_) | Entity::Control(_) => {
                Ok(Type::Block(path.name.text.clone()))
            }
            other => self.fail(
                Diagnostic::error(format!("`{}` is {}, not a type", path.name, other.noun()))
                    .at(path.span, "a type is expected here")
                    .also(declared, "declared here"),
            ),
        }
    }

    fn arity(&mut self, path: &ast::Path, given: usize, wanted: usize, span: Span, at: Span) -> Result<()> {
        if given == wanted {
            return Ok(());
        }
        self.fail(
            Diagnostic::error(format!(
                "`{}` has {wanted} type parameter{}, not {given}",
                path.name,
                if wanted == 1 { "" } else { "s" }
            ))
            .at(span, "")
            .also(at, "declared here")
            .help(if wanted == 0 {
                format!("write `{}` alone", path.name)
            } else {
                format!("write `{}<...>` with {wanted} of them", path.name)
            }),
        )
    }

    /// Declares a header, header union or struct.
    pub(super) fn declare_record(&mut self, record: &'a ast::Record) -> Result<()> {
        self.declarations += 1;
        let number = self.declarations;
        if !record.type_parameters.is_empty() {
            // Once for its errors, as far as they do not depend on the type arguments.
            let any = record.type_parameters.iter().map(|name| self.fresh_variable(&name.text)).collect();
            if let Err(reported) = self.instantiate_record(record, number, any) {
                self.declare_wrong(&record.name);
                return Err(reported);
            }
            return self.declare(&record.name, Entity::Record(record, number));
        }
        match self.instantiate_record(record, number, Vec::new()) {
            Ok(made) => self.declare(&record.name, Entity::Type(Type::Record(made))),
            Err(reported) => {
                self.declare_wrong(&record.name);
                Err(reported)
            }
        }
    }

    /// A record with its type arguments filled in.
    pub(super) fn instantiate_record(
        &mut self,
        record: &'a ast::Record,
        declaration: u32,
        arguments: Vec<Type>,
    ) -> Result<Rc<Record>> {
        let key = (declaration, arguments.clone());
        if let Some(known) = self.records.get(&key) {
            return Ok(known.clone());
        }
        // Generic records are declared at the top level; others are resolved where they stand.
        let outer =
            if record.type_parameters.is_empty() { self.frame.scope.clone() } else { self.globals.clone() };
        let inner = Scope::inside(&outer, u32::MAX);
        for (name, argument) in record.type_parameters.iter().zip(&arguments) {
            self.order += 1;
            // Twice the same type parameter is harmless: the first counts.
            let _ = inner.declare(&name.text, Entity::Type(argument.clone()), name.span, self.order);
        }
        let saved = std::mem::replace(&mut self.frame.scope, inner);
        let fields = self.descend(record.name.span, |this| this.record_fields(record));
        self.frame.scope = saved;
        let fields = fields?;
        let cells = fields.iter().fold(0, |sum: u64, field| sum.saturating_add(field.ty.cells()));
        self.bound_cells(cells, record.name.span)?;
        let made = Rc::new(Record {
            declaration,
            kind: record.kind,
            name: record.name.text.clone(),
            arguments,
            fields,
            cells,
            span: record.name.span,
        });
        self.records.insert(key, made.clone());
        Ok(made)
    }

    fn record_fields(&mut self, record: &'a ast::Record) -> Result<Vec<Field>> {
        let mut known: FxHashMap<&str, Span> = FxHashMap::default();
        let mut fields = Vec::with_capacity(record.fields.len());
        let mut failed = None;
        for field in &record.fields {
            if let Some(before) = known.insert(field.name.as_str(), field.name.span) {
                failed = Some(
                    self.error(
                        Diagnostic::error(format!("`{}` has two fields named `{}`", record.name, field.name))
                            .at(field.name.span, "again here")
                            .also(before, "first here")
                            .help("give one of them another name"),
                    ),
                );
                continue;
            }
            let made = self.resolve_type(&field.ty).and_then(|ty| {
                self.check_field(record, &ty, field)?;
                let field_lists = self.field_lists(&field.annotations)?;
                Ok(Field { name: field.name.text.clone(), ty, field_lists })
            });
            match made {
                Ok(field) => fields.push(field),
                Err(reported) => failed = Some(reported),
            }
        }
        if let Some(reported) = failed {
            return Err(reported);
        }
        if record.kind == ast::RecordKind::Header {
            self.check_header_size(record, &fields)?;
        }
        Ok(fields)
    }

    /// Table 7.2.8 of the specification: which types may be in which.
    fn check_field(&mut self, record: &ast::Record, ty: &Type, field: &ast::Field) -> Result<()> {
        let (fits, help) = match (record.kind, ty.plain()) {
            // It is checked again when the type arguments are known.
            _ if super::unify::variable_in(ty).is_some() => (true, ""),
            (ast::RecordKind::HeaderUnion, other) => {
                (other.is_header(), "the members of a header union are headers")
            }
            (ast::RecordKind::Header, Type::Record(inner)) if inner.kind == ast::RecordKind::Struct => (
                ty.is_header_field(),
                "a struct in a header has numbers, `bool`, enumerations with bits, and structs of these",
            ),
            (ast::RecordKind::Header, Type::Enum(of)) => (
                of.underlying.is_some(),
                "only an enumeration with an underlying type has bits: `enum bit<8> ...`",
            ),
            (ast::RecordKind::Header, other) => (
                other.is_header_field(),
                "the fields of a header are `bit<>`, `int<>`, `varbit<>`, `bool`, serializable enumerations, or structs of these",
            ),
            (ast::RecordKind::Struct, other) => (
                other.is_storable() || matches!(other, Type::Int | Type::String | Type::List(_)),
                "the fields of a struct are values",
            ),
        };
        if fits {
            return Ok(());
        }
        let noun = match record.kind {
            ast::RecordKind::Header => "a header",
            ast::RecordKind::HeaderUnion => "a header union",
            ast::RecordKind::Struct => "a struct",
        };
        self.fail(
            Diagnostic::error(format!("{noun} cannot have a field of type `{ty}`"))
                .at(field.ty.span, "")
                .help(help),
        )
    }

    fn check_header_size(&mut self, record: &ast::Record, fields: &[Field]) -> Result<()> {
        let mut varying: Option<Span> = None;
        for (field, written) in fields.iter().zip(&record.fields) {
            let number = field.ty.varbits();
            if number == 0 {
                continue;
            }
            if let Some(before) = varying.replace(written.span).or((number > 1).then_some(written.span)) {
                return self.fail(
                    Diagnostic::error(format!("`{}` has two `varbit` fields", record.name))
                        .at(written.span, "the second one")
                        .also(before, "the first one")
                        .help("`extract` is told one length; split the header"),
                );
            }
        }
        Ok(())
    }

    /// Declares an enumeration.
    pub(super) fn declare_enum(&mut self, written: &'a ast::Enum) -> Result<()> {
        self.declarations += 1;
        let declaration = self.declarations;
        let made = self.enum_members(written).map(|(underlying, members)| Enum {
            declaration,
            name: written.name.text.clone(),
            underlying,
            members,
            span: written.name.span,
        });
        match made {
            Ok(made) => self.declare(&written.name, Entity::Type(Type::Enum(Rc::new(made)))),
            Err(reported) => {
                self.declare_wrong(&written.name);
                Err(reported)
            }
        }
    }

    #[allow(clippy::type_complexity, reason = "the two parts of an enumeration, taken apart at once")]
    fn enum_members(&mut self, written: &'a ast::Enum) -> Result<(Option<Type>, Vec<(Rc<str>, BigInt)>)> {
        let underlying = match &written.underlying {
            Some(ty) => {
                let resolved = self.resolve_type(ty)?;
                if !matches!(resolved, Type::Bits(_) | Type::Signed(_)) {
                    return self.fail(
                        Diagnostic::error(format!("`{resolved}` cannot underlie an enumeration"))
                            .at(ty.span, "")
                            .help("write `bit<W>` or `int<W>`"),
                    );
                }
                Some(resolved)
            }
            None => None,
        };
        let mut members: Vec<(Rc<str>, BigInt)> = Vec::new();
        let mut known: FxHashMap<&str, Span> = FxHashMap::default();
        for (i, member) in written.members.iter().enumerate() {
            if let Some(before) = known.insert(member.name.as_str(), member.name.span) {
                return self.fail(
                    Diagnostic::error(format!("`{}` has two members named `{}`", written.name, member.name))
                        .at(member.name.span, "again here")
                        .also(before, "first here")
                        .help("remove one of them"),
                );
            }
            let value = match (&underlying, &member.value) {
                (Some(ty), Some(value)) => {
                    self.fits_underlying(value, ty)?;
                    let operand = self.constant_of_type(value, ty)?;
                    self.integer_value(&operand).unwrap_or_default()
                }
                (None, None) => BigInt::from(i),
                (Some(_), None) => {
                    return self.fail(
                        Diagnostic::error(format!("the member `{}` has no value", member.name))
                            .at(member.name.span, "")
                            .help(format!(
                                "write `{} = value`: the enumeration has an underlying type",
                                member.name
                            )),
                    );
                }
                (None, Some(value)) => {
                    return self.fail(
                        Diagnostic::error("a member's value needs an underlying type")
                            .at(value.span, "")
                            .help(format!("write `enum bit<8> {}`, or remove the value", written.name)),
                    );
                }
            };
            members.push((member.name.text.clone(), value));
        }
        Ok((underlying, members))
    }

    /// A member's value is one of the underlying type's.
    fn fits_underlying(&mut self, value: &'a ast::Expr, ty: &Type) -> Result<()> {
        let (operand, _) = self.nested(|this| this.expr(value));
        let (Operand { value: Value::Int(number), .. }, Some(scalar)) = (operand?, ty.scalar()) else {
            return Ok(());
        };
        if numbers::fits(&number, scalar.width(), matches!(scalar, sluice_ir::Type::Int(_))) {
            return Ok(());
        }
        self.fail(
            Diagnostic::error(format!("{number} does not fit `{ty}`, which underlies the enumeration"))
                .at(value.span, "")
                .help("use a wider underlying type, or another value"),
        )
    }

    /// Declares what `typedef` and `type` do.
    pub(super) fn declare_alias(&mut self, alias: &'a ast::Alias) -> Result<()> {
        let ty = match self.resolve_type(&alias.ty) {
            Ok(ty) => ty,
            Err(reported) => {
                self.declare_wrong(&alias.name);
                return Err(reported);
            }
        };
        if !alias.is_new_type {
            return self.declare(&alias.name, Entity::Type(ty));
        }
        if !matches!(ty.plain(), Type::Bits(_) | Type::Signed(_) | Type::Bool | Type::Int) {
            self.declare_wrong(&alias.name);
            return self.fail(
                Diagnostic::error(format!("`type` cannot make a new type of `{ty}`"))
                    .at(alias.ty.span, "")
                    .help(format!("use `typedef {ty} {};`", alias.name)),
            );
        }
        self.declarations += 1;
        let new = NewType { declaration: self.declarations, name: alias.name.text.clone(), inner: ty };
        self.declare(&alias.name, Entity::Type(Type::New(Rc::new(new))))
    }

    /// Whether a type names a parser, control or package type.
    pub(super) fn block_type(&self, name: &str) -> Option<(&'a ast::BlockType, BlockKind)> {
        match self.globals.look_up(name)?.entity {
            Entity::BlockType(ty, kind) => Some((ty, kind)),
            Entity::Parser(parser) => Some((&parser.ty, BlockKind::Parser)),
            Entity::Control(control) => Some((&control.ty, BlockKind::Control)),
            _ => None,
        }
    }
}

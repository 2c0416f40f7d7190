//! Storage for variables: structs flattened, each scalar and header under its dotted path.

use rustc_hash::FxHashSet;
use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir as ir;
use sluice_ir::{Expression, ExpressionKind, Handle, HeaderRef, Place, VariableKind};

use super::{Elaborator, Result};
use crate::ast::RecordKind;
use crate::bounds;
use crate::types::{Record, Type};
use crate::value::{Operand, Value};

/// A piece of storage, as fine as it matters for telling whether two things share any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Piece {
    /// A scalar.
    Variable(Handle<ir::Variable>),
    /// A header, all its fields and validity.
    Header(Handle<ir::Header>),
    /// A stack's next index.
    Stack(Handle<ir::Stack>),
}

impl<'a> Elaborator<'a> {
    /// A name that no other storage has.
    pub(super) fn unique(&mut self, base: &str) -> String {
        let mut name = base.to_string();
        loop {
            match self.names.get_mut(&name) {
                None => {
                    self.names.insert(name.clone(), 1);
                    return name;
                }
                Some(_) => {
                    let next = self.names.get_mut(base).map_or(1, |next| {
                        *next += 1;
                        *next
                    });
                    name = format!("{base}_{next}");
                }
            }
        }
    }

    /// Storage for a value of that type.
    pub(super) fn allocate(
        &mut self,
        name: &str,
        ty: &Type,
        kind: VariableKind,
        field_lists: &[u32],
        span: Span,
    ) -> Result<Value<'a>> {
        if self.module.variables.len() + self.module.headers.len() > bounds::STORAGE {
            return self.exhaust("variables and headers", bounds::STORAGE, span);
        }
        if let (Some(scalar), false) = (ty.scalar(), matches!(ty.plain(), Type::Varbit(_))) {
            let name = self.unique(name);
            let field_lists = field_lists.to_vec();
            let variable = self.module.variables.push(ir::Variable { name, ty: scalar, kind, field_lists });
            return Ok(Value::Scalar(self.expression(ExpressionKind::Variable(variable), scalar, span)));
        }
        match ty.plain() {
            other if other.is_empty() => Ok(Value::Fields([].into())),
            Type::Varbit(width) => self.allocate_varbit(name, *width, span),
            Type::Record(record) => match record.kind {
                RecordKind::Header => Ok(Value::Header(self.allocate_header(name, record, None)?)),
                RecordKind::HeaderUnion => {
                    self.allocate_union(name, record).map(|members| Value::Union(members.into()))
                }
                RecordKind::Struct => {
                    let parts: Result<Vec<_>> = record
                        .fields
                        .iter()
                        .map(|field| {
                            let lists = [field_lists, &field.field_lists].concat();
                            self.allocate(&format!("{name}.{}", field.name), &field.ty, kind, &lists, span)
                        })
                        .collect();
                    Ok(Value::Fields(parts?.into()))
                }
            },
            Type::Tuple(types) => {
                let parts: Result<Vec<_>> = types
                    .iter()
                    .enumerate()
                    .map(|(i, ty)| self.allocate(&format!("{name}.{i}"), ty, kind, field_lists, span))
                    .collect();
                Ok(Value::Fields(parts?.into()))
            }
            Type::Stack(element, size) => {
                self.allocate_stack(name, (element, *size), kind, field_lists, span)
            }
            other => self.fail(
                Diagnostic::error(format!("there are no variables of type `{other}`"))
                    .at(span, "")
                    .help("use a type that has a width, a header, or a struct of these"),
            ),
        }
    }

    fn allocate_header(
        &mut self,
        name: &str,
        record: &std::rc::Rc<Record>,
        union: Option<Handle<ir::Union>>,
    ) -> Result<HeaderRef> {
        let ty = self.header_type(record);
        let name = self.unique(name);
        Ok(HeaderRef::Header(self.module.headers.push(ir::Header { name, ty, union })))
    }

    /// The IR has varbits in headers only: one elsewhere gets a header of its own, of which only the field is used.
    fn allocate_varbit(&mut self, name: &str, width: u32, span: Span) -> Result<Value<'a>> {
        let scalar = ir::Type::Varbit(width);
        let ty = match self.varbit_types.get(&width) {
            Some(known) => *known,
            None => {
                let fields = vec![ir::Field { name: "bits".to_string(), ty: scalar }];
                let name = self.header_type_name(format!("varbit<{width}>"));
                let made = self.module.header_types.push(ir::HeaderType { name, fields, span });
                self.varbit_types.insert(width, made);
                made
            }
        };
        let name = self.unique(name);
        let header = self.module.headers.push(ir::Header { name, ty, union: None });
        let field = ExpressionKind::Field(HeaderRef::Header(header), 0);
        Ok(Value::Scalar(self.expression(field, scalar, span)))
    }

    /// A name that no other header type has.
    fn header_type_name(&self, mut name: String) -> String {
        while self.module.header_types.iter().any(|(_, other)| other.name == name) {
            name.push('\'');
        }
        name
    }

    fn allocate_union(&mut self, name: &str, record: &Record) -> Result<Vec<HeaderRef>> {
        let unique = self.unique(name);
        let union = self.module.unions.push(ir::Union { name: unique, members: Vec::new() });
        let mut members = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            let Some(header) = field.ty.record(RecordKind::Header) else { continue };
            let made = self.allocate_header(&format!("{name}.{}", field.name), header, Some(union))?;
            if let HeaderRef::Header(handle) = made {
                self.module.unions[union].members.push(handle);
            }
            members.push(made);
        }
        Ok(members)
    }

    fn allocate_stack(
        &mut self,
        name: &str,
        (element, size): (&Type, u32),
        kind: VariableKind,
        field_lists: &[u32],
        span: Span,
    ) -> Result<Value<'a>> {
        let record = match element {
            Type::Record(record) if record.kind != RecordKind::Struct => record,
            _ => {
                let parts: Result<Vec<_>> = (0..size)
                    .map(|i| self.allocate(&format!("{name}[{i}]"), element, kind, field_lists, span))
                    .collect();
                return Ok(Value::Fields(parts?.into()));
            }
        };
        if record.kind == RecordKind::Header {
            let mut elements = Vec::new();
            for i in 0..size {
                if let HeaderRef::Header(handle) =
                    self.allocate_header(&format!("{name}[{i}]"), record, None)?
                {
                    elements.push(handle);
                }
            }
            let name = self.unique(name);
            return Ok(Value::Stack(self.module.stacks.push(ir::Stack {
                name,
                elements,
                shares_index_of: None,
            })));
        }
        let mut elements: Vec<Vec<Handle<ir::Header>>> = vec![Vec::new(); record.fields.len()];
        for i in 0..size {
            for (member, header) in
                self.allocate_union(&format!("{name}[{i}]"), record)?.iter().zip(&mut elements)
            {
                if let HeaderRef::Header(handle) = member {
                    header.push(*handle);
                }
            }
        }
        let mut stacks = Vec::new();
        for (elements, field) in elements.into_iter().zip(&record.fields) {
            let name = self.unique(&format!("{name}.{}", field.name));
            let shares_index_of = stacks.first().copied();
            stacks.push(self.module.stacks.push(ir::Stack { name, elements, shares_index_of }));
        }
        Ok(Value::UnionStack(stacks.into()))
    }

    /// The IR's type of a header.
    pub(super) fn header_type(&mut self, record: &std::rc::Rc<Record>) -> Handle<ir::HeaderType> {
        if let Some(known) = self.header_types.get(record) {
            return *known;
        }
        let mut fields = Vec::new();
        for field in &record.fields {
            flatten(field.name.to_string(), &field.ty, &mut fields);
        }
        pad(&mut fields);
        let name = self.header_type_name(Type::Record(record.clone()).to_string());
        let handle = self.module.header_types.push(ir::HeaderType { name, fields, span: record.span });
        self.header_types.insert(record.clone(), handle);
        handle
    }

    /// A local of the compiler's own.
    pub(super) fn temporary(&mut self, ty: &Type, span: Span) -> Result<Operand<'a>> {
        let name = match &*self.frame.path {
            "" => "tmp".to_string(),
            path => format!("{path}.tmp"),
        };
        let value = self.allocate(&name, ty, VariableKind::Local, &[], span)?;
        Ok(Operand::place(value, ty.clone()))
    }

    /// A `Bool` local of the compiler's own, with the expression that reads it.
    pub(super) fn flag(&mut self, span: Span) -> Result<(Handle<ir::Variable>, Handle<Expression>)> {
        self.scalar_local(ir::Type::Bool, span)
    }

    /// A scalar local of the compiler's own, with the expression that reads it.
    pub(super) fn scalar_local(
        &mut self,
        ty: ir::Type,
        span: Span,
    ) -> Result<(Handle<ir::Variable>, Handle<Expression>)> {
        let name = match &*self.frame.path {
            "" => "tmp".to_string(),
            path => format!("{path}.tmp"),
        };
        let name = self.unique(&name);
        let kind = VariableKind::Local;
        let variable = self.module.variables.push(ir::Variable { name, ty, kind, field_lists: Vec::new() });
        Ok((variable, self.expression(ExpressionKind::Variable(variable), ty, span)))
    }

    /// The place that a scalar expression names, if it is a variable, a field or a slice of one.
    pub(super) fn place_of(&self, handle: Handle<Expression>) -> Option<Place> {
        match &self.module.expressions[handle].kind {
            ExpressionKind::Variable(variable) => Some(Place::Variable(*variable)),
            ExpressionKind::Field(header, field) => Some(Place::Field(*header, *field)),
            ExpressionKind::Slice { base, high, low } => {
                Some(Place::Slice { base: Box::new(self.place_of(*base)?), high: *high, low: *low })
            }
            _ => None,
        }
    }

    /// The storage that a value is in or is computed from.
    pub(super) fn pieces(&self, value: &Value<'a>) -> FxHashSet<Piece> {
        let mut all = FxHashSet::default();
        self.collect_pieces(value, &mut all);
        all
    }

    fn collect_pieces(&self, value: &Value<'a>, all: &mut FxHashSet<Piece>) {
        match value {
            Value::Scalar(handle) => self.collect_read(*handle, all, &mut FxHashSet::default()),
            Value::Fields(parts) | Value::HeaderLiteral(parts) => {
                for part in parts.iter() {
                    self.collect_pieces(part, all);
                }
            }
            Value::Header(header) => self.collect_header(*header, all),
            Value::Union(members) => {
                for member in members.iter() {
                    self.collect_header(*member, all);
                }
            }
            Value::Stack(stack) => self.collect_stack(*stack, all),
            Value::UnionStack(stacks) => {
                for stack in stacks.iter() {
                    self.collect_stack(*stack, all);
                }
            }
            Value::Int(_)
            | Value::String(_)
            | Value::Invalid
            | Value::Default
            | Value::DontCare
            | Value::Object(_)
            | Value::Nothing => {}
        }
    }

    fn collect_stack(&self, stack: Handle<ir::Stack>, all: &mut FxHashSet<Piece>) {
        all.insert(Piece::Stack(stack));
        for element in &self.module.stacks[stack].elements {
            self.collect_header(HeaderRef::Header(*element), all);
        }
    }

    fn collect_header(&self, header: HeaderRef, all: &mut FxHashSet<Piece>) {
        match header {
            HeaderRef::Header(handle) => {
                all.insert(Piece::Header(handle));
            }
            HeaderRef::Element(stack, index) => {
                self.collect_stack(stack, all);
                self.collect_read(index, all, &mut FxHashSet::default());
            }
            HeaderRef::Next(stack) | HeaderRef::Last(stack) => self.collect_stack(stack, all),
        }
    }

    fn collect_read(
        &self,
        handle: Handle<Expression>,
        all: &mut FxHashSet<Piece>,
        seen: &mut FxHashSet<Handle<Expression>>,
    ) {
        if !seen.insert(handle) {
            return;
        }
        match &self.module.expressions[handle].kind {
            ExpressionKind::Constant(_) | ExpressionKind::Parameter(_) => {}
            ExpressionKind::Variable(variable) => {
                all.insert(Piece::Variable(*variable));
            }
            ExpressionKind::Field(header, _) | ExpressionKind::IsValid(header) => {
                self.collect_header(*header, all);
            }
            ExpressionKind::LastIndex(stack) => self.collect_stack(*stack, all),
            ExpressionKind::Unary(_, operand) | ExpressionKind::Cast(operand) => {
                self.collect_read(*operand, all, seen);
            }
            ExpressionKind::Slice { base, .. } => self.collect_read(*base, all, seen),
            ExpressionKind::Binary(_, left, right) | ExpressionKind::Concat(left, right) => {
                self.collect_read(*left, all, seen);
                self.collect_read(*right, all, seen);
            }
            ExpressionKind::Mux { condition, accept, reject } => {
                for part in [condition, accept, reject] {
                    self.collect_read(*part, all, seen);
                }
            }
        }
    }
}

/// The scalars of a header's field: a struct's stand in its place, under their dotted names.
fn flatten(name: String, ty: &Type, fields: &mut Vec<ir::Field>) {
    match ty.plain() {
        Type::Record(record) => {
            for field in &record.fields {
                flatten(format!("{name}.{}", field.name), &field.ty, fields);
            }
        }
        other => fields.extend(other.scalar().map(|ty| ir::Field { name, ty })),
    }
}

/// Headers of the IR are whole bytes: fills one up that is not, and is thus never read from a packet or written to one.
fn pad(fields: &mut Vec<ir::Field>) {
    let fixed = |field: &ir::Field| match field.ty {
        ir::Type::Varbit(_) => 0,
        ty => ty.width(),
    };
    let bits: u32 = fields.iter().map(fixed).sum();
    if bits.is_multiple_of(8) {
        return;
    }
    let mut name = "_padding".to_string();
    while fields.iter().any(|field| field.name == name) {
        name.push('_');
    }
    fields.push(ir::Field { name, ty: ir::Type::Bits(8 - bits % 8) });
}

//! Expressions, places and types as text.

use sluice_entities::Bits;

use super::names::shown;
use super::print::Printer;
use super::words::{self, word_of};
use crate::{Expression, ExpressionKind, Handle, HeaderRef, Place, Type};

/// An expression that is not there, or goes beyond the bounds.
const NO_EXPRESSION: &str = "?4294967295";

/// A type as text.
pub(crate) fn show_type(ty: Type) -> String {
    match ty {
        Type::Bool => "bool".to_string(),
        Type::Bits(width) => format!("bit<{width}>"),
        Type::Int(width) => format!("int<{width}>"),
        Type::Error => "error".to_string(),
        Type::Varbit(width) => format!("varbit<{width}>"),
    }
}

impl Printer<'_> {
    /// An expression as text that needs no parentheses around it in a list.
    pub(super) fn expression(&self, handle: Handle<Expression>) -> String {
        self.expression_text(handle, false)
    }

    /// An expression as an operand: in parentheses if it is not one thing.
    fn operand(&self, handle: Handle<Expression>) -> String {
        self.expression_text(handle, true)
    }

    fn expression_text(&self, handle: Handle<Expression>, as_operand: bool) -> String {
        let Some(expression) = self.module.expressions.try_index(handle) else {
            return NO_EXPRESSION.to_string();
        };
        if !self.extents[handle.index()].is_bounded() {
            return NO_EXPRESSION.to_string();
        }
        if let ExpressionKind::Constant(bits) = &expression.kind {
            return self.constant(bits, expression.ty);
        }
        let text = self.kind(expression);
        let cast = matches!(expression.kind, ExpressionKind::Cast(_));
        if !cast && self.module.type_by_operands(&expression.kind, self.action) != Some(expression.ty) {
            return format!("is<{}>({text})", show_type(expression.ty));
        }
        let compound = matches!(
            expression.kind,
            ExpressionKind::Binary(..) | ExpressionKind::Mux { .. } | ExpressionKind::Concat(..)
        );
        if compound && as_operand { format!("({text})") } else { text }
    }

    fn kind(&self, expression: &Expression) -> String {
        match &expression.kind {
            ExpressionKind::Constant(bits) => bits.to_string(),
            ExpressionKind::Variable(variable) => self.names.variable_path(self.module, *variable),
            ExpressionKind::Field(header, field) => self.field(*header, *field),
            ExpressionKind::Parameter(index) => self.parameter(*index),
            ExpressionKind::IsValid(header) => format!("valid({})", self.header(*header)),
            ExpressionKind::LastIndex(stack) => format!("last_index({})", self.names.stacks.of(*stack)),
            ExpressionKind::Unary(op, operand) => {
                format!("{}{}", word_of(words::UNARY, *op), self.operand(*operand))
            }
            ExpressionKind::Binary(op, left, right) => {
                format!("{} {} {}", self.operand(*left), word_of(words::BINARY, *op), self.operand(*right))
            }
            ExpressionKind::Mux { condition, accept, reject } => format!(
                "{} ? {} : {}",
                self.operand(*condition),
                self.operand(*accept),
                self.operand(*reject)
            ),
            ExpressionKind::Slice { base, high, low } => format!("{}[{high}:{low}]", self.slice_base(*base)),
            ExpressionKind::Concat(left, right) => {
                format!("{} ++ {}", self.operand(*left), self.operand(*right))
            }
            ExpressionKind::Cast(operand) => {
                format!("{}({})", show_type(expression.ty), self.expression(*operand))
            }
        }
    }

    /// As an operand; slices bind closer than prefixes.
    fn slice_base(&self, handle: Handle<Expression>) -> String {
        let text = self.operand(handle);
        if text.starts_with(['!', '~', '-']) { format!("({text})") } else { text }
    }

    fn constant(&self, bits: &Bits, ty: Type) -> String {
        match ty {
            Type::Bits(width) if width == bits.width() => bits.to_string(),
            Type::Int(width) if width == bits.width() => format!("{width}s{bits:#x}"),
            Type::Bool if bits.width() == 1 => (if bits.is_zero() { "false" } else { "true" }).to_string(),
            Type::Error if bits.width() == 16 => match self.error_name(bits) {
                Some(name) => format!("error.{name}"),
                None => format!("is<error>({bits})"),
            },
            Type::Bits(_) | Type::Int(_) | Type::Bool | Type::Error | Type::Varbit(_) => {
                format!("is<{}>({bits})", show_type(ty))
            }
        }
    }

    /// Name of an error if it stands bare and is the first of that name.
    fn error_name(&self, bits: &Bits) -> Option<&str> {
        let index = bits.to_u64()? as usize;
        let name = self.module.errors.get(index)?;
        let first = self.module.errors.iter().position(|other| other == name) == Some(index);
        (first && words::is_plain(name)).then_some(name)
    }

    fn parameter(&self, index: u32) -> String {
        let params = self.action.map_or(&[][..], |action| &action.params);
        match params.get(index as usize) {
            Some(param) if params.iter().filter(|other| other.name == param.name).count() == 1 => {
                format!("%{}", shown(&param.name))
            }
            _ => format!("%{index}"),
        }
    }

    /// A header.
    pub(super) fn header(&self, header: HeaderRef) -> String {
        match header {
            HeaderRef::Header(header) => self.names.headers.of(header),
            HeaderRef::Element(stack, index) => {
                format!("{}[{}]", self.names.stacks.of(stack), self.expression(index))
            }
            HeaderRef::Next(stack) => format!("next({})", self.names.stacks.of(stack)),
            HeaderRef::Last(stack) => format!("last({})", self.names.stacks.of(stack)),
        }
    }

    fn field(&self, header: HeaderRef, field: u32) -> String {
        self.names.field_path(self.module, header, &self.header(header), field)
    }

    /// Something that can be assigned.
    pub(super) fn place(&self, place: &Place) -> String {
        // Slices of slices are wrong but must be printable; a loop, so that depth costs nothing.
        let mut slices = String::new();
        let mut place = place;
        while let Place::Slice { base, high, low } = place {
            slices.insert_str(0, &format!("[{high}:{low}]"));
            place = base;
        }
        let base = match place {
            Place::Field(header, field) => self.field(*header, *field),
            Place::Variable(variable) => self.names.variable_path(self.module, *variable),
            Place::Slice { .. } => String::new(),
        };
        base + &slices
    }

    /// Expressions in braces.
    pub(super) fn data(&self, data: &[Handle<Expression>]) -> String {
        let list: Vec<String> = data.iter().map(|item| self.expression(*item)).collect();
        format!("{{{}}}", list.join(", "))
    }
}

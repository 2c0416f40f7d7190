//! Rules about places, and about values where statements use them.

use sluice_diagnostics::Span;

use super::{Checker, Context, Scope, is_number, show};
use crate::{Expression, Handle, HeaderRef, Place, Type};

impl Checker<'_> {
    /// Checks that a value is `Bool`.
    pub(super) fn bool(&mut self, value: Handle<Expression>, scope: &Scope) {
        self.of_type(value, Type::Bool, scope);
    }

    /// Checks that a value is of that type.
    pub(super) fn of_type(&mut self, value: Handle<Expression>, ty: Type, scope: &Scope) {
        if let Some((found, span)) = self.used(value, scope)
            && found != ty
        {
            let message = format!("the value is of type {}, not {}", show(found), show(ty));
            self.error(span, message, "cast it");
        }
    }

    /// Checks that a value is `Bits`.
    pub(super) fn bits(&mut self, value: Handle<Expression>, scope: &Scope) {
        if let Some((found, span)) = self.used(value, scope)
            && !matches!(found, Type::Bits(_))
        {
            self.error(span, format!("the value is of type {}, not bit", show(found)), "cast it");
        }
    }

    /// Checks that a value is a scalar but not `Varbit`.
    pub(super) fn fixed(&mut self, value: Handle<Expression>, scope: &Scope) -> Option<Type> {
        let (found, span) = self.used(value, scope)?;
        if matches!(found, Type::Varbit(_)) {
            self.error(span, "a varbit does not stand here", "use a field of fixed width");
            return None;
        }
        Some(found)
    }

    /// Checks values of any type.
    pub(super) fn data(&mut self, data: &[Handle<Expression>], scope: &Scope) {
        for value in data {
            self.used(*value, scope);
        }
    }

    /// Checks a header where a statement uses it.
    pub(super) fn used_header(&mut self, header: HeaderRef, scope: &Scope) -> bool {
        if !self.header_ref(header, scope.span) {
            return false;
        }
        if let HeaderRef::Element(_, index) = header {
            self.used(index, scope);
        }
        if matches!(header, HeaderRef::Next(_) | HeaderRef::Last(_)) && scope.context != Context::Parser {
            self.error(scope.span, "`next` and `last` stand only in the parser", "use an index");
        }
        true
    }

    /// Checks a place; its type.
    pub(super) fn place(&mut self, place: &Place, scope: &Scope) -> Option<Type> {
        match place {
            Place::Variable(variable) => {
                self.in_range(&self.module.variables, *variable, "a statement", Some(scope.span));
            }
            Place::Field(header, field) => {
                if self.used_header(*header, scope) {
                    self.field_index(*header, *field, scope.span);
                }
            }
            Place::Slice { base, high, low } => {
                if matches!(**base, Place::Slice { .. }) {
                    self.error(scope.span, "a slice of a slice is assigned", "slice once");
                    return None;
                }
                let base = self.place(base, scope)?;
                if !is_number(base) || low > high || *high >= base.width() {
                    let message = format!("{} has no slice [{high}:{low}]", show(base));
                    self.error(scope.span, message, "slices lie within their base");
                }
            }
        }
        self.module.place_type(place)
    }

    /// Checks that a place is of that type.
    pub(super) fn place_of_type(&mut self, place: &Place, ty: Type, scope: &Scope) {
        if let Some(found) = self.place(place, scope)
            && found != ty
        {
            self.place_error(found, &show(ty), scope.span);
        }
    }

    /// Checks that a place is `Bits` of at least that width.
    pub(super) fn place_of_bits(&mut self, place: &Place, least: u32, scope: &Scope) {
        if let Some(found) = self.place(place, scope)
            && !matches!(found, Type::Bits(width) if width >= least)
        {
            self.place_error(found, &format!("bit<{least}> or wider"), scope.span);
        }
    }

    fn place_error(&mut self, found: Type, due: &str, span: Span) {
        let message = format!("the place is of type {}, not {due}", show(found));
        self.error(span, message, "use a variable of the right type");
    }
}

//! Rules about expressions.

use super::{Checker, is_number, show};
use crate::{Action, BinaryOp, Expression, ExpressionKind, Handle, HeaderRef, Module, Type, UnaryOp, limits};

/// Marks the expressions for which `leaf` holds or that have such an operand.
fn marked(module: &Module, leaf: impl Fn(&ExpressionKind) -> bool) -> Vec<bool> {
    let mut marks: Vec<bool> = Vec::with_capacity(module.expressions.len());
    for (_, expression) in module.expressions.iter() {
        let mut mark = leaf(&expression.kind);
        expression
            .kind
            .for_each_operand(|operand| mark |= marks.get(operand.index()).copied().unwrap_or(false));
        marks.push(mark);
    }
    marks
}

/// Which expressions read `next`, `last` or `last_index`.
pub(super) fn parser_only(module: &Module) -> Vec<bool> {
    marked(module, |kind| match kind {
        ExpressionKind::LastIndex(_) => true,
        ExpressionKind::Field(header, _) | ExpressionKind::IsValid(header) => {
            matches!(header, HeaderRef::Next(_) | HeaderRef::Last(_))
        }
        _ => false,
    })
}

/// Which expressions have parameters in them.
pub(super) fn parameterized(module: &Module) -> Vec<bool> {
    marked(module, |kind| matches!(kind, ExpressionKind::Parameter(_)))
}

impl Checker<'_> {
    /// Checks each expression by itself; where it may stand is checked where it is used.
    pub(super) fn expressions(&mut self) {
        for (handle, expression) in self.module.expressions.iter() {
            self.width(expression.ty, "an expression", Some(expression.span));
            let mut backwards = true;
            let mut told = false;
            expression.kind.for_each_operand(|operand| {
                backwards &= operand.index() < handle.index();
                told |= self.extents.get(operand.index()).is_some_and(|extent| !extent.is_bounded());
            });
            if !backwards {
                let message = "an expression refers to itself or to one behind it";
                self.error(expression.span, message, "operands stand before");
                continue;
            }
            let extent = self.extents[handle.index()];
            if !extent.is_bounded() && !told {
                let message = format!("the expression has {} levels and {} nodes", extent.depth, extent.size);
                let help = format!(
                    "at most {} and {} are possible: use variables",
                    limits::EXPRESSION_DEPTH,
                    limits::EXPRESSION_SIZE
                );
                self.error(expression.span, message, help);
            }
            self.expression(expression);
        }
    }

    fn expression(&mut self, expression: &Expression) {
        let module = self.module;
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Constant(bits) => {
                let known = expression.ty != Type::Error
                    || bits.to_u64().is_some_and(|index| index < module.errors.len() as u64);
                if bits.width() != expression.ty.width() || matches!(expression.ty, Type::Varbit(_)) || !known
                {
                    let message = format!("`{bits}` is no constant of type {}", show(expression.ty));
                    self.error(span, message, "constants have their type's width; errors are listed");
                }
                return;
            }
            ExpressionKind::Variable(variable) => {
                if !self.in_range(&module.variables, *variable, "an expression", Some(span)) {
                    return;
                }
            }
            ExpressionKind::Field(header, field) => {
                if !self.header_ref(*header, span) || !self.field_index(*header, *field, span) {
                    return;
                }
            }
            // Whether there is one is known where it is used.
            ExpressionKind::Parameter(_) => return,
            ExpressionKind::IsValid(header) => {
                self.header_ref(*header, span);
            }
            ExpressionKind::LastIndex(stack) => {
                self.in_range(&module.stacks, *stack, "an expression", Some(span));
            }
            ExpressionKind::Cast(operand) => {
                self.cast(module.expressions[*operand].ty, expression);
                return;
            }
            ExpressionKind::Unary(..)
            | ExpressionKind::Binary(..)
            | ExpressionKind::Mux { .. }
            | ExpressionKind::Slice { .. }
            | ExpressionKind::Concat(..) => {
                if !self.operands(expression) {
                    return;
                }
            }
        }
        let due = module.type_by_operands(&expression.kind, None);
        if due != Some(expression.ty) {
            let due = due.map_or_else(|| "another".to_string(), show);
            let message =
                format!("the expression is of type {}, its operands give {due}", show(expression.ty));
            self.error(span, message, "cast it");
        }
    }

    fn cast(&mut self, from: Type, expression: &Expression) {
        let to = expression.ty;
        let possible = from == to && !matches!(to, Type::Varbit(_))
            || is_number(from) && is_number(to)
            || from == Type::Bool && to == Type::Bits(1)
            || from == Type::Bits(1) && to == Type::Bool;
        if !possible {
            let message = format!("no cast from {} to {}", show(from), show(to));
            self.error(expression.span, message, "casts are between bit and int, or bool and bit<1>");
        }
    }

    /// Checks the operands' types; whether they fit the operator.
    fn operands(&mut self, expression: &Expression) -> bool {
        let ty = |operand: Handle<Expression>| self.module.expressions[operand].ty;
        let fits = match &expression.kind {
            ExpressionKind::Unary(UnaryOp::Not, operand) => ty(*operand) == Type::Bool,
            ExpressionKind::Unary(UnaryOp::BitNot | UnaryOp::Negate, operand) => is_number(ty(*operand)),
            ExpressionKind::Binary(op, left, right) => binary_fits(*op, ty(*left), ty(*right)),
            ExpressionKind::Mux { condition, accept, reject } => {
                let one_type = ty(*accept) == ty(*reject) && !matches!(ty(*accept), Type::Varbit(_));
                ty(*condition) == Type::Bool && one_type
            }
            ExpressionKind::Slice { base, high, low } => {
                is_number(ty(*base)) && low <= high && *high < ty(*base).width()
            }
            ExpressionKind::Concat(left, right) => is_number(ty(*left)) && is_number(ty(*right)),
            _ => true,
        };
        if !fits {
            let mut types = Vec::new();
            expression.kind.for_each_operand(|operand| types.push(show(ty(operand))));
            let message = format!("the operation does not take {}", types.join(" and "));
            self.error(expression.span, message, "cast the operands; slices lie within their base");
        }
        fits
    }

    /// Checks a header reference by itself; whether it can be looked into.
    pub(super) fn header_ref(&mut self, header: HeaderRef, span: sluice_diagnostics::Span) -> bool {
        let module = self.module;
        match header {
            HeaderRef::Header(header) => self.in_range(&module.headers, header, "an expression", Some(span)),
            HeaderRef::Next(stack) | HeaderRef::Last(stack) => {
                self.in_range(&module.stacks, stack, "an expression", Some(span))
            }
            HeaderRef::Element(stack, index) => {
                let there = self.in_range(&module.stacks, stack, "an expression", Some(span));
                let index = module.expressions.try_index(index);
                if !index.is_some_and(|index| matches!(index.ty, Type::Bits(_))) {
                    self.error(span, "the index of a stack's element is not of type bit", "cast it");
                }
                there
            }
        }
    }

    /// Checks that a header has that field.
    pub(super) fn field_index(
        &mut self,
        header: HeaderRef,
        field: u32,
        span: sluice_diagnostics::Span,
    ) -> bool {
        let there = self.module.field_type(header, field).is_some();
        if !there {
            self.error(span, format!("the header has no field {field}"), "fields are counted from 0");
        }
        there
    }

    /// Checks the parameters in an expression against the action that it stands in.
    pub(super) fn parameters(&mut self, handle: Handle<Expression>, action: Option<Handle<Action>>) {
        let module = self.module;
        let params =
            action.and_then(|action| module.actions.try_index(action)).map_or(&[][..], |a| &a.params);
        let mut pending = vec![handle];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(handle) = pending.pop() {
            let Some(expression) = module.expressions.try_index(handle) else { continue };
            if !seen.insert(handle) {
                continue;
            }
            if let ExpressionKind::Parameter(index) = expression.kind
                && params.get(index as usize).is_none_or(|param| param.ty != expression.ty)
            {
                let message = format!("there is no parameter {index} of type {} here", show(expression.ty));
                self.error(expression.span, message, "parameters stand in their action, with its type");
            }
            expression.kind.for_each_operand(|operand| pending.push(operand));
        }
    }
}

fn binary_fits(op: BinaryOp, left: Type, right: Type) -> bool {
    match op {
        BinaryOp::Shl | BinaryOp::Shr => is_number(left) && matches!(right, Type::Bits(_)),
        BinaryOp::LogicalAnd | BinaryOp::LogicalOr => left == Type::Bool && right == Type::Bool,
        BinaryOp::Eq | BinaryOp::Ne => left == right,
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::Mod
        | BinaryOp::SatAdd
        | BinaryOp::SatSub
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge => left == right && is_number(left),
    }
}

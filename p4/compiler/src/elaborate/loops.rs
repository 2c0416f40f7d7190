//! Loops (section 12.8).

use num_traits::ToPrimitive;
use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::Bits;
use sluice_ir as ir;
use sluice_ir::{BinaryOp, StatementKind, VariableKind};

use super::{Elaborator, Loop, Result};
use crate::ast;
use crate::bounds;
use crate::scope::Entity;
use crate::types::Type;
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    /// `for (init; condition; update) body`
    pub(super) fn for_loop(
        &mut self,
        init: &'a [ast::Statement],
        condition: &'a ast::Expr,
        update: &'a [ast::Statement],
        body: &'a ast::Statement,
        span: Span,
    ) -> Result<()> {
        self.scoped(|this| {
            for statement in init {
                this.statement(statement)?;
            }
            let labels = Loop { leave: this.label(), next: this.label() };
            let (done, round) = this.nested(|this| {
                let condition = this.condition(condition)?;
                this.leave_unless(condition, labels.leave, span);
                this.round(labels, body, span);
                for statement in update {
                    this.statement(statement)?;
                }
                Ok(())
            });
            done?;
            this.emit(StatementKind::Loop(labels.leave, round), span);
            Ok(())
        })
    }

    fn leave_unless(&mut self, condition: ir::Handle<ir::Expression>, label: ir::Label, span: Span) {
        let over = self.not(condition, span);
        let ((), leave) = self.nested(|this| this.leave(label, span));
        match self.known_truth(over) {
            Some(true) => self.frame.block.extend(leave),
            Some(false) => {}
            None => self.emit_if(over, leave, span),
        }
    }

    /// One round of a loop's body; `continue` leaves it.
    fn round(&mut self, labels: Loop, body: &'a ast::Statement, span: Span) {
        self.frame.loops.push(labels);
        // What is wrong in it is reported; the loop itself is right.
        let (_, block) = self.nested(|this| this.scoped(|this| this.statement(body)));
        self.frame.loops.pop();
        self.emit_labelled(labels.next, block, span);
    }

    /// `for (T name in collection) body`
    pub(super) fn for_in(
        &mut self,
        ty: &'a ast::Type,
        name: &'a ast::Name,
        collection: &'a ast::ForCollection,
        body: &'a ast::Statement,
        span: Span,
    ) -> Result<()> {
        let element = self.resolve_type(ty)?;
        let path = match &*self.frame.path {
            "" => name.to_string(),
            path => format!("{path}.{name}"),
        };
        let storage = self.allocate(&path, &element, VariableKind::Local, &[], ty.span)?;
        let variable = Operand::place(storage, element);
        self.scoped(|this| match collection {
            ast::ForCollection::Range { low, high } => {
                let exprs = [low, high];
                let bounds = this.sequence(&exprs, span)?;
                let [low_value, high_value] =
                    <[Operand<'a>; 2]>::try_from(bounds).map_err(|_| super::Reported)?;
                let low_value = this.coerce(low_value, &variable.ty, low.span)?;
                let high_value = this.coerce(high_value, &variable.ty, high.span)?;
                this.declare(name, Entity::Value(variable.clone()))?;
                this.range_loop(&variable, &low_value, &high_value, body, span)
            }
            ast::ForCollection::Value(value) => {
                let collection = this.expr(value)?;
                this.declare(name, Entity::Value(variable.clone()))?;
                this.element_loop(&variable, &collection, value.span, body, span)
            }
        })
    }

    /// Both bounds are within; the last round is told by equality, so that the variable cannot run over.
    fn range_loop(
        &mut self,
        variable: &Operand<'a>,
        low: &Operand<'a>,
        high: &Operand<'a>,
        body: &'a ast::Statement,
        span: Span,
    ) -> Result<()> {
        let (Value::Scalar(current), true) =
            (&variable.value, matches!(variable.ty.plain(), Type::Bits(_) | Type::Signed(_)))
        else {
            return self.mismatch(&Type::Bits(32), &variable.ty, span, Some("a range is of numbers".into()));
        };
        let current = *current;
        let high = self.snapshot(high, span)?;
        let high = self.scalar(&high, span)?;
        self.assign(variable, low, span)?;
        let labels = Loop { leave: self.label(), next: self.label() };
        let within = self.binary(BinaryOp::Le, current, high, span);
        let at_end = self.binary(BinaryOp::Eq, current, high, span);
        let ((), rounds) = self.nested(|this| {
            this.round(labels, body, span);
            let ((), leave) = this.nested(|this| this.leave(labels.leave, span));
            this.emit_if(at_end, leave, span);
            let ty = this.type_of(current);
            let one = this.constant(Bits::new(ty.width(), 1), ty, span);
            let next = this.binary(BinaryOp::Add, current, one, span);
            if let Some(place) = this.place_of(current) {
                this.emit(StatementKind::Assign(place, next), span);
            }
        });
        let rounds = ir::Statement { kind: StatementKind::Loop(labels.leave, rounds), span };
        self.emit_if(within, vec![rounds], span);
        Ok(())
    }

    /// The rounds over a list or stack are written out one by one.
    fn element_loop(
        &mut self,
        variable: &Operand<'a>,
        collection: &Operand<'a>,
        at: Span,
        body: &'a ast::Statement,
        span: Span,
    ) -> Result<()> {
        let count = match (&collection.value, collection.ty.plain()) {
            (_, Type::Stack(_, size)) => size.to_usize().unwrap_or(0),
            (Value::Fields(parts), Type::Tuple(_) | Type::List(_)) => parts.len(),
            _ => {
                return self.fail(
                    Diagnostic::error(format!("a value of type `{}` has no elements", collection.ty))
                        .at(at, "")
                        .help("go through a range `0 .. 7`, a list, or a header stack"),
                );
            }
        };
        if count > bounds::ROUNDS {
            return self.fail(
                Diagnostic::error(format!("the loop has more than {} rounds", bounds::ROUNDS))
                    .at(at, format!("{count} elements"))
                    .help("go through a range instead"),
            );
        }
        let leave = self.label();
        let (done, rounds) = self.nested(|this| {
            for i in 0..count {
                let value = this.stack_element(&collection.value, i);
                let ty = super::assign::part_type(collection.ty.plain(), i);
                let element = this.coerce(Operand::new(value, ty), &variable.ty, at)?;
                this.assign(variable, &element, span)?;
                let labels = Loop { leave, next: this.label() };
                this.descend(span, |this| {
                    this.round(labels, body, span);
                    Ok(())
                })?;
            }
            Ok(())
        });
        done?;
        self.emit_labelled(leave, rounds, span);
        Ok(())
    }
}

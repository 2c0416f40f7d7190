//! How parameters get their storage: the argument's own where that cannot be told from a copy, else copies (section 6.8).

use std::rc::Rc;

use rustc_hash::FxHashSet;
use sluice_diagnostics::Span;
use sluice_ir::{ExpressionKind, HeaderRef};

use super::arguments::Bound;
use super::storage::Piece;
use super::{CopyBack, Elaborator, Result};
use crate::ast::Direction;
use crate::scope::{Entity, Scope};
use crate::value::Value;

/// How parameters get their storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// The argument's own, where that cannot be told from a copy.
    Shared,
    /// Copies of what is written, and of what could change meanwhile.
    Copied,
    /// Copies of everything: the callee is run with other arguments, too.
    Apart,
}

impl<'a> Elaborator<'a> {
    /// Makes the parameters known in the callee's scope. Each is the argument's own storage where that cannot be told from a copy,
    /// else a copy; the pairs returned are to be copied back (to, from) when the callee is done.
    pub(super) fn pass(
        &mut self,
        bound: &[Bound<'a>],
        scope: &Rc<Scope<'a>>,
        passing: Passing,
    ) -> Result<CopyBack<'a>> {
        let moving = bound.iter().any(|argument| self.moves(&argument.operand.value));
        let computed =
            bound.iter().any(|argument| argument.operand.place.is_some() || argument.initial.is_some());
        let isolate = passing != Passing::Shared || moving || computed || self.arguments_overlap(bound);
        let mut back = Vec::new();
        for argument in bound {
            let span = argument.span;
            let operand = match argument.parameter.direction {
                Some(Direction::Out | Direction::InOut) => {
                    let is_out = argument.parameter.direction == Some(Direction::Out);
                    let target = self.stabilize(&argument.operand, span)?;
                    if isolate {
                        let copy = self.temporary(&target.ty, span)?;
                        if is_out {
                            self.reset(&copy.value, span);
                        } else {
                            self.assign(&copy, argument.initial.as_ref().unwrap_or(&target), span)?;
                        }
                        back.push((target, copy.clone(), span));
                        self.copied.insert((Rc::as_ptr(scope), argument.parameter.span));
                        copy
                    } else {
                        if is_out {
                            self.reset(&target.value, span);
                        }
                        target
                    }
                }
                _ if passing != Passing::Apart && self.can_share(&argument.operand.value, isolate) => {
                    argument.operand.clone()
                }
                _ => {
                    self.copied.insert((Rc::as_ptr(scope), argument.parameter.span));
                    self.snapshot(&argument.operand, span)?
                }
            };
            let name = &argument.parameter.name;
            self.in_scope(scope, |this| this.declare(name, Entity::Value(operand)))?;
        }
        self.pending.push(back.clone());
        Ok(back)
    }

    /// Passes arguments to an instance that was applied before, and whose state refers to what its parameters became then:
    /// the argument's own storage, which must be the same again, or a copy.
    pub(super) fn pass_again(
        &mut self,
        bound: &[Bound<'a>],
        locals: &Rc<Scope<'a>>,
        instance: Span,
        span: Span,
    ) -> Result<CopyBack<'a>> {
        let Some(scope) = locals.outer() else { return Err(super::Reported) };
        let mut back = Vec::new();
        for argument in bound {
            let known = scope.own_binding(&argument.parameter.name.text).map(|binding| binding.entity);
            let Some(Entity::Value(parameter)) = known else { return Err(super::Reported) };
            let is_out = argument.parameter.direction == Some(Direction::Out);
            if argument.initial.is_none()
                && self.identity(&parameter.value) == self.identity(&argument.operand.value)
            {
                if is_out {
                    self.reset(&parameter.value, argument.span);
                }
                continue;
            }
            if matches!(parameter.value, Value::Object(_)) {
                return self.unsupported(
                    "an instance applied with different externs",
                    span,
                    "make one instance for each of them",
                );
            }
            if !self.copied.contains(&(Rc::as_ptr(scope), argument.parameter.span)) {
                // Not an error: everything is elaborated again with copies for this instance.
                self.apart.insert(instance);
                return Err(super::Reported);
            }
            let target = self.stabilize(&argument.operand, argument.span)?;
            if is_out {
                self.reset(&parameter.value, argument.span);
            } else {
                self.assign(&parameter, argument.initial.as_ref().unwrap_or(&target), argument.span)?;
            }
            if matches!(argument.parameter.direction, Some(Direction::Out | Direction::InOut)) {
                back.push((target, parameter, argument.span));
            }
        }
        self.pending.push(back.clone());
        Ok(back)
    }

    /// Whether an `in` parameter can be the argument itself: its value is not changed meanwhile, and costs nothing to read again.
    fn can_share(&self, value: &Value<'a>, isolate: bool) -> bool {
        if self.pieces(value).is_empty() {
            return true;
        }
        !isolate
            && match value {
                Value::Scalar(handle) => matches!(
                    self.module.expressions[*handle].kind,
                    ExpressionKind::Variable(_) | ExpressionKind::Field(..)
                ),
                Value::Fields(parts) => parts.iter().all(|part| self.can_share(part, false)),
                _ => true,
            }
    }

    /// Whether a value names `next` or `last` of a stack, which is another element as soon as the callee extracts one.
    fn moves(&self, value: &Value<'a>) -> bool {
        let moving = |header: &HeaderRef| matches!(header, HeaderRef::Next(_) | HeaderRef::Last(_));
        match value {
            Value::Scalar(handle) => match &self.module.expressions[*handle].kind {
                ExpressionKind::Field(header, _) | ExpressionKind::IsValid(header) => moving(header),
                ExpressionKind::Slice { base, .. } => self.moves(&Value::Scalar(*base)),
                _ => false,
            },
            Value::Header(header) => moving(header),
            Value::Union(members) => members.iter().any(moving),
            Value::Fields(parts) | Value::HeaderLiteral(parts) => parts.iter().any(|part| self.moves(part)),
            _ => false,
        }
    }

    /// Whether something that is written through one parameter is seen through another.
    fn arguments_overlap(&self, bound: &[Bound<'a>]) -> bool {
        let mut written: FxHashSet<Piece> = FxHashSet::default();
        let mut read: FxHashSet<Piece> = FxHashSet::default();
        for argument in bound {
            let pieces = self.pieces(&argument.operand.value);
            match argument.parameter.direction {
                Some(Direction::Out | Direction::InOut) => {
                    if pieces.iter().any(|piece| written.contains(piece) || read.contains(piece)) {
                        return true;
                    }
                    written.extend(pieces);
                }
                Some(Direction::In) | None => {
                    if pieces.iter().any(|piece| written.contains(piece)) {
                        return true;
                    }
                    read.extend(pieces);
                }
            }
        }
        false
    }
}

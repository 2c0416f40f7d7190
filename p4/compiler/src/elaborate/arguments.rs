//! Arguments: which is for which parameter, of what type, and how it is passed (sections 6.8 and 8.21).

use rustc_hash::FxHashSet;
use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_ir::{ExpressionKind, HeaderRef};
use std::rc::Rc;

use super::annotations::find;
use super::storage::Piece;
use super::unify::Bindings;
use super::{CopyBack, Elaborator, Result};
use crate::ast::{self, Direction, ExprKind};
use crate::scope::{Entity, Scope};
use crate::types::Type;
use crate::value::{Operand, Value};

/// An argument with its parameter.
#[derive(Clone, Debug)]
pub(super) struct Bound<'a> {
    pub(super) parameter: &'a ast::Parameter,
    pub(super) operand: Operand<'a>,
    /// What an `inout` argument was when it was evaluated, if evaluating the arguments behind it may have changed it (section 6.8).
    pub(super) initial: Option<Operand<'a>>,
    /// Where the argument stands, or the call for a default value.
    pub(super) span: Span,
}

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

/// What is called, for messages, and where it was declared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Callee<'n> {
    pub(super) name: &'n str,
    pub(super) declared: Span,
}

/// Whether a parameter may be left out.
fn is_optional(parameter: &ast::Parameter) -> bool {
    parameter.default.is_some() || find(&parameter.annotations, "optional").is_some()
}

/// Whether the arguments fit the parameters by number and names; this is what tells overloads apart (section 6.8.2).
pub(super) fn accepts(parameters: &[ast::Parameter], arguments: &[ast::Argument]) -> bool {
    if arguments.len() > parameters.len() {
        return false;
    }
    let by_name = arguments.iter().all(|argument| argument.name.is_some());
    parameters.iter().enumerate().all(|(i, parameter)| {
        let given = if by_name {
            arguments.iter().any(|argument| argument.name.as_ref() == Some(&parameter.name))
        } else {
            i < arguments.len()
        };
        given || is_optional(parameter)
    }) && arguments
        .iter()
        .filter_map(|argument| argument.name.as_ref())
        .all(|name| parameters.iter().any(|parameter| parameter.name == *name))
}

/// `f(in bit<8> a, out bit<16> b)` without the types: `(a, b)`.
pub(super) fn signature(parameters: &[ast::Parameter]) -> String {
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    format!("({})", names.join(", "))
}

impl<'a> Elaborator<'a> {
    /// Runs `f` with the names of another scope.
    pub(super) fn in_scope<T>(&mut self, scope: &Rc<Scope<'a>>, f: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.frame.scope, scope.clone());
        let result = f(self);
        self.frame.scope = outer;
        result
    }

    /// The argument of each parameter, in the order of the parameters; none for one that is left out.
    pub(super) fn match_arguments(
        &mut self,
        parameters: &'a [ast::Parameter],
        arguments: &'a [ast::Argument],
        callee: Callee<'_>,
        span: Span,
    ) -> Result<Vec<Option<&'a ast::Expr>>> {
        let named = arguments.iter().find(|argument| argument.name.is_some());
        let unnamed = arguments.iter().find(|argument| argument.name.is_none());
        if let (Some(named), Some(unnamed)) = (named, unnamed) {
            return self.fail(
                Diagnostic::error(format!("the arguments of `{}` are named in part", callee.name))
                    .at(unnamed.value.span, "this one has no name")
                    .also(named.value.span, "this one has")
                    .help("name all of them, or none"),
            );
        }
        let mut matched: Vec<Option<&'a ast::Expr>> = vec![None; parameters.len()];
        for (i, argument) in arguments.iter().enumerate() {
            let position = match &argument.name {
                Some(name) => parameters.iter().position(|parameter| parameter.name == *name),
                None => Some(i).filter(|i| *i < parameters.len()),
            };
            match (position.and_then(|at| matched.get_mut(at)), &argument.name) {
                (Some(slot @ None), _) => *slot = Some(&argument.value),
                (Some(Some(before)), _) => {
                    let before = before.span;
                    return self.fail(
                        Diagnostic::error(format!("a parameter of `{}` is given twice", callee.name))
                            .at(argument.value.span, "again here")
                            .also(before, "first here")
                            .help("give each parameter one argument"),
                    );
                }
                (None, Some(name)) => return self.unknown_parameter(parameters, name, callee),
                (None, None) => {
                    return self.wrong_count(parameters, arguments.len(), callee, argument.value.span);
                }
            }
        }
        for (parameter, slot) in parameters.iter().zip(&matched) {
            if slot.is_none() && !is_optional(parameter) {
                return self.fail(
                    Diagnostic::error(format!(
                        "`{}` needs an argument for `{}`",
                        callee.name, parameter.name
                    ))
                    .at(span, format!("{} given", count(arguments.len(), "argument")))
                    .also(callee.declared, "declared here")
                    .help(format!("its parameters are {}", signature(parameters))),
                );
            }
        }
        Ok(matched)
    }

    fn unknown_parameter<T>(
        &mut self,
        parameters: &[ast::Parameter],
        name: &ast::Name,
        callee: Callee<'_>,
    ) -> Result<T> {
        let names = parameters.iter().map(|parameter| parameter.name.as_str());
        let help = match closest(name.as_str(), names) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("its parameters are {}", signature(parameters)),
        };
        self.fail(
            Diagnostic::error(format!("`{}` has no parameter `{name}`", callee.name))
                .at(name.span, "")
                .also(callee.declared, "declared here")
                .help(help),
        )
    }

    fn wrong_count<T>(
        &mut self,
        parameters: &[ast::Parameter],
        given: usize,
        callee: Callee<'_>,
        span: Span,
    ) -> Result<T> {
        self.fail(
            Diagnostic::error(format!(
                "`{}` takes {}, not {given}",
                callee.name,
                count(parameters.len(), "argument")
            ))
            .at(span, "one too many")
            .also(callee.declared, "declared here")
            .help(format!("its parameters are {}", signature(parameters))),
        )
    }

    /// Evaluates the arguments of a call in order and converts each to its parameter's type. `scope` is the callee's: the
    /// parameters' types are resolved in it, with its type variables inferred into `bindings`.
    pub(super) fn bind(
        &mut self,
        parameters: &'a [ast::Parameter],
        arguments: &'a [ast::Argument],
        scope: &Rc<Scope<'a>>,
        callee: Callee<'_>,
        bindings: &mut Bindings,
        span: Span,
    ) -> Result<Vec<Bound<'a>>> {
        let matched = self.match_arguments(parameters, arguments, callee, span)?;
        let mut operands = Vec::with_capacity(parameters.len());
        let mut marks = Vec::with_capacity(parameters.len());
        let mut types = Vec::with_capacity(parameters.len());
        for (parameter, given) in parameters.iter().zip(&matched) {
            let ty = self.in_scope(scope, |this| this.resolve_type(&parameter.ty))?;
            let operand = match (given, &parameter.default) {
                (Some(expr), _) => self.expr(expr)?,
                (None, Some(default)) => self.in_scope(scope, |this| this.expr(default))?,
                (None, None) => Operand::new(Value::DontCare, Type::DontCare),
            };
            bindings.unify(&ty, &operand.ty);
            let operand = match parameter.direction {
                Some(Direction::Out | Direction::InOut) => operand,
                Some(Direction::In) | None => operand.read_only(),
            };
            operands.push(operand);
            marks.push(self.frame.block.len());
            types.push(ty);
        }
        let mut bound = Vec::with_capacity(parameters.len());
        let copied_in: Vec<bool> =
            parameters.iter().map(|parameter| parameter.direction == Some(Direction::InOut)).collect();
        let initial = self.settle_places(&mut operands, &marks, &copied_in, span)?;
        let arguments = operands.into_iter().zip(initial);
        for (((parameter, (operand, initial)), ty), given) in
            parameters.iter().zip(arguments).zip(types).zip(matched)
        {
            let at = given.map_or(span, |expr| expr.span);
            let ty = self.substitute(&ty, bindings)?;
            let is_left_out =
                operand.ty == Type::DontCare && parameter.direction == Some(Direction::In) && given.is_none();
            let operand = match is_left_out {
                // Only the architecture's own code has optional parameters, and knows what nothing means.
                true => operand,
                false => self.check_argument(parameter, operand, &ty, at)?,
            };
            bound.push(Bound { parameter, operand, initial, span: at });
        }
        Ok(bound)
    }

    fn check_argument(
        &mut self,
        parameter: &ast::Parameter,
        operand: Operand<'a>,
        ty: &Type,
        span: Span,
    ) -> Result<Operand<'a>> {
        match parameter.direction {
            Some(Direction::Out) if operand.ty == Type::DontCare => self.temporary(ty, span),
            Some(direction @ (Direction::Out | Direction::InOut)) => {
                if !operand.writable {
                    let direction = if direction == Direction::Out { "out" } else { "inout" };
                    return self.fail(
                        Diagnostic::error(format!(
                            "the argument for `{direction} {}` cannot be written",
                            parameter.name
                        ))
                        .at(span, "not a variable that may be assigned here")
                        .also(parameter.span, "this parameter writes it")
                        .help("give a variable, a field, or a slice of one"),
                    );
                }
                if operand.ty != *ty {
                    let help = "what an `out` or `inout` parameter writes must have its type exactly";
                    return self.mismatch(ty, &operand.ty, span, Some(help.into()));
                }
                Ok(operand)
            }
            None if operand.ty == Type::DontCare => Ok(operand),
            None if matches!(operand.ty, Type::Block(_)) => Ok(operand),
            Some(Direction::In) | None => {
                let mut operand = self.coerce(operand, ty, span)?;
                operand.writable = false;
                Ok(operand)
            }
        }
    }

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

    /// The path that a callee names, if it is one.
    pub(super) fn callee_path(callee: &'a ast::Expr) -> Option<&'a ast::Path> {
        match &callee.kind {
            ExprKind::Path(path) => Some(path),
            _ => None,
        }
    }
}

/// `1 argument`, `2 arguments`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

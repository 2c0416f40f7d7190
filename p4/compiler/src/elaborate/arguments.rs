//! Arguments: which is for which parameter, of what type, and how it is passed (sections 6.8 and 8.21).

use sluice_diagnostics::{Diagnostic, Span, closest};
use std::rc::Rc;

use super::annotations::find;
use super::unify::Bindings;
use super::{Elaborator, Result};
use crate::ast::{self, Direction, ExprKind};
use crate::scope::Scope;
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
            Some(Direction::In) | None if is_no_value(parameter, &operand.ty) => self.fail(
                Diagnostic::error(format!("`{}` cannot be passed as a value", operand.ty))
                    .at(span, "")
                    .also(parameter.span, "for this parameter")
                    .help("tables, parsers and controls are applied, and externs called; only their results are values"),
            ),
            None if operand.ty == Type::DontCare => Ok(operand),
            None if matches!(operand.ty, Type::Block(_)) => Ok(operand),
            Some(Direction::In) | None => {
                let mut operand = self.coerce(operand, ty, span)?;
                operand.writable = false;
                Ok(operand)
            }
        }
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

/// Whether an instance is passed where any type is taken, or a value.
fn is_no_value(parameter: &ast::Parameter, given: &Type) -> bool {
    let is_instance = matches!(given, Type::Table | Type::Block(_) | Type::Extern(_));
    is_instance && (parameter.direction.is_some() || matches!(given, Type::Table))
}

//! Parsers: states of the instance and of its sub-parsers become one graph (section 13).

use std::rc::Rc;

use rustc_hash::FxHashMap;
use sluice_diagnostics::{Diagnostic, Span, closest};
use sluice_entities::Bits;
use sluice_ir as ir;
use sluice_ir::{Handle, KeySet, SelectCase, State, Target, Transition};

use super::apply::has_state;
use super::arguments::{Bound, Callee};
use super::passing::Passing;
use super::unify::Bindings;
use super::{Elaborator, Frame, Result, Site};
use crate::ast;
use crate::bounds;
use crate::scope::{Entity, FunctionDeclaration, Scope};
use crate::value::{Operand, ParserObject};

/// States of one parser by name, and where its `accept` leads.
#[derive(Debug)]
pub(super) struct States<'a> {
    by_name: FxHashMap<&'a str, Handle<State>>,
    accept: Target,
}

impl<'a> Elaborator<'a> {
    /// The whole pipeline's parser.
    pub(super) fn run_top_parser(
        &mut self,
        object: &Rc<ParserObject<'a>>,
        bound: &[Bound<'a>],
    ) -> Result<()> {
        let parser = object.parser;
        let scope = Scope::inside(&object.scope, u32::MAX);
        self.pass(bound, &scope, Passing::Shared)?;
        self.instances.push(scope.clone());
        let locals = Scope::inside(&scope, u32::MAX);
        let span = parser.ty.name.span;
        let init = self.parser_locals(object, &locals, span);
        self.pending.pop();
        let restarts = parser.states.iter().any(|state| leads_to(state, "start"));
        if init.is_empty() || !restarts {
            self.states(parser, &locals, object, Target::Accept, init)?;
            return Ok(());
        }
        let entry = self.new_state("start", span)?;
        let start = self.states(parser, &locals, object, Target::Accept, Vec::new())?;
        self.module.pipeline.parser.states[entry].body = init;
        self.module.pipeline.parser.states[entry].transition = Transition::Always(Target::State(start));
        Ok(())
    }

    /// Declares a parser's locals, and gives the statements that they start with.
    fn parser_locals(
        &mut self,
        object: &Rc<ParserObject<'a>>,
        scope: &Rc<Scope<'a>>,
        span: Span,
    ) -> ir::Block {
        let parser = object.parser;
        self.visited.insert(span);
        self.instances.push(scope.clone());
        let again = object.bound.borrow().is_some();
        let frame = self.parser_frame(object, scope, None);
        let outer = std::mem::replace(&mut self.frame, frame);
        if again && has_state(&parser.locals) {
            // What is wrong was reported the first time.
            let _ = self.restart_locals(&parser.locals);
        } else {
            for local in &parser.locals {
                // It is reported; the next one is elaborated for its errors.
                let _ = self.declaration(local);
            }
            self.warn_hidden(&parser.ty.parameters, scope);
        }
        *object.bound.borrow_mut() = Some(scope.clone());
        std::mem::replace(&mut self.frame, outer).block
    }

    fn parser_frame(
        &self,
        object: &ParserObject<'a>,
        scope: &Rc<Scope<'a>>,
        state: Option<Handle<State>>,
    ) -> Frame<'a> {
        Frame {
            scope: scope.clone(),
            block: Vec::new(),
            site: if self.frame.site == Site::Any { Site::Any } else { Site::Parser },
            returns: None,
            loops: Vec::new(),
            path: object.path.clone(),
            callee: None,
            state,
        }
    }

    /// `instance.apply(arguments)` of a sub-parser: the current state ends here, and another goes on behind it.
    pub(super) fn apply_parser(
        &mut self,
        object: &Rc<ParserObject<'a>>,
        arguments: &'a [ast::Argument],
        span: Span,
    ) -> Result<Operand<'a>> {
        let parser = object.parser;
        if !self.may_parse() {
            return self.misplaced(
                "`apply` of a parser",
                span,
                "parsers are applied in the states of a parser",
            );
        }
        let Some(state) = self.frame.state else {
            return self.unsupported(
                "`apply` of a parser within an expression or function",
                span,
                "apply it as a statement of a state",
            );
        };
        let name = &parser.ty.name;
        let scope = Scope::inside(&object.scope, u32::MAX);
        let callee = Callee { name: name.as_str(), declared: name.span };
        let bound =
            self.bind(&parser.ty.parameters, arguments, &scope, callee, &mut Bindings::default(), span)?;
        let before = object.bound.borrow().clone().filter(|_| has_state(&parser.locals));
        let (locals, back) = match before {
            Some(before) => {
                let back = self.pass_again(&bound, &before, object.span, span)?;
                (before, back)
            }
            None => {
                let back = self.pass(&bound, &scope, self.passing(object.span))?;
                self.instances.push(scope.clone());
                (Scope::inside(&scope, u32::MAX), back)
            }
        };
        let init = self.parser_locals(object, &locals, name.span);
        self.frame.block.extend(init);
        let behind = format!("{}.after", self.module.pipeline.parser.states[state].name);
        let next = self.new_state(&behind, span)?;
        let start = self.states(parser, &locals, object, Target::State(next), Vec::new())?;
        self.end_state(Transition::Always(Target::State(start)));
        self.frame.state = Some(next);
        self.copy_back(back)?;
        Ok(Operand::nothing())
    }

    /// An `if` whose branches apply parsers: each branch becomes states of its own, and what follows goes on in another.
    pub(super) fn branch_of_states(
        &mut self,
        state: Handle<State>,
        condition: Handle<ir::Expression>,
        branches: [Option<&'a ast::Statement>; 2],
        span: Span,
    ) -> Result<()> {
        let name = self.module.pipeline.parser.states[state].name.clone();
        let yes = self.new_state(&format!("{name}.then"), span)?;
        let no = self.new_state(&format!("{name}.else"), span)?;
        let behind = self.new_state(&format!("{name}.after"), span)?;
        let holds = KeySet::Value(Bits::new(1, 1));
        let cases = vec![
            SelectCase { sets: vec![holds], target: Target::State(yes) },
            SelectCase { sets: vec![KeySet::Any], target: Target::State(no) },
        ];
        self.end_state(Transition::Select { keys: vec![condition], cases });
        let mut failed = None;
        for (start, branch) in [yes, no].into_iter().zip(branches) {
            self.frame.state = Some(start);
            if let Some(branch) = branch
                && let Err(reported) = self.scoped(|this| this.statement(branch))
            {
                failed = Some(reported);
            }
            self.end_state(Transition::Always(Target::State(behind)));
        }
        self.frame.state = Some(behind);
        failed.map_or(Ok(()), Err)
    }

    /// Ends the current state: it does what was emitted, and goes there.
    fn end_state(&mut self, transition: Transition) {
        let body = std::mem::take(&mut self.frame.block);
        if let Some(handle) = self.frame.state {
            let made = &mut self.module.pipeline.parser.states[handle];
            made.body = body;
            made.transition = transition;
        }
    }

    pub(super) fn new_state(&mut self, name: &str, span: Span) -> Result<Handle<State>> {
        if self.module.pipeline.parser.states.len() >= bounds::STATES {
            self.exhausted = true;
            return self.fail(
                Diagnostic::error(format!("the parser has more than {} states", bounds::STATES))
                    .at(span, "here it became too much")
                    .help("each `apply` of a sub-parser repeats its states; apply fewer"),
            );
        }
        // States are no storage: their names are unique among themselves.
        let unique = self.unique(&format!("state {name}"));
        let name = unique.strip_prefix("state ").unwrap_or(name).to_string();
        let transition = Transition::Always(Target::Reject);
        Ok(self.module.pipeline.parser.states.push(State { name, body: Vec::new(), transition, span }))
    }

    /// Lowers the states of a parser; `init` runs before its start. Gives the start.
    fn states(
        &mut self,
        parser: &'a ast::Parser,
        scope: &Rc<Scope<'a>>,
        object: &Rc<ParserObject<'a>>,
        accept: Target,
        init: ir::Block,
    ) -> Result<Handle<State>> {
        let is_top = matches!(accept, Target::Accept);
        let mut known: FxHashMap<&str, Span> = FxHashMap::default();
        for state in &parser.states {
            if matches!(state.name.as_str(), "accept" | "reject") {
                return self.fail(
                    Diagnostic::error(format!("no state can be called `{}`", state.name))
                        .at(state.name.span, "")
                        .help("every parser has the states `accept` and `reject`, in which it ends"),
                );
            }
            if let Some(before) = known.insert(state.name.as_str(), state.name.span) {
                return self.fail(
                    Diagnostic::error(format!("the state `{}` is declared twice", state.name))
                        .at(state.name.span, "again here")
                        .also(before, "first here")
                        .help("give one of them another name"),
                );
            }
        }
        let Some(first) = parser.states.iter().position(|state| state.name.as_str() == "start") else {
            return self.fail(
                Diagnostic::error(format!("the parser `{}` has no state `start`", parser.ty.name))
                    .at(parser.ty.name.span, "")
                    .help("a parser begins in the state `start`"),
            );
        };
        let mut order: Vec<&'a ast::State> = parser.states.iter().collect();
        let start = order.remove(first);
        order.insert(0, start);
        let mut by_name = FxHashMap::default();
        for state in &order {
            let name =
                if is_top { state.name.to_string() } else { format!("{}.{}", object.path, state.name) };
            by_name.insert(state.name.as_str(), self.new_state(&name, state.span)?);
        }
        let states = States { by_name, accept };
        let mut init = Some(init);
        for state in &order {
            let Some(handle) = states.by_name.get(state.name.as_str()).copied() else { continue };
            let mut frame = self.parser_frame(object, scope, Some(handle));
            frame.block = init.take().unwrap_or_default();
            let outer = std::mem::replace(&mut self.frame, frame);
            let done = self.descend(state.span, |this| {
                this.state(state, &states);
                Ok(())
            });
            self.frame = outer;
            done?;
        }
        states.by_name.get("start").copied().ok_or(super::Reported)
    }

    fn state(&mut self, state: &'a ast::State, states: &States<'a>) {
        let transition = self.scoped(|this| {
            for statement in &state.statements {
                // It is reported; the next one is elaborated for its errors.
                let _ = this.statement(statement);
            }
            match &state.transition {
                None => Transition::Always(Target::Reject),
                Some(ast::Transition::State(name)) => {
                    Transition::Always(this.target(name, states).unwrap_or(Target::Reject))
                }
                Some(ast::Transition::Select(select)) => {
                    this.select(select, states).unwrap_or(Transition::Always(Target::Reject))
                }
            }
        });
        self.end_state(transition);
    }

    /// The state of that name.
    pub(super) fn target(&mut self, name: &ast::Name, states: &States<'a>) -> Result<Target> {
        match (name.as_str(), states.by_name.get(name.as_str())) {
            ("accept", _) => Ok(states.accept),
            ("reject", _) => Ok(Target::Reject),
            (_, Some(handle)) => Ok(Target::State(*handle)),
            (missing, None) => {
                let mut names: Vec<&str> =
                    states.by_name.keys().copied().chain(["accept", "reject"]).collect();
                names.sort_unstable();
                let help = match closest(missing, names) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!("add `state {missing} {{ ... }}`, or go to `accept` or `reject`"),
                };
                self.fail(
                    Diagnostic::error(format!("there is no state `{missing}`")).at(name.span, "").help(help),
                )
            }
        }
    }

    /// Elaborates a function that nothing calls, for its errors.
    pub(super) fn check_function(&mut self, function: &FunctionDeclaration<'a>) -> Result<()> {
        let prototype = function.prototype;
        let Some(body) = function.body else { return Ok(()) };
        let scope = Scope::inside(&self.globals, function.order);
        self.with_opaque_types(&prototype.type_parameters, &scope, |this| {
            this.check_body(prototype, body, scope.clone(), "a function", function.span)
        })
    }

    /// Elaborates a body in a scope of its own, its parameters standing for values that are not known.
    pub(super) fn check_body(
        &mut self,
        prototype: &'a ast::Prototype,
        body: &'a ast::Block,
        scope: Rc<Scope<'a>>,
        noun: &'static str,
        span: Span,
    ) -> Result<()> {
        self.in_scope(&scope, |this| {
            for parameter in &prototype.parameters {
                let operand = this.stand_in(parameter)?;
                this.declare(&parameter.name, Entity::Value(operand))?;
            }
            Ok(())
        })?;
        let result = self.in_scope(&scope, |this| this.resolve_type(&prototype.return_type))?;
        self.inline_body(prototype.name.as_str(), body, scope, Some(result), noun, span).map(|_| ())
    }
}

/// Whether a state has a transition to another.
fn leads_to(state: &ast::State, name: &str) -> bool {
    match &state.transition {
        None => false,
        Some(ast::Transition::State(target)) => target.as_str() == name,
        Some(ast::Transition::Select(select)) => select.cases.iter().any(|case| case.state.as_str() == name),
    }
}

//! Statements over scalars, and functions, actions and controls of them: what an evaluator can follow.

use std::collections::BTreeMap;
use std::fmt::Write;

use num_bigint::BigInt;

use super::expression::{Expr, Operator, expression, leaf};
use super::scalar::{Scalar, literal};
use super::scope::Direction;
use crate::trial::Dice;

/// A variable, or bits `high:low` of one.
#[derive(Clone, Debug)]
pub struct Target {
    /// The variable's name.
    pub name: String,
    /// The bits, where it is not the whole.
    pub bits: Option<(u32, u32)>,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub enum Argument {
    /// For `in` parameters, and those without a direction.
    Value(Expr),
    /// For `out` and `inout` parameters.
    Target(Target),
}

/// A statement.
#[derive(Clone, Debug)]
pub enum Statement {
    /// `T x = e;`
    Declare(String, Scalar, Expr),
    /// `x = e;`, or with an operator: `x += e;`
    Assign(Target, Option<Operator>, Expr),
    /// `if (e) { } else { }`
    If(Expr, Vec<Statement>, Vec<Statement>),
    /// `switch (e) { }`: labels with the block behind them; the last one is `default`, without labels.
    Switch(Expr, Vec<(Vec<BigInt>, Vec<Statement>)>),
    /// `for (bit<8> x = first; x < end; x = x + step)`; `end` is so small that `x` does not wrap.
    Count(String, u64, u64, u64, Vec<Statement>),
    /// `for (bit<8> x in first .. last)`
    Range(String, u64, u64, Vec<Statement>),
    /// `if (e) { break; }`
    Break(Expr),
    /// `if (e) { continue; }`
    Continue(Expr),
    /// `if (e) { return v; }`; without a value where there is none to return.
    Return(Expr, Option<Expr>),
    /// `if (e) { exit; }`
    Exit(Expr),
    /// A call of that callable, its result assigned.
    Call(usize, Vec<Argument>, Option<Target>),
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A function: it may not exit.
    Function,
    /// An action.
    Action,
    /// A control, by `apply`.
    Control,
}

/// A function, action or control.
#[derive(Clone, Debug)]
pub struct Callee {
    /// Which it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Name, direction and type of each parameter; an `out` parameter is 0 at first.
    pub parameters: Vec<(String, Direction, Scalar)>,
    /// Its result.
    pub returns: Option<Scalar>,
    /// What it does.
    pub body: Vec<Statement>,
    /// What it returns at the end.
    pub result: Option<Expr>,
}

/// Where a statement is generated.
#[derive(Clone, Copy)]
struct Around {
    kind: Kind,
    returns: Option<Scalar>,
    in_loop: bool,
    depth: u32,
}

/// What is in reach: name, type, and whether it may be written.
type Known = Vec<(String, Scalar, bool)>;

/// Calls by their texts: which callee, with which arguments.
pub type Calls = BTreeMap<String, (usize, Vec<Argument>)>;

/// Something to write, of that type where one is given.
fn target_of(dice: &mut Dice, known: &Known, ty: Option<Scalar>) -> Option<Target> {
    let fitting: Vec<_> = known.iter().filter(|one| one.2 && ty.is_none_or(|ty| ty == one.1)).collect();
    if !fitting.is_empty() {
        let (name, of, _) = (*dice.pick(&fitting)).clone();
        let bits = match (ty, of) {
            (None, Scalar::Bit(width)) if dice.percent(20) => {
                let low = dice.below(width as usize) as u32;
                Some((low + dice.below((width - low) as usize) as u32, low))
            }
            _ => None,
        };
        return Some(Target { name, bits });
    }
    // A slice of something wider.
    let Some(Scalar::Bit(wanted)) = ty else { return None };
    let wider =
        |one: &&(String, Scalar, bool)| one.2 && matches!(one.1, Scalar::Bit(width) if width > wanted);
    let wider: Vec<_> = known.iter().filter(wider).collect();
    if wider.is_empty() {
        return None;
    }
    let (name, of, _) = (*dice.pick(&wider)).clone();
    let room = of.width().unwrap_or(0) - wanted;
    let low = dice.below(room as usize + 1) as u32;
    Some(Target { name, bits: Some((low + wanted - 1, low)) })
}

/// A call of a function with that result, for an expression.
fn call_of(
    dice: &mut Dice,
    known: &Known,
    callees: &[Callee],
    ty: Scalar,
    calls: &mut Calls,
) -> Option<Expr> {
    let fitting: Vec<_> = (0..callees.len()).filter(|index| callees[*index].returns == Some(ty)).collect();
    if fitting.is_empty() {
        return None;
    }
    let index = *dice.pick(&fitting);
    let names: Vec<_> = known.iter().map(|(name, ty, _)| (name.clone(), *ty)).collect();
    let mut arguments = Vec::new();
    for (_, direction, ty) in &callees[index].parameters {
        arguments.push(match direction {
            Direction::In | Direction::None => {
                let mut leaves = |dice: &mut Dice, ty: Scalar| {
                    // Calls in arguments of calls, so deep as chance has it.
                    if dice.percent(20) { call_of(dice, known, callees, ty, calls) } else { None }
                        .or_else(|| leaf(dice, &names, ty))
                };
                let depth = dice.below(2) as u32;
                Argument::Value(expression(dice, &mut leaves, *ty, depth))
            }
            Direction::Out | Direction::InOut => Argument::Target(target_of(dice, known, Some(*ty))?),
        });
    }
    let shown = arguments.iter().map(shown);
    let text = format!("{}({})", callees[index].name, shown.collect::<Vec<_>>().join(", "));
    calls.insert(text.clone(), (index, arguments));
    Some(Expr::Leaf(ty, text))
}

/// An argument as the program has it.
fn shown(argument: &Argument) -> String {
    match argument {
        Argument::Value(value) => value.to_string(),
        Argument::Target(to) => target(to),
    }
}

/// Makes bodies.
pub(super) struct Bodies<'d> {
    pub(super) dice: &'d mut Dice,
    pub(super) known: Known,
    pub(super) callees: Vec<Callee>,
    /// Calls in expressions, by their texts.
    pub(super) calls: Calls,
    /// Few types, so that what there is fits together.
    types: Vec<Scalar>,
    names: usize,
}

impl<'d> Bodies<'d> {
    pub(super) fn new(dice: &'d mut Dice) -> Self {
        let types = (0..3).map(|_| Scalar::random(dice)).chain([Scalar::Bit(8), Scalar::Bool]).collect();
        Self { dice, known: Vec::new(), callees: Vec::new(), calls: Calls::new(), types, names: 0 }
    }

    /// One of the types of the program.
    pub(super) fn some_type(&mut self) -> Scalar {
        *self.dice.pick(&self.types)
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn expression(&mut self, ty: Scalar, depth: u32) -> Expr {
        let (known, callees, calls) = (&self.known, &self.callees, &mut self.calls);
        let names: Vec<_> = known.iter().map(|(name, ty, _)| (name.clone(), *ty)).collect();
        let mut leaves = |dice: &mut Dice, ty: Scalar| {
            if dice.percent(15)
                && let Some(call) = call_of(dice, known, callees, ty, calls)
            {
                return Some(call);
            }
            leaf(dice, &names, ty)
        };
        expression(self.dice, &mut leaves, ty, depth)
    }

    fn any(&mut self, ty: Scalar) -> Expr {
        let depth = self.dice.below(4) as u32;
        self.expression(ty, depth)
    }

    fn target(&mut self, ty: Option<Scalar>) -> Option<Target> {
        target_of(self.dice, &self.known, ty)
    }

    fn type_of(&self, target: &Target) -> Scalar {
        match target.bits {
            Some((high, low)) => Scalar::Bit(high - low + 1),
            None => self.known.iter().rfind(|one| one.0 == target.name).map_or(Scalar::Bool, |one| one.1),
        }
    }

    /// A callee of that kind, which may call those before it.
    pub(super) fn callee(&mut self, kind: Kind) {
        let name = self.name(match kind {
            Kind::Function => "function",
            Kind::Action => "action",
            Kind::Control => "Part",
        });
        let outer = std::mem::take(&mut self.known);
        let mut parameters = Vec::new();
        for _ in 0..1 + self.dice.below(4) {
            let direction =
                *self.dice.pick(&[Direction::In, Direction::Out, Direction::InOut, Direction::InOut]);
            let parameter = (self.name("p"), direction, self.some_type());
            self.known.push((parameter.0.clone(), parameter.2, direction != Direction::In));
            parameters.push(parameter);
        }
        let returns = (kind == Kind::Function).then(|| self.some_type());
        let around = Around { kind, returns, in_loop: false, depth: 2 };
        let body = self.statements(around);
        let result = returns.map(|ty| self.any(ty));
        self.known = outer;
        self.callees.push(Callee { kind, name, parameters, returns, body, result });
    }

    /// The body of the program's own control.
    pub(super) fn main(&mut self) -> Vec<Statement> {
        let around = Around { kind: Kind::Control, returns: None, in_loop: false, depth: 3 };
        (0..2 + self.dice.below(4)).flat_map(|_| self.statements(around)).collect()
    }

    fn statements(&mut self, around: Around) -> Vec<Statement> {
        let count = 1 + self.dice.below(5);
        (0..count).filter_map(|_| self.statement(around)).collect()
    }

    /// Statements in braces: what they declare is theirs.
    fn block(&mut self, around: Around) -> Vec<Statement> {
        let known = self.known.len();
        let all = self.statements(around);
        self.known.truncate(known);
        all
    }

    fn statement(&mut self, around: Around) -> Option<Statement> {
        let inner = Around { depth: around.depth.saturating_sub(1), ..around };
        let nested = around.depth > 0;
        match self.dice.below(20) {
            0..=1 => {
                let (name, ty) = (self.name("x"), self.some_type());
                let value = self.any(ty);
                self.known.push((name.clone(), ty, true));
                Some(Statement::Declare(name, ty, value))
            }
            2..=3 if nested => {
                let condition = self.any(Scalar::Bool);
                let accept = self.block(inner);
                let reject = if self.dice.percent(50) { self.block(inner) } else { Vec::new() };
                Some(Statement::If(condition, accept, reject))
            }
            4 if nested => Some(self.switch(inner)),
            5 if nested => Some(self.count(inner)),
            6..=10 => self.call(around),
            11 if around.in_loop => {
                let condition = self.any(Scalar::Bool);
                Some(if self.dice.percent(50) {
                    Statement::Break(condition)
                } else {
                    Statement::Continue(condition)
                })
            }
            12 if around.depth < 3 => {
                let condition = self.any(Scalar::Bool);
                Some(Statement::Return(condition, around.returns.map(|ty| self.any(ty))))
            }
            13 if around.depth < 3 && around.kind != Kind::Function && self.dice.percent(40) => {
                Some(Statement::Exit(self.any(Scalar::Bool)))
            }
            _ => {
                let target = self.target(None)?;
                let ty = self.type_of(&target);
                let ops = [
                    Operator::Add,
                    Operator::Subtract,
                    Operator::Multiply,
                    Operator::SaturatingAdd,
                    Operator::SaturatingSubtract,
                    Operator::And,
                    Operator::Or,
                    Operator::Xor,
                ];
                let op = (ty != Scalar::Bool && self.dice.percent(20)).then(|| *self.dice.pick(&ops));
                let value = self.any(ty);
                Some(Statement::Assign(target, op, value))
            }
        }
    }

    fn switch(&mut self, inner: Around) -> Statement {
        let width = 1 + self.dice.below(10) as u32;
        let selector = self.any(Scalar::Bit(width));
        let mut label = 0;
        let mut cases = Vec::new();
        for _ in 0..self.dice.below(4) {
            let labels: Vec<_> = (0..1 + self.dice.below(2))
                .map(|_| {
                    label += 1;
                    BigInt::from(label - 1)
                })
                .filter(|label| label.bits() <= u64::from(width))
                .collect();
            if !labels.is_empty() {
                cases.push((labels, self.block(inner)));
            }
        }
        cases.push((Vec::new(), self.block(inner)));
        Statement::Switch(selector, cases)
    }

    fn count(&mut self, inner: Around) -> Statement {
        let name = self.name("i");
        let around = Around { in_loop: true, depth: inner.depth.min(1), ..inner };
        self.known.push((name.clone(), Scalar::Bit(8), false));
        let body = self.block(around);
        self.known.pop();
        if self.dice.percent(50) {
            let first = self.dice.between(0, 5);
            let end = self.dice.between(0, 9);
            return Statement::Count(name, first, end, self.dice.between(1, 3), body);
        }
        let first = if self.dice.percent(30) { self.dice.between(250, 255) } else { self.dice.between(0, 4) };
        let last = (first + self.dice.between(0, 4)).saturating_sub(1).min(255);
        Statement::Range(name, first, last, body)
    }

    fn call(&mut self, around: Around) -> Option<Statement> {
        let may = |callee: &Callee| match around.kind {
            Kind::Function => callee.kind == Kind::Function,
            Kind::Action => callee.kind != Kind::Control,
            Kind::Control => true,
        };
        let callable: Vec<_> = (0..self.callees.len()).filter(|index| may(&self.callees[*index])).collect();
        if callable.is_empty() {
            return None;
        }
        let index = *self.dice.pick(&callable);
        let parameters = self.callees[index].parameters.clone();
        let mut arguments = Vec::new();
        for (_, direction, ty) in parameters {
            arguments.push(match direction {
                Direction::In | Direction::None => Argument::Value(self.any(ty)),
                Direction::Out | Direction::InOut => Argument::Target(self.target(Some(ty))?),
            });
        }
        let result = match self.callees[index].returns {
            Some(ty) if self.dice.percent(85) => Some(self.target(Some(ty))?),
            _ => None,
        };
        Some(Statement::Call(index, arguments, result))
    }
}

/// Writes statements.
pub(super) struct Printer<'c> {
    pub(super) callees: &'c [Callee],
    pub(super) text: String,
}

fn target(target: &Target) -> String {
    match target.bits {
        Some((high, low)) => format!("{}[{high}:{low}]", target.name),
        None => target.name.clone(),
    }
}

impl Printer<'_> {
    pub(super) fn line(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{}{line}", "    ".repeat(depth));
    }

    /// A block's statements.
    pub(super) fn block(&mut self, depth: usize, block: &[Statement]) {
        for statement in block {
            self.statement(depth, statement);
        }
    }

    fn braces(&mut self, depth: usize, head: &str, block: &[Statement]) {
        self.line(depth, &format!("{head} {{"));
        self.block(depth + 1, block);
        self.line(depth, "}");
    }

    fn statement(&mut self, depth: usize, statement: &Statement) {
        match statement {
            Statement::Declare(name, ty, value) => self.line(depth, &format!("{ty} {name} = {value};")),
            Statement::Assign(to, None, value) => self.line(depth, &format!("{} = {value};", target(to))),
            Statement::Assign(to, Some(op), value) => {
                self.line(depth, &format!("{} {}= {value};", target(to), op.symbol()));
            }
            Statement::If(condition, accept, reject) => {
                self.braces(depth, &format!("if ({condition})"), accept);
                if !reject.is_empty() {
                    self.braces(depth, "else", reject);
                }
            }
            Statement::Switch(selector, cases) => {
                self.line(depth, &format!("switch ({selector}) {{"));
                for (labels, block) in cases {
                    for label in labels.iter().skip(1) {
                        self.line(depth + 1, &format!("{label}:"));
                    }
                    let last = labels.first().map_or("default".to_string(), ToString::to_string);
                    self.braces(depth + 1, &format!("{last}:"), block);
                }
                self.line(depth, "}");
            }
            Statement::Count(name, first, end, step, body) => {
                let head = format!("for (bit<8> {name} = {first}; {name} < {end}; {name} = {name} + {step})");
                self.braces(depth, &head, body);
            }
            Statement::Range(name, first, last, body) => {
                self.braces(depth, &format!("for (bit<8> {name} in 8w{first} .. 8w{last})"), body);
            }
            Statement::Break(condition) => self.line(depth, &format!("if ({condition}) {{ break; }}")),
            Statement::Continue(condition) => self.line(depth, &format!("if ({condition}) {{ continue; }}")),
            Statement::Return(condition, value) => {
                let value = value.as_ref().map_or(String::new(), |value| format!(" {value}"));
                self.line(depth, &format!("if ({condition}) {{ return{value}; }}"));
            }
            Statement::Exit(condition) => self.line(depth, &format!("if ({condition}) {{ exit; }}")),
            Statement::Call(index, arguments, result) => {
                let arguments: Vec<_> = arguments.iter().map(shown).collect();
                let callee = &self.callees[*index];
                let name = match callee.kind {
                    Kind::Control => format!("the_{}.apply", callee.name),
                    Kind::Function | Kind::Action => callee.name.clone(),
                };
                let to = result.as_ref().map_or(String::new(), |to| format!("{} = ", target(to)));
                self.line(depth, &format!("{to}{name}({});", arguments.join(", ")));
            }
        }
    }

    /// A callee's declaration.
    pub(super) fn callee(&mut self, depth: usize, callee: &Callee) {
        let parameters: Vec<_> = callee
            .parameters
            .iter()
            .map(|(name, direction, ty)| {
                let direction = match direction {
                    Direction::In => "in ",
                    Direction::Out => "out ",
                    Direction::InOut => "inout ",
                    Direction::None => "",
                };
                format!("{direction}{ty} {name}")
            })
            .collect();
        let parameters = parameters.join(", ");
        let name = &callee.name;
        let head = match (callee.kind, callee.returns) {
            (Kind::Function, Some(ty)) => format!("{ty} {name}({parameters})"),
            (Kind::Function, None) => format!("void {name}({parameters})"),
            (Kind::Action, _) => format!("action {name}({parameters})"),
            (Kind::Control, _) => format!("control {name}({parameters})"),
        };
        self.line(depth, &format!("{head} {{"));
        let is_control = callee.kind == Kind::Control;
        if is_control {
            self.instances(depth + 1, &callee.body);
            self.line(depth + 1, "apply {");
        }
        for (name, direction, ty) in &callee.parameters {
            if *direction == Direction::Out {
                let zero = literal(*ty, &BigInt::from(0), 4);
                self.line(depth + 1, &format!("{name} = {zero};"));
            }
        }
        self.block(depth + 1, &callee.body);
        if let Some(result) = &callee.result {
            self.line(depth + 1, &format!("return {result};"));
        }
        if is_control {
            self.line(depth + 1, "}");
        }
        self.line(depth, "}");
    }

    /// Instances of the controls that the statements apply.
    pub(super) fn instances(&mut self, depth: usize, block: &[Statement]) {
        let mut called = Vec::new();
        calls(block, &mut called);
        called.sort_unstable();
        called.dedup();
        for index in called {
            let callee = &self.callees[index];
            if callee.kind == Kind::Control {
                self.line(depth, &format!("{0}() the_{0};", callee.name));
            }
        }
    }
}

/// What the statements call.
fn calls(block: &[Statement], called: &mut Vec<usize>) {
    for statement in block {
        match statement {
            Statement::Call(index, ..) => called.push(*index),
            Statement::If(_, accept, reject) => {
                calls(accept, called);
                calls(reject, called);
            }
            Statement::Switch(_, cases) => cases.iter().for_each(|(_, block)| calls(block, called)),
            Statement::Count(.., body) | Statement::Range(.., body) => calls(body, called),
            Statement::Declare(..)
            | Statement::Assign(..)
            | Statement::Break(_)
            | Statement::Continue(_)
            | Statement::Return(..)
            | Statement::Exit(_) => {}
        }
    }
}

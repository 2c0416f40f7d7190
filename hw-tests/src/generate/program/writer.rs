//! What writes a program's text, and knows what is declared so far.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::expression::Expr;
use super::scalar::Scalar;
use super::scope::{Callable, Direction, Named, Parameter, Scope, View};
use super::types::{Ty, Types};
use crate::trial::Dice;

/// Annotations that mean nothing here.
const ANNOTATIONS: [&str; 5] = [
    "@unknown ",
    "@pairs[a = 1, b = \"two\"] ",
    "@list[1, 2 + 3, \"x\"] ",
    "@tokens(any (token) 0x5 { == }) ",
    "@noWarn(\"unused\") ",
];

/// Where statements stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Parser,
    Function(Option<Scalar>),
    Action,
    /// `apply` of a control that is part of ingress or egress.
    Control,
}

/// Tables, externs and instances of the control that is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {
    pub(super) actions: Vec<Callable>,
    /// Each with the actions that it lists.
    pub(super) tables: Vec<(String, Vec<String>)>,
    /// Each with its cells.
    pub(super) counters: Vec<(String, u32)>,
    pub(super) meters: Vec<(String, u32)>,
    pub(super) registers: Vec<(String, Scalar, u32)>,
    /// Sub-controls: the instance, and what `apply` takes behind headers and metadata.
    pub(super) instances: Vec<Callable>,
}

/// The gress of a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gress {
    Ingress,
    Egress,
    /// Neither, or a control that may be applied in both.
    Any,
}

/// The writer.
pub(super) struct Writer<'d> {
    pub(super) dice: &'d mut Dice,
    pub(super) text: String,
    indent: usize,
    /// From 0, for trivial programs.
    pub(super) size: usize,
    pub(super) types: Types,
    pub(super) scope: Scope,
    pub(super) constants: Vec<(String, Scalar)>,
    pub(super) functions: Vec<Callable>,
    pub(super) features: RefCell<BTreeSet<&'static str>>,
    pub(super) objects: Objects,
    pub(super) gress: Gress,
    pub(super) in_parser: bool,
    pub(super) is_constant: bool,
    /// Sub-controls and sub-parsers that are declared.
    pub(super) sub_controls: Vec<Callable>,
    pub(super) sub_parsers: Vec<(String, usize)>,
    names: usize,
}

impl<'d> Writer<'d> {
    pub(super) fn new(dice: &'d mut Dice, size: usize) -> Self {
        Self {
            dice,
            text: String::new(),
            indent: 0,
            size,
            types: Types::default(),
            scope: Scope::default(),
            constants: Vec::new(),
            functions: Vec::new(),
            features: RefCell::default(),
            objects: Objects::default(),
            gress: Gress::Any,
            in_parser: false,
            is_constant: false,
            sub_controls: Vec::new(),
            sub_parsers: Vec::new(),
            names: 0,
        }
    }

    /// The program uses this feature.
    pub(super) fn note(&mut self, feature: &'static str) {
        self.features.get_mut().insert(feature);
    }

    /// A name that nothing else has.
    pub(super) fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// One line.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(&"    ".repeat(self.indent));
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A line that ends with an opening brace; what follows is inside it.
    pub(super) fn open(&mut self, line: &str) {
        self.line(&format!("{line} {{"));
        self.indent += 1;
    }

    /// What follows is inside the brace that the last line ends with.
    pub(super) fn reopen(&mut self) {
        self.indent += 1;
    }

    /// The closing brace.
    pub(super) fn close(&mut self) {
        self.close_with("");
    }

    /// The closing brace with what comes behind it.
    pub(super) fn close_with(&mut self, behind: &str) {
        self.indent = self.indent.saturating_sub(1);
        self.line(&format!("}}{behind}"));
    }

    /// Dice, and what can be read.
    pub(super) fn view(&mut self) -> (&mut Dice, View<'_>) {
        let view = View {
            types: &self.types,
            scope: &self.scope,
            constants: &self.constants,
            functions: &self.functions,
            features: &self.features,
            in_parser: self.in_parser,
            is_constant: self.is_constant,
        };
        (self.dice, view)
    }

    /// An expression.
    pub(super) fn expression(&mut self, ty: Scalar, depth: u32) -> Expr {
        let (dice, view) = self.view();
        view.expression(dice, ty, depth)
    }

    /// An expression's text, of random depth.
    pub(super) fn value(&mut self, ty: Scalar) -> String {
        let depth = self.dice.below(4) as u32;
        self.expression(ty, depth).to_string()
    }

    /// A value of any leaf type.
    pub(super) fn value_of(&mut self, ty: &Ty) -> String {
        if let Ty::Scalar(scalar) = ty {
            return self.value(*scalar);
        }
        let (dice, view) = self.view();
        view.simple(dice, ty)
    }

    /// A scalar that can be written.
    pub(super) fn writable(&mut self) -> Option<Named> {
        let fits = |leaf: &&Named| leaf.is_writable;
        let all: Vec<_> = self.scope.leaves.iter().filter(fits).collect();
        (!all.is_empty()).then(|| (*self.dice.pick(&all)).clone())
    }

    /// A call's text, if everything that it writes to is there; `first` are arguments that have their parameters' names.
    pub(super) fn call(&mut self, callable: &Callable, first: &[&str]) -> Option<String> {
        let (dice, view) = self.view();
        if !view.can_call(callable) {
            return None;
        }
        let arguments = view.arguments(dice, first, callable, 1);
        Some(format!("{}({arguments})", callable.name))
    }

    /// Parameters at random, and their text.
    pub(super) fn parameters(&mut self, most: usize, directions: &[Direction]) -> Vec<Parameter> {
        (0..self.dice.below(most + 1))
            .map(|_| Parameter {
                name: self.name("p"),
                direction: *self.dice.pick(directions),
                ty: Scalar::random(self.dice),
            })
            .collect()
    }

    /// The text of parameters, without the parentheses.
    pub(super) fn declared(&mut self, parameters: &[Parameter]) -> String {
        let shown = parameters.iter().map(|parameter| {
            let direction = match parameter.direction {
                Direction::In => "in ",
                Direction::Out => "out ",
                Direction::InOut => "inout ",
                Direction::None => "",
            };
            let ty = self.types.name(self.dice, &Ty::Scalar(parameter.ty));
            format!("{direction}{ty} {}", parameter.name)
        });
        shown.collect::<Vec<_>>().join(", ")
    }

    /// Adds parameters to the scope, and gives those that are `out` a value.
    pub(super) fn enter(&mut self, parameters: &[Parameter]) {
        for parameter in parameters {
            let ty = Ty::Scalar(parameter.ty);
            let is_writable = matches!(parameter.direction, Direction::Out | Direction::InOut);
            if parameter.direction == Direction::Out {
                let value = super::scalar::value(self.dice, parameter.ty);
                let literal = super::scalar::literal(parameter.ty, &value, 4);
                self.line(&format!("{} = {literal};", parameter.name));
            }
            self.scope.add(&self.types, &parameter.name, &ty, is_writable);
        }
    }

    /// Declares a local variable with a value.
    pub(super) fn local(&mut self) {
        let name = self.name("x");
        if self.dice.percent(10) {
            let of = self.dice.below(self.types.headers.len());
            let ty = if self.dice.percent(50) { Ty::Header(of) } else { Ty::Stack(of, 2) };
            let declared = self.types.name(self.dice, &ty);
            self.note("local header or stack");
            self.line(&format!("{declared} {name};"));
            return self.scope.add(&self.types, &name, &ty, true);
        }
        let ty = self.types.any(self.dice);
        let declared = self.types.name(self.dice, &ty);
        let value = self.value_of(&ty);
        let is_constant = matches!(ty, Ty::Scalar(_)) && self.dice.percent(10);
        if is_constant {
            let value = match &ty {
                Ty::Scalar(scalar) => {
                    let value = super::scalar::value(self.dice, *scalar);
                    super::scalar::literal(*scalar, &value, 0)
                }
                _ => value,
            };
            self.line(&format!("const {declared} {name} = {value};"));
        } else {
            self.line(&format!("{declared} {name} = {value};"));
        }
        self.scope.add(&self.types, &name, &ty, !is_constant);
    }

    /// An annotation or nothing.
    pub(super) fn annotation(&mut self) -> &'static str {
        if !self.dice.percent(10) {
            return "";
        }
        self.note("annotation");
        ANNOTATIONS[self.dice.below(ANNOTATIONS.len())]
    }
}

//! What a place in a program can read and write.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::expression::{Expr, expression};
use super::scalar::{Scalar, value};
use super::types::{Ty, Types};
use crate::trial::Dice;

/// A variable, or a part of one.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) text: String,
    pub(super) ty: Ty,
    pub(super) is_writable: bool,
}

/// Direction of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `in`
    In,
    /// `out`
    Out,
    /// `inout`
    InOut,
    /// Without one: action data.
    None,
}

/// A parameter; its type is a scalar.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) direction: Direction,
    pub(super) ty: Scalar,
}

/// A function or action.
#[derive(Clone, Debug)]
pub(super) struct Callable {
    pub(super) name: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) returns: Option<Scalar>,
}

/// Everything in reach.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Scalars, enumerations, errors and the like; also parts of others.
    pub(super) leaves: Vec<Named>,
    /// Structs, headers, stacks, unions, tuples.
    pub(super) wholes: Vec<Named>,
}

impl Scope {
    /// Adds a variable with all its parts.
    pub(super) fn add(&mut self, types: &Types, text: &str, ty: &Ty, is_writable: bool) {
        let named = Named { text: text.to_string(), ty: ty.clone(), is_writable };
        let fields = match ty {
            Ty::Scalar(_) | Ty::Enum(_) | Ty::New(_) | Ty::Error => {
                self.leaves.push(named);
                return;
            }
            Ty::Struct(index) => &types.structs[*index].fields,
            Ty::Header(index) => &types.headers[*index].fields,
            Ty::Union(index) => &types.unions[*index].fields,
            Ty::Stack(of, size) => {
                self.wholes.push(named);
                (0..*size)
                    .for_each(|at| self.add(types, &format!("{text}[{at}]"), &Ty::Header(*of), is_writable));
                return;
            }
            Ty::Unions(of, size) => {
                self.wholes.push(named);
                (0..*size)
                    .for_each(|at| self.add(types, &format!("{text}[{at}]"), &Ty::Union(*of), is_writable));
                return;
            }
            Ty::Tuple(parts) => {
                self.wholes.push(named);
                for (index, part) in parts.iter().enumerate() {
                    // A tuple is assigned as a whole only (section 8.13).
                    self.add(types, &format!("{text}[{index}]"), &Ty::Scalar(*part), false);
                }
                return;
            }
        };
        self.wholes.push(named);
        for (field, ty) in fields {
            self.add(types, &format!("{text}.{field}"), ty, is_writable);
        }
    }

    /// How much there is, to come back to.
    pub(super) fn mark(&self) -> (usize, usize) {
        (self.leaves.len(), self.wholes.len())
    }

    /// Takes away what came since.
    pub(super) fn reset(&mut self, mark: (usize, usize)) {
        self.leaves.truncate(mark.0);
        self.wholes.truncate(mark.1);
    }
}

/// The reading side of a writer.
pub(super) struct View<'w> {
    pub(super) types: &'w Types,
    pub(super) scope: &'w Scope,
    pub(super) constants: &'w [(String, Scalar)],
    pub(super) functions: &'w [Callable],
    pub(super) features: &'w RefCell<BTreeSet<&'static str>>,
    /// Where `packet` can be read.
    pub(super) in_parser: bool,
    /// Where everything must be known at compile time.
    pub(super) is_constant: bool,
}

impl View<'_> {
    fn note(&self, feature: &'static str) {
        self.features.borrow_mut().insert(feature);
    }

    /// An expression of that type.
    pub(super) fn expression(&self, dice: &mut Dice, ty: Scalar, depth: u32) -> Expr {
        self.inner(dice, ty, depth, 2)
    }

    fn inner(&self, dice: &mut Dice, ty: Scalar, depth: u32, calls: u32) -> Expr {
        expression(dice, &mut |dice, ty| self.leaf(dice, ty, calls), ty, depth)
    }

    /// Something of that type that is no literal.
    fn leaf(&self, dice: &mut Dice, ty: Scalar, calls: u32) -> Option<Expr> {
        if ty == Scalar::Unbounded {
            return None;
        }
        if calls > 0 && !self.is_constant && dice.percent(12) {
            let fitting: Vec<_> = self
                .functions
                .iter()
                .filter(|function| function.returns == Some(ty) && self.can_call(function))
                .collect();
            if !fitting.is_empty() {
                self.note("function call in an expression");
                let function = dice.pick(&fitting);
                let call = format!("{}({})", function.name, self.arguments(dice, &[], function, calls - 1));
                return Some(Expr::Leaf(ty, call));
            }
            if matches!(ty, Scalar::Bit(_) | Scalar::Int(_)) {
                let (a, b) = (self.inner(dice, ty, 1, 0), self.inner(dice, ty, 1, 0));
                if dice.percent(50) {
                    self.note("macro with arguments");
                    return Some(Expr::Leaf(ty, format!("MOST({a}, {b})")));
                }
                self.note("generic function");
                let of = if dice.percent(50) { format!("<{ty}>") } else { String::new() };
                let condition = self.inner(dice, Scalar::Bool, 1, 0);
                return Some(Expr::Leaf(ty, format!("choose{of}({condition}, {a}, {b})")));
            }
        }
        if ty == Scalar::Bool && dice.percent(50) {
            return self.truth(dice);
        }
        if let Scalar::Bit(width) = ty
            && self.in_parser
            && dice.percent(5)
        {
            self.note("lookahead of a number");
            return Some(Expr::Leaf(ty, format!("packet.lookahead<bit<{width}>>()")));
        }
        if calls > 0
            && !self.is_constant
            && dice.percent(8)
            && let Some(element) = self.element(dice, ty)
        {
            return Some(Expr::Leaf(ty, element));
        }
        let fitting: Vec<_> = self.scope.leaves.iter().filter(|leaf| leaf.ty == Ty::Scalar(ty)).collect();
        if !fitting.is_empty() && dice.percent(80) {
            return Some(Expr::Leaf(ty, dice.pick(&fitting).text.clone()));
        }
        let constants: Vec<_> = self.constants.iter().filter(|constant| constant.1 == ty).collect();
        if !constants.is_empty() && dice.percent(50) {
            return Some(Expr::Leaf(ty, dice.pick(&constants).0.clone()));
        }
        self.converted(dice, ty)
    }

    /// A field of a stack's element that is chosen when the program runs.
    pub(super) fn element(&self, dice: &mut Dice, ty: Scalar) -> Option<String> {
        let fields: Vec<_> = self
            .scope
            .wholes
            .iter()
            .filter_map(|whole| match whole.ty {
                Ty::Stack(of, _) => Some((&whole.text, &self.types.headers[of].fields)),
                _ => None,
            })
            .flat_map(|(text, fields)| fields.iter().map(move |field| (text, field)))
            .filter(|(_, (_, of))| *of == Ty::Scalar(ty))
            .collect();
        if fields.is_empty() {
            return None;
        }
        let (text, (field, _)) = dice.pick(&fields);
        // A constant beyond the end is refused, so the index is something that the packet decides.
        let varies = |leaf: &&Named| {
            let is_number = matches!(leaf.ty, Ty::Scalar(Scalar::Bit(_)));
            is_number && (leaf.text.starts_with("hdr.") || leaf.text.starts_with("meta."))
        };
        let indexes: Vec<_> = self.scope.leaves.iter().filter(varies).collect();
        if indexes.is_empty() {
            return None;
        }
        self.note("index of a stack that is no constant");
        let (width, index) = (1 + dice.below(3), &dice.pick(&indexes).text);
        Some(format!("{text}[(bit<{width}>) {index}].{field}"))
    }

    /// What is of another type, made one of this.
    fn converted(&self, dice: &mut Dice, ty: Scalar) -> Option<Expr> {
        let fitting: Vec<_> = self
            .scope
            .leaves
            .iter()
            .filter_map(|leaf| match (ty, &leaf.ty) {
                (Scalar::Bit(_), Ty::Scalar(from @ Scalar::Bit(_)))
                | (Scalar::Int(_), Ty::Scalar(from @ Scalar::Int(_)))
                | (Scalar::Bool, Ty::Scalar(from @ Scalar::Bit(1))) => {
                    Some(Expr::Leaf(*from, leaf.text.clone()))
                }
                (Scalar::Bit(wanted), Ty::Enum(of)) => {
                    let width = self.types.enums[*of].width?;
                    (width == wanted).then(|| Expr::Leaf(ty, format!("((bit<{width}>) {})", leaf.text)))
                }
                (Scalar::Bit(wanted), Ty::New(of)) => {
                    let width = self.types.news[*of].1;
                    (width == wanted).then(|| Expr::Leaf(ty, format!("((bit<{width}>) {})", leaf.text)))
                }
                _ => None,
            })
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let from = dice.pick(&fitting).clone();
        Some(if from.ty() == ty { from } else { Expr::Cast(ty, Box::new(from)) })
    }

    /// A condition on something that is no number.
    fn truth(&self, dice: &mut Dice) -> Option<Expr> {
        let op = if dice.percent(50) { "==" } else { "!=" };
        let text = match dice.below(4) {
            0..=1 => {
                let valid = |named: &&Named| matches!(named.ty, Ty::Header(_) | Ty::Union(_));
                let headers: Vec<_> = self.scope.wholes.iter().filter(valid).collect();
                if headers.is_empty() {
                    return None;
                }
                self.note("isValid");
                format!("{}.isValid()", dice.pick(&headers).text)
            }
            2 => {
                let others: Vec<_> =
                    self.scope.leaves.iter().filter(|leaf| !matches!(leaf.ty, Ty::Scalar(_))).collect();
                if others.is_empty() {
                    return None;
                }
                self.note("comparison of enumerations or errors");
                let left = dice.pick(&others);
                format!("({} {op} {})", left.text, self.simple(dice, &left.ty))
            }
            _ => {
                let wholes: Vec<_> = self.scope.wholes.iter().collect();
                if wholes.is_empty() {
                    return None;
                }
                let left = dice.pick(&wholes);
                let fitting: Vec<_> = wholes.iter().filter(|other| other.ty == left.ty).collect();
                self.note("comparison of structs, headers, stacks or tuples");
                format!("({} {op} {})", left.text, dice.pick(&fitting).text)
            }
        };
        Some(Expr::Leaf(Scalar::Bool, text))
    }

    /// A value of a type that is no scalar, or of one: a name or a literal.
    pub(super) fn simple(&self, dice: &mut Dice, ty: &Ty) -> String {
        let fitting: Vec<_> = self.scope.leaves.iter().filter(|leaf| leaf.ty == *ty).collect();
        if !fitting.is_empty() && dice.percent(50) {
            return dice.pick(&fitting).text.clone();
        }
        match ty {
            Ty::Enum(of) => {
                let of = &self.types.enums[*of];
                match of.width {
                    Some(width) if dice.percent(20) => format!("(({}) {width}w{})", of.name, dice.below(8)),
                    _ => format!("{}.{}", of.name, dice.pick(&of.members)),
                }
            }
            Ty::Error => {
                let own = self.types.errors.iter().map(String::as_str);
                let all: Vec<_> = own.chain(["NoError", "NoMatch", "PacketTooShort"]).collect();
                format!("error.{}", dice.pick(&all))
            }
            Ty::New(of) => {
                let (name, width) = &self.types.news[*of];
                format!("(({name}) {width}w{})", value(dice, Scalar::Bit(*width)))
            }
            Ty::Scalar(scalar) => self.inner(dice, *scalar, 1, 0).to_string(),
            Ty::Tuple(parts) => {
                let parts: Vec<_> =
                    parts.iter().map(|part| self.inner(dice, *part, 1, 0).to_string()).collect();
                format!("{{ {} }}", parts.join(", "))
            }
            Ty::Struct(_) | Ty::Header(_) | Ty::Stack(..) | Ty::Union(_) | Ty::Unions(..) => {
                unreachable!("values of these are made by statements")
            }
        }
    }

    /// Arguments of a call, without the parentheses: those called `first`, which have the names of their parameters, and what
    /// the callable takes.
    pub(super) fn arguments(
        &self,
        dice: &mut Dice,
        first: &[&str],
        callable: &Callable,
        calls: u32,
    ) -> String {
        let by_name = dice.percent(15);
        let named = |name: &str, argument: String| {
            if by_name { format!("{name} = {argument}") } else { argument }
        };
        let mut all: Vec<_> = first.iter().map(|name| named(name, (*name).to_string())).collect();
        for parameter in &callable.parameters {
            let argument = match parameter.direction {
                Direction::In | Direction::None => self.inner(dice, parameter.ty, 2, calls).to_string(),
                Direction::Out | Direction::InOut => self.place(dice, parameter.ty),
            };
            all.push(named(&parameter.name, argument));
        }
        if by_name && !all.is_empty() {
            self.note("named arguments");
        }
        all.join(", ")
    }

    /// Something of that type that can be written: every writer keeps one variable of each type that a parameter has.
    fn place(&self, dice: &mut Dice, ty: Scalar) -> String {
        let fits = |leaf: &&Named| leaf.is_writable && leaf.ty == Ty::Scalar(ty);
        let fitting: Vec<_> = self.scope.leaves.iter().filter(fits).collect();
        dice.pick(&fitting).text.clone()
    }

    /// Whether every `out` and `inout` parameter has something to be given.
    pub(super) fn can_call(&self, callable: &Callable) -> bool {
        callable.parameters.iter().all(|parameter| {
            matches!(parameter.direction, Direction::In | Direction::None)
                || self
                    .scope
                    .leaves
                    .iter()
                    .any(|leaf| leaf.is_writable && leaf.ty == Ty::Scalar(parameter.ty))
        })
    }
}

//! Statements.

use super::expression::{Expr, Operator};
use super::scalar::Scalar;
use super::scope::Named;
use super::types::Ty;
use super::writer::{Place, Writer};

/// Bits of a register, meter or counter index in a program: arrays have as many cells.
pub(super) const INDEX_BITS: u32 = 3;

impl Writer<'_> {
    /// Some statements, with blocks inside one another to that depth.
    pub(super) fn statements(&mut self, place: Place, depth: usize) {
        let mark = self.scope.mark();
        let count = 1 + self.dice.below(2 + self.size);
        for _ in 0..count {
            self.statement(place, depth);
        }
        self.scope.reset(mark);
    }

    /// A block of them.
    fn block(&mut self, head: &str, place: Place, depth: usize) {
        self.open(head);
        self.statements(place, depth);
        self.close();
    }

    fn statement(&mut self, place: Place, depth: usize) {
        let nested = depth > 0;
        match self.dice.below(24) {
            0..=6 => self.assignment(),
            7 => self.local(),
            8..=9 if nested => self.conditional(place, depth - 1),
            10 if nested && place != Place::Parser => self.switch(place, depth - 1),
            11 if nested && place != Place::Parser => self.repeat(place, depth - 1),
            12 => self.header_operation(place),
            13 => self.whole_assignment(),
            14 => self.call_function(),
            15 if nested => self.block("", place, depth - 1),
            16..=20 if matches!(place, Place::Control | Place::Action) => self.object(place),
            21 if nested && matches!(place, Place::Control | Place::Action) => self.leave(place),
            22 => self.partial_assignment(),
            _ => self.assignment(),
        }
    }

    fn assignment(&mut self) {
        let ty = Scalar::Bit(8);
        let element = if self.in_parser || self.dice.percent(90) { None } else { self.view_element(ty) };
        if let Some(element) = element {
            let value = self.value(ty);
            return self.line(&format!("{element} = {value};"));
        }
        let Some(to) = self.writable() else { return };
        let value = self.value_of(&to.ty);
        self.line(&format!("{} = {value};", to.text));
    }

    /// A field of a stack's element that is chosen when the program runs, if the stacks can be written here.
    fn view_element(&mut self, ty: Scalar) -> Option<String> {
        let (dice, view) = self.view();
        if view.scope.wholes.iter().any(|whole| matches!(whole.ty, Ty::Stack(..)) && !whole.is_writable) {
            return None;
        }
        view.element(dice, ty)
    }

    /// To bits of a number, or with an operator.
    fn partial_assignment(&mut self) {
        let Some(Named { text, ty: Ty::Scalar(ty), .. }) = self.writable() else { return };
        match ty {
            Scalar::Bit(width) if self.dice.percent(50) => {
                let low = self.dice.below(width as usize) as u32;
                let high = low + self.dice.below((width - low) as usize) as u32;
                let value = self.value(Scalar::Bit(high - low + 1));
                self.note("assignment to a slice");
                self.line(&format!("{text}[{high}:{low}] = {value};"));
            }
            Scalar::Bit(_) | Scalar::Int(_) => {
                let op = *self.dice.pick(&["+=", "-=", "*=", "|+|=", "|-|=", "&=", "|=", "^="]);
                let value = self.value(ty);
                self.note("assignment with an operator");
                self.line(&format!("{text} {op} {value};"));
            }
            Scalar::Bool | Scalar::Unbounded => {
                let value = self.value(ty);
                self.line(&format!("{text} = {value};"));
            }
        }
    }

    fn conditional(&mut self, place: Place, depth: usize) {
        let condition = self.value(Scalar::Bool);
        self.note("if");
        self.open(&format!("if ({condition})"));
        self.statements(place, depth);
        if self.dice.percent(50) {
            self.close_with(" else {");
            self.reopen();
            self.statements(place, depth);
        }
        self.close();
    }

    fn switch(&mut self, place: Place, depth: usize) {
        let enums: Vec<_> = self.scope.leaves.iter().filter(|leaf| matches!(leaf.ty, Ty::Enum(_))).collect();
        let enumeration =
            (!enums.is_empty() && self.dice.percent(40)).then(|| (*self.dice.pick(&enums)).clone());
        let (selector, labels): (String, Vec<String>) = match enumeration {
            Some(Named { text, ty: Ty::Enum(of), .. }) => {
                self.note("switch on an enumeration");
                let of = self.types.enums[of].clone();
                (text, of.members.iter().map(|member| format!("{}.{member}", of.name)).collect())
            }
            _ => {
                self.note("switch on a number");
                let width = 2 + self.dice.below(8) as u32;
                let selector = self.value(Scalar::Bit(width));
                let first = self.dice.below(3);
                (selector, (first..first + 3).map(|label| label.to_string()).collect())
            }
        };
        self.open(&format!("switch ({selector})"));
        for label in labels {
            match self.dice.below(4) {
                0 => {
                    self.note("switch label that falls through");
                    self.line(&format!("{label}:"));
                }
                1 => {}
                _ => self.block(&format!("{label}:"), place, depth),
            }
        }
        // The last label needs a block.
        self.block("default:", place, depth);
        self.close();
    }

    fn repeat(&mut self, place: Place, depth: usize) {
        let mark = self.scope.mark();
        let index = self.name("i");
        let rounds = self.dice.below(5);
        let stacks: Vec<_> = self.scope.wholes.iter().filter(|one| matches!(one.ty, Ty::Stack(..))).collect();
        let stack = (!stacks.is_empty()).then(|| (*self.dice.pick(&stacks)).clone());
        let depth = depth.min(1);
        let head = match (self.dice.below(4), stack) {
            (0, _) => {
                self.note("for over a range");
                self.scope.add(&self.types, &index, &Ty::Scalar(Scalar::Bit(8)), false);
                let first = self.dice.below(5);
                format!("for (bit<8> {index} in 8w{first} .. {})", first + rounds)
            }
            (1, _) => {
                self.note("for over a list");
                let values: Vec<_> = (0..1 + rounds).map(|_| self.value(Scalar::Bit(8))).collect();
                self.scope.add(&self.types, &index, &Ty::Scalar(Scalar::Bit(8)), false);
                format!("for (bit<8> {index} in (list<bit<8>>) {{ {} }})", values.join(", "))
            }
            (2, Some(Named { text, ty: Ty::Stack(of, _), .. }))
                if self.types.headers[of].varbit.is_none() =>
            {
                self.note("for over a stack");
                self.scope.add(&self.types, &index, &Ty::Header(of), false);
                format!("for ({} {index} in {text})", self.types.headers[of].name)
            }
            _ => {
                self.note("for with three parts");
                self.scope.add(&self.types, &index, &Ty::Scalar(Scalar::Bit(8)), false);
                let step = *self.dice.pick(&["{} = {} + 1", "{} += 2", "{} = {} |+| 1"]);
                let step = step.replace("{}", &index);
                format!("for (bit<8> {index} = 0; {index} < {rounds}; {step})")
            }
        };
        self.open(&head);
        self.statements(place, depth);
        if self.dice.percent(30) {
            let condition = self.value(Scalar::Bool);
            let word = *self.dice.pick(&["break", "continue"]);
            self.note("break or continue");
            self.line(&format!("if ({condition}) {{ {word}; }}"));
            self.assignment();
        }
        self.close();
        self.scope.reset(mark);
    }

    fn header_operation(&mut self, place: Place) {
        let fits = |whole: &&Named| whole.is_writable && matches!(whole.ty, Ty::Header(_) | Ty::Stack(..));
        let all: Vec<_> = self.scope.wholes.iter().filter(fits).collect();
        if all.is_empty() {
            return self.assignment();
        }
        let Named { text, ty, .. } = (*self.dice.pick(&all)).clone();
        let line = match ty {
            Ty::Stack(_, size) if place != Place::Parser => {
                self.note("push_front or pop_front");
                let count = 1 + self.dice.below(size as usize);
                let what = *self.dice.pick(&["push_front", "pop_front"]);
                format!("{text}.{what}({count});")
            }
            Ty::Stack(..) => format!("{text}[0].setValid();"),
            _ if self.dice.percent(30) => {
                self.note("setInvalid");
                format!("{text}.setInvalid();")
            }
            _ => {
                self.note("setValid");
                format!("{text}.setValid();")
            }
        };
        self.line(&line);
    }

    /// To a struct, header, stack or tuple.
    fn whole_assignment(&mut self) {
        let all: Vec<_> = self.scope.wholes.iter().filter(|whole| whole.is_writable).collect();
        if all.is_empty() {
            return self.assignment();
        }
        let Named { text, ty, .. } = (*self.dice.pick(&all)).clone();
        let others: Vec<_> = self.scope.wholes.iter().filter(|other| other.ty == ty).collect();
        let other = self.dice.pick(&others).text.clone();
        let fields = match &ty {
            Ty::Header(of) if self.types.headers[*of].varbit.is_none() => &self.types.headers[*of].fields,
            Ty::Struct(of) => &self.types.structs[*of].fields,
            Ty::Tuple(_) => {
                self.note("assignment of a tuple");
                let value = self.value_of(&ty);
                return self.line(&format!("{text} = {value};"));
            }
            _ => {
                self.note("copy of a header, stack or union");
                return self.line(&format!("{text} = {other};"));
            }
        };
        let fields = fields.clone();
        let is_flat = fields
            .iter()
            .all(|(_, ty)| matches!(ty, Ty::Scalar(_) | Ty::Enum(_) | Ty::New(_) | Ty::Error | Ty::Tuple(_)));
        if !is_flat || self.dice.percent(40) {
            self.note("copy of a header, stack or union");
            return self.line(&format!("{text} = {other};"));
        }
        let values: Vec<_> = fields.iter().map(|(_, ty)| self.value_of(ty)).collect();
        let value = match self.dice.below(4) {
            0 if matches!(ty, Ty::Header(_)) => {
                self.note("invalid header literal");
                "{#}".to_string()
            }
            1 => {
                self.note("structure-valued expression");
                let named = fields.iter().zip(&values).map(|((name, _), value)| format!("{name} = {value}"));
                format!("{{ {} }}", named.collect::<Vec<_>>().join(", "))
            }
            2 => {
                self.note("defaults with dots");
                format!("{{ {}, ... }}", values[0])
            }
            _ => {
                self.note("list expression");
                format!("{{ {} }}", values.join(", "))
            }
        };
        self.line(&format!("{text} = {value};"));
    }

    fn call_function(&mut self) {
        if self.functions.is_empty() {
            return self.assignment();
        }
        let function = self.dice.pick(&self.functions).clone();
        match self.call(&function, &[]) {
            Some(call) => {
                self.note("function call as a statement");
                self.line(&format!("{call};"));
            }
            None => self.assignment(),
        }
    }

    /// `exit` and `return`, at times.
    fn leave(&mut self, place: Place) {
        let condition = self.rare();
        let word = if place == Place::Action || self.dice.percent(50) { "exit" } else { "return" };
        self.note("exit or return");
        self.line(&format!("if ({condition}) {{ {word}; }}"));
    }

    /// A condition that seldom holds.
    pub(super) fn rare(&mut self) -> Expr {
        let value = self.expression(Scalar::Bit(8), 2);
        let number = num_bigint::BigInt::from(self.dice.below(200));
        Expr::Binary(Operator::Equal, Box::new(value), Box::new(Expr::Literal(Scalar::Bit(8), number, 0)))
    }
}

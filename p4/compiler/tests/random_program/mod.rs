//! Random programs of well-typed statements over variables, and what they compute.

use std::collections::BTreeMap;

use sluice_diagnostics::{SourceId, Span};
use sluice_entities::Bits;
use sluice_ir::{
    BinaryOp, Block, Expression, ExpressionKind, Handle, Label, Module, Place, Statement, StatementKind,
    Type, UnaryOp, Variable, VariableKind, arithmetic, text,
};

/// Blocks inside one another.
const DEPTH: u32 = 4;

const TYPES: [Type; 4] = [Type::Bits(8), Type::Bool, Type::Int(8), Type::Bits(16)];

struct Choices<'c> {
    bytes: &'c [u8],
    module: Module,
    labels: u32,
    open: Vec<Label>,
}

/// The program that the bytes choose: an ingress control.
pub(crate) fn program(bytes: &[u8]) -> Module {
    let mut module = Module { errors: text::CORE_ERRORS.map(str::to_string).to_vec(), ..Module::default() };
    for index in 0..8 {
        let (kind, field_lists) =
            // Metadata in a field list count as read, so their values are what the program computes.
            if index < 4 { (VariableKind::Metadata, vec![1]) } else { (VariableKind::Local, Vec::new()) };
        module.variables.push(Variable {
            name: format!("v{index}"),
            ty: TYPES[index % 4],
            kind,
            field_lists,
        });
    }
    let mut choices = Choices { bytes, module, labels: 0, open: Vec::new() };
    let block = choices.block(DEPTH);
    choices.module.pipeline.ingress = block;
    choices.module
}

fn span() -> Span {
    Span::new(SourceId(0), 0, 0)
}

impl Choices<'_> {
    fn below(&mut self, bound: u32) -> u32 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                u32::from(*first) % bound
            }
            None => 0,
        }
    }

    fn variable(&mut self, ty: Type) -> Handle<Variable> {
        let index = TYPES.iter().position(|other| *other == ty).unwrap_or(0);
        Handle::new(index + 4 * self.below(2) as usize)
    }

    fn constant(&mut self, ty: Type) -> ExpressionKind {
        let values = [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0xffff];
        let value = values[self.below(9) as usize];
        ExpressionKind::Constant(Bits::new(ty.width(), value))
    }

    fn expression(&mut self, ty: Type, depth: u32) -> Handle<Expression> {
        let deep = depth > 0 && !self.bytes.is_empty();
        let kind = match (if deep { self.below(8) } else { self.below(2) }, ty) {
            (0, _) => self.constant(ty),
            (1, Type::Bits(8 | 16) | Type::Bool | Type::Int(8)) => {
                ExpressionKind::Variable(self.variable(ty))
            }
            (2, _) => ExpressionKind::Mux {
                condition: self.expression(Type::Bool, depth - 1),
                accept: self.expression(ty, depth - 1),
                reject: self.expression(ty, depth - 1),
            },
            (3, Type::Bool) => ExpressionKind::Unary(UnaryOp::Not, self.expression(ty, depth - 1)),
            (3, _) if self.below(2) == 0 => {
                ExpressionKind::Unary(UnaryOp::BitNot, self.expression(ty, depth - 1))
            }
            (3, _) => ExpressionKind::Unary(UnaryOp::Negate, self.expression(ty, depth - 1)),
            (_, Type::Bool) => self.condition(depth),
            (4, _) => {
                let from =
                    [Type::Bits(8), Type::Int(8), Type::Bits(16), Type::Bits(1)][self.below(4) as usize];
                if from == Type::Bits(1) && self.below(2) == 0 {
                    let bool = self.expression(Type::Bool, depth - 1);
                    let bit = self.module.expression(ExpressionKind::Cast(bool), from, span());
                    ExpressionKind::Cast(bit)
                } else {
                    ExpressionKind::Cast(self.expression(from, depth - 1))
                }
            }
            (5, Type::Bits(width)) if deep => self.cut(width, depth),
            _ if deep => self.arithmetic(ty, depth),
            _ => self.constant(ty),
        };
        self.module.expression(kind, ty, span())
    }

    fn condition(&mut self, depth: u32) -> ExpressionKind {
        let logical = [BinaryOp::LogicalAnd, BinaryOp::LogicalOr, BinaryOp::Eq, BinaryOp::Ne];
        let order = [BinaryOp::Eq, BinaryOp::Ne, BinaryOp::Lt, BinaryOp::Le, BinaryOp::Gt, BinaryOp::Ge];
        let ty = TYPES[self.below(4) as usize];
        let op =
            if ty == Type::Bool { logical[self.below(4) as usize] } else { order[self.below(6) as usize] };
        ExpressionKind::Binary(op, self.expression(ty, depth - 1), self.expression(ty, depth - 1))
    }

    /// A slice of something wider, or a concatenation.
    fn cut(&mut self, width: u32, depth: u32) -> ExpressionKind {
        if width > 1 && self.below(2) == 0 {
            let split = 1 + self.below(width - 1);
            let high = self.expression(Type::Bits(width - split), depth - 1);
            return ExpressionKind::Concat(high, self.expression(Type::Bits(split), depth - 1));
        }
        let low = self.below(9);
        let above = self.below(3);
        let base = self.expression(Type::Bits(width + low + above), depth - 1);
        ExpressionKind::Slice { base, high: low + width - 1, low }
    }

    fn arithmetic(&mut self, ty: Type, depth: u32) -> ExpressionKind {
        let ops = [
            BinaryOp::Add,
            BinaryOp::Sub,
            BinaryOp::Mul,
            BinaryOp::And,
            BinaryOp::Or,
            BinaryOp::Xor,
            BinaryOp::Div,
            BinaryOp::Mod,
            BinaryOp::SatAdd,
            BinaryOp::SatSub,
            BinaryOp::Shl,
            BinaryOp::Shr,
        ];
        let op = ops[self.below(12) as usize];
        let left = self.expression(ty, depth - 1);
        let right = if op.is_shift() { Type::Bits(8) } else { ty };
        ExpressionKind::Binary(op, left, self.expression(right, depth - 1))
    }

    fn block(&mut self, depth: u32) -> Block {
        // The outermost block is as long as the bytes last: what passes get wrong is mostly between statements.
        let count = if self.bytes.is_empty() { 0 } else { self.below(if depth == DEPTH { 40 } else { 6 }) };
        (0..count).map(|_| Statement { kind: self.statement(depth), span: span() }).collect()
    }

    fn statement(&mut self, depth: u32) -> StatementKind {
        match self.below(if depth == 0 { 6 } else { 10 }) {
            4 if !self.open.is_empty() => {
                let index = self.below(self.open.len() as u32) as usize;
                StatementKind::Leave(self.open[index])
            }
            5 if self.below(4) == 3 => StatementKind::Exit,
            6 | 7 => StatementKind::If {
                condition: self.expression(Type::Bool, 3),
                accept: self.block(depth - 1),
                reject: self.block(depth - 1),
            },
            8 => {
                let cases = (0..self.below(3))
                    .map(|value| (vec![Bits::new(8, u64::from(value))], self.block(depth - 1)))
                    .collect();
                let selector = self.expression(Type::Bits(8), 3);
                StatementKind::Switch { selector, cases, default: self.block(depth - 1) }
            }
            9 => {
                self.labels += 1;
                let label = Label(self.labels);
                self.open.push(label);
                let mut block = self.block(depth - 1);
                self.open.pop();
                if self.below(2) == 0 {
                    return StatementKind::Labelled(label, block);
                }
                // One round only, so that every program ends.
                block.push(Statement { kind: StatementKind::Leave(label), span: span() });
                StatementKind::Loop(label, block)
            }
            _ => {
                let ty = TYPES[self.below(4) as usize];
                let to = Place::Variable(self.variable(ty));
                if matches!(ty, Type::Bits(_)) && self.below(4) == 3 {
                    let value = self.expression(Type::Bits(3), 3);
                    return StatementKind::Assign(
                        Place::Slice { base: Box::new(to), high: 4, low: 2 },
                        value,
                    );
                }
                // Half of them are copies.
                let depth = 3 * self.below(2);
                StatementKind::Assign(to, self.expression(ty, depth))
            }
        }
    }
}

/// Values of the variables by name.
type Values = BTreeMap<String, Bits>;

/// How a block ended.
enum End {
    Through,
    Left(Label),
    Exited,
}

/// What the metadata hold after ingress.
pub(crate) fn run(module: &Module) -> Values {
    let mut values: Values = module
        .variables
        .iter()
        .map(|(_, variable)| (variable.name.clone(), Bits::zero(variable.ty.width())))
        .collect();
    run_block(module, &module.pipeline.ingress, &mut values);
    // A variable that a pass dropped was zero.
    (0..4)
        .map(|index| {
            let name = format!("v{index}");
            let value = values.get(&name).cloned().unwrap_or_else(|| Bits::zero(TYPES[index].width()));
            (name, value)
        })
        .collect()
}

fn run_block(module: &Module, block: &[Statement], values: &mut Values) -> End {
    for statement in block {
        let end = match &statement.kind {
            StatementKind::Assign(place, value) => {
                let value = evaluate(module, *value, values);
                assign(module, place, value, values);
                End::Through
            }
            StatementKind::If { condition, accept, reject } => {
                let taken = if evaluate(module, *condition, values).is_zero() { reject } else { accept };
                run_block(module, taken, values)
            }
            StatementKind::Switch { selector, cases, default } => {
                let value = evaluate(module, *selector, values);
                let case = cases.iter().find(|(listed, _)| listed.contains(&value));
                run_block(module, case.map_or(default, |(_, block)| block), values)
            }
            StatementKind::Labelled(label, block) => match run_block(module, block, values) {
                End::Left(left) if left == *label => End::Through,
                end => end,
            },
            StatementKind::Loop(label, block) => loop {
                match run_block(module, block, values) {
                    End::Through => {}
                    End::Left(left) if left == *label => break End::Through,
                    end => break end,
                }
            },
            StatementKind::Leave(label) => End::Left(*label),
            StatementKind::Exit => End::Exited,
            other => panic!("not generated: {other:?}"),
        };
        if !matches!(end, End::Through) {
            return end;
        }
    }
    End::Through
}

fn assign(module: &Module, place: &Place, value: Bits, values: &mut Values) {
    match place {
        Place::Variable(variable) => {
            values.insert(module.variables[*variable].name.clone(), value);
        }
        Place::Slice { base, high, low } => {
            let Place::Variable(variable) = **base else { panic!("not generated") };
            let whole = values.get_mut(&module.variables[variable].name).expect("declared");
            for bit in *low..=*high {
                whole.set_bit(bit, value.bit(bit - low));
            }
        }
        Place::Field(..) => panic!("not generated"),
    }
}

fn evaluate(module: &Module, handle: Handle<Expression>, values: &Values) -> Bits {
    let Expression { kind, ty, .. } = &module.expressions[handle];
    let value = |operand: &Handle<Expression>| evaluate(module, *operand, values);
    let type_of = |operand: &Handle<Expression>| module.expressions[*operand].ty;
    let result = match kind {
        ExpressionKind::Constant(bits) => bits.clone(),
        ExpressionKind::Variable(variable) => values[&module.variables[*variable].name].clone(),
        ExpressionKind::Unary(op, operand) => arithmetic::unary(*op, &value(operand)),
        ExpressionKind::Binary(op, left, right) => {
            arithmetic::binary(*op, type_of(left), &value(left), &value(right))
        }
        ExpressionKind::Mux { condition, accept, reject } => {
            value(if value(condition).is_zero() { reject } else { accept })
        }
        ExpressionKind::Slice { base, high, low } => value(base).slice(*high, *low),
        ExpressionKind::Concat(left, right) => value(left).concat(&value(right)),
        ExpressionKind::Cast(operand) => arithmetic::cast(type_of(operand), *ty, &value(operand)),
        other => panic!("not generated: {other:?}"),
    };
    assert_eq!(result.width(), ty.width(), "{kind:?}");
    result
}

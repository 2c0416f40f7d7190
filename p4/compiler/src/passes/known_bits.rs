//! Finds bits that are zero whatever comes, from what the whole program writes, and folds what they decide.

use sluice_entities::Bits;
use sluice_ir::walk::{self, Part};
use sluice_ir::{
    BinaryOp, Block, Expression, ExpressionKind, Handle, Module, Place, StatementKind, Type, UnaryOp,
    VariableKind,
};

use super::rejects::rejecting;

/// Rounds until nothing is found to be written any more; a program that takes longer is left as it is.
const ROUNDS: usize = 64;

/// Makes constant what the bits that may be one decide; whether anything was.
///
/// A variable's bit may be one if some statement of the module may write a one there: before any, it is zero. Of intrinsics, fields and action data every bit may be one.
pub fn fold_known_bits(module: &mut Module) -> bool {
    let Some(known) = Known::find(module) else { return false };
    let mut changed = false;
    for (index, rejects) in rejecting(module).into_iter().enumerate() {
        let handle = Handle::new(index);
        let Expression { kind, ty, .. } = &module.expressions[handle];
        let is_plain = matches!(kind, ExpressionKind::Constant(_)) || matches!(ty, Type::Varbit(_));
        if rejects || is_plain {
            continue;
        }
        let value = if known.expressions[index].is_zero() {
            Some(Bits::zero(ty.width()))
        } else {
            known.compared(module, kind).map(|value| Bits::new(1, u64::from(value)))
        };
        if let Some(value) = value {
            module.expressions[handle].kind = ExpressionKind::Constant(value);
            changed = true;
        }
    }
    changed
}

/// Bits that may be one.
struct Known {
    variables: Vec<Bits>,
    expressions: Vec<Bits>,
}

/// A place that is written, and what; none: anything.
type Write = (Place, Option<Handle<Expression>>);

impl Known {
    fn find(module: &mut Module) -> Option<Self> {
        let mut writes: Vec<Write> = Vec::new();
        for block in module.blocks_mut() {
            collect(block, &mut writes);
        }
        let variables = module.variables.iter().map(|(_, variable)| match variable.kind {
            VariableKind::Metadata | VariableKind::Local if variable.field_lists.is_empty() => {
                Bits::zero(variable.ty.width())
            }
            VariableKind::Intrinsic(_) | VariableKind::Metadata | VariableKind::Local => {
                Bits::ones(variable.ty.width())
            }
        });
        let mut known = Self { variables: variables.collect(), expressions: Vec::new() };
        for _ in 0..ROUNDS {
            known.evaluate(module);
            if !known.write(&writes) {
                return Some(known);
            }
        }
        None
    }

    fn evaluate(&mut self, module: &Module) {
        self.expressions.clear();
        for (_, expression) in module.expressions.iter() {
            let bits = self.bits(module, expression);
            self.expressions.push(bits);
        }
    }

    fn of(&self, handle: Handle<Expression>) -> &Bits {
        &self.expressions[handle.index()]
    }

    fn bits(&self, module: &Module, expression: &Expression) -> Bits {
        let width = expression.ty.width();
        let all = || Bits::ones(width);
        match &expression.kind {
            ExpressionKind::Constant(value) => value.clone(),
            ExpressionKind::Variable(variable) => self.variables[variable.index()].clone(),
            ExpressionKind::Binary(op, left, right) => {
                let (a, b) = (self.of(*left), self.of(*right));
                match op {
                    BinaryOp::And | BinaryOp::LogicalAnd => a & b,
                    BinaryOp::Or | BinaryOp::LogicalOr | BinaryOp::Xor => a | b,
                    BinaryOp::Shl | BinaryOp::Shr if a.is_zero() => Bits::zero(width),
                    BinaryOp::Mul if a.is_zero() || b.is_zero() => Bits::zero(width),
                    BinaryOp::Add | BinaryOp::SatAdd if a.is_zero() => b.clone(),
                    BinaryOp::Add | BinaryOp::SatAdd | BinaryOp::Sub | BinaryOp::SatSub if b.is_zero() => {
                        a.clone()
                    }
                    _ => all(),
                }
            }
            ExpressionKind::Mux { condition, accept, reject } => match self.of(*condition).is_zero() {
                true => self.of(*reject).clone(),
                false => self.of(*accept) | self.of(*reject),
            },
            ExpressionKind::Slice { base, high, low } => self.of(*base).slice(*high, *low),
            ExpressionKind::Concat(left, right) => self.of(*left).concat(self.of(*right)),
            ExpressionKind::Cast(operand) => {
                let from = module.expressions[*operand].ty;
                let is_signed = matches!(from, Type::Int(of) if of < width);
                if is_signed && !self.of(*operand).is_zero() {
                    all()
                } else {
                    self.of(*operand).resize(width)
                }
            }
            ExpressionKind::Unary(UnaryOp::Negate, operand) if self.of(*operand).is_zero() => {
                Bits::zero(width)
            }
            ExpressionKind::Unary(..)
            | ExpressionKind::Field(..)
            | ExpressionKind::Parameter(_)
            | ExpressionKind::IsValid(_)
            | ExpressionKind::LastIndex(_) => all(),
        }
    }

    /// Adds what the writes may write; whether that is anything new.
    fn write(&mut self, writes: &[Write]) -> bool {
        let mut changed = false;
        for (place, value) in writes {
            let (variable, low, width) = match place {
                Place::Variable(variable) => (*variable, 0, self.variables[variable.index()].width()),
                Place::Slice { base, high, low } => match **base {
                    Place::Variable(variable) => (variable, *low, high - low + 1),
                    Place::Field(..) | Place::Slice { .. } => continue,
                },
                Place::Field(..) => continue,
            };
            let known = &self.variables[variable.index()];
            let written = value.map_or_else(|| Bits::ones(width), |value| self.of(value).clone());
            let all = known | &written.resize(known.width()).shl(low);
            if all != *known {
                self.variables[variable.index()] = all;
                changed = true;
            }
        }
        changed
    }

    /// What a comparison with a constant gives that has ones where there are none.
    fn compared(&self, module: &Module, kind: &ExpressionKind) -> Option<bool> {
        let ExpressionKind::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), left, right) = kind else {
            return None;
        };
        let beyond = |value: Handle<Expression>, of: Handle<Expression>| match &module.expressions[value].kind
        {
            ExpressionKind::Constant(value) => (value & self.of(of)) != *value,
            _ => false,
        };
        (beyond(*left, *right) || beyond(*right, *left)).then_some(*op == BinaryOp::Ne)
    }
}

fn collect(block: &mut Block, writes: &mut Vec<Write>) {
    walk::statements_mut(block, &mut |statement| {
        if let StatementKind::Assign(place, value) = &statement.kind {
            writes.push((place.clone(), Some(*value)));
            return;
        }
        walk::parts_mut(statement, &mut |part| match part {
            Part::Write(place) => writes.push((place.clone(), None)),
            Part::Tell(variable) => writes.push((Place::Variable(*variable), None)),
            Part::Read(_) | Part::ReadHeader(_) | Part::WriteHeader(_) => {}
        });
    });
}

//! Random expressions against the IR's own definition of its operators.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sluice_diagnostics::{SourceId, Span};
use sluice_entities::Bits;
use sluice_ir::{
    BinaryOp, Expression, ExpressionKind, Field, Handle, Header, HeaderRef, HeaderType, Module, Place, State,
    Statement, StatementKind, Target, Transition, Type, UnaryOp, Variable, VariableKind, arithmetic, text,
    verify,
};
use sluice_switch::{Switch, SwitchOptions};

use crate::common::frame;

const WIDTHS: [u32; 14] = [1, 3, 8, 9, 16, 33, 63, 64, 65, 100, 128, 200, 256, 1024];

fn span() -> Span {
    Span::new(SourceId(0), 0, 0)
}

struct Maker {
    rng: ChaCha8Rng,
    module: Module,
    /// Fields of the header that comes in, and variables that have their values.
    fields: Vec<Type>,
    header: Handle<Header>,
    variables: Vec<Handle<Variable>>,
}

impl Maker {
    fn add(&mut self, kind: ExpressionKind, ty: Type) -> Handle<Expression> {
        self.module.expressions.push(Expression { kind, ty, span: span() })
    }

    fn random_bits(&mut self, width: u32) -> Bits {
        let limbs: [u64; 16] = self.rng.random();
        match self.rng.random_range(0..6) {
            0 => Bits::zero(width),
            1 => Bits::ones(width),
            2 => Bits::new(width, self.rng.random_range(0..70)),
            _ => Bits::from_limbs(width, &limbs),
        }
    }

    fn leaf(&mut self, ty: Type) -> Handle<Expression> {
        let fitting: Vec<usize> = (0..self.fields.len()).filter(|i| self.fields[*i] == ty).collect();
        if !fitting.is_empty() && self.rng.random_bool(0.8) {
            let index = fitting[self.rng.random_range(0..fitting.len())];
            let kind = if self.rng.random_bool(0.5) {
                ExpressionKind::Field(HeaderRef::Header(self.header), index as u32)
            } else {
                ExpressionKind::Variable(self.variables[index])
            };
            return self.add(kind, ty);
        }
        let bits = self.random_bits(ty.width());
        self.add(ExpressionKind::Constant(bits), ty)
    }

    fn any_type(&mut self) -> Type {
        let width = WIDTHS[self.rng.random_range(0..WIDTHS.len())];
        if width > 1 && self.rng.random_bool(0.4) { Type::Int(width) } else { Type::Bits(width) }
    }

    fn make(&mut self, ty: Type, depth: u32) -> Handle<Expression> {
        if depth == 0 || self.rng.random_bool(0.15) {
            return self.leaf(ty);
        }
        let depth = depth - 1;
        if ty == Type::Bool {
            return self.condition(depth);
        }
        let width = ty.width();
        match self.rng.random_range(0..8) {
            0 => {
                let op = [UnaryOp::BitNot, UnaryOp::Negate][self.rng.random_range(0..2)];
                let operand = self.make(ty, depth);
                self.add(ExpressionKind::Unary(op, operand), ty)
            }
            1..=3 => {
                let ops = [
                    BinaryOp::Add,
                    BinaryOp::Sub,
                    BinaryOp::Mul,
                    BinaryOp::Div,
                    BinaryOp::Mod,
                    BinaryOp::SatAdd,
                    BinaryOp::SatSub,
                    BinaryOp::And,
                    BinaryOp::Or,
                    BinaryOp::Xor,
                ];
                let mut op = ops[self.rng.random_range(0..ops.len())];
                if matches!(ty, Type::Int(_)) && matches!(op, BinaryOp::Div | BinaryOp::Mod) {
                    op = BinaryOp::Sub;
                }
                let (left, right) = (self.make(ty, depth), self.make(ty, depth));
                self.add(ExpressionKind::Binary(op, left, right), ty)
            }
            4 => {
                let op = [BinaryOp::Shl, BinaryOp::Shr][self.rng.random_range(0..2)];
                let by = [Type::Bits(8), Type::Bits(100)][self.rng.random_range(0..2)];
                let (left, right) = (self.make(ty, depth), self.leaf(by));
                self.add(ExpressionKind::Binary(op, left, right), ty)
            }
            5 => {
                let condition = self.make(Type::Bool, depth);
                let (accept, reject) = (self.make(ty, depth), self.make(ty, depth));
                self.add(ExpressionKind::Mux { condition, accept, reject }, ty)
            }
            6 if matches!(ty, Type::Bits(_)) => {
                if width > 1 && self.rng.random_bool(0.5) {
                    let right = self.rng.random_range(1..width);
                    let (left, right) =
                        (self.make(Type::Bits(width - right), depth), self.make(Type::Bits(right), depth));
                    return self.add(ExpressionKind::Concat(left, right), ty);
                }
                let low = self.rng.random_range(0..70);
                let base = self.make(Type::Bits((width + low + 3).min(1100)), depth);
                self.add(ExpressionKind::Slice { base, high: low + width - 1, low }, ty)
            }
            _ => {
                let mut from = self.any_type();
                if matches!((from, ty), (Type::Bits(_), Type::Int(_)) | (Type::Int(_), Type::Bits(_))) {
                    // A change of sign keeps the width; a change of width keeps the sign.
                    from = if matches!(from, Type::Int(_)) { Type::Int(width) } else { Type::Bits(width) };
                }
                let operand = self.make(from, depth);
                self.add(ExpressionKind::Cast(operand), ty)
            }
        }
    }

    fn condition(&mut self, depth: u32) -> Handle<Expression> {
        match self.rng.random_range(0..4) {
            0 => {
                let operand = self.make(Type::Bool, depth);
                self.add(ExpressionKind::Unary(UnaryOp::Not, operand), Type::Bool)
            }
            1 => {
                let op = [BinaryOp::LogicalAnd, BinaryOp::LogicalOr][self.rng.random_range(0..2)];
                let (left, right) = (self.make(Type::Bool, depth), self.make(Type::Bool, depth));
                self.add(ExpressionKind::Binary(op, left, right), Type::Bool)
            }
            _ => {
                let ops =
                    [BinaryOp::Eq, BinaryOp::Ne, BinaryOp::Lt, BinaryOp::Le, BinaryOp::Gt, BinaryOp::Ge];
                let op = ops[self.rng.random_range(0..ops.len())];
                let ty = self.any_type();
                let (left, right) = (self.make(ty, depth), self.make(ty, depth));
                self.add(ExpressionKind::Binary(op, left, right), Type::Bool)
            }
        }
    }
}

/// The value of an expression by the IR's definition.
fn evaluate(module: &Module, values: &[Bits], expression: Handle<Expression>) -> Bits {
    let node = &module.expressions[expression];
    let value = |operand: Handle<Expression>| evaluate(module, values, operand);
    match &node.kind {
        ExpressionKind::Constant(bits) => bits.clone(),
        ExpressionKind::Field(_, index) => values[*index as usize].clone(),
        ExpressionKind::Variable(variable) => values[variable.index()].clone(),
        ExpressionKind::Unary(op, operand) => arithmetic::unary(*op, &value(*operand)),
        ExpressionKind::Binary(op, left, right) => {
            arithmetic::binary(*op, module.expressions[*left].ty, &value(*left), &value(*right))
        }
        ExpressionKind::Mux { condition, accept, reject } => {
            if value(*condition).is_zero() {
                value(*reject)
            } else {
                value(*accept)
            }
        }
        ExpressionKind::Slice { base, high, low } => value(*base).slice(*high, *low),
        ExpressionKind::Concat(left, right) => value(*left).concat(&value(*right)),
        ExpressionKind::Cast(operand) => {
            arithmetic::cast(module.expressions[*operand].ty, node.ty, &value(*operand))
        }
        other => panic!("{other:?} is not generated"),
    }
}

fn header_type(name: &str, fields: &[Type]) -> HeaderType {
    let mut fields: Vec<Field> =
        fields.iter().enumerate().map(|(i, ty)| Field { name: format!("f{i}"), ty: *ty }).collect();
    let bits: u32 = fields.iter().map(|field| field.ty.width()).sum();
    if !bits.is_multiple_of(8) {
        fields.push(Field { name: "rest".to_string(), ty: Type::Bits(8 - bits % 8) });
    }
    HeaderType { name: name.to_string(), fields, span: span() }
}

fn statement(kind: StatementKind) -> Statement {
    Statement { kind, span: span() }
}

/// A module that computes `count` expressions of the fields of one header into those of another, and what they should be
/// for a packet.
fn check(seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let type_of = |rng: &mut ChaCha8Rng| {
        let width = WIDTHS[rng.random_range(0..WIDTHS.len())];
        if width > 1 && rng.random_bool(0.4) { Type::Int(width) } else { Type::Bits(width) }
    };
    let fields: Vec<Type> = (0..12).map(|_| type_of(&mut rng)).collect();
    let results: Vec<Type> = (0..6).map(|_| type_of(&mut rng)).collect();
    let mut module = Module { errors: text::CORE_ERRORS.map(str::to_string).to_vec(), ..Module::default() };
    let header = |module: &mut Module, name: &str, types: &[Type]| {
        let ty = module.header_types.push(header_type(name, types));
        module.headers.push(Header { name: name.to_string(), ty, union: None })
    };
    let input = header(&mut module, "input", &fields);
    let output = header(&mut module, "output", &results);
    let variables = fields
        .iter()
        .enumerate()
        .map(|(i, ty)| {
            let kind = VariableKind::Local;
            module.variables.push(Variable { name: format!("v{i}"), ty: *ty, kind, field_lists: Vec::new() })
        })
        .collect();
    let mut maker = Maker { rng, module, fields: fields.clone(), header: input, variables };
    let mut block = Vec::new();
    for (i, ty) in fields.iter().enumerate() {
        let value = maker.add(ExpressionKind::Field(HeaderRef::Header(input), i as u32), *ty);
        block.push(statement(StatementKind::Assign(Place::Variable(maker.variables[i]), value)));
    }
    let mut wanted = Vec::new();
    for (i, ty) in results.iter().enumerate() {
        let expression = maker.make(*ty, 4);
        wanted.push(expression);
        let place = Place::Field(HeaderRef::Header(output), i as u32);
        block.push(statement(StatementKind::Assign(place, expression)));
    }
    block.push(statement(StatementKind::SetValid(HeaderRef::Header(output))));
    let values: Vec<Bits> = fields.iter().map(|ty| maker.random_bits(ty.width())).collect();
    let mut module = maker.module;
    module.pipeline.ingress = block;
    module.pipeline.deparser = vec![statement(StatementKind::Emit(HeaderRef::Header(output)))];
    module.pipeline.parser.states.push(State {
        name: "start".to_string(),
        body: vec![statement(StatementKind::Extract { header: HeaderRef::Header(input), varbit_bits: None })],
        transition: Transition::Always(Target::Accept),
        span: span(),
    });
    assert!(verify::verify(&module).is_ok(), "seed {seed}: {:?}", verify::verify(&module));

    let joined = |values: &[Bits]| {
        let all = values.iter().fold(Bits::zero(0), |all, value| all.concat(value));
        let padding = all.width().next_multiple_of(8) - all.width();
        all.concat(&Bits::zero(padding)).to_bytes()
    };
    let expected: Vec<Bits> =
        wanted.iter().map(|expression| evaluate(&module, &values, *expression)).collect();
    let switch = Switch::new(&module, SwitchOptions::default()).expect("within bounds");
    assert_eq!(frame(&switch, &joined(&values)), joined(&expected), "seed {seed}");
}

#[test]
fn random_expressions_compute_what_the_ir_says() {
    for seed in 0..400 {
        check(seed);
    }
}

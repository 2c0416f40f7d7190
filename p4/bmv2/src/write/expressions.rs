//! Expressions: over whole numbers, cut to a width where the IR's operators cut.

use sluice_entities::Bits;
use sluice_ir::{BinaryOp, Expression, ExpressionKind, Handle, HeaderRef, Type, UnaryOp};

use super::storage::field;
use super::{Result, Writer, constant, small};
use crate::json::Json;

/// An operation on two operands.
pub(super) fn binary(op: &str, left: Json, right: Json) -> Json {
    Json::typed("expression", Json::Object(vec![("op", Json::text(op)), ("left", left), ("right", right)]))
}

/// An operation on one operand.
pub(super) fn unary(op: &str, operand: Json) -> Json {
    binary(op, Json::Null, operand)
}

/// An operand as an argument of a primitive, where expressions stand in one more object and action data have another name.
pub(super) fn argument(operand: Json) -> Json {
    if let Json::Object(entries) = &operand
        && let [("type", Json::Text(ty)), ("value", value)] = entries.as_slice()
    {
        if ty == "expression" || ty == "bool" {
            return Json::typed("expression", operand);
        }
        if ty == "local" {
            return Json::typed("runtime_data", value.clone());
        }
    }
    operand
}

/// Cuts to the low bits: a number from 0.
pub(super) fn cut(operand: Json, width: u32) -> Json {
    binary("&", operand, constant(&Bits::ones(width)))
}

/// Cuts to the low bits, as two's complement.
fn cut_signed(operand: Json, width: u32) -> Json {
    binary("two_comp_mod", operand, small(u64::from(width)))
}

/// Cuts to a type's width.
fn cut_to(operand: Json, ty: Type) -> Json {
    match ty {
        Type::Int(width) => cut_signed(operand, width),
        Type::Bool | Type::Bits(_) | Type::Error | Type::Varbit(_) => cut(operand, ty.width()),
    }
}

/// A value of a type that is stored without a sign.
fn with_sign(operand: Json, ty: Type) -> Json {
    if let Type::Int(width) = ty { cut_signed(operand, width) } else { operand }
}

/// A constant with its sign.
pub(super) fn typed_constant(bits: &Bits, ty: Type) -> Json {
    let is_negative = matches!(ty, Type::Int(_)) && bits.bit(bits.width().saturating_sub(1));
    if !is_negative {
        return constant(bits);
    }
    let magnitude = sluice_ir::arithmetic::unary(UnaryOp::Negate, bits);
    Json::typed("hexstr", Json::text(format!("-{}", super::hex(&magnitude))))
}

impl Writer<'_> {
    fn ty(&self, expression: Handle<Expression>) -> Type {
        self.module.expressions[expression].ty
    }

    /// An argument of a primitive: a number.
    pub(super) fn value(&mut self, expression: Handle<Expression>) -> Result<Json> {
        let operand = if self.ty(expression) == Type::Bool {
            unary("b2d", self.boolean(expression)?)
        } else {
            self.data(expression)?
        };
        Ok(argument(operand))
    }

    /// A number; of `Bool` 0 or 1.
    pub(super) fn data(&mut self, handle: Handle<Expression>) -> Result<Json> {
        let module = self.module;
        let expression = &module.expressions[handle];
        let ty = expression.ty;
        Ok(match &expression.kind {
            ExpressionKind::Constant(bits) if ty == Type::Error => constant(&bits.resize(32)),
            ExpressionKind::Constant(bits) => typed_constant(bits, ty),
            ExpressionKind::Variable(variable) => {
                let (header, name) = self.variable(*variable);
                if ty == Type::Int(1) { with_sign(field(header, &name), ty) } else { field(header, &name) }
            }
            ExpressionKind::Field(header, index) => {
                let value = self.field(*header, *index, expression.span)?;
                if ty == Type::Int(1) { with_sign(value, ty) } else { value }
            }
            ExpressionKind::Parameter(index) => {
                with_sign(Json::typed("local", Json::number(*index as usize)), ty)
            }
            ExpressionKind::IsValid(_) => unary("b2d", self.boolean(handle)?),
            ExpressionKind::LastIndex(stack) => {
                let stack = self.header_stack(*stack, expression.span)?;
                cut(unary("last_stack_index", stack), 32)
            }
            ExpressionKind::Unary(op, operand) => match op {
                UnaryOp::Not => unary("b2d", self.boolean(handle)?),
                UnaryOp::BitNot => cut_to(unary("~", self.data(*operand)?), ty),
                UnaryOp::Negate => {
                    let zero = small(0);
                    cut_to(binary("-", zero, self.data(*operand)?), ty)
                }
            },
            ExpressionKind::Binary(op, left, right) => self.arithmetic(handle, *op, *left, *right)?,
            ExpressionKind::Mux { condition, accept, reject } => {
                let condition = self.boolean(*condition)?;
                let (accept, reject) = (self.data(*accept)?, self.data(*reject)?);
                choose(condition, accept, reject)
            }
            ExpressionKind::Slice { base, high, low } => {
                let base = self.data(*base)?;
                let shifted = if *low == 0 { base } else { binary(">>", base, small(u64::from(*low))) };
                cut(shifted, high - low + 1)
            }
            ExpressionKind::Concat(left, right) => {
                let (high, low) = (self.unsigned(*left)?, self.unsigned(*right)?);
                let shifted = binary("<<", high, small(u64::from(self.ty(*right).width())));
                with_sign(binary("|", shifted, low), ty)
            }
            ExpressionKind::Cast(operand) => self.cast(*operand, ty)?,
        })
    }

    /// A number from 0 with the bits of a value.
    fn unsigned(&mut self, expression: Handle<Expression>) -> Result<Json> {
        let value = self.data(expression)?;
        Ok(match self.ty(expression) {
            Type::Int(width) => cut(value, width),
            Type::Bool | Type::Bits(_) | Type::Error | Type::Varbit(_) => value,
        })
    }

    fn cast(&mut self, operand: Handle<Expression>, to: Type) -> Result<Json> {
        let from = self.ty(operand);
        let value = self.data(operand)?;
        Ok(match (from, to) {
            (Type::Bits(from), Type::Bits(to)) if from <= to => value,
            (Type::Bits(from), Type::Int(to)) if from < to => value,
            (Type::Int(from), Type::Int(to)) if from <= to => value,
            (Type::Bits(_) | Type::Int(_), Type::Bits(_) | Type::Int(_)) => cut_to(value, to),
            _ => value,
        })
    }

    fn arithmetic(
        &mut self,
        whole: Handle<Expression>,
        op: BinaryOp,
        left: Handle<Expression>,
        right: Handle<Expression>,
    ) -> Result<Json> {
        if op.is_comparison() || op.is_logical() {
            return Ok(unary("b2d", self.boolean(whole)?));
        }
        let ty = self.ty(whole);
        if op.is_shift()
            && let ExpressionKind::Constant(by) = &self.module.expressions[right].kind
            && by.to_u64().is_none_or(|by| by >= u64::from(ty.width()))
            && !(op == BinaryOp::Shr && matches!(ty, Type::Int(_)))
        {
            return Ok(constant(&Bits::zero(ty.width())));
        }
        let (a, b) = (self.data(left)?, self.data(right)?);
        let saturate = if matches!(ty, Type::Int(_)) { "sat_cast" } else { "usat_cast" };
        let width = small(u64::from(ty.width()));
        Ok(match op {
            BinaryOp::Add => cut_to(binary("+", a, b), ty),
            BinaryOp::Sub => cut_to(binary("-", a, b), ty),
            BinaryOp::Mul => cut_to(binary("*", a, b), ty),
            BinaryOp::Div => with_sign(binary("/", a, b), ty),
            BinaryOp::Mod => binary("%", a, b),
            BinaryOp::SatAdd => binary(saturate, binary("+", a, b), width),
            BinaryOp::SatSub => binary(saturate, binary("-", a, b), width),
            BinaryOp::And => binary("&", a, b),
            BinaryOp::Or => binary("|", a, b),
            BinaryOp::Xor => binary("^", a, b),
            BinaryOp::Shl => cut_to(binary("<<", a, b), ty),
            BinaryOp::Shr => binary(">>", a, b),
            BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge
            | BinaryOp::LogicalAnd
            | BinaryOp::LogicalOr => unary("b2d", self.boolean(whole)?),
        })
    }

    /// True or false.
    pub(super) fn boolean(&mut self, handle: Handle<Expression>) -> Result<Json> {
        let module = self.module;
        let expression = &module.expressions[handle];
        Ok(match &expression.kind {
            ExpressionKind::Constant(bits) => Json::typed("bool", Json::Bool(!bits.is_zero())),
            ExpressionKind::IsValid(header) => self.is_valid(*header, expression.span)?,
            ExpressionKind::Unary(UnaryOp::Not, operand) => unary("not", self.boolean(*operand)?),
            ExpressionKind::Binary(op, left, right) => {
                let word = match op {
                    BinaryOp::Eq => "==",
                    BinaryOp::Ne => "!=",
                    BinaryOp::Lt => "<",
                    BinaryOp::Le => "<=",
                    BinaryOp::Gt => ">",
                    BinaryOp::Ge => ">=",
                    BinaryOp::LogicalAnd => "and",
                    BinaryOp::LogicalOr => "or",
                    _ => return Ok(unary("d2b", self.data(handle)?)),
                };
                if self.ty(*left) == Type::Bool {
                    binary(word, self.boolean(*left)?, self.boolean(*right)?)
                } else {
                    binary(word, self.data(*left)?, self.data(*right)?)
                }
            }
            ExpressionKind::Mux { condition, accept, reject } => {
                let condition = self.boolean(*condition)?;
                let (accept, reject) = (self.boolean(*accept)?, self.boolean(*reject)?);
                choose(condition, accept, reject)
            }
            ExpressionKind::Cast(operand) if self.ty(*operand) == Type::Bool => self.boolean(*operand)?,
            _ => unary("d2b", self.data(handle)?),
        })
    }

    fn is_valid(&mut self, header: HeaderRef, span: sluice_diagnostics::Span) -> Result<Json> {
        if let Some(header) = self.constant_header(header) {
            return Ok(unary("d2b", field(&self.module.headers[header].name, "$valid$")));
        }
        Ok(unary("valid", self.header(header, span)?))
    }
}

/// `condition ? accept : reject`
fn choose(condition: Json, accept: Json, reject: Json) -> Json {
    let value = vec![("op", Json::text("?")), ("left", accept), ("right", reject), ("cond", condition)];
    Json::typed("expression", Json::Object(value))
}

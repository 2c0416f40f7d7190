//! Conversions: the implicit ones (section 8.11.2), casts (section 8.11.1), and default values (section 7.3).

use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::{One, Zero};
use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::Bits;

use super::{Elaborator, Result};
use crate::ast::RecordKind;
use crate::numbers;
use crate::types::{Record, Type};
use crate::value::{Operand, Value};

impl<'a> Elaborator<'a> {
    /// An operand where a value of type `to` is expected.
    pub(super) fn coerce(&mut self, operand: Operand<'a>, to: &Type, span: Span) -> Result<Operand<'a>> {
        if operand.ty == *to {
            return Ok(operand);
        }
        let value = match (&operand.value, &operand.ty, to) {
            (_, Type::DontCare, _) => return self.fail_dont_care(span),
            (_, _, Type::Variable(..)) => return Ok(operand),
            (Value::Int(_), _, Type::Record(record)) if self.is_opaque(record) => {
                self.failed = true;
                self.reporter.push(
                    Diagnostic::error(format!("an integer is no value of type `{to}`"))
                        .at(span, format!("nothing is known of `{to}`"))
                        .help("a type parameter may be any type"),
                );
                return Err(super::Reported);
            }
            (_, Type::Default, _) if to.varbits() > 0 => {
                return self.fail(
                    Diagnostic::error(format!("`...` cannot stand for a `{to}`"))
                        .at(span, "varbits have no default value")
                        .help("leave it unset: a varbit that nothing writes has no bits"),
                );
            }
            (_, Type::Default, _) => self.default_value(to, span)?,
            (_, Type::Invalid, Type::Record(record)) if record.kind != RecordKind::Struct => Value::Invalid,
            // A number without a width fits what `type` makes of one, too, as in the reference compiler.
            (Value::Int(value), Type::Int, _) if matches!(to.plain(), Type::Bits(_) | Type::Signed(_)) => {
                let value = value.clone();
                self.sized(&value, to, span)
            }
            // A constant with a width is a number, too.
            (Value::Scalar(_), Type::Bits(_) | Type::Signed(_), Type::Int)
                if self.integer_value(&operand).is_some() =>
            {
                Value::Int(self.integer_value(&operand).unwrap_or_default())
            }
            (Value::Scalar(handle), Type::Enum(of), _) if of.underlying.as_ref() == Some(to) => {
                Value::Scalar(*handle)
            }
            (Value::Fields(_), Type::Tuple(_), Type::Record(_)) if !operand.is_list => {
                let help = "only a list that is written here becomes a struct or header: `{ t[0], t[1] }`";
                return self.mismatch(to, &operand.ty, span, Some(help.into()));
            }
            (Value::Fields(parts), Type::Tuple(_) | Type::List(_) | Type::RecordLiteral(_), _) => {
                let parts = parts.clone();
                return self.coerce_parts(&parts, &operand.ty, to, span);
            }
            _ => {
                let help = self.conversion_help(&operand.ty, to);
                return self.mismatch(to, &operand.ty, span, help);
            }
        };
        Ok(Operand::new(value, to.clone()))
    }

    fn fail_dont_care<T>(&mut self, span: Span) -> Result<T> {
        self.fail(Diagnostic::error("`_` has no value").at(span, "").help(
            "it stands only for the argument of an `out` or optional parameter, and for any value of a key",
        ))
    }

    fn conversion_help(&self, from: &Type, to: &Type) -> Option<String> {
        let numeric = |ty: &Type| matches!(ty.plain(), Type::Bits(_) | Type::Signed(_));
        match (from, to) {
            (Type::Int, Type::Bool) => {
                Some("write `true` or `false`, or a comparison such as `x != 0`".into())
            }
            (Type::Bits(1), Type::Bool) => Some("write `== 1` behind it, or `(bool)` before it".into()),
            (Type::Bits(_) | Type::Signed(_), Type::Bool) => {
                Some("write a comparison such as `x != 0`".into())
            }
            (Type::Bool, Type::Bits(1)) => Some("write `(bit<1>)` before it".into()),
            (Type::Bits(_), Type::Signed(_))
            | (Type::Signed(_), Type::Bits(_))
            | (Type::Bits(_), Type::Bits(_))
            | (Type::Signed(_), Type::Signed(_)) => Some(format!("write `({to})` before it to convert it")),
            (Type::New(_), _) | (_, Type::New(_)) if numeric(from) && numeric(to) => {
                Some(format!("`type` makes a type of its own: write `({to})` before it"))
            }
            (Type::Int | Type::Bits(_), Type::Enum(of)) if of.underlying.is_some() => {
                Some(format!("write `({to})` before it, or a member of `{to}`"))
            }
            (_, Type::Int) => Some("a number known at compile time is expected".into()),
            (Type::Bits(_) | Type::Signed(_), Type::New(_)) => {
                Some(format!("`type` makes a type of its own: write `({to})` before it"))
            }
            (Type::Record(_), _) if to.scalar().is_some() => Some("name one of its fields".into()),
            (Type::Tuple(_) | Type::RecordLiteral(_), _) if to.scalar().is_some() => {
                Some("write one value, without braces".into())
            }
            _ => None,
        }
    }

    /// An integer as a constant of a type with a width; warns where it does not fit.
    fn sized(&mut self, value: &BigInt, to: &Type, span: Span) -> Value<'a> {
        let Some(ty) = to.scalar() else { return Value::Fields([].into()) };
        let signed = matches!(ty, sluice_ir::Type::Int(_));
        let bits = numbers::to_bits(value, ty.width());
        // -1 for all ones is an old custom, and means what it says.
        let fits = numbers::fits(value, ty.width(), signed) || numbers::fits(value, ty.width(), true);
        if !fits {
            let becomes = numbers::to_integer(&bits, signed);
            self.warn(
                Diagnostic::warning(format!("{value} does not fit `{to}`"))
                    .at(span, format!("becomes {becomes}"))
                    .help(format!("write `{becomes}`, or use a wider type")),
            );
        }
        Value::Scalar(self.constant(bits, ty, span))
    }

    /// A list or structure-valued expression as a value of a declared type, part by part.
    fn coerce_parts(
        &mut self,
        parts: &[Value<'a>],
        from: &Type,
        to: &Type,
        span: Span,
    ) -> Result<Operand<'a>> {
        let value = match to.plain() {
            Type::Record(record) if record.kind != RecordKind::HeaderUnion => {
                let fields = self.coerce_fields(parts, from, &record.clone(), span)?;
                if record.kind == RecordKind::Header {
                    Value::HeaderLiteral(fields.into())
                } else {
                    Value::Fields(fields.into())
                }
            }
            Type::Tuple(types) if matches!(from, Type::Tuple(_)) => {
                let types: Vec<Type> = types.to_vec();
                let given = self.padded(parts, from, types.len(), to, span)?;
                let fields: Result<Vec<_>> = given
                    .into_iter()
                    .zip(&types)
                    .map(|(part, ty)| Ok(self.coerce(Operand { is_list: true, ..part }, ty, span)?.value))
                    .collect();
                Value::Fields(fields?.into())
            }
            Type::List(element) | Type::Stack(element, _) if !matches!(from, Type::RecordLiteral(_)) => {
                let count = match to.plain() {
                    Type::Stack(_, size) => *size as usize,
                    _ => parts.len(),
                };
                let given = self.padded(parts, from, count, to, span)?;
                let fields: Result<Vec<_>> = given
                    .into_iter()
                    .map(|part| Ok(self.coerce(Operand { is_list: true, ..part }, element, span)?.value))
                    .collect();
                Value::Fields(fields?.into())
            }
            _ => {
                let help = self.conversion_help(from, to);
                return self.mismatch(to, from, span, help);
            }
        };
        Ok(Operand::new(value, to.clone()))
    }

    /// The parts of a list with their types; `...` at the end fills up.
    fn padded(
        &mut self,
        parts: &[Value<'a>],
        from: &Type,
        wanted: usize,
        to: &Type,
        span: Span,
    ) -> Result<Vec<Operand<'a>>> {
        let mut given: Vec<Operand<'a>> = parts
            .iter()
            .enumerate()
            .map(|(i, part)| Operand::new(part.clone(), super::assign::part_type(from, i)))
            .collect();
        if given.last().is_some_and(|last| last.ty == Type::Default) {
            given.pop();
            while given.len() < wanted {
                given.push(Operand::new(Value::Default, Type::Default));
            }
        }
        if given.len() == wanted {
            return Ok(given);
        }
        let found = given.len();
        self.fail(
            Diagnostic::error(format!("`{to}` has {}, not {found}", super::arguments::count(wanted, "part")))
                .at(span, format!("{found} here"))
                .help("give one value for each, or end the list with `...` for default values"),
        )
    }

    fn coerce_fields(
        &mut self,
        parts: &[Value<'a>],
        from: &Type,
        record: &Rc<Record>,
        span: Span,
    ) -> Result<Vec<Value<'a>>> {
        let to = Type::Record(record.clone());
        let Type::RecordLiteral(names) = from else {
            let given = self.padded(parts, from, record.fields.len(), &to, span)?;
            return given
                .into_iter()
                .zip(&record.fields)
                .map(|(part, field)| {
                    Ok(self.coerce(Operand { is_list: true, ..part }, &field.ty, span)?.value)
                })
                .collect();
        };
        for (name, _) in names.iter().filter(|(name, _)| !name.is_empty()) {
            if record.field(name).is_none() {
                return self.no_field(record, name, span);
            }
        }
        let has_rest = names.last().is_some_and(|(name, _)| name.is_empty());
        let mut fields = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            let given = names.iter().position(|(name, _)| *name == field.name);
            let part = match given.and_then(|i| Some((parts.get(i)?, &names.get(i)?.1))) {
                Some((part, ty)) => Operand::new(part.clone(), ty.clone()),
                None if has_rest => Operand::new(Value::Default, Type::Default),
                None => {
                    return self.fail(
                        Diagnostic::error(format!(
                            "the field `{}` of `{}` has no value",
                            field.name, record.name
                        ))
                        .at(span, "")
                        .also(record.span, "declared here")
                        .help(format!("add `{} = ...`, or end with `, ...` for default values", field.name)),
                    );
                }
            };
            fields.push(self.coerce(Operand { is_list: true, ..part }, &field.ty, span)?.value);
        }
        Ok(fields)
    }

    /// Says that a record has no such field.
    pub(super) fn no_field<T>(&mut self, record: &Rc<Record>, name: &str, span: Span) -> Result<T> {
        let names = record.fields.iter().map(|field| &*field.name);
        let help = match sluice_diagnostics::closest(name, names.clone()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("it has {}", enumeration(names)),
        };
        self.fail(
            Diagnostic::error(format!("`{}` has no field `{name}`", record.name))
                .at(span, "")
                .also(record.span, format!("`{}` is declared here", record.name))
                .help(help),
        )
    }

    /// The value that `...` stands for.
    pub(super) fn default_value(&mut self, ty: &Type, span: Span) -> Result<Value<'a>> {
        if let (Some(scalar), false) = (ty.scalar(), matches!(ty.plain(), Type::Varbit(_))) {
            return Ok(Value::Scalar(self.constant(Bits::zero(scalar.width()), scalar, span)));
        }
        match ty.plain() {
            other if other.is_empty() => Ok(Value::Fields([].into())),
            // Storage that nothing writes: a varbit of no bits.
            Type::Varbit(_) => Ok(self.temporary(ty, span)?.value),
            Type::Int => Ok(Value::Int(BigInt::zero())),
            Type::Record(record) if record.kind != RecordKind::Struct => Ok(Value::Invalid),
            Type::Record(record) => {
                let record = record.clone();
                let parts: Result<Vec<_>> =
                    record.fields.iter().map(|field| self.default_value(&field.ty, span)).collect();
                Ok(Value::Fields(parts?.into()))
            }
            Type::Tuple(types) => {
                let parts: Result<Vec<_>> = types.iter().map(|ty| self.default_value(ty, span)).collect();
                Ok(Value::Fields(parts?.into()))
            }
            Type::Stack(element, size) => {
                let part = self.default_value(element, span)?;
                Ok(Value::Fields(vec![part; *size as usize].into()))
            }
            other => self.fail(
                Diagnostic::error(format!("the type `{other}` has no default value"))
                    .at(span, "")
                    .help("give a value"),
            ),
        }
    }

    /// `(to) operand`.
    pub(super) fn cast(&mut self, operand: Operand<'a>, to: &Type, span: Span) -> Result<Operand<'a>> {
        if operand.ty == *to {
            return Ok(operand.read_only());
        }
        let own = match (&operand.ty, to) {
            (Type::New(new), to) if *to == new.inner => true,
            (from, Type::New(new)) => *from == new.inner || *from == Type::Int,
            (Type::New(_), _) => false,
            _ => true,
        };
        if !own && operand.ty.plain() != &Type::Default {
            return self.cast_of_new(&operand.ty, to, span);
        }
        let (from, target) = (operand.ty.plain().clone(), to.plain().clone());
        let result = |value| Ok(Operand::new(value, to.clone()));
        if (castable(&from, &target) || from == Type::Int) && target.is_empty() {
            return Ok(self.empty(to.clone()));
        }
        if castable(&from, &target) && from.is_empty() {
            let zero = self.default_value(&target, span)?;
            return result(zero);
        }
        match (&operand.value, &from, &target) {
            (Value::Int(value), _, Type::Bits(_) | Type::Signed(_)) => {
                // A cast says that cutting is meant.
                let Some(ty) = target.scalar() else { return self.mismatch(to, &from, span, None) };
                let bits = numbers::to_bits(value, ty.width());
                result(Value::Scalar(self.constant(bits, ty, span)))
            }
            (Value::Int(value), _, Type::Enum(of)) if of.underlying.is_some() => {
                let value = value.clone();
                let Some(underlying) = of.underlying.clone() else {
                    return self.mismatch(to, &from, span, None);
                };
                let sized = self.sized(&value, &underlying, span);
                result(sized)
            }
            (Value::Int(value), _, Type::Bool) if value.is_zero() || value.is_one() => {
                let truth = self.boolean(value.is_one(), span);
                result(Value::Scalar(truth))
            }
            (_, _, Type::Int) if operand.ty.scalar().is_some() || operand.ty.is_empty() => {
                match self.integer_value(&operand) {
                    Some(value) => result(Value::Int(value)),
                    None => self.fail(
                        Diagnostic::error("only a constant can become an `int`")
                            .at(span, "not known at compile time")
                            .help("`int` has no width; cast to `bit<W>` or `int<W>`"),
                    ),
                }
            }
            (Value::Scalar(handle), _, _) if castable(&from, &target) => {
                let Some(ty) = target.scalar() else { return self.mismatch(to, &from, span, None) };
                let converted = self.convert(*handle, ty, span);
                result(Value::Scalar(converted))
            }
            _ => {
                let inner = if matches!(to, Type::New(_)) { target.clone() } else { to.clone() };
                match (&operand.value, &operand.ty) {
                    (Value::Fields(_), _) | (_, Type::Invalid | Type::Default) => {
                        let coerced = self.coerce(operand, &inner, span)?;
                        result(coerced.value)
                    }
                    _ => self.bad_cast(&operand.ty, to, span),
                }
            }
        }
    }

    /// A type of its own is cast to and from what it is made of, and nothing else (section 8.11.1).
    fn cast_of_new<T>(&mut self, from: &Type, to: &Type, span: Span) -> Result<T> {
        let inner = |ty: &Type| match ty {
            Type::New(new) => new.inner.clone(),
            other => other.clone(),
        };
        let (a, b) = (inner(from), inner(to));
        self.fail(
            Diagnostic::error(format!("`{from}` cannot be cast to `{to}` at once"))
                .at(span, "")
                .help(format!("go by way of what the types are made of: `{a}` and `{b}`")),
        )
    }

    fn bad_cast<T>(&mut self, from: &Type, to: &Type, span: Span) -> Result<T> {
        let help = match (from.plain(), to.plain()) {
            (Type::Bits(a), Type::Signed(b)) if a != b => {
                format!("change one at a time: `({to}) (bit<{b}>)`")
            }
            (Type::Signed(a), Type::Bits(b)) if a != b => {
                format!("change one at a time: `({to}) (int<{b}>)`")
            }
            (Type::Bits(_) | Type::Signed(_), Type::Bool) => "compare it: `x != 0`".to_string(),
            (Type::Bool, Type::Bits(width)) => format!("write `(bit<{width}>) (bit<1>)` before it"),
            _ => "casts are between numbers, `bit<1>` and `bool`, and enumerations with an underlying type"
                .to_string(),
        };
        self.fail(Diagnostic::error(format!("`{from}` cannot be cast to `{to}`")).at(span, "").help(help))
    }
}

/// Whether a scalar can be cast (section 8.11.1).
fn castable(from: &Type, to: &Type) -> bool {
    let underlying = |ty: &Type| match ty {
        Type::Enum(of) => of.underlying.as_ref().map(|ty| ty.plain().clone()),
        other => Some(other.clone()),
    };
    if from == to {
        return true;
    }
    match (underlying(from), underlying(to)) {
        (Some(Type::Bits(_)), Some(Type::Bits(_))) | (Some(Type::Signed(_)), Some(Type::Signed(_))) => true,
        (Some(Type::Bits(a)), Some(Type::Signed(b))) | (Some(Type::Signed(a)), Some(Type::Bits(b))) => a == b,
        (Some(Type::Bits(1)), Some(Type::Bool)) | (Some(Type::Bool), Some(Type::Bits(1))) => true,
        _ => false,
    }
}

/// `a, b and c`, at most eight of them.
pub(super) fn enumeration<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let all: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match all.as_slice() {
        [] => "none".into(),
        [one] => one.clone(),
        [first @ .., last] if all.len() <= 8 => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} others", all[..7].join(", "), all.len() - 7),
    }
}

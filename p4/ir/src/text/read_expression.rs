//! Expressions, places and types from text.

use sluice_diagnostics::Span;
use sluice_entities::Bits;

use super::cursor::Kind;
use super::lex::TokenKind;
use super::read::{Reader, Result};
use super::words::{self, value_of};
use crate::{Expression, ExpressionKind, Handle, HeaderRef, Place, Type, Variable, limits};

/// What a path names.
enum Path {
    Variable(Handle<Variable>),
    Field(HeaderRef, u32),
}

impl Reader {
    /// Takes a type.
    pub(super) fn ty(&mut self) -> Result<Type> {
        let word = self.cursor.word(0).to_string();
        let sized: fn(u32) -> Type = match word.as_str() {
            "bool" => {
                self.cursor.skip();
                return Ok(Type::Bool);
            }
            "error" => {
                self.cursor.skip();
                return Ok(Type::Error);
            }
            "bit" => Type::Bits,
            "int" => Type::Int,
            "varbit" => Type::Varbit,
            _ => return Err(self.cursor.expected("a type")),
        };
        self.cursor.skip();
        self.cursor.expect("<")?;
        let too_wide = self.cursor.error("too wide", format!("at most {} bits", limits::WIDTH));
        let width = self.cursor.number_u32()?;
        if width > limits::WIDTH {
            return Err(too_wide);
        }
        self.cursor.expect_close_angle()?;
        Ok(sized(width))
    }

    /// Takes a constant's bits.
    pub(super) fn bits(&mut self) -> Result<Bits> {
        match self.cursor.peek(0) {
            TokenKind::Bits(bits) => {
                let bits = bits.clone();
                self.cursor.skip();
                Ok(bits)
            }
            _ => Err(self.cursor.expected("a constant like 8w0x2a")),
        }
    }

    /// Takes an expression: an operand, or an operator and its operands.
    pub(super) fn expression(&mut self) -> Result<Handle<Expression>> {
        let start = self.cursor.span();
        let left = self.operand()?;
        let TokenKind::Symbol(symbol) = *self.cursor.peek(0) else {
            return Ok(left);
        };
        let kind = if symbol == "?" {
            self.cursor.skip();
            let accept = self.operand()?;
            self.cursor.expect(":")?;
            ExpressionKind::Mux { condition: left, accept, reject: self.operand()? }
        } else if symbol == "++" {
            self.cursor.skip();
            ExpressionKind::Concat(left, self.operand()?)
        } else if let Some(op) = value_of(words::BINARY, symbol) {
            self.cursor.skip();
            ExpressionKind::Binary(op, left, self.operand()?)
        } else {
            return Ok(left);
        };
        let whole = self.finish(kind, start);
        if let TokenKind::Symbol(next) = self.cursor.peek(0)
            && (matches!(*next, "?" | "++") || value_of(words::BINARY, next).is_some())
        {
            return Err(self.cursor.error("operators do not chain", "put parentheses around each operation"));
        }
        Ok(whole)
    }

    /// Takes an operand: prefixes, one thing, and slices of it.
    fn operand(&mut self) -> Result<Handle<Expression>> {
        self.cursor.enter()?;
        let mut prefixes = Vec::new();
        while let TokenKind::Symbol(symbol) = *self.cursor.peek(0)
            && let Some(op) = value_of(words::UNARY, symbol)
        {
            prefixes.push((op, self.cursor.span()));
            self.cursor.skip();
        }
        let start = self.cursor.span();
        let mut value = self.primary(start)?;
        while let Some((high, low)) = self.slice()? {
            value = self.finish(ExpressionKind::Slice { base: value, high, low }, start);
        }
        for (op, start) in prefixes.into_iter().rev() {
            value = self.finish(ExpressionKind::Unary(op, value), start);
        }
        self.cursor.leave();
        Ok(value)
    }

    /// Takes `[high:low]` if it stands there.
    fn slice(&mut self) -> Result<Option<(u32, u32)>> {
        let slice = self.cursor.is_symbol("[")
            && matches!(self.cursor.peek(1), TokenKind::Number(_))
            && matches!(self.cursor.peek(2), TokenKind::Symbol(":"));
        if !slice {
            return Ok(None);
        }
        self.cursor.skip();
        let high = self.cursor.number_u32()?;
        self.cursor.expect(":")?;
        let low = self.cursor.number_u32()?;
        self.cursor.expect("]")?;
        Ok(Some((high, low)))
    }

    fn primary(&mut self, start: Span) -> Result<Handle<Expression>> {
        match self.cursor.peek(0).clone() {
            TokenKind::Bits(bits) => {
                self.cursor.skip();
                Ok(self.finish(ExpressionKind::Constant(bits), start))
            }
            TokenKind::Signed(bits) => {
                self.cursor.skip();
                Ok(self.constant(Type::Int(bits.width()), bits, start))
            }
            TokenKind::Symbol("(") => {
                self.cursor.skip();
                let inner = self.expression()?;
                self.cursor.expect(")")?;
                Ok(inner)
            }
            TokenKind::Symbol("%") => {
                self.cursor.skip();
                let index = self.parameter()?;
                Ok(self.finish(ExpressionKind::Parameter(index), start))
            }
            // Inside `is<T>()` it is a variable: see there.
            TokenKind::Missing(index) if !matches!(self.cursor.peek(1), TokenKind::Symbol("." | "[")) => {
                self.cursor.skip();
                Ok(Handle::new(index as usize))
            }
            TokenKind::Missing(_) | TokenKind::Name { quoted: true, .. } => self.path_value(start),
            TokenKind::Name { text, .. } => self.word_or_path(&text, start),
            TokenKind::Number(_) | TokenKind::Symbol(_) | TokenKind::End => {
                Err(self.cursor.expected("an expression"))
            }
        }
    }

    fn word_or_path(&mut self, word: &str, start: Span) -> Result<Handle<Expression>> {
        match word {
            "true" | "false" => {
                self.cursor.skip();
                Ok(self.constant(Type::Bool, Bits::new(1, u64::from(word == "true")), start))
            }
            "valid" => {
                self.cursor.skip();
                self.cursor.expect("(")?;
                let header = self.header()?;
                self.cursor.expect(")")?;
                Ok(self.finish(ExpressionKind::IsValid(header), start))
            }
            "last_index" => {
                self.cursor.skip();
                self.cursor.expect("(")?;
                let stack = self.cursor.item(Kind::Stack)?;
                self.cursor.expect(")")?;
                Ok(self.finish(ExpressionKind::LastIndex(stack), start))
            }
            "is" => self.typed(start),
            "bool" | "bit" | "int" | "varbit" | "error" => {
                let ty = self.ty()?;
                self.cursor.expect("(")?;
                let operand = self.expression()?;
                self.cursor.expect(")")?;
                Ok(self.push(ExpressionKind::Cast(operand), ty, start))
            }
            _ => match word.strip_prefix("error.") {
                Some(name) => {
                    let index = self.module.errors.iter().position(|error| error == name);
                    let Some(index) = index else {
                        return Err(self.cursor.error(format!("no error `{name}`"), "list it in `errors`"));
                    };
                    self.cursor.skip();
                    Ok(self.constant(Type::Error, Bits::new(16, index as u64), start))
                }
                None => self.path_value(start),
            },
        }
    }

    /// `is<T>(expression)`.
    fn typed(&mut self, start: Span) -> Result<Handle<Expression>> {
        self.cursor.skip();
        self.cursor.expect("<")?;
        let ty = self.ty()?;
        self.cursor.expect_close_angle()?;
        self.cursor.expect("(")?;
        if matches!(self.cursor.peek(0), TokenKind::Missing(_))
            && matches!(self.cursor.peek(1), TokenKind::Symbol(")"))
        {
            let variable = self.cursor.item(Kind::Variable)?;
            self.cursor.expect(")")?;
            return Ok(self.push(ExpressionKind::Variable(variable), ty, start));
        }
        let inner = self.expression()?;
        self.cursor.expect(")")?;
        self.untyped.retain(|(handle, _)| *handle != inner);
        if inner.index() < self.module.expressions.len() {
            self.module.expressions[inner].ty = ty;
        }
        Ok(inner)
    }

    fn parameter(&mut self) -> Result<u32> {
        if matches!(self.cursor.peek(0), TokenKind::Number(_)) {
            return self.cursor.number_u32();
        }
        let error =
            |reader: &Self| reader.cursor.error("no such parameter", "name one of the action's, or `%0`");
        let not_there = error(self);
        let name = self.cursor.name()?;
        let params = self.action.as_ref().map_or(&[][..], |action| &action.params);
        let index = params.iter().position(|param| param.name == name);
        index.map(|index| index as u32).ok_or(not_there)
    }

    fn path_value(&mut self, start: Span) -> Result<Handle<Expression>> {
        let kind = match self.path()? {
            Path::Variable(variable) => ExpressionKind::Variable(variable),
            Path::Field(header, field) => ExpressionKind::Field(header, field),
        };
        Ok(self.finish(kind, start))
    }

    /// Takes a variable or field.
    fn path(&mut self) -> Result<Path> {
        let stack_word = matches!(self.cursor.word(0), "next" | "last");
        let split = matches!(self.cursor.peek(1), TokenKind::Symbol("."));
        if stack_word || split || self.at_element() {
            let header = self.header()?;
            self.cursor.expect(".")?;
            return Ok(Path::Field(header, self.field_of(header)?));
        }
        let word = self.cursor.word(0).to_string();
        if self.cursor.find::<Variable>(Kind::Variable, &word, 1).is_some() {
            return Ok(Path::Variable(self.cursor.item(Kind::Variable)?));
        }
        for (dot, _) in word.match_indices('.') {
            let Some(header) = self.cursor.find(Kind::Header, &word[..dot], 1) else { continue };
            let header = HeaderRef::Header(header);
            if let Some(field) = self.field_named(header, &word[dot + 1..]) {
                self.cursor.skip();
                return Ok(Path::Field(header, field));
            }
        }
        Ok(Path::Variable(self.cursor.item(Kind::Variable)?))
    }

    /// Whether `stack[expression]` stands there, rather than a slice.
    fn at_element(&self) -> bool {
        matches!(self.cursor.peek(1), TokenKind::Symbol("["))
            && !matches!(
                (self.cursor.peek(2), self.cursor.peek(3)),
                (TokenKind::Number(_), TokenKind::Symbol(":"))
            )
    }

    fn field_named(&self, header: HeaderRef, name: &str) -> Option<u32> {
        let ty = self.module.header_types.try_index(self.module.header_type_of(header)?)?;
        ty.fields.iter().position(|field| field.name == name).map(|index| index as u32)
    }

    fn field_of(&mut self, header: HeaderRef) -> Result<u32> {
        if let TokenKind::Missing(index) = *self.cursor.peek(0) {
            self.cursor.skip();
            return Ok(index);
        }
        let error = self.cursor.error("no such field", "name a field of the header's type");
        let name = self.cursor.name()?;
        self.field_named(header, &name).ok_or(error)
    }

    /// Takes a header.
    pub(super) fn header(&mut self) -> Result<HeaderRef> {
        let make: fn(Handle<crate::Stack>) -> HeaderRef = match self.cursor.word(0) {
            "next" => HeaderRef::Next,
            "last" => HeaderRef::Last,
            _ if self.at_element() => {
                let stack = self.cursor.item(Kind::Stack)?;
                self.cursor.expect("[")?;
                let index = self.expression()?;
                self.cursor.expect("]")?;
                return Ok(HeaderRef::Element(stack, index));
            }
            _ => return Ok(HeaderRef::Header(self.cursor.item(Kind::Header)?)),
        };
        self.cursor.skip();
        self.cursor.expect("(")?;
        let stack = self.cursor.item(Kind::Stack)?;
        self.cursor.expect(")")?;
        Ok(make(stack))
    }

    /// Takes something that can be assigned.
    pub(super) fn place(&mut self) -> Result<Place> {
        let mut place = match self.path()? {
            Path::Variable(variable) => Place::Variable(variable),
            Path::Field(header, field) => Place::Field(header, field),
        };
        let mut slices = 0;
        while let Some((high, low)) = self.slice()? {
            slices += 1;
            if slices > limits::EXPRESSION_DEPTH {
                return Err(self.cursor.error("too many slices", "one is enough"));
            }
            place = Place::Slice { base: Box::new(place), high, low };
        }
        Ok(place)
    }

    fn constant(&mut self, ty: Type, bits: Bits, start: Span) -> Handle<Expression> {
        self.push(ExpressionKind::Constant(bits), ty, start)
    }

    fn push(&mut self, kind: ExpressionKind, ty: Type, start: Span) -> Handle<Expression> {
        let span = self.cursor.since(start);
        self.module.expression(kind, ty, span)
    }

    /// Adds an expression whose type its operands say; one that they do not is noted until `is<T>()` says it.
    fn finish(&mut self, kind: ExpressionKind, start: Span) -> Handle<Expression> {
        let ty = self.module.type_by_operands(&kind, self.action.as_ref());
        let handle = self.push(kind, ty.unwrap_or(Type::Bits(0)), start);
        if ty.is_none() {
            self.untyped.push((handle, self.cursor.since(start)));
        }
        handle
    }
}

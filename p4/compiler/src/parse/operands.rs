//! Operands: literals, names, braces, casts, and what may stand behind them (`.member`, `[index]`, `(arguments)`).

use sluice_diagnostics::{Diagnostic, Span};

use super::{Failed, Parsed, Parser, is_name};
use crate::ast::{Argument, Expr, ExprKind, FieldValue, Type};
use crate::lex::{Token, TokenKind};

impl Parser<'_> {
    /// An operand with its members, indices and calls.
    pub(super) fn postfix(&mut self) -> Parsed<Expr> {
        let start = self.span();
        let mut base = self.primary()?;
        loop {
            let height = self.height;
            let kind = if self.is(".") {
                self.advance();
                let member = self.name("a member's name")?;
                ExprKind::Member { base: Box::new(base), member }
            } else if self.is("[") {
                self.index(base)?
            } else if self.is("(") {
                self.call(base, Vec::new())?
            } else if let Some(types) = self.call_type_arguments() {
                self.call(base, types)?
            } else {
                return Ok(base);
            };
            self.grow(height.max(self.height))?;
            base = Expr { kind, span: self.since(start) };
        }
    }

    fn call(&mut self, callee: Expr, type_arguments: Vec<Type>) -> Parsed<ExprKind> {
        let arguments = self.arguments()?;
        Ok(ExprKind::Call { callee: Box::new(callee), type_arguments, arguments })
    }

    /// `<types>` with a `(` behind: those of a call. Anything else behind `<` is a comparison.
    fn call_type_arguments(&mut self) -> Option<Vec<Type>> {
        if !self.is("<") {
            return None;
        }
        self.attempt_once(|parser| {
            let types = parser.type_arguments()?;
            if parser.is("(") { Ok(types) } else { Err(Failed) }
        })
    }

    fn index(&mut self, base: Expr) -> Parsed<ExprKind> {
        self.advance();
        let index = self.expression()?;
        let height = self.height;
        let kind = if self.take(":") {
            let low = self.expression()?;
            self.height = height.max(self.height);
            ExprKind::Slice { base: Box::new(base), high: Box::new(index), low: Box::new(low) }
        } else if self.take("+:") {
            let width = self.expression()?;
            self.height = height.max(self.height);
            ExprKind::SliceOf { base: Box::new(base), low: Box::new(index), width: Box::new(width) }
        } else {
            ExprKind::Index { base: Box::new(base), index: Box::new(index) }
        };
        self.expect("]", "an index is `[index]`, a slice of bits `[high:low]` or `[low+:width]`")?;
        Ok(kind)
    }

    /// `(arguments)`, of a call or an instantiation.
    pub(super) fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        self.expect("(", "arguments stand between `(` and `)`")?;
        let mut height = 0;
        let arguments = self.list(")", false, |parser| {
            let name = if parser.is_name() && parser.ahead(1).is("=") {
                let name = parser.name("a parameter's name")?;
                parser.advance();
                Some(name)
            } else {
                None
            };
            let span = parser.span();
            let value = if parser.take("_") {
                Expr { kind: ExprKind::DontCare, span }
            } else {
                parser.expression()?
            };
            height = height.max(parser.height);
            Ok(Argument { name, value })
        })?;
        self.height = height;
        self.expect(")", "arguments stand between `(` and `)`, with commas between")?;
        Ok(arguments)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let start = self.span();
        self.height = 1;
        let token = self.token();
        let literal = match &token.kind {
            TokenKind::Integer(value) => Some(ExprKind::Integer((**value).clone())),
            TokenKind::String(text) => Some(ExprKind::String(text.clone())),
            TokenKind::Word => match &*token.text {
                "true" => Some(ExprKind::Bool(true)),
                "false" => Some(ExprKind::Bool(false)),
                "this" => Some(ExprKind::This),
                _ => None,
            },
            TokenKind::Symbol => token.is("...").then_some(ExprKind::Default),
            TokenKind::Bad(_) | TokenKind::Reported | TokenKind::End => None,
        };
        if let Some(kind) = literal {
            self.advance();
            return Ok(Expr { kind, span: start });
        }
        if self.is("(") {
            return self.parenthesized();
        }
        if self.is("{") {
            return self.nested(|parser| parser.braces(start));
        }
        if self.is("error") && self.ahead(1).is(".") {
            self.advance();
            self.advance();
            let kind = ExprKind::ErrorMember(self.name("an error's name")?);
            return Ok(Expr { kind, span: self.since(start) });
        }
        if self.is_name() || (self.is(".") && is_name(self.ahead(1))) {
            let path = self.path("a name")?;
            return Ok(Expr { span: path.span, kind: ExprKind::Path(path) });
        }
        let help = match self.text() {
            "&&&" | ".." => "masks and ranges stand in `select` cases and table entries only",
            "_" => "`_` stands for a value only as a whole argument, keyset or type argument",
            "default" => "`default` stands for a value only as a whole keyset or `switch` label",
            _ => "an expression is a literal, a name, a call, or one of these with operators or parentheses",
        };
        Err(self.fail_expected("an expression", help))
    }

    /// `(type) operand`, or an expression in parentheses.
    fn parenthesized(&mut self) -> Parsed<Expr> {
        let start = self.span();
        if let Some(ty) = self.cast_type() {
            let operand = self.nested(Self::unary)?;
            self.grow(self.height)?;
            let kind = ExprKind::Cast { ty: Box::new(ty), operand: Box::new(operand) };
            return Ok(Expr { kind, span: self.since(start) });
        }
        self.advance();
        let inner = self.expression()?;
        self.expect(")", "`(` opens an expression here, which `)` closes")?;
        Ok(Expr { span: self.since(start), ..inner })
    }

    /// `(type)`, where that is what stands there.
    fn cast_type(&mut self) -> Option<Type> {
        let after = self.ahead(1);
        let is_unknown_type = is_name(after)
            && self.scopes.lookup(&after.text).is_none()
            && self.ahead(2).is(")")
            && is_value_start(self.ahead(3));
        self.attempt_once(|parser| {
            parser.advance();
            if !is_unknown_type && !parser.begins_type() {
                return Err(Failed);
            }
            let ty = parser.ty()?;
            parser.expect(")", "")?;
            Ok(ty)
        })
    }

    /// `{...}`: a list, a structure, or an invalid header.
    fn braces(&mut self, start: Span) -> Parsed<Expr> {
        self.advance();
        self.expression_braces += 1;
        if self.take("#") {
            self.expect("}", "an invalid header is written `{#}`")?;
            self.expression_braces -= 1;
            return Ok(Expr { kind: ExprKind::Invalid, span: self.since(start) });
        }
        let kind = if self.is_name() && self.ahead(1).is("=") {
            self.structure()?
        } else {
            let mut height = 0;
            let elements = self.list("}", true, |parser| {
                let element = parser.expression()?;
                height = height.max(parser.height);
                Ok(element)
            })?;
            self.height = height;
            ExprKind::List(elements)
        };
        self.expect("}", "elements stand between `{` and `}`, with commas between")?;
        self.expression_braces -= 1;
        self.grow(self.height)?;
        Ok(Expr { kind, span: self.since(start) })
    }

    fn structure(&mut self) -> Parsed<ExprKind> {
        let mut fields = Vec::new();
        let mut rest = None;
        let mut height = 0;
        while !self.is("}") {
            let span = self.span();
            if self.take("...") {
                rest = Some(span);
                self.take(",");
                break;
            }
            let name = self.name("a field's name")?;
            self.expect("=", "either all elements are `field = value`, or none is")?;
            let value = self.expression()?;
            height = height.max(self.height);
            fields.push(FieldValue { name, value });
            if !self.take(",") {
                break;
            }
        }
        if rest.is_some() && !self.is("}") {
            let found = Diagnostic::error("`...` is not the last element").at(self.span(), "");
            return Err(self
                .fail(found.help("`...` stands for all fields that are not given, behind those that are")));
        }
        self.height = height;
        Ok(ExprKind::Record { fields, rest })
    }
}

/// Whether an operand begins here, in the same line, that could not stand behind a complete expression.
fn is_value_start(token: &Token) -> bool {
    match token.kind {
        _ if token.starts_line => false,
        TokenKind::Word | TokenKind::Integer(_) | TokenKind::String(_) => !token.is("in"),
        TokenKind::Symbol => token.is("{"),
        TokenKind::Bad(_) | TokenKind::Reported | TokenKind::End => false,
    }
}

//! Types, type parameters and type arguments.

use num_bigint::BigInt;
use sluice_diagnostics::Span;

use super::scopes::Declared;
use super::{Parsed, Parser, is_name};
use crate::ast::{Expr, ExprKind, Integer, Name, Path, Type, TypeKind};
use crate::lex::{Token, TokenKind};
use crate::limits;

/// Words that begin a type and nothing else (`error` may begin an expression, too).
const TYPE_WORDS: [&str; 9] =
    ["bool", "error", "match_kind", "string", "int", "bit", "varbit", "tuple", "void"];

impl Parser<'_> {
    /// Whether a type is next, as far as one can tell from the names known.
    pub(super) fn begins_type(&self) -> bool {
        if self.is("error") {
            return !self.ahead(1).is(".");
        }
        if self.is("list") && self.ahead(1).is("<") {
            return true;
        }
        if self.is(".") {
            return is_name(self.ahead(1))
                && self.scopes.lookup_global(&self.ahead(1).text) == Some(Declared::Type);
        }
        TYPE_WORDS.iter().any(|word| self.is(word)) || self.is_type_name()
    }

    /// Whether the name that is next was declared as a type.
    pub(super) fn is_type_name(&self) -> bool {
        self.is_name() && self.scopes.lookup(self.text()) == Some(Declared::Type)
    }

    /// A type.
    pub(super) fn ty(&mut self) -> Parsed<Type> {
        self.nested(|parser| {
            let start = parser.span();
            let mut ty = Type { kind: parser.plain_type()?, span: parser.since(start) };
            let mut stacks = 0;
            while parser.is("[") {
                stacks += 1;
                if parser.depth + stacks > limits::NESTING {
                    return Err(parser.too_deep());
                }
                parser.advance();
                let size = Box::new(parser.expression()?);
                parser.expect("]", "the size of a header stack ends with `]`")?;
                let kind = TypeKind::Stack { element: Box::new(ty), size };
                ty = Type { kind, span: parser.since(start) };
            }
            Ok(ty)
        })
    }

    /// A type without a stack's `[size]`.
    fn plain_type(&mut self) -> Parsed<TypeKind> {
        let simple = [
            ("bool", TypeKind::Bool),
            ("error", TypeKind::Error),
            ("match_kind", TypeKind::MatchKind),
            ("string", TypeKind::String),
            ("void", TypeKind::Void),
        ];
        for (word, kind) in simple {
            if self.take(word) {
                return Ok(kind);
            }
        }
        let start = self.span();
        if self.take("bit") {
            let width = if self.is("<") { self.width()? } else { one(start) };
            return Ok(TypeKind::Bit(Box::new(width)));
        }
        if self.take("int") {
            return Ok(if self.is("<") {
                TypeKind::SignedInt(Box::new(self.width()?))
            } else {
                TypeKind::Int
            });
        }
        if self.take("varbit") {
            return Ok(TypeKind::Varbit(Box::new(self.width()?)));
        }
        if self.take("tuple") {
            return Ok(TypeKind::Tuple(self.type_arguments()?));
        }
        if self.is("list") && self.ahead(1).is("<") {
            return self.list_type();
        }
        if !self.is_name() && !self.is(".") {
            let help = "a type is a declared name, or bool, bit<W>, int<W>, int, varbit<W>, error, string, tuple<...> \
                        or list<T>";
            return Err(self.fail_expected("a type", help));
        }
        let path = self.path("a type")?;
        let arguments = if self.is("<") { self.type_arguments()? } else { Vec::new() };
        Ok(TypeKind::Named { path, arguments })
    }

    fn list_type(&mut self) -> Parsed<TypeKind> {
        self.advance();
        self.expect("<", "a list's type is `list<T>`")?;
        let element = self.type_argument()?;
        self.expect_close_angle()?;
        Ok(TypeKind::List(Box::new(element)))
    }

    /// `name` or `.name`.
    pub(super) fn path(&mut self, what: &str) -> Parsed<Path> {
        let start = self.span();
        let absolute = self.take(".");
        let name = self.name(what)?;
        Ok(Path { absolute, name, span: self.since(start) })
    }

    /// `<8>` or `<(expression)>`.
    fn width(&mut self) -> Parsed<Expr> {
        let help = "a width is an integer, or an expression in parentheses: `bit<8>`, `bit<(W + 1)>`";
        self.expect("<", help)?;
        let start = self.span();
        let token = self.token();
        let width = match &token.kind {
            TokenKind::Integer(value) => {
                let kind = ExprKind::Integer((**value).clone());
                self.advance();
                Expr { kind, span: start }
            }
            TokenKind::Symbol if token.is("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect(")", help)?;
                Expr { span: self.since(start), ..inner }
            }
            TokenKind::Symbol
            | TokenKind::Word
            | TokenKind::String(_)
            | TokenKind::Bad(_)
            | TokenKind::Reported
            | TokenKind::End => {
                return Err(self.fail_expected("a width", help));
            }
        };
        self.expect_close_angle()?;
        Ok(width)
    }

    /// `<type, _, ...>`.
    pub(super) fn type_arguments(&mut self) -> Parsed<Vec<Type>> {
        self.expect("<", "type arguments stand between `<` and `>`")?;
        let arguments = self.list(">", false, Self::type_argument)?;
        self.expect_close_angle()?;
        Ok(arguments)
    }

    fn type_argument(&mut self) -> Parsed<Type> {
        let span = self.span();
        if self.take("_") {
            return Ok(Type { kind: TypeKind::DontCare, span });
        }
        self.ty()
    }

    /// `<T, U>` behind a declaration's name, if it is there; declares them in the innermost scope.
    pub(super) fn type_parameters(&mut self) -> Parsed<Vec<Name>> {
        if !self.take("<") {
            return Ok(Vec::new());
        }
        let names = self.list(">", false, |parser| parser.name("the name of a type variable"))?;
        self.expect_close_angle()?;
        for name in &names {
            self.scopes.declare(name, Declared::Type);
        }
        Ok(names)
    }

    /// Whether the tokens from `from` on are `name {` or `name <names> {`: an extern object, not a function.
    pub(super) fn is_object_head(&self, from: usize) -> bool {
        if !is_name(self.ahead(from)) {
            return false;
        }
        let mut at = from + 1;
        if self.ahead(at).is("<") {
            let inside = |token: &Token| token.is(",") || is_name(token);
            at += 1;
            while inside(self.ahead(at)) {
                at += 1;
            }
            if !self.ahead(at).is(">") {
                return false;
            }
            at += 1;
        }
        self.ahead(at).is("{")
    }
}

/// The width of plain `bit`.
fn one(span: Span) -> Expr {
    Expr { kind: ExprKind::Integer(Integer { value: BigInt::from(1), width: None, base: 10 }), span }
}

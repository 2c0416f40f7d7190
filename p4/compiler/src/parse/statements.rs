//! Statements and blocks.

use sluice_diagnostics::{Diagnostic, Span};

use super::scopes::Declared;
use super::{Failed, Parsed, Parser};
use crate::ast::{
    Annotation, BinaryOperator, Block, Expr, ExprKind, ForCollection, Statement, StatementKind, SwitchCase,
    SwitchLabel, Type,
};

/// The assignments of language version 1.2.5 that compute.
const ASSIGNMENTS: [(&str, BinaryOperator); 12] = [
    ("+=", BinaryOperator::Add),
    ("-=", BinaryOperator::Subtract),
    ("*=", BinaryOperator::Multiply),
    ("/=", BinaryOperator::Divide),
    ("%=", BinaryOperator::Modulo),
    ("<<=", BinaryOperator::ShiftLeft),
    (">>=", BinaryOperator::ShiftRight),
    ("&=", BinaryOperator::BitAnd),
    ("|=", BinaryOperator::BitOr),
    ("^=", BinaryOperator::BitXor),
    ("|+|=", BinaryOperator::SaturatingAdd),
    ("|-|=", BinaryOperator::SaturatingSubtract),
];

impl Parser<'_> {
    /// `{ statements }`, in a scope of its own.
    pub(super) fn block(&mut self, annotations: Vec<Annotation>) -> Parsed<Block> {
        let scopes = self.scopes.depth();
        self.scopes.open();
        let block = self.block_in_scope(annotations);
        self.scopes.close_to(scopes);
        block
    }

    fn block_in_scope(&mut self, mut annotations: Vec<Annotation>) -> Parsed<Block> {
        annotations.extend(self.annotations()?);
        let start = self.expect("{", "a body stands between `{` and `}`")?;
        let mut statements = Vec::new();
        self.braced_elements(|parser| {
            statements.push(parser.statement()?);
            Ok(())
        })?;
        Ok(Block { annotations, statements, span: self.since(start) })
    }

    /// Any statement, declarations among them.
    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        self.nested(|parser| {
            let annotations = parser.annotations()?;
            let start = parser.span();
            let kind = parser.statement_kind(annotations, start)?;
            Ok(Statement { kind, span: parser.since(start) })
        })
    }

    fn statement_kind(&mut self, annotations: Vec<Annotation>, start: Span) -> Parsed<StatementKind> {
        if self.is("{") {
            return Ok(StatementKind::Block(self.block(annotations)?));
        }
        if self.is("for") {
            self.only_outside_states("for", start)?;
            return self.for_loop(annotations);
        }
        if self.is("const") || self.begins_declared_type() {
            return self.declaration_statement(annotations);
        }
        self.refuse_annotations(&annotations, "this statement")?;
        match self.text() {
            ";" => {
                self.advance();
                Ok(StatementKind::Empty)
            }
            "if" => self.conditional(),
            "switch" => {
                self.only_outside_states("switch", start)?;
                self.switch()
            }
            "return" => {
                self.only_outside_states("return", start)?;
                self.advance();
                let value = if self.is(";") { None } else { Some(self.expression()?) };
                self.end_of_statement()?;
                Ok(StatementKind::Return(value))
            }
            "exit" => self.word_statement("exit", start, StatementKind::Exit),
            "break" => self.word_statement("break", start, StatementKind::Break),
            "continue" => self.word_statement("continue", start, StatementKind::Continue),
            _ => {
                let kind = self.assignment_or_call()?;
                self.end_of_statement()?;
                Ok(kind)
            }
        }
    }

    fn word_statement(&mut self, word: &str, start: Span, kind: StatementKind) -> Parsed<StatementKind> {
        self.only_outside_states(word, start)?;
        self.advance();
        self.end_of_statement()?;
        Ok(kind)
    }

    fn only_outside_states(&mut self, word: &str, span: Span) -> Parsed<()> {
        if !self.in_state {
            return Ok(());
        }
        Err(self.fail(
            Diagnostic::error(format!("`{word}` is not possible in a parser state")).at(span, "").help(
                "a state has assignments, calls, `if`, blocks and declarations, and ends with `transition`",
            ),
        ))
    }

    fn end_of_statement(&mut self) -> Parsed<()> {
        self.expect(";", "a statement ends with `;`").map(|_| ())
    }

    /// Whether a declaration is next: a known type, or an unknown name that something is declared with.
    fn begins_declared_type(&mut self) -> bool {
        if self.begins_type() {
            return true;
        }
        if !self.is_name() || self.scopes.lookup(self.text()).is_some() {
            return false;
        }
        let (at, offset) = (self.at, self.offset);
        let is_declaration = self.attempt(|parser| {
            parser.ty()?;
            if parser.is_name() && !parser.token().starts_line { Ok(()) } else { Err(Failed) }
        });
        (self.at, self.offset) = (at, offset);
        is_declaration.is_some()
    }

    /// A constant, variable or instance, or `Type.apply(...)`.
    fn declaration_statement(&mut self, annotations: Vec<Annotation>) -> Parsed<StatementKind> {
        if self.is("const") {
            let declaration = self.constant(annotations)?;
            return Ok(StatementKind::Declaration(Box::new(declaration)));
        }
        let start = self.span();
        let ty = self.ty()?;
        if self.is(".") {
            self.refuse_annotations(&annotations, "this statement")?;
            return self.direct_apply(ty);
        }
        if self.is("(") {
            let declaration = self.instantiation(annotations, ty, start)?;
            return Ok(StatementKind::Declaration(Box::new(declaration)));
        }
        let declaration = self.variable(annotations, ty, start)?;
        self.end_of_statement()?;
        Ok(StatementKind::Declaration(Box::new(declaration)))
    }

    fn direct_apply(&mut self, ty: Type) -> Parsed<StatementKind> {
        self.advance();
        self.expect("apply", "what one does with a type in a statement is `Type.apply(arguments);`")?;
        let arguments = self.arguments()?;
        self.end_of_statement()?;
        Ok(StatementKind::DirectApply { ty, arguments })
    }

    /// `target = value`, `target += value` or a call, without the `;`.
    fn assignment_or_call(&mut self) -> Parsed<StatementKind> {
        let target = self.postfix()?;
        let computing = ASSIGNMENTS.iter().find(|(text, _)| self.is(text)).map(|(_, operator)| *operator);
        if computing.is_some() || self.is("=") {
            self.advance();
            let value = self.expression()?;
            return Ok(StatementKind::Assign { operator: computing, target, value });
        }
        if matches!(target.kind, ExprKind::Call { .. }) {
            return Ok(StatementKind::Call(target));
        }
        Err(self.fail_expected(
            "`=` or a call",
            "a statement assigns (`=`, `+=`, ...), calls, or begins with a word of its own",
        ))
    }

    fn conditional(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let condition = self.condition("if")?;
        let then = Box::new(self.scoped_statement()?);
        let otherwise = if self.take("else") { Some(Box::new(self.scoped_statement()?)) } else { None };
        Ok(StatementKind::If { condition, then, otherwise })
    }

    /// The `(expression)` behind a word.
    fn condition(&mut self, word: &str) -> Parsed<Expr> {
        let help = format!("`{word}` is followed by an expression in parentheses");
        self.expect("(", &help)?;
        let condition = self.expression()?;
        if self.is("=") {
            return Err(
                self.fail_expected("`)`", "`==` compares; `=` assigns, and is a statement of its own")
            );
        }
        self.expect(")", &help)?;
        Ok(condition)
    }

    /// A statement that belongs to another one; what it declares is not seen behind it.
    fn scoped_statement(&mut self) -> Parsed<Statement> {
        let scopes = self.scopes.depth();
        self.scopes.open();
        let statement = self.statement();
        self.scopes.close_to(scopes);
        statement
    }

    fn switch(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let value = self.condition("switch")?;
        self.expect("{", "the cases of a `switch` stand between `{` and `}`")?;
        let mut cases = Vec::new();
        self.braced_elements(|parser| {
            let start = parser.span();
            let label = if parser.take("default") {
                SwitchLabel::Default(start)
            } else {
                SwitchLabel::Value(parser.expression()?)
            };
            parser.expect(":", "a case is `label: { statements }`, or `label:` to go on in the next case")?;
            let body = if parser.is("{") || parser.is("@") {
                let annotations = parser.annotations()?;
                Some(parser.block(annotations)?)
            } else {
                None
            };
            cases.push(SwitchCase { label, body, span: parser.since(start) });
            Ok(())
        })?;
        Ok(StatementKind::Switch { value, cases })
    }

    fn for_loop(&mut self, annotations: Vec<Annotation>) -> Parsed<StatementKind> {
        let scopes = self.scopes.depth();
        self.scopes.open();
        let kind = self.for_in_scope(annotations);
        self.scopes.close_to(scopes);
        kind
    }

    fn for_in_scope(&mut self, annotations: Vec<Annotation>) -> Parsed<StatementKind> {
        self.advance();
        let help = "a loop is `for (init; condition; update) ...` or `for (T name in values) ...`";
        self.expect("(", help)?;
        let variable = self.attempt(|parser| {
            let annotations = parser.annotations()?;
            let ty = parser.ty()?;
            let name = parser.name("")?;
            parser.expect("in", "")?;
            Ok((annotations, ty, name))
        });
        if let Some((variable_annotations, ty, name)) = variable {
            let low = self.expression()?;
            let collection = if self.take("..") {
                ForCollection::Range { low, high: self.expression()? }
            } else {
                ForCollection::Value(low)
            };
            self.expect(")", help)?;
            self.scopes.declare(&name, Declared::Value);
            let body = Box::new(self.scoped_statement()?);
            return Ok(StatementKind::ForIn {
                annotations,
                variable_annotations,
                ty,
                name,
                collection,
                body,
            });
        }
        if self.is_name() && self.ahead(1).is("in") {
            return Err(self
                .fail_expected("a type", "the variable of this loop needs its type before it: `T name in`"));
        }
        let init = self.list(";", false, Self::for_init)?;
        self.expect(";", help)?;
        let condition = self.expression()?;
        self.expect(";", help)?;
        let update = self.list(")", false, |parser| {
            let start = parser.span();
            let kind = parser.assignment_or_call()?;
            Ok(Statement { kind, span: parser.since(start) })
        })?;
        self.expect(")", help)?;
        let body = Box::new(self.scoped_statement()?);
        Ok(StatementKind::For { annotations, init, condition, update, body })
    }

    /// One of the statements before a loop: a variable, an assignment or a call.
    fn for_init(&mut self) -> Parsed<Statement> {
        let annotations = self.annotations()?;
        let start = self.span();
        let kind = if self.begins_declared_type() {
            let ty = self.ty()?;
            let declaration = self.variable(annotations, ty, start)?;
            StatementKind::Declaration(Box::new(declaration))
        } else {
            self.refuse_annotations(&annotations, "this statement")?;
            self.assignment_or_call()?
        };
        Ok(Statement { kind, span: self.since(start) })
    }
}

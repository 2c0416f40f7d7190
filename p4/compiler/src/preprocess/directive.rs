//! Directives: the lines that begin with `#`.

use std::rc::Rc;

use num_traits::ToPrimitive;
use sluice_diagnostics::{Diagnostic, Span};

use super::condition;
use super::macros::Macro;
use super::{Condition, Preprocessor};
use crate::lex::{Token, TokenKind};
use crate::limits;

/// Parameters of a macro, whether the last one is variadic, and the macro's body.
type Head<'t> = (Vec<Rc<str>>, bool, &'t [Token]);

const DIRECTIVES: &str = "directives are include, define, undef, if, ifdef, ifndef, elif, else, endif, error, warning, \
                          line and pragma";

impl Preprocessor<'_> {
    /// Does what a directive says; `line` is what stands behind its `#`.
    pub(super) fn directive(&mut self, hash: &Token, line: &[Token]) {
        // A `#` alone on its line says nothing.
        let Some((name, operands)) = line.split_first() else { return };
        let span = hash.span.to(line.last().map_or(hash.span, |last| last.span));
        match &*name.text {
            "if" | "ifdef" | "ifndef" => self.open_condition(name, operands, span),
            "elif" => self.elif(operands, span),
            "else" => self.otherwise(span),
            "endif" => {
                if self.innermost().is_some() {
                    self.conditions.pop();
                } else {
                    self.without_if("#endif", span);
                }
            }
            // The rest counts only where text is passed on.
            _ if !self.is_active() => {}
            "define" => self.define(operands, span),
            "undef" => {
                if let Some(name) = self.macro_name(operands, span) {
                    self.macros.remove(&name.text);
                }
            }
            "include" => self.include_line(operands, span),
            "error" | "warning" => self.message(name, operands),
            "line" => self.line_marker(operands, span),
            "pragma" => {}
            _ if matches!(name.kind, TokenKind::Integer(_)) => self.line_marker(line, span),
            other => self.reporter.push(
                Diagnostic::error(format!("`#{other}` is no directive")).at(name.span, "").help(DIRECTIVES),
            ),
        }
    }

    /// The innermost open `#if` of this file.
    fn innermost(&mut self) -> Option<&mut Condition> {
        let around = self.open.last().map_or(0, |file| file.conditions_around);
        self.conditions.get_mut(around..)?.last_mut()
    }

    fn without_if(&mut self, what: &str, span: Span) {
        self.reporter.push(
            Diagnostic::error(format!("`{what}` without `#if`"))
                .at(span, "")
                .help("`#if`, `#ifdef` or `#ifndef` opens a condition, in the same file"),
        );
    }

    fn open_condition(&mut self, name: &Token, operands: &[Token], span: Span) {
        let around = self.is_active();
        let holds = around
            && match &*name.text {
                "if" => self.condition(operands, span),
                "ifdef" => self.is_defined(operands, span),
                _ => !self.is_defined(operands, span),
            };
        if self.conditions.len() >= limits::CONDITION_DEPTH {
            let help =
                format!("conditions nest at most {} deep (limit CONDITION_DEPTH)", limits::CONDITION_DEPTH);
            self.reporter
                .push(Diagnostic::error("these conditions are nested too deeply").at(span, "").help(help));
            self.is_stopped = true;
            return;
        }
        let condition = Condition { span, is_active: holds, is_decided: holds || !around, has_else: false };
        self.conditions.push(condition);
    }

    fn is_defined(&mut self, operands: &[Token], span: Span) -> bool {
        self.macro_name(operands, span).is_some_and(|name| self.macros.contains_key(&name.text))
    }

    fn elif(&mut self, operands: &[Token], span: Span) {
        let Some(last) = self.innermost() else { return self.without_if("#elif", span) };
        last.is_active = false;
        let (is_decided, has_else, opened) = (last.is_decided, last.has_else, last.span);
        if has_else {
            return self.after_else("#elif", span, opened);
        }
        if !is_decided
            && self.condition(operands, span)
            && let Some(last) = self.innermost()
        {
            (last.is_active, last.is_decided) = (true, true);
        }
    }

    fn otherwise(&mut self, span: Span) {
        let Some(last) = self.innermost() else { return self.without_if("#else", span) };
        let (had_else, opened) = (last.has_else, last.span);
        last.is_active = !last.is_decided;
        last.is_decided = true;
        last.has_else = true;
        if had_else {
            self.after_else("#else", span, opened);
        }
    }

    fn after_else(&mut self, what: &str, span: Span, opened: Span) {
        self.reporter.push(
            Diagnostic::error(format!("`{what}` after `#else`"))
                .at(span, "")
                .also(opened, "of this condition")
                .help("`#else` is the last branch of a condition"),
        );
    }

    fn macro_name(&mut self, operands: &[Token], span: Span) -> Option<Token> {
        match operands.first() {
            Some(name) if name.kind == TokenKind::Word && &*name.text != "defined" => Some(name.clone()),
            other => {
                let span = other.map_or(span, |token| token.span);
                self.reporter.push(Diagnostic::error("expected a macro's name").at(span, "").help(
                    "a macro's name is a word of letters, digits and underscores, other than `defined`",
                ));
                None
            }
        }
    }

    fn define(&mut self, operands: &[Token], span: Span) {
        let Some(name) = self.macro_name(operands, span) else { return };
        let behind = operands.get(1..).unwrap_or(&[]);
        let takes_arguments = behind.first().is_some_and(|token| token.is("(") && !token.after_blank);
        let (parameters, is_variadic, body) = if takes_arguments {
            let Some((parameters, is_variadic, body)) = self.parameters(behind, span) else { return };
            (Some(parameters), is_variadic, body)
        } else {
            (None, false, behind)
        };
        if body.first().is_some_and(|token| token.is("##")) || body.last().is_some_and(|token| token.is("##"))
        {
            self.reporter.push(
                Diagnostic::error("`##` has nothing to join")
                    .at(name.span, "in the definition of this macro")
                    .help("`##` stands between two tokens"),
            );
            return;
        }
        let body = body.to_vec();
        let new = Macro { name: name.text.clone(), parameters, is_variadic, body, span: name.span };
        if let Some(old) = self.macros.get(&name.text)
            && !old.is_same(&new)
        {
            self.reporter.push(
                Diagnostic::warning(format!("the macro `{}` is defined again, differently", name.text))
                    .at(name.span, "this definition counts from here on")
                    .also(old.span, "defined before here")
                    .help(format!("write `#undef {}` first if that is meant", name.text)),
            );
        }
        self.macros.insert(name.text, Rc::new(new));
    }

    /// The names between a macro's parentheses, whether the last one takes all arguments that are left (`...`, known as
    /// `__VA_ARGS__`, or `name...`), and what stands behind them.
    fn parameters<'t>(&mut self, tokens: &'t [Token], span: Span) -> Option<Head<'t>> {
        let length = tokens.iter().position(|token| token.is(")"));
        let inside = length.and_then(|length| tokens.get(1..length)).unwrap_or(&[]);
        let mut names: Vec<Rc<str>> = Vec::new();
        let mut is_right = length.is_some();
        let mut is_variadic = false;
        let parts: Vec<&[Token]> = inside.split(|token| token.is(",")).collect();
        for (i, part) in parts.iter().enumerate() {
            let is_last = i + 1 == parts.len();
            let name = match part {
                [] if inside.is_empty() => continue,
                [name] if name.kind == TokenKind::Word => name.text.clone(),
                [rest] if rest.is("...") && is_last => {
                    is_variadic = true;
                    self.texts.share("__VA_ARGS__")
                }
                [name, rest] if name.kind == TokenKind::Word && rest.is("...") && is_last => {
                    is_variadic = true;
                    name.text.clone()
                }
                _ => {
                    is_right = false;
                    continue;
                }
            };
            is_right &= !names.contains(&name);
            names.push(name);
        }
        if !is_right {
            self.reporter.push(Diagnostic::error("these are no parameters of a macro").at(span, "").help(
                "parameters are different names with commas between, as in `#define f(a, b)`; the last one may be \
                     `...`, which stands for any number of arguments",
            ));
            return None;
        }
        Some((names, is_variadic, tokens.get(length? + 1..).unwrap_or(&[])))
    }

    fn include_line(&mut self, operands: &[Token], span: Span) {
        let direct = self.include_path(operands);
        let found = direct.or_else(|| {
            let expanded = self.expand(operands.to_vec());
            self.include_path(&expanded)
        });
        let Some((path, is_quoted)) = found else {
            self.reporter.push(
                Diagnostic::error("`#include` of nothing").at(span, "").help(
                    "write `#include <core.p4>`, or `#include \"file.p4\"` for a file next to this one",
                ),
            );
            return;
        };
        self.include(&path, is_quoted, span);
    }

    /// The path, and whether it stood in quotes.
    fn include_path(&self, operands: &[Token]) -> Option<(String, bool)> {
        match operands {
            [Token { kind: TokenKind::String(path), .. }] if !path.is_empty() => {
                Some((path.to_string(), true))
            }
            [open, inside @ .., close] if open.is("<") && close.is(">") && !inside.is_empty() => {
                let (first, last) = (inside.first()?.span, inside.last()?.span);
                let written = self.sources.text(Span { end: last.end.max(first.end), ..first });
                // Tokens out of a macro all have the same place, so that only their own texts tell the path.
                let path = if first == last && inside.len() > 1 {
                    inside.iter().map(|token| &*token.text).collect()
                } else {
                    written.to_string()
                };
                Some((path, false))
            }
            _ => None,
        }
    }

    fn message(&mut self, name: &Token, operands: &[Token]) {
        let text = match (operands.first(), operands.last()) {
            (Some(first), Some(last)) => self.sources.text(first.span.to(last.span)).to_string(),
            _ => format!("#{}", name.text),
        };
        let found = match &*name.text {
            "error" => Diagnostic::error(text),
            _ => Diagnostic::warning(text),
        };
        self.reporter.push(found.at(name.span, "the program says so here"));
    }

    /// `#line 10 "name"` or `# 10 "name"`: the next line is that one.
    fn line_marker(&mut self, operands: &[Token], span: Span) {
        let number = operands.first().and_then(|token| match &token.kind {
            TokenKind::Integer(number) => number.value.to_u32(),
            _ => None,
        });
        let Some(number) = number else {
            self.reporter.push(
                Diagnostic::error("`#line` without a number")
                    .at(span, "")
                    .help("write `#line 10`, or `#line 10 \"file.p4\"`"),
            );
            return;
        };
        let here = self.line_number(span);
        let Some(file) = self.open.last_mut() else { return };
        file.line_shift += i64::from(number) - (here + 1);
        if let Some(Token { kind: TokenKind::String(name), .. }) = operands.get(1) {
            file.name = name.to_string();
        }
    }

    /// Whether the condition of `#if` or `#elif` holds; one that is wrong does not.
    fn condition(&mut self, operands: &[Token], span: Span) -> bool {
        let mut resolved = Vec::with_capacity(operands.len());
        let mut rest = operands.iter().peekable();
        while let Some(token) = rest.next() {
            if !token.is("defined") {
                resolved.push(token.clone());
                continue;
            }
            let in_parentheses = rest.next_if(|next| next.is("(")).is_some();
            let name = rest.next_if(|next| next.kind == TokenKind::Word);
            let is_closed = !in_parentheses || rest.next_if(|next| next.is(")")).is_some();
            let Some(name) = name.filter(|_| is_closed) else {
                self.reporter.push(
                    Diagnostic::error("`defined` of nothing")
                        .at(token.span, "")
                        .help("write `defined(NAME)` or `defined NAME`"),
                );
                return false;
            };
            resolved.push(condition::truth(self.macros.contains_key(&name.text), token.span));
        }
        let expanded = self.expand(resolved);
        if expanded.iter().any(|token| token.kind == TokenKind::Reported) {
            return false;
        }
        match condition::evaluate(&expanded, span) {
            Ok(value) => value != 0,
            Err(problem) => {
                self.reporter.push(problem);
                false
            }
        }
    }
}

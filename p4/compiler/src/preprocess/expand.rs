//! Expanding macros in a run of tokens.
//!
//! The tokens to read are a stack of frames: the text itself below, the replacements of the macros that are being
//! expanded above it. A macro is not expanded while its own replacement is being read, and a name met in that time
//! is painted, so that it stays as it is wherever it goes: recursion in definitions ends.

use std::rc::Rc;
use std::vec;

use num_bigint::BigInt;
use sluice_diagnostics::{Diagnostic, Span};

use super::Preprocessor;
use super::macros::{Macro, MacroArgument};
use crate::ast::Integer;
use crate::lex::{Token, TokenKind};
use crate::limits;

/// What is still to be read: tokens, and the macro that they replace.
struct Frame {
    tokens: vec::IntoIter<Token>,
    name: Option<Rc<str>>,
}

/// The frames of one expansion, and the macros that are being expanded around it.
struct Reading<'a> {
    frames: Vec<Frame>,
    around: &'a [Rc<str>],
}

impl Reading<'_> {
    fn next(&mut self) -> Option<Token> {
        while let Some(frame) = self.frames.last_mut() {
            if let Some(token) = frame.tokens.next() {
                return Some(token);
            }
            self.frames.pop();
        }
        None
    }

    fn peek_is(&self, text: &str) -> bool {
        let next = self.frames.iter().rev().find_map(|frame| frame.tokens.as_slice().first());
        next.is_some_and(|token| token.is(text))
    }

    fn is_expanding(&self, name: &str) -> bool {
        let mut frames = self.frames.iter().filter_map(|frame| frame.name.as_deref());
        frames.any(|open| open == name) || self.around.iter().any(|open| **open == *name)
    }

    fn names(&self) -> Vec<Rc<str>> {
        let frames = self.frames.iter().filter_map(|frame| frame.name.clone());
        frames.chain(self.around.iter().cloned()).collect()
    }
}

impl Preprocessor<'_> {
    /// The tokens with every macro replaced.
    pub(super) fn expand(&mut self, tokens: Vec<Token>) -> Vec<Token> {
        self.expand_inside(tokens, &[], 0)
    }

    /// As [`Self::expand`], for text within the expansion of macros, `depth` arguments deep.
    fn expand_inside(&mut self, tokens: Vec<Token>, around: &[Rc<str>], depth: usize) -> Vec<Token> {
        let mut out = Vec::with_capacity(tokens.len());
        let text = Frame { tokens: tokens.into_iter(), name: None };
        let mut reading = Reading { frames: vec![text], around };
        while let Some(mut token) = reading.next() {
            if self.is_stopped {
                break;
            }
            if token.kind != TokenKind::Word || token.is_painted {
                out.push(token);
                continue;
            }
            let Some(found) = self.macros.get(&token.text).cloned() else {
                out.push(self.builtin(token));
                continue;
            };
            if reading.is_expanding(&token.text) {
                token.is_painted = true;
                out.push(token);
            } else if found.parameters.is_some() && !reading.peek_is("(") {
                // A macro that takes arguments is just a name where none are given.
                out.push(token);
            } else if depth + reading.frames.len() > limits::MACRO_DEPTH {
                self.too_deep(&found, token.span);
                token.kind = TokenKind::Reported;
                out.push(token);
            } else {
                let is_replaced = self.replace(&found, &token, &mut reading, depth);
                if !is_replaced {
                    token.kind = TokenKind::Reported;
                    out.push(token);
                }
            }
        }
        out
    }

    /// Reads a macro's arguments, and puts its replacement where the next token is read; false where that is
    /// impossible, and reported.
    fn replace(&mut self, found: &Rc<Macro>, name: &Token, reading: &mut Reading<'_>, depth: usize) -> bool {
        let mut arguments = Vec::new();
        if let Some(parameters) = &found.parameters {
            let Some(raw) = self.arguments(found, parameters.len(), name, reading) else { return false };
            let around = reading.names();
            for raw in raw {
                // Each level of uses inside one another keeps its arguments.
                self.produced += raw.len();
                if self.produced > limits::TOKENS {
                    self.stop(name.span, "macros make too much text");
                    return false;
                }
                let expanded = self.expand_inside(raw.clone(), &around, depth + 1);
                arguments.push(MacroArgument { raw, expanded });
            }
        }
        match found.substitute(
            &arguments,
            name.span,
            &mut self.texts,
            limits::TOKENS - self.produced.min(limits::TOKENS),
        ) {
            Ok(tokens) => {
                self.produced += tokens.len();
                if self.produced > limits::TOKENS {
                    self.stop(name.span, "macros make too much text");
                }
                reading.frames.push(Frame { tokens: tokens.into_iter(), name: Some(found.name.clone()) });
                true
            }
            Err(problem) => {
                self.reporter.push(problem);
                false
            }
        }
    }

    /// What stands between the parentheses behind a macro's name, split at commas; `None` where that is wrong.
    fn arguments(
        &mut self,
        found: &Macro,
        wanted: usize,
        name: &Token,
        reading: &mut Reading<'_>,
    ) -> Option<Vec<Vec<Token>>> {
        reading.next();
        let mut arguments = vec![Vec::new()];
        let mut open = 0usize;
        loop {
            let Some(token) = reading.next() else {
                self.reporter.push(
                    Diagnostic::error(format!("this use of the macro `{}` does not end", found.name))
                        .at(name.span, "")
                        .also(found.span, "defined here")
                        .help("end its arguments with `)` before the next directive and the end of the file"),
                );
                return None;
            };
            if token.is(")") && open == 0 {
                break;
            }
            let is_rest = found.is_variadic && arguments.len() == wanted;
            if token.is(",") && open == 0 && !is_rest {
                arguments.push(Vec::new());
                continue;
            }
            if token.is("(") {
                open += 1;
            } else if token.is(")") {
                open -= 1;
            }
            if let Some(last) = arguments.last_mut() {
                last.push(token);
            }
        }
        let is_empty = arguments.iter().all(Vec::is_empty) && arguments.len() == 1;
        let given = if is_empty && wanted == 0 { 0 } else { arguments.len() };
        if found.is_variadic && given + 1 == wanted {
            arguments.push(Vec::new());
        } else if given != wanted {
            let takes = match found.is_variadic {
                true => format!("at least {}", counted(wanted - 1)),
                false => counted(wanted),
            };
            self.reporter.push(
                Diagnostic::error(format!("the macro `{}` takes {takes}", found.name))
                    .at(name.span, format!("{given} given"))
                    .also(found.span, "defined here")
                    .help("a comma inside an argument needs parentheses around it"),
            );
            return None;
        }
        arguments.truncate(wanted);
        Some(arguments)
    }

    fn too_deep(&mut self, found: &Macro, span: Span) {
        self.reporter.push(
            Diagnostic::error(format!("macros are nested too deeply in this use of `{}`", found.name))
                .at(span, "")
                .also(found.span, "defined here")
                .help(format!(
                    "macros and their arguments nest at most {} deep (limit MACRO_DEPTH)",
                    limits::MACRO_DEPTH
                )),
        );
    }

    /// `__LINE__`, `__FILE__` and `__COUNTER__`; any other name as it is.
    fn builtin(&mut self, token: Token) -> Token {
        match &*token.text {
            "__LINE__" => {
                let line = self.line_number(token.span);
                self.number(line, token)
            }
            "__COUNTER__" => {
                self.counter += 1;
                self.number(self.counter - 1, token)
            }
            "__FILE__" => {
                let name = self.open.last().map_or("", |file| file.name.as_str());
                let text = self.texts.share(&format!("\"{name}\""));
                Token { kind: TokenKind::String(name.into()), text, ..token }
            }
            _ => token,
        }
    }

    fn number(&mut self, number: i64, token: Token) -> Token {
        let value = Integer { value: BigInt::from(number), width: None, base: 10 };
        let text = self.texts.share(&number.to_string());
        Token { kind: TokenKind::Integer(Box::new(value)), text, ..token }
    }
}

fn counted(count: usize) -> String {
    match count {
        0 => "no arguments".into(),
        1 => "1 argument".into(),
        _ => format!("{count} arguments"),
    }
}

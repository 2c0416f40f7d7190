//! Macros: what `#define` says, and what a use of one is replaced by.

use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};

use crate::lex::{self, Texts, Token, TokenKind};

/// A macro.
#[derive(Debug)]
pub(super) struct Macro {
    /// Its name.
    pub(super) name: Rc<str>,
    /// Its parameters; `None` where it takes no parentheses.
    pub(super) parameters: Option<Vec<Rc<str>>>,
    /// Whether the last parameter takes all arguments that are left, with the commas between them (`...`).
    pub(super) is_variadic: bool,
    /// What it is replaced by.
    pub(super) body: Vec<Token>,
    /// Where its name was defined.
    pub(super) span: Span,
}

/// An argument of a macro's use.
pub(super) struct MacroArgument {
    /// As written, for `#` and `##`.
    pub(super) raw: Vec<Token>,
    /// With the macros in it replaced.
    pub(super) expanded: Vec<Token>,
}

impl Macro {
    /// Whether both do the same: defining a macro again is fine then.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let texts = |of: &Self| of.body.iter().map(|token| token.text.clone()).collect::<Vec<_>>();
        self.parameters == other.parameters
            && self.is_variadic == other.is_variadic
            && texts(self) == texts(other)
    }

    /// Whether this is the parameter that takes all arguments that are left.
    fn is_rest(&self, token: &Token) -> bool {
        let last = self.parameters.as_ref().map_or(0, Vec::len);
        self.is_variadic && self.parameter(token).is_some_and(|index| index + 1 == last)
    }

    /// The body, with what stands in `__VA_OPT__(...)` where there are arguments for `...`, and without it where there are none.
    fn chosen_body(&self, arguments: &[MacroArgument]) -> Vec<Token> {
        if !self.is_variadic {
            return self.body.clone();
        }
        let has_rest = arguments.last().is_some_and(|rest| !rest.raw.is_empty());
        let mut out = Vec::with_capacity(self.body.len());
        let mut rest = self.body.iter().peekable();
        while let Some(token) = rest.next() {
            if !(token.is("__VA_OPT__") && rest.peek().is_some_and(|next| next.is("("))) {
                out.push(token.clone());
                continue;
            }
            rest.next();
            let mut open = 1usize;
            for inside in rest.by_ref() {
                open = if inside.is("(") { open + 1 } else { open - usize::from(inside.is(")")) };
                if open == 0 {
                    break;
                }
                if has_rest {
                    out.push(inside.clone());
                }
            }
        }
        out
    }

    fn parameter(&self, token: &Token) -> Option<usize> {
        let parameters = self.parameters.as_ref()?;
        (token.kind == TokenKind::Word).then(|| parameters.iter().position(|name| *name == token.text))?
    }

    /// The body with arguments put in; every token of the body itself is located at `site`. What is more than `most` tokens is not
    /// whole: it exceeds the bound on all that macros make.
    pub(super) fn substitute(
        &self,
        arguments: &[MacroArgument],
        site: Span,
        texts: &mut Texts,
        most: usize,
    ) -> Result<Vec<Token>, Diagnostic> {
        let mut out: Vec<Token> = Vec::new();
        // Where what stands left of a `##` begins in `out`; nothing there is an empty argument.
        let mut left = 0;
        let body = self.chosen_body(arguments);
        let mut rest = body.iter().peekable();
        while let Some(token) = rest.next() {
            if out.len() > most {
                break;
            }
            let is_join = token.is("##");
            let Some(operand) = (if is_join { rest.next() } else { Some(token) }) else { break };
            let joined = is_join || rest.peek().is_some_and(|next| next.is("##"));
            let argument = self.parameter(operand).and_then(|index| arguments.get(index));
            let stringized = if operand.is("#") && self.parameters.is_some() {
                let next = rest.peek().and_then(|next| self.parameter(next));
                next.and_then(|index| arguments.get(index))
            } else {
                None
            };
            if let (Some(argument), true, Some(comma)) =
                (argument, is_join && self.is_rest(operand), out.last())
                && comma.is(",")
            {
                // `, ## __VA_ARGS__`: the comma stands only before an argument.
                if argument.raw.is_empty() {
                    out.pop();
                } else {
                    out.extend(argument.expanded.iter().cloned());
                }
                left = out.len();
                continue;
            }
            let piece = if let Some(argument) = stringized {
                rest.next();
                vec![stringize(&argument.raw, operand, site, texts)]
            } else {
                match argument {
                    Some(argument) if joined => argument.raw.clone(),
                    Some(argument) => argument.expanded.clone(),
                    None => vec![Token { span: site, ..operand.clone() }],
                }
            };
            if !is_join {
                left = out.len();
                out.extend(piece);
                continue;
            }
            let mut piece = piece.into_iter();
            if out.len() > left
                && let Some(second) = piece.next()
                && let Some(first) = out.pop()
            {
                out.push(self.join(&first, &second, site, texts)?);
            }
            out.extend(piece);
        }
        Ok(out)
    }

    /// `first ## second`.
    fn join(
        &self,
        first: &Token,
        second: &Token,
        site: Span,
        texts: &mut Texts,
    ) -> Result<Token, Diagnostic> {
        let text = format!("{}{}", first.text, second.text);
        let made = lex::tokens(&text, site.source, texts);
        match made.as_slice() {
            [token] if !matches!(token.kind, TokenKind::Bad(_)) => {
                Ok(Token { span: site, after_blank: first.after_blank, starts_line: false, ..token.clone() })
            }
            _ => Err(Diagnostic::error(format!(
                "`{}` and `{}` do not make one token",
                first.text, second.text
            ))
            .at(site, format!("in this use of `{}`", self.name))
            .also(self.span, "defined here")
            .help("what `##` joins must be a name, number or operator")),
        }
    }
}

/// `# argument`: its text as a string.
fn stringize(raw: &[Token], hash: &Token, site: Span, texts: &mut Texts) -> Token {
    let mut value = String::new();
    for (i, token) in raw.iter().enumerate() {
        if i > 0 && (token.after_blank || token.starts_line) {
            value.push(' ');
        }
        value.push_str(&token.text);
    }
    let quoted = format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    Token {
        kind: TokenKind::String(value.into()),
        text: texts.share(&quoted),
        span: site,
        starts_line: false,
        after_blank: hash.after_blank,
        is_painted: false,
    }
}

//! Walks over the tokens and looks names up.

use std::collections::HashMap;

use sluice_diagnostics::{Diagnostic, Span};

use super::lex::{Token, TokenKind};
use super::read::Result;
use crate::{Handle, limits};

/// Kinds of named items; each has its own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    HeaderType,
    Header,
    Stack,
    Union,
    Variable,
    Action,
    Table,
    Counter,
    Meter,
    Register,
    ActionProfile,
    ValueSet,
    NamedType,
    Digest,
    State,
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::HeaderType => "header type",
            Self::Header => "header",
            Self::Stack => "stack",
            Self::Union => "union",
            Self::Variable => "variable",
            Self::Action => "action",
            Self::Table => "table",
            Self::Counter => "counter",
            Self::Meter => "meter",
            Self::Register => "register",
            Self::ActionProfile => "action profile",
            Self::ValueSet => "value set",
            Self::NamedType => "type",
            Self::Digest => "digest",
            Self::State => "state",
        }
    }
}

/// A position in the tokens, and the positions of the items by name.
pub(super) struct Cursor {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    known: HashMap<(Kind, String, u32), usize>,
    counts: HashMap<Kind, usize>,
}

impl Cursor {
    /// At the first token; `tokens` ends in `End`.
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, at: 0, depth: 0, known: HashMap::new(), counts: HashMap::new() }
    }

    /// The token `ahead` of the current one.
    pub(super) fn peek(&self, ahead: usize) -> &TokenKind {
        self.tokens.get(self.at + ahead).map_or(&TokenKind::End, |token| &token.kind)
    }

    /// Position of the current token.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes to a position that [`Self::position`] gave.
    pub(super) fn go_to(&mut self, position: usize) {
        self.at = position;
        self.depth = 0;
    }

    /// The next token.
    pub(super) fn skip(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    /// Where the current token stands.
    pub(super) fn span(&self) -> Span {
        self.tokens[self.at.min(self.tokens.len() - 1)].span
    }

    /// From `start` to the last token that was taken.
    pub(super) fn since(&self, start: Span) -> Span {
        start.to(self.tokens[self.at.saturating_sub(1)].span)
    }

    /// One level deeper, as far as the bound allows.
    pub(super) fn enter(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > limits::BLOCK_DEPTH + limits::EXPRESSION_DEPTH {
            return Err(self.error("nested too deeply", "use variables and fewer levels"));
        }
        Ok(())
    }

    /// One level back.
    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// An error at the current token.
    pub(super) fn error(&self, message: impl Into<String>, help: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(message).at(self.span(), "").help(help))
    }

    /// What stands at the current token, for messages.
    fn found(&self) -> String {
        match self.peek(0) {
            TokenKind::Name { text, .. } => format!("`{text}`"),
            TokenKind::Number(number) => format!("`{number}`"),
            TokenKind::Bits(bits) | TokenKind::Signed(bits) => format!("`{bits}`"),
            TokenKind::Missing(index) => format!("`?{index}`"),
            TokenKind::Symbol(symbol) => format!("`{symbol}`"),
            TokenKind::End => "the end".to_string(),
        }
    }

    /// "expected this, found that".
    pub(super) fn expected(&self, what: &str) -> Box<Diagnostic> {
        let message = format!("expected {what}, found {}", self.found());
        Box::new(Diagnostic::error(message).at(self.span(), format!("{what} belongs here")))
    }

    /// Whether the current token is that symbol.
    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(0), TokenKind::Symbol(found) if *found == symbol)
    }

    /// Takes that symbol if it stands there.
    pub(super) fn eat(&mut self, symbol: &str) -> bool {
        let there = self.is_symbol(symbol);
        if there {
            self.skip();
        }
        there
    }

    /// Takes that symbol.
    pub(super) fn expect(&mut self, symbol: &str) -> Result<()> {
        if self.eat(symbol) { Ok(()) } else { Err(self.expected(&format!("`{symbol}`"))) }
    }

    /// Takes one `>`, also of a `>>`.
    pub(super) fn expect_close_angle(&mut self) -> Result<()> {
        if self.is_symbol(">>") {
            self.tokens[self.at].kind = TokenKind::Symbol(">");
            self.tokens[self.at].span.start += 1;
            return Ok(());
        }
        self.expect(">")
    }

    /// The word of the grammar at `ahead`, `""` if there is none.
    pub(super) fn word(&self, ahead: usize) -> &str {
        match self.peek(ahead) {
            TokenKind::Name { text, ordinal: 1, quoted: false } => text,
            _ => "",
        }
    }

    /// Takes that word if it stands there.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let there = self.word(0) == word;
        if there {
            self.skip();
        }
        there
    }

    /// Takes that word.
    pub(super) fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.eat_word(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"))) }
    }

    /// Takes a name, quoted or not, and its number.
    pub(super) fn numbered_name(&mut self) -> Result<(String, u32)> {
        match self.peek(0) {
            TokenKind::Name { text, ordinal, .. } => {
                let name = (text.clone(), *ordinal);
                self.skip();
                Ok(name)
            }
            _ => Err(self.expected("a name")),
        }
    }

    /// Takes a name without a number.
    pub(super) fn name(&mut self) -> Result<String> {
        let before = self.at;
        let (name, ordinal) = self.numbered_name()?;
        if ordinal != 1 {
            self.at = before;
            return Err(
                self.error("a number does not belong to this name", "only what may repeat has numbers")
            );
        }
        Ok(name)
    }

    /// Takes a string literal.
    pub(super) fn string(&mut self) -> Result<String> {
        match self.peek(0) {
            TokenKind::Name { quoted: true, .. } => self.name(),
            _ => Err(self.expected("a string")),
        }
    }

    /// Takes a number.
    pub(super) fn number(&mut self) -> Result<u64> {
        match self.peek(0) {
            TokenKind::Number(number) => {
                let number = *number;
                self.skip();
                Ok(number)
            }
            _ => Err(self.expected("a number")),
        }
    }

    /// Takes a number of 32 bits.
    pub(super) fn number_u32(&mut self) -> Result<u32> {
        let error = self.error("the number is too large", "it has at most 32 bits");
        u32::try_from(self.number()?).map_err(|_| error)
    }

    /// Notes that the next item of that kind has the name at the current token, and takes the name.
    pub(super) fn declare(&mut self, kind: Kind) -> Result<()> {
        let before = self.at;
        let (name, ordinal) = self.numbered_name()?;
        let due = (1..).find(|n| !self.known.contains_key(&(kind, name.clone(), *n))).unwrap_or(1);
        if ordinal != due {
            self.at = before;
            let message =
                format!("`{name}` is declared {}", if due == 1 { "nowhere before" } else { "already" });
            return Err(self.error(message, format!("call this one `{name}#{due}`")));
        }
        let count = self.counts.entry(kind).or_default();
        self.known.insert((kind, name, ordinal), *count);
        *count += 1;
        Ok(())
    }

    /// The item of that name.
    pub(super) fn find<T>(&self, kind: Kind, name: &str, ordinal: u32) -> Option<Handle<T>> {
        self.known.get(&(kind, name.to_string(), ordinal)).map(|index| Handle::new(*index))
    }

    /// Takes the name of an item of that kind, or `?7`.
    pub(super) fn item<T>(&mut self, kind: Kind) -> Result<Handle<T>> {
        if let TokenKind::Missing(index) = self.peek(0) {
            let handle = Handle::new(*index as usize);
            self.skip();
            return Ok(handle);
        }
        let before = self.at;
        let (name, ordinal) = self.numbered_name()?;
        self.find(kind, &name, ordinal).ok_or_else(|| {
            self.at = before;
            self.error(format!("no {} `{name}`", kind.noun()), "declare it in this text")
        })
    }
}

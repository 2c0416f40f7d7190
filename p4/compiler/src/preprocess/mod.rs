//! The preprocessor: what is left after `#include`, `#define` and `#if` (section 6.3).
//!
//! It does what a C preprocessor does, and works on tokens: the text is never pasted
//! together, so each token still knows its place in the file that the user wrote. Tokens of a macro's body have the
//! place where the macro is used; tokens of an argument keep their own. `#line` and `# n "file"` change what
//! `__LINE__` and `__FILE__` say, and not where diagnostics point: those point into the text that was read.

use std::io;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use sluice_diagnostics::{Diagnostic, SourceId, Sources, Span};

use crate::lex::{self, Texts, Token, TokenKind};
use crate::limits;
use crate::report::Reporter;

mod condition;
mod directive;
mod expand;
mod files;
mod macros;

pub use files::{DiskFiles, FileProvider, MemoryFiles};
use macros::Macro;

/// All tokens of a program, ended by [`TokenKind::End`].
pub(crate) fn preprocess(
    sources: &mut Sources,
    files: &dyn FileProvider,
    main: &str,
    defines: &[(String, String)],
    reporter: &mut Reporter,
) -> Vec<Token> {
    let mut run = Preprocessor {
        sources,
        files,
        reporter,
        texts: Texts::default(),
        macros: FxHashMap::default(),
        open: Vec::new(),
        conditions: Vec::new(),
        output: Vec::new(),
        produced: 0,
        counter: 0,
        is_stopped: false,
    };
    let own = PREDEFINED.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string()));
    // A definition from outside replaces one of these.
    let own = own.filter(|(name, _)| defines.iter().all(|(other, _)| other != name));
    let all: Vec<(String, String)> = own.chain(defines.iter().cloned()).collect();
    run.define_all(&all);
    run.main(main);
    run.output
}

/// Macros that every program finds defined: those by which programs tell p4c and its target, whose language this is, and one
/// by which they can tell this compiler.
const PREDEFINED: [(&str, &str); 3] = [("__p4c__", "1"), ("__TARGET_BMV2__", "1"), ("__SLUICE__", "1")];

struct Preprocessor<'a> {
    sources: &'a mut Sources,
    files: &'a dyn FileProvider,
    reporter: &'a mut Reporter,
    texts: Texts,
    macros: FxHashMap<Rc<str>, Rc<Macro>>,
    /// The files that are being read, each `#include`d by the one before it.
    open: Vec<OpenFile>,
    /// The open `#if`s of all of them.
    conditions: Vec<Condition>,
    output: Vec<Token>,
    /// How many tokens macros have made.
    produced: usize,
    /// What `__COUNTER__` says next.
    counter: i64,
    /// Whether a bound on the whole run was exceeded: nothing more is read.
    is_stopped: bool,
}

/// A file that is being read.
struct OpenFile {
    /// Its folder, for `#include "..."`.
    folder: String,
    /// What `__FILE__` says.
    name: String,
    /// Where its lines start.
    line_starts: Vec<u32>,
    /// What `#line` adds to line numbers.
    line_shift: i64,
    /// How many `#if`s are open around it; those are not for this file to end.
    conditions_around: usize,
}

/// An `#if` whose `#endif` is still to come.
struct Condition {
    span: Span,
    /// Whether the text now read is passed on.
    is_active: bool,
    /// Whether a branch was passed on already, or none is to be (it is inside text that is left out).
    is_decided: bool,
    /// Whether `#else` was there.
    has_else: bool,
}

impl Preprocessor<'_> {
    /// Definitions from outside are read as a text of their own, so that what is wrong in one has a place.
    fn define_all(&mut self, defines: &[(String, String)]) {
        if defines.is_empty() {
            return;
        }
        let lines =
            defines.iter().map(|(name, value)| format!("#define {name} {}\n", value.replace('\n', " ")));
        let text: String = lines.collect();
        let source = self.sources.add("<definitions>", text.clone());
        self.read(source, "<definitions>", &text);
    }

    fn main(&mut self, path: &str) {
        match self.files.read(path) {
            Ok(text) => {
                let text: Rc<str> = text.into();
                let source = self.sources.add(path, &*text);
                self.read(source, path, &text);
                let end = Span::new(source, text.len(), text.len());
                self.output.push(Token::end(end));
            }
            Err(error) => {
                let source = self.sources.add(path, "");
                self.output.push(Token::end(Span::new(source, 0, 0)));
                self.reporter.push(
                    Diagnostic::error(format!("cannot read {path}: {}", reason(&error)))
                        .help("give the path of a P4 program"),
                );
            }
        }
    }

    /// Reads one file's text: passes its tokens on and does what its directives say.
    fn read(&mut self, source: SourceId, name: &str, text: &str) {
        if text.len() > limits::FILE_SIZE {
            self.reporter.push(
                Diagnostic::error(format!("{name} is too large"))
                    .help(format!("a source file has at most {} bytes (limit FILE_SIZE)", limits::FILE_SIZE)),
            );
            return;
        }
        let tokens = lex::tokens(text, source, &mut self.texts);
        let newlines = text.bytes().zip(1u32..).filter(|(byte, _)| *byte == b'\n');
        self.open.push(OpenFile {
            folder: files::folder(name).to_string(),
            name: name.to_string(),
            line_starts: std::iter::once(0).chain(newlines.map(|(_, next)| next)).collect(),
            line_shift: 0,
            conditions_around: self.conditions.len(),
        });
        self.lines(&tokens);
        let around = self.open.pop().map_or(0, |file| file.conditions_around);
        for condition in self.conditions.drain(around.min(self.conditions.len())..) {
            self.reporter.push(
                Diagnostic::error("this condition does not end")
                    .at(condition.span, "opened here")
                    .help("end it with `#endif` in the same file"),
            );
        }
    }

    /// Splits a file's tokens into directives and the text between them.
    fn lines(&mut self, tokens: &[Token]) {
        let mut rest = tokens;
        while !rest.is_empty() && !self.is_stopped && !self.reporter.gave_up() {
            let is_directive = |token: &Token| token.starts_line && token.is("#");
            let length = rest.iter().position(is_directive).unwrap_or(rest.len());
            let (text, from_directive) = rest.split_at(length);
            if self.is_active() {
                self.pass_on(text);
            }
            let Some((hash, behind)) = from_directive.split_first() else { return };
            let length = behind.iter().position(|token| token.starts_line).unwrap_or(behind.len());
            let (line, next) = behind.split_at(length);
            self.directive(hash, line);
            rest = next;
        }
    }

    fn is_active(&self) -> bool {
        self.conditions.last().is_none_or(|condition| condition.is_active)
    }

    /// Expands text and adds it to the output.
    fn pass_on(&mut self, text: &[Token]) {
        for mut token in self.expand(text.to_vec()) {
            if let TokenKind::Bad(problem) = &token.kind {
                let place = Diagnostic::error(&problem.message).at(token.span, "");
                self.reporter.push(place.help(&problem.help));
                token.kind = TokenKind::Reported;
            }
            if self.output.len() < limits::TOKENS {
                self.output.push(token);
            } else {
                self.stop(token.span, "the program is too long");
                return;
            }
        }
    }

    /// Gives up: a bound on the number of tokens is exceeded here.
    fn stop(&mut self, span: Span, what: &str) {
        if !self.is_stopped {
            self.is_stopped = true;
            self.reporter.push(
                Diagnostic::error(what)
                    .at(span, "at this point")
                    .help(format!("at most {} tokens are taken (limit TOKENS)", limits::TOKENS)),
            );
        }
    }

    /// One-based number of the line in which a span of the innermost file starts, as `#line` has it.
    fn line_number(&self, span: Span) -> i64 {
        self.open.last().map_or(0, |file| {
            let line = file.line_starts.partition_point(|start| *start <= span.start);
            line as i64 + file.line_shift
        })
    }

    /// `#include`: finds the file and reads it here.
    fn include(&mut self, path: &str, is_quoted: bool, span: Span) {
        if self.open.len() > limits::INCLUDE_DEPTH {
            self.reporter.push(
                Diagnostic::error("these includes are nested too deeply").at(span, "included here").help(format!(
                    "files include one another at most {} deep (limit INCLUDE_DEPTH); a file that includes itself \
                     needs an `#ifndef` around its text",
                    limits::INCLUDE_DEPTH
                )),
            );
            return;
        }
        match self.find(path, is_quoted) {
            Ok(Some((name, text))) => {
                let source = self.sources.add(&*name, &*text);
                self.read(source, &name, &text);
            }
            Ok(None) => {
                let mut places: Vec<&str> = self.files.include_folders().iter().map(String::as_str).collect();
                if is_quoted {
                    places.insert(0, "the including file's own folder");
                }
                places.push("the files that come with the compiler");
                self.reporter.push(
                    Diagnostic::error(format!("cannot find `{path}`"))
                        .at(span, "included here")
                        .help(format!("looked in {}", places.join(", "))),
                );
            }
            Err((name, error)) => self.reporter.push(
                Diagnostic::error(format!("cannot read {name}: {}", reason(&error)))
                    .at(span, "included here")
                    .help("a file to include is UTF-8 text that can be read"),
            ),
        }
    }

    /// The name and text of an included file; `None` where no folder has it.
    fn find(&self, path: &str, is_quoted: bool) -> Result<Option<(String, String)>, (String, io::Error)> {
        let own = self.open.last().map(|file| file.folder.as_str()).filter(|_| is_quoted);
        let folders = self.files.include_folders().iter().map(String::as_str);
        for folder in own.into_iter().chain(folders) {
            let name = files::join(folder, path);
            match self.files.read(&name) {
                Ok(text) => return Ok(Some((name, text))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err((name, error)),
            }
        }
        Ok(files::embedded(path).map(|text| (format!("<{path}>"), text.to_string())))
    }
}

/// An error of a file, in words that do not depend on the system.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "it is a folder".into(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".into(),
        _ => error.to_string(),
    }
}

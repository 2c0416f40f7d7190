//! Annotations.

use super::{Failed, Parsed, Parser};
use crate::ast::{Annotation, AnnotationBody, AnnotationToken, AnnotationTokenKind, Name};
use crate::lex::TokenKind;

impl Parser<'_> {
    /// The annotations that come next; an empty list where there are none.
    pub(super) fn annotations(&mut self) -> Parsed<Vec<Annotation>> {
        let mut all = Vec::new();
        while self.is("@") {
            all.push(self.annotation()?);
        }
        Ok(all)
    }

    fn annotation(&mut self) -> Parsed<Annotation> {
        let start = self.span();
        self.advance();
        if self.is("pragma") {
            self.advance();
            let name = self.annotation_name()?;
            let body = AnnotationBody::Unstructured(self.annotation_tokens(true));
            return Ok(Annotation { name, body, span: self.since(start) });
        }
        let name = self.annotation_name()?;
        let body = if self.take("(") {
            let tokens = self.annotation_tokens(false);
            self.expect(")", "the body of an annotation ends with `)`")?;
            AnnotationBody::Unstructured(tokens)
        } else if self.take("[") {
            let body = self.structured_body()?;
            self.expect("]", "the body of an annotation in brackets ends with `]`")?;
            body
        } else {
            AnnotationBody::None
        };
        Ok(Annotation { name, body, span: self.since(start) })
    }

    /// Any word will do, keywords too.
    fn annotation_name(&mut self) -> Parsed<Name> {
        if self.token().kind != TokenKind::Word {
            return Err(self.fail_expected(
                "an annotation's name",
                "an annotation is `@name`, `@name(...)` or `@name[...]`",
            ));
        }
        let token = self.token();
        let name = Name { text: token.text.clone(), span: token.span };
        self.advance();
        Ok(name)
    }

    /// Tokens up to the `)` that closes the annotation, or (for `@pragma`) to the end of the line.
    fn annotation_tokens(&mut self, is_line: bool) -> Vec<AnnotationToken> {
        let mut tokens = Vec::new();
        let mut open = 0usize;
        loop {
            let token = self.token();
            let kind = match &token.kind {
                TokenKind::End => return tokens,
                _ if is_line && token.starts_line => return tokens,
                TokenKind::Word => AnnotationTokenKind::Word,
                TokenKind::Symbol | TokenKind::Bad(_) | TokenKind::Reported => AnnotationTokenKind::Symbol,
                TokenKind::Integer(value) => AnnotationTokenKind::Integer((**value).clone()),
                TokenKind::String(value) => AnnotationTokenKind::String(value.clone()),
            };
            if token.is("(") {
                open += 1;
            } else if token.is(")") {
                if open == 0 && !is_line {
                    return tokens;
                }
                open = open.saturating_sub(1);
            }
            tokens.push(AnnotationToken { kind, text: token.text.clone(), span: token.span });
            self.advance();
        }
    }

    fn structured_body(&mut self) -> Parsed<AnnotationBody> {
        if !(self.is_name() && self.ahead(1).is("=")) {
            return Ok(AnnotationBody::Expressions(self.list("]", true, Self::expression)?));
        }
        let pairs = self.list("]", true, |parser| {
            let key = parser.name("a key")?;
            parser.expect(
                "=",
                "either all elements of a structured annotation are `key = value`, or none is",
            )?;
            Ok((key, parser.expression()?))
        })?;
        Ok(AnnotationBody::Pairs(pairs))
    }

    /// Refuses annotations where nothing may have them.
    pub(super) fn refuse_annotations(&mut self, annotations: &[Annotation], what: &str) -> Parsed<()> {
        match annotations.first() {
            None => Ok(()),
            Some(first) => {
                let found = sluice_diagnostics::Diagnostic::error(format!("{what} cannot be annotated"))
                    .at(first.span, "")
                    .help("annotations stand before declarations, parameters, fields, blocks and loops");
                self.report(found);
                Err(Failed)
            }
        }
    }
}

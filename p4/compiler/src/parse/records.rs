//! Headers, header unions, structs, enumerations, errors and match kinds.

use super::scopes::Declared;
use super::{Parsed, Parser};
use crate::ast::{
    Annotation, Declaration, DeclarationKind, Enum, EnumMember, Field, Name, Record, RecordKind,
};

impl Parser<'_> {
    /// `header`, `header_union` or `struct`.
    pub(super) fn record(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        let kind = match self.text() {
            "header" => RecordKind::Header,
            "header_union" => RecordKind::HeaderUnion,
            _ => RecordKind::Struct,
        };
        self.advance();
        let name = self.name("the type's name")?;
        // Known from here on, so that a mistake in the fields makes no more mistakes of its uses.
        self.scopes.declare(&name, Declared::Type);
        let scopes = self.scopes.depth();
        self.scopes.open();
        let type_parameters = self.type_parameters()?;
        self.expect("{", "fields stand between `{` and `}`")?;
        let mut fields = Vec::new();
        self.braced_elements(|parser| {
            let annotations = parser.annotations()?;
            let start = parser.span();
            let ty = parser.ty()?;
            let name = parser.name("the field's name")?;
            parser.expect(";", "a field is `type name;`")?;
            fields.push(Field { annotations, ty, name, span: parser.since(start) });
            Ok(())
        })?;
        self.scopes.close_to(scopes);
        let record = Record { kind, name, type_parameters, fields };
        Ok(self.declaration(annotations, DeclarationKind::Record(record), start))
    }

    /// `enum name {...}` or `enum type name {...}`.
    pub(super) fn enumeration(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        self.advance();
        let underlying = if self.is_name() && self.ahead(1).is("{") { None } else { Some(self.ty()?) };
        let name = self.name("the enumeration's name")?;
        self.scopes.declare(&name, Declared::Type);
        self.expect("{", "members stand between `{` and `}`, with commas between")?;
        let members = self.list("}", true, |parser| {
            let name = parser.name("a member's name")?;
            let value = if parser.take("=") { Some(parser.expression()?) } else { None };
            Ok(EnumMember { name, value })
        })?;
        self.expect("}", "members stand between `{` and `}`, with commas between")?;
        let of = Enum { name, underlying, members };
        Ok(self.declaration(annotations, DeclarationKind::Enum(of), start))
    }

    /// `error {...}`
    pub(super) fn error_declaration(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        let names = self.braced_names()?;
        Ok(self.declaration(annotations, DeclarationKind::Error(names), start))
    }

    /// `match_kind {...}`
    pub(super) fn match_kind_declaration(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        let names = self.braced_names()?;
        Ok(self.declaration(annotations, DeclarationKind::MatchKind(names), start))
    }

    /// A word, then names in braces.
    fn braced_names(&mut self) -> Parsed<Vec<Name>> {
        self.advance();
        self.expect("{", "names stand between `{` and `}`, with commas between")?;
        let names = self.list("}", true, |parser| parser.name("a name"))?;
        self.expect("}", "names stand between `{` and `}`, with commas between")?;
        Ok(names)
    }
}

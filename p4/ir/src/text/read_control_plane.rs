//! What the control plane is told, from text.

use sluice_diagnostics::{Diagnostic, Span};

use super::cursor::Kind;
use super::lex::TokenKind;
use super::read::{Reader, Result};
use crate::{
    Annotation, AnnotationBody, AnnotationValue, DataType, DigestType, Handle, Member, NamedKind, NamedType,
    Translation, Type,
};

impl Reader {
    /// Takes annotations.
    pub(super) fn annotations(&mut self) -> Result<Vec<Annotation>> {
        let mut annotations = Vec::new();
        while self.cursor.eat("@") {
            let name = self.cursor.name()?;
            let body = if self.cursor.eat("(") {
                let text = self.cursor.string()?;
                self.cursor.expect(")")?;
                AnnotationBody::Text(text)
            } else if self.cursor.is_symbol("[") {
                self.structured_body()?
            } else {
                AnnotationBody::None
            };
            annotations.push(Annotation { name, body });
        }
        Ok(annotations)
    }

    fn structured_body(&mut self) -> Result<AnnotationBody> {
        // `[` name `=` begins a list of pairs.
        if *self.cursor.peek(2) != TokenKind::Symbol("=") {
            return self.list("[", "]", Self::annotation_value).map(AnnotationBody::Values);
        }
        let pairs = self.list("[", "]", |reader| {
            let key = reader.cursor.name()?;
            reader.cursor.expect("=")?;
            Ok((key, reader.annotation_value()?))
        })?;
        Ok(AnnotationBody::Pairs(pairs))
    }

    fn annotation_value(&mut self) -> Result<AnnotationValue> {
        if self.cursor.eat_word("true") {
            return Ok(AnnotationValue::Bool(true));
        }
        if self.cursor.eat_word("false") {
            return Ok(AnnotationValue::Bool(false));
        }
        if matches!(self.cursor.peek(0), TokenKind::Name { quoted: true, .. }) {
            return self.cursor.string().map(AnnotationValue::Text);
        }
        let negative = self.cursor.eat("-");
        let error = self.cursor.error("the number is too large", "it has 64 bits and a sign");
        let number = i128::from(self.cursor.number()?);
        let number = i64::try_from(if negative { -number } else { number }).map_err(|_| error)?;
        Ok(AnnotationValue::Integer(number))
    }

    /// Takes ` as name`, where it stands.
    pub(super) fn named(&mut self) -> Result<Option<Handle<NamedType>>> {
        if self.cursor.eat_word("as") { self.cursor.item(Kind::NamedType).map(Some) } else { Ok(None) }
    }

    /// Takes `, by name`, where it stands.
    pub(super) fn index(&mut self) -> Result<Option<Handle<NamedType>>> {
        if !self.cursor.eat(",") {
            return Ok(None);
        }
        self.cursor.expect_word("by")?;
        self.cursor.item(Kind::NamedType).map(Some)
    }

    /// Takes the package's `;`.
    pub(super) fn package(&mut self, annotations: Vec<Annotation>) -> Result<()> {
        self.module.annotations.extend(annotations);
        self.cursor.expect(";")
    }

    /// Takes a digest behind its word.
    pub(super) fn digest(&mut self) -> Result<()> {
        let name = self.head()?;
        let ty = self.data_type()?;
        self.cursor.expect(";")?;
        self.module.digests.push(DigestType { name, ty });
        Ok(())
    }

    /// Takes a type with a name behind its word.
    pub(super) fn named_type(&mut self, annotations: Vec<Annotation>, start: Span) -> Result<()> {
        let name = self.head()?;
        let word = self.cursor.word(0).to_string();
        self.cursor.skip();
        let kind = match word.as_str() {
            "struct" => NamedKind::Struct(self.members()?),
            "header" => NamedKind::Header(self.members()?),
            "union" => NamedKind::Union(self.members()?),
            "enum" => self.enumeration()?,
            "new" => self.new_type()?,
            _ => {
                let error = Diagnostic::error("no kind of type").at(self.cursor.since(start), "");
                return Err(Box::new(error.help("write struct, header, union, enum or new behind the name")));
            }
        };
        self.module.named_types.push(NamedType { name, kind, annotations });
        Ok(())
    }

    fn members(&mut self) -> Result<Vec<Member>> {
        self.cursor.expect("{")?;
        let mut members = Vec::new();
        while !self.cursor.eat("}") {
            let annotations = self.annotations()?;
            let name = self.cursor.name()?;
            self.cursor.expect(":")?;
            members.push(Member { name, ty: self.data_type()?, annotations });
            self.cursor.expect(";")?;
        }
        Ok(members)
    }

    fn enumeration(&mut self) -> Result<NamedKind> {
        if self.cursor.is_symbol("{") {
            return self.list("{", "}", |reader| reader.cursor.name()).map(NamedKind::Enum);
        }
        let not_bits = self.cursor.expected("`bit<width>`");
        let Type::Bits(width) = self.ty()? else { return Err(not_bits) };
        let members = self.list("{", "}", |reader| {
            let name = reader.cursor.name()?;
            reader.cursor.expect("=")?;
            Ok((name, reader.bits()?))
        })?;
        Ok(NamedKind::SerializableEnum { width, members })
    }

    fn new_type(&mut self) -> Result<NamedKind> {
        let of = self.data_type()?;
        let mut translation = None;
        if self.cursor.eat_word("as") {
            let uri = self.cursor.string()?;
            self.cursor.expect_word("to")?;
            let is_string = self.cursor.eat_word("string");
            let width = if is_string { None } else { Some(self.cursor.number_u32()?) };
            translation = Some(Translation { uri, width });
        }
        self.cursor.expect(";")?;
        Ok(NamedKind::New { of, translation })
    }

    fn data_type(&mut self) -> Result<DataType> {
        if self.cursor.is_symbol("(") {
            self.cursor.enter()?;
            let members = self.list("(", ")", Self::data_type)?;
            self.cursor.leave();
            return Ok(DataType::Tuple(members));
        }
        if matches!(self.cursor.word(0), "bit" | "int" | "varbit" | "bool" | "error") {
            return Ok(match self.ty()? {
                Type::Bits(width) => DataType::Bits(width),
                Type::Int(width) => DataType::Int(width),
                Type::Varbit(width) => DataType::Varbit(width),
                Type::Bool => DataType::Bool,
                Type::Error => DataType::Error,
            });
        }
        let handle = self.cursor.item(Kind::NamedType)?;
        if self.cursor.eat("*") {
            return Ok(DataType::Stack(handle, self.cursor.number_u32()?));
        }
        Ok(DataType::Named(handle))
    }
}

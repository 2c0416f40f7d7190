//! Items from text.

use sluice_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources, Span};

use super::cursor::{Cursor, Kind};
use super::lex::{TokenKind, tokens};
use super::words;
use crate::{
    Action, ActionProfile, Annotation, Block, Counter, Expression, Field, Handle, Header, HeaderType, Meter,
    Module, Parameter, Register, SelectorInfo, Stack, Union, ValueSet, ValueSetField, Variable, VariableKind,
};

/// What reading one thing gives; a box, since errors are rare and large.
pub(super) type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Builds a module from tokens.
pub(super) struct Reader {
    pub(super) cursor: Cursor,
    pub(super) module: Module,
    /// The action whose body is being read.
    pub(super) action: Option<Action>,
    /// Expressions whose types nothing says yet.
    pub(super) untyped: Vec<(Handle<Expression>, Span)>,
}

/// Where an item begins, and its word.
struct Item {
    start: usize,
    word: String,
}

/// Words of the items that have bodies, which may refer to all others.
const WITH_BODIES: [&str; 8] =
    ["action", "table", "parser", "verify_checksum", "ingress", "egress", "compute_checksum", "deparser"];

/// The module that a text says.
pub(super) fn read(sources: &Sources, source: SourceId) -> std::result::Result<Module, Diagnostics> {
    let tokens = tokens(source, &sources.source(source).text).map_err(|error| Diagnostics::from(*error))?;
    let module = Module { errors: super::CORE_ERRORS.map(str::to_string).to_vec(), ..Module::default() };
    let mut reader = Reader { cursor: Cursor::new(tokens), module, action: None, untyped: Vec::new() };
    let items = reader.items().map_err(|error| Diagnostics::from(*error))?;
    let mut found = Diagnostics::new();
    for with_bodies in [false, true] {
        for item in items.iter().filter(|item| WITH_BODIES.contains(&item.word.as_str()) == with_bodies) {
            reader.cursor.go_to(item.start);
            reader.action = None;
            if let Err(error) = reader.item(&item.word) {
                found.push(*error);
            }
            for (_, span) in reader.untyped.drain(..) {
                let message = "the operands do not say this expression's type";
                found.push(Diagnostic::error(message).at(span, "").help("say it: is<bit<8>>(...)"));
            }
        }
        // Bodies would only complain about what declarations did not declare.
        if found.has_errors() {
            return Err(found);
        }
    }
    Ok(reader.module)
}

impl Reader {
    /// The first pass: where the items are, and their names.
    fn items(&mut self) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        loop {
            let start = self.cursor.position();
            self.annotations()?;
            if *self.cursor.peek(0) == TokenKind::End {
                return Ok(items);
            }
            let word = self.cursor.word(0).to_string();
            let kind = kind_of(&word).ok_or_else(|| {
                self.cursor.expected("`header`, `action`, `table`, `ingress` or another item")
            })?;
            self.cursor.skip();
            if let Some(kind) = kind {
                self.cursor.declare(kind)?;
            }
            self.skip_item(word == "parser")?;
            items.push(Item { start, word });
        }
    }

    /// Goes behind the item's `;` or last `}`, noting the states of a parser.
    fn skip_item(&mut self, states: bool) -> Result<()> {
        let mut depth = 0_u32;
        loop {
            match *self.cursor.peek(0) {
                TokenKind::End => return Err(self.cursor.expected("`}` or `;`")),
                TokenKind::Symbol(";") if depth == 0 => {
                    self.cursor.skip();
                    return Ok(());
                }
                TokenKind::Symbol("{") => depth += 1,
                TokenKind::Symbol("}") => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.cursor.skip();
                        return Ok(());
                    }
                }
                TokenKind::Name { .. } if states && depth == 1 && self.cursor.word(0) == "state" => {
                    self.cursor.skip();
                    self.cursor.declare(Kind::State)?;
                    continue;
                }
                _ => {}
            }
            self.cursor.skip();
        }
    }

    fn item(&mut self, word: &str) -> Result<()> {
        let start = self.cursor.span();
        let annotations = self.annotations()?;
        let annotated = matches!(
            word,
            "counter"
                | "meter"
                | "register"
                | "action_profile"
                | "value_set"
                | "type"
                | "main"
                | "action"
                | "table"
        );
        if !annotations.is_empty() && !annotated {
            let message = format!("`{word}` takes no annotations");
            return Err(Box::new(Diagnostic::error(message).at(start, "").help("remove it")));
        }
        self.cursor.skip();
        match word {
            "errors" => self.module.errors = self.list("{", "}", |reader| reader.cursor.name())?,
            "header_type" => self.header_type(start)?,
            "header" => self.header_item()?,
            "stack" => self.stack()?,
            "union" => {
                let name = self.cursor.numbered_name()?.0;
                let members = self.list("{", "}", |reader| reader.cursor.item(Kind::Header))?;
                self.module.unions.push(Union { name, members });
            }
            "metadata" | "local" | "intrinsic" => self.variable_item(word)?,
            "counter" | "meter" => self.counter_or_meter(word, annotations)?,
            "register" => {
                let name = self.head()?;
                let (ty, named) = (self.ty()?, self.named()?);
                self.cursor.expect(",")?;
                let (size, index) = (self.size()?, self.index()?);
                self.cursor.expect(";")?;
                self.module.registers.push(Register { name, size, ty, named, index, annotations });
            }
            "main" => self.package(annotations)?,
            "type" => self.named_type(annotations, start)?,
            "digest" => self.digest()?,
            "action_profile" => self.action_profile(annotations)?,
            "value_set" => self.value_set(annotations)?,
            "action" => self.action_item(annotations, start)?,
            "table" => self.table(annotations, start)?,
            "parser" => self.parser()?,
            _ => self.control(word)?,
        }
        Ok(())
    }

    /// Takes `name :`.
    pub(super) fn head(&mut self) -> Result<String> {
        let (name, _) = self.cursor.numbered_name()?;
        self.cursor.expect(":")?;
        Ok(name)
    }

    /// Takes `size number`.
    fn size(&mut self) -> Result<u64> {
        self.cursor.expect_word("size")?;
        self.cursor.number()
    }

    fn header_type(&mut self, start: Span) -> Result<()> {
        let name = self.cursor.numbered_name()?.0;
        self.cursor.expect("{")?;
        let mut fields = Vec::new();
        while !self.cursor.eat("}") {
            let name = self.cursor.name()?;
            self.cursor.expect(":")?;
            fields.push(Field { name, ty: self.ty()? });
            self.cursor.expect(";")?;
        }
        let span = self.cursor.since(start);
        self.module.header_types.push(HeaderType { name, fields, span });
        Ok(())
    }

    fn header_item(&mut self) -> Result<()> {
        let name = self.head()?;
        let ty = self.cursor.item(Kind::HeaderType)?;
        let union = if self.cursor.eat_word("in") { Some(self.cursor.item(Kind::Union)?) } else { None };
        self.cursor.expect(";")?;
        self.module.headers.push(Header { name, ty, union });
        Ok(())
    }

    fn stack(&mut self) -> Result<()> {
        let name = self.cursor.numbered_name()?.0;
        let shares = self.cursor.eat_word("shares");
        let shares_index_of = if shares { Some(self.cursor.item(Kind::Stack)?) } else { None };
        let elements = self.list("{", "}", |reader| reader.cursor.item(Kind::Header))?;
        self.module.stacks.push(Stack { name, elements, shares_index_of });
        Ok(())
    }

    fn variable_item(&mut self, word: &str) -> Result<()> {
        let name = self.head()?;
        let ty = self.ty()?;
        let kind = match word {
            "metadata" => VariableKind::Metadata,
            "local" => VariableKind::Local,
            _ => {
                self.cursor.expect_word("is")?;
                VariableKind::Intrinsic(self.one_of(words::INTRINSICS, "a field of standard_metadata")?)
            }
        };
        let lists = self.cursor.eat_word("in");
        let field_lists =
            if lists { self.list("(", ")", |reader| reader.cursor.number_u32())? } else { Vec::new() };
        self.cursor.expect(";")?;
        self.module.variables.push(Variable { name, ty, kind, field_lists });
        Ok(())
    }

    fn counter_or_meter(&mut self, word: &str, annotations: Vec<Annotation>) -> Result<()> {
        let name = self.head()?;
        let unit = self.one_of(words::UNITS, "packets, bytes or both")?;
        self.cursor.expect(",")?;
        let (size, index) = (self.size()?, self.index()?);
        self.cursor.expect(";")?;
        if word == "counter" {
            self.module.counters.push(Counter { name, size, unit, index, annotations });
        } else {
            self.module.meters.push(Meter { name, size, unit, index, annotations });
        }
        Ok(())
    }

    fn action_profile(&mut self, annotations: Vec<Annotation>) -> Result<()> {
        let name = self.head()?;
        let size = self.size()?;
        let mut selector = None;
        if self.cursor.eat(",") {
            self.cursor.expect_word("selector")?;
            let algorithm = self.one_of(words::ALGORITHMS, "an algorithm")?;
            self.cursor.expect(",")?;
            self.cursor.expect_word("width")?;
            selector = Some(SelectorInfo { algorithm, width: self.cursor.number_u32()? });
        }
        self.cursor.expect(";")?;
        self.module.action_profiles.push(ActionProfile { name, size, selector, annotations });
        Ok(())
    }

    fn value_set(&mut self, annotations: Vec<Annotation>) -> Result<()> {
        let name = self.head()?;
        let size = self.size()?;
        self.cursor.expect("{")?;
        let mut fields = Vec::new();
        while !self.cursor.eat("}") {
            let annotations = self.annotations()?;
            let name = self.cursor.name()?;
            self.cursor.expect(":")?;
            let kind = self.one_of(words::MATCH_KINDS, "a match kind")?;
            self.cursor.expect(",")?;
            self.cursor.expect_word("width")?;
            let width = self.cursor.number_u32()?;
            fields.push(ValueSetField { name, kind, width, annotations });
            self.cursor.expect(";")?;
        }
        self.module.value_sets.push(ValueSet { name, size, fields, annotations });
        Ok(())
    }

    fn action_item(&mut self, annotations: Vec<Annotation>, start: Span) -> Result<()> {
        let name = self.cursor.numbered_name()?.0;
        let params = self.list("(", ")", |reader| {
            let annotations = reader.annotations()?;
            let name = reader.cursor.name()?;
            reader.cursor.expect(":")?;
            Ok(Parameter { name, ty: reader.ty()?, named: reader.named()?, annotations })
        })?;
        let span = self.cursor.since(start);
        self.action = Some(Action { name, params, body: Vec::new(), annotations, span });
        let body = self.block()?;
        if let Some(action) = self.action.take() {
            self.module.actions.push(Action { body, ..action });
        }
        Ok(())
    }

    fn control(&mut self, word: &str) -> Result<()> {
        let before = self.cursor.span();
        let block = self.block()?;
        let pipeline = &mut self.module.pipeline;
        let control: &mut Block = match word {
            "verify_checksum" => &mut pipeline.verify_checksum,
            "ingress" => &mut pipeline.ingress,
            "egress" => &mut pipeline.egress,
            "compute_checksum" => &mut pipeline.compute_checksum,
            _ => &mut pipeline.deparser,
        };
        if !control.is_empty() {
            let message = format!("there are two `{word}`");
            return Err(Box::new(
                Diagnostic::error(message).at(before, "").help("put all statements into one"),
            ));
        }
        *control = block;
        Ok(())
    }
}

/// What kind of name follows an item's word; `None` for a word of no item.
fn kind_of(word: &str) -> Option<Option<Kind>> {
    Some(match word {
        "errors" | "main" | "parser" | "verify_checksum" | "ingress" | "egress" | "compute_checksum"
        | "deparser" => None,
        "header_type" => Some(Kind::HeaderType),
        "header" => Some(Kind::Header),
        "stack" => Some(Kind::Stack),
        "union" => Some(Kind::Union),
        "metadata" | "local" | "intrinsic" => Some(Kind::Variable),
        "counter" => Some(Kind::Counter),
        "meter" => Some(Kind::Meter),
        "register" => Some(Kind::Register),
        "action_profile" => Some(Kind::ActionProfile),
        "value_set" => Some(Kind::ValueSet),
        "type" => Some(Kind::NamedType),
        "digest" => Some(Kind::Digest),
        "action" => Some(Kind::Action),
        "table" => Some(Kind::Table),
        _ => return None,
    })
}

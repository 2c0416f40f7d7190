//! Tables.

use sluice_diagnostics::Diagnostic;

use super::scopes::Declared;
use super::{Parsed, Parser};
use crate::ast::{
    ActionRef, Annotation, Declaration, DeclarationKind, Entry, KeyElement, Table, TableProperty,
    TablePropertyKind,
};

impl Parser<'_> {
    /// `table name {...}`
    pub(super) fn table(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        self.advance();
        let name = self.name("the table's name")?;
        self.scopes.declare(&name, Declared::Value);
        self.expect("{", "the properties of a table stand between `{` and `}`")?;
        let mut properties = Vec::new();
        self.braced_elements(|parser| {
            properties.push(parser.table_property()?);
            Ok(())
        })?;
        Ok(self.declaration(annotations, DeclarationKind::Table(Table { name, properties }), start))
    }

    fn table_property(&mut self) -> Parsed<TableProperty> {
        let annotations = self.annotations()?;
        let start = self.span();
        let is_const = self.take("const");
        let name = self.name("a table property")?;
        self.expect(
            "=",
            "a property is `name = value`, such as key, actions, default_action, entries or size",
        )?;
        let kind = match name.as_str() {
            "key" => TablePropertyKind::Key(self.in_braces(Self::key_element)?),
            "actions" => TablePropertyKind::Actions(self.in_braces(Self::listed_action)?),
            "entries" => TablePropertyKind::Entries(self.in_braces(Self::entry)?),
            "default_action" => {
                let action = self.action_ref()?;
                self.expect(";", "the default action is `default_action = name(arguments);`")?;
                TablePropertyKind::DefaultAction(action)
            }
            _ => {
                let value = self.expression()?;
                self.expect(";", "a property that is no list ends with `;`")?;
                TablePropertyKind::Custom { name, value }
            }
        };
        Ok(TableProperty { annotations, is_const, kind, span: self.since(start) })
    }

    /// The elements of a property that is a list.
    fn in_braces<T>(&mut self, mut element: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.expect("{", "the elements of this property stand between `{` and `}`")?;
        let mut all = Vec::new();
        self.braced_elements(|parser| {
            all.push(element(parser)?);
            Ok(())
        })?;
        if self.is(";") {
            let found = Diagnostic::error("expected another property, found `;`").at(self.span(), "");
            self.report(found.help("no `;` stands behind the `}` of key, actions and entries"));
            self.advance();
        }
        Ok(all)
    }

    fn key_element(&mut self) -> Parsed<KeyElement> {
        let start = self.span();
        let value = self.expression()?;
        self.expect(":", "an element of a key is `expression: match_kind;`")?;
        let match_kind = self.name("a match kind")?;
        let annotations = self.annotations()?;
        self.expect(";", "an element of a key is `expression: match_kind;`")?;
        Ok(KeyElement { value, match_kind, annotations, span: self.since(start) })
    }

    fn listed_action(&mut self) -> Parsed<ActionRef> {
        let action = self.action_ref()?;
        self.expect(";", "each action of a table ends with `;`")?;
        Ok(action)
    }

    fn action_ref(&mut self) -> Parsed<ActionRef> {
        let annotations = self.annotations()?;
        let start = self.span();
        let path = self.path("an action's name")?;
        let arguments = if self.is("(") { Some(self.arguments()?) } else { None };
        Ok(ActionRef { annotations, path, arguments, span: self.since(start) })
    }

    fn entry(&mut self) -> Parsed<Entry> {
        let start = self.span();
        let is_const = self.take("const");
        let help =
            "an entry is `keysets: action(arguments);`, or `priority = number: keysets: action(arguments);`";
        let priority = if self.is("priority") && self.ahead(1).is("=") {
            self.advance();
            self.advance();
            let value = self.expression()?;
            self.expect(":", help)?;
            Some(value)
        } else {
            None
        };
        let keysets = self.keysets()?;
        // Keys are single values: a list of them can only be all of them.
        let keysets = super::expressions::opened(keysets, |_| true);
        self.expect(":", help)?;
        let action = self.action_ref()?;
        let annotations = self.annotations()?;
        self.expect(";", help)?;
        Ok(Entry { annotations, is_const, priority, keysets, action, span: self.since(start) })
    }
}

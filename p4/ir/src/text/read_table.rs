//! Tables and the parser from text.

use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::{ActionScope, Match};

use super::cursor::Kind;
use super::lex::TokenKind;
use super::read::{Reader, Result};
use super::words;
use crate::{
    ActionUse, Annotation, DirectCounter, DirectMeter, InitialEntry, Key, KeySet, SelectCase, State, Table,
    TableAction, Target, Transition,
};

impl Reader {
    /// Takes a table behind its word.
    pub(super) fn table(&mut self, annotations: Vec<Annotation>, start: Span) -> Result<()> {
        let name = self.cursor.numbered_name()?.0;
        let span = self.cursor.since(start);
        let mut table = Table {
            name,
            keys: Vec::new(),
            actions: Vec::new(),
            default_action: ActionUse { index: u32::MAX, arguments: Vec::new() },
            default_is_const: false,
            size: 0,
            entries: Vec::new(),
            entries_are_const: false,
            direct_counter: None,
            direct_meter: None,
            action_profile: None,
            support_timeout: false,
            annotations,
            span,
        };
        self.cursor.expect("{")?;
        while !self.cursor.eat("}") {
            self.table_property(&mut table)?;
        }
        self.module.tables.push(table);
        Ok(())
    }

    fn table_property(&mut self, table: &mut Table) -> Result<()> {
        let annotations = self.annotations()?;
        let is_const = self.cursor.eat_word("const");
        let word = self.cursor.word(0).to_string();
        if !annotations.is_empty() && !matches!(word.as_str(), "counter" | "meter") {
            return Err(self.cursor.expected("`counter` or `meter`"));
        }
        match word.as_str() {
            "default" => {
                self.cursor.skip();
                table.default_action = self.action_use(table)?;
                table.default_is_const = is_const;
                self.cursor.expect(";")
            }
            "entries" => {
                self.cursor.skip();
                table.entries_are_const = is_const;
                self.entries(table)
            }
            _ if is_const => Err(self.cursor.expected("`default` or `entries`")),
            "key" => {
                self.cursor.skip();
                self.keys(table)
            }
            "actions" => {
                self.cursor.skip();
                self.cursor.expect("{")?;
                while !self.cursor.eat("}") {
                    let annotations = self.annotations()?;
                    let scope = match self.cursor.word(0) {
                        "tableonly" | "defaultonly" => self.one_of(words::SCOPES, "a scope")?,
                        _ => ActionScope::TableAndDefault,
                    };
                    let action = self.cursor.item(Kind::Action)?;
                    table.actions.push(TableAction { action, scope, annotations });
                    self.cursor.expect(";")?;
                }
                Ok(())
            }
            "size" => {
                self.cursor.skip();
                table.size = self.cursor.number()?;
                self.cursor.expect(";")
            }
            "support_timeout" => {
                self.cursor.skip();
                table.support_timeout = true;
                self.cursor.expect(";")
            }
            "counter" | "meter" => {
                self.cursor.skip();
                let name = self.cursor.name()?;
                self.cursor.expect(":")?;
                let unit = self.one_of(words::UNITS, "packets, bytes or both")?;
                if word == "counter" {
                    table.direct_counter = Some(DirectCounter { name, unit, annotations });
                } else {
                    table.direct_meter = Some(DirectMeter { name, unit, annotations });
                }
                self.cursor.expect(";")
            }
            "action_profile" => {
                self.cursor.skip();
                table.action_profile = Some(self.cursor.item(Kind::ActionProfile)?);
                self.cursor.expect(";")
            }
            _ => Err(self.cursor.expected("a table's property")),
        }
    }

    fn keys(&mut self, table: &mut Table) -> Result<()> {
        self.cursor.expect("{")?;
        while !self.cursor.eat("}") {
            let annotations = self.annotations()?;
            let name = self.cursor.name()?;
            self.cursor.expect(":")?;
            let kind = self.one_of(words::MATCH_KINDS, "a match kind")?;
            let named = self.named()?;
            self.cursor.expect("=")?;
            let expression = self.expression()?;
            self.cursor.expect(";")?;
            table.keys.push(Key { name, expression, kind, named, annotations });
        }
        Ok(())
    }

    /// Takes `action(arguments)`; the action must be one of the table's.
    fn action_use(&mut self, table: &Table) -> Result<ActionUse> {
        let not_listed =
            self.cursor.error("not an action of this table", "list it in `actions`, which stand before");
        let index = if let TokenKind::Missing(index) = *self.cursor.peek(0) {
            self.cursor.skip();
            index
        } else {
            let action = self.cursor.item(Kind::Action)?;
            let index = table.actions.iter().position(|listed| listed.action == action);
            index.ok_or(not_listed)? as u32
        };
        let arguments = self.list("(", ")", Self::bits)?;
        Ok(ActionUse { index, arguments })
    }

    fn entries(&mut self, table: &mut Table) -> Result<()> {
        self.cursor.expect("{")?;
        while !self.cursor.eat("}") {
            let is_const = self.cursor.eat_word("const");
            let matches = self.list("(", ")", Self::match_value)?;
            let priority = if self.cursor.eat_word("priority") { self.cursor.number_u32()? } else { 0 };
            self.cursor.expect(":")?;
            let action = self.action_use(table)?;
            self.cursor.expect(";")?;
            table.entries.push(InitialEntry { matches, priority, action, is_const });
        }
        Ok(())
    }

    fn match_value(&mut self) -> Result<Match> {
        if self.cursor.eat_word("optional") {
            let any = self.cursor.eat_word("_");
            return Ok(Match::Optional(if any { None } else { Some(self.bits()?) }));
        }
        let value = self.bits()?;
        Ok(if self.cursor.eat("/") {
            Match::Lpm { value, length: self.cursor.number_u32()? }
        } else if self.cursor.eat("&&&") {
            Match::Ternary { value, mask: self.bits()? }
        } else if self.cursor.eat("..") {
            Match::Range { low: value, high: self.bits()? }
        } else {
            Match::Exact(value)
        })
    }

    /// Takes a parser behind its word.
    pub(super) fn parser(&mut self) -> Result<()> {
        let second = !self.module.pipeline.parser.states.is_empty();
        if second {
            return Err(self.cursor.error("there are two parsers", "put all states into one"));
        }
        self.cursor.expect("{")?;
        while !self.cursor.eat("}") {
            let start = self.cursor.span();
            self.cursor.expect_word("state")?;
            let name = self.cursor.numbered_name()?.0;
            let span = self.cursor.since(start);
            self.cursor.expect("{")?;
            let mut body = Vec::new();
            let transition = loop {
                match self.cursor.word(0) {
                    "goto" => {
                        self.cursor.skip();
                        let target = self.target()?;
                        self.cursor.expect(";")?;
                        break Transition::Always(target);
                    }
                    "select" => break self.select()?,
                    _ if self.cursor.is_symbol("}") => {
                        let start = Diagnostic::error("the state does not say where it goes");
                        let help = "end it with `goto accept;` or `select (...) { ... }`";
                        return Err(Box::new(start.at(self.cursor.span(), "").help(help)));
                    }
                    _ => body.push(self.statement()?),
                }
            };
            self.cursor.expect("}")?;
            self.module.pipeline.parser.states.push(State { name, body, transition, span });
        }
        Ok(())
    }

    fn target(&mut self) -> Result<Target> {
        Ok(match self.cursor.word(0) {
            "accept" => {
                self.cursor.skip();
                Target::Accept
            }
            "reject" => {
                self.cursor.skip();
                Target::Reject
            }
            _ => Target::State(self.cursor.item(Kind::State)?),
        })
    }

    fn select(&mut self) -> Result<Transition> {
        self.cursor.skip();
        let keys = self.list("(", ")", Self::expression)?;
        self.cursor.expect("{")?;
        let mut cases = Vec::new();
        while !self.cursor.eat("}") {
            let sets = self.list("(", ")", Self::key_set)?;
            self.cursor.expect(":")?;
            let target = self.target()?;
            self.cursor.expect(";")?;
            cases.push(SelectCase { sets, target });
        }
        Ok(Transition::Select { keys, cases })
    }

    fn key_set(&mut self) -> Result<KeySet> {
        if self.cursor.eat_word("_") {
            return Ok(KeySet::Any);
        }
        if self.cursor.eat_word("value_set") {
            return Ok(KeySet::ValueSet(self.cursor.item(Kind::ValueSet)?));
        }
        let value = self.bits()?;
        Ok(if self.cursor.eat("&&&") {
            KeySet::Masked { value, mask: self.bits()? }
        } else if self.cursor.eat("..") {
            KeySet::Range { low: value, high: self.bits()? }
        } else {
            KeySet::Value(value)
        })
    }
}

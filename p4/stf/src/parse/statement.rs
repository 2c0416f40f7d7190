//! Statement by statement.

use sluice_diagnostics::{Diagnostic, Span};

use super::{Parser, Result, data};
use crate::number::Number;
use crate::script::{Cell, Command, Comparison, Condition, Name, Quantity, Removal, Statement};
use crate::token::{Kind, Token};

/// Keywords, with how their statements are written.
const KEYWORDS: [(&str, &str); 23] = [
    ("add", "add TABLE [PRIORITY] KEY:VALUE... ACTION(ARGUMENT:VALUE, ...) [= HANDLE]"),
    ("setdefault", "setdefault TABLE ACTION(ARGUMENT:VALUE, ...)"),
    ("remove", "remove all; remove HANDLE; remove TABLE; remove TABLE [PRIORITY] KEY:VALUE..."),
    ("mirroring_add", "mirroring_add SESSION PORT"),
    ("mirroring_add_mc", "mirroring_add_mc SESSION GROUP"),
    ("mirroring_delete", "mirroring_delete SESSION"),
    ("mirroring_get", "mirroring_get SESSION"),
    ("mc_mgrp_create", "mc_mgrp_create GROUP"),
    ("mc_node_create", "mc_node_create RID PORT..."),
    ("mc_node_update", "mc_node_update NODE PORT..."),
    ("mc_node_associate", "mc_node_associate GROUP NODE"),
    ("counter_read", "counter_read COUNTER INDEX"),
    ("counter_write", "counter_write COUNTER INDEX PACKETS BYTES"),
    ("register_read", "register_read REGISTER INDEX"),
    ("register_write", "register_write REGISTER INDEX VALUE"),
    ("register_reset", "register_reset REGISTER"),
    ("meter_get_rates", "meter_get_rates METER INDEX"),
    ("meter_set_rates", "meter_set_rates METER INDEX RATE:BURST RATE:BURST"),
    ("meter_array_set_rates", "meter_array_set_rates METER RATE:BURST RATE:BURST"),
    ("check_counter", "check_counter COUNTER(INDEX or $HANDLE) [packets|bytes ==|!=|<|<=|>|>= NUMBER]"),
    ("packet", "packet PORT HEX"),
    ("expect", "expect PORT [HEX, `*` for any digit, `$` at the end if nothing may follow]"),
    ("no_packet", "no_packet"),
];

/// Whether a word starts a statement. Case does not matter.
pub(super) fn is_keyword(word: &str) -> bool {
    word.eq_ignore_ascii_case("wait") || KEYWORDS.iter().any(|(known, _)| word.eq_ignore_ascii_case(known))
}

impl Parser<'_> {
    pub(super) fn statement(&mut self) -> Result<Statement> {
        let keyword = self.advance();
        let word = keyword.text.to_ascii_lowercase();
        let form = KEYWORDS.iter().find(|(known, _)| *known == word).map_or("wait", |(_, form)| form);
        let known = keyword.kind == Kind::Name && is_keyword(&word);
        if !known {
            return Err(unknown(&keyword));
        }
        let help = format!("write `{form}`");
        let command = match word.as_str() {
            "add" => self.add(&help),
            "setdefault" => {
                let table = self.name("the table", &help)?;
                Ok(Command::SetDefault { table, action: self.action()? })
            }
            "remove" => self.remove(&help),
            "check_counter" => self.check_counter(&help),
            "packet" | "expect" => self.traffic(&word, &help),
            "no_packet" => Ok(Command::NoPacket),
            "wait" => Ok(Command::Wait),
            _ => self.direct(&word, &help),
        }?;
        if !self.next_is(Kind::Newline) && !self.next_is(Kind::End) {
            let token = self.peek();
            return Err(Diagnostic::error(format!("`{}` is too much", token.text))
                .at(token.span, "the statement ends before it")
                .help(help));
        }
        Ok(Statement { span: keyword.span.to(self.last_span()), command })
    }

    fn add(&mut self, help: &str) -> Result<Command> {
        let table = self.name("the table", help)?;
        let priority = self.priority(help)?;
        let keys = self.key_fields()?;
        let action = self.action()?;
        let mut handle = None;
        if self.next_is_mark("=") {
            self.advance();
            handle = Some(bare(self.name("the handle", help)?));
        }
        Ok(Command::Add { table, priority, keys, action, handle })
    }

    fn priority(&mut self, help: &str) -> Result<Option<Number>> {
        self.join_lines();
        if self.next_is(Kind::Number) { self.number("the priority", help).map(Some) } else { Ok(None) }
    }

    fn remove(&mut self, help: &str) -> Result<Command> {
        let name = self.name("what is to be removed", help)?;
        if self.next_is(Kind::Newline) || self.next_is(Kind::End) {
            let removal =
                if name.text.eq_ignore_ascii_case("all") { Removal::All } else { Removal::Named(bare(name)) };
            return Ok(Command::Remove(removal));
        }
        let priority = self.priority(help)?;
        let keys = self.key_fields()?;
        Ok(Command::Remove(Removal::Entry { table: name, priority, keys }))
    }

    fn check_counter(&mut self, help: &str) -> Result<Command> {
        let counter = self.name("the counter", help)?;
        self.mark("(", help)?;
        let cell = if self.next_is(Kind::Name) {
            Cell::Handle(bare(self.name("the handle", help)?))
        } else {
            Cell::Index(self.number("the index", help)?)
        };
        self.mark(")", help)?;
        if self.next_is(Kind::Newline) || self.next_is(Kind::End) {
            return Ok(Command::CheckCounter { counter, cell, condition: None });
        }
        let token = self.peek();
        let quantity = match token.text.to_ascii_lowercase().as_str() {
            "packets" => Quantity::Packets,
            "bytes" => Quantity::Bytes,
            _ => return Err(self.wants("`packets` or `bytes`", help)),
        };
        self.advance();
        let comparison = match self.peek().text {
            "==" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterEqual,
            _ => return Err(self.wants("a comparison", help)),
        };
        self.advance();
        let value = self.number("the number to compare with", help)?;
        Ok(Command::CheckCounter {
            counter,
            cell,
            condition: Some(Condition { quantity, comparison, value }),
        })
    }

    fn traffic(&mut self, word: &str, help: &str) -> Result<Command> {
        let line = self.advance();
        if line.kind != Kind::Data {
            return Err(Diagnostic::error("the port is missing here").at(line.span, "").help(help));
        }
        let (port, text, span) = data::port(&line, help)?;
        if word == "expect" {
            return Ok(Command::Expect { port, pattern: data::pattern(text, span)? });
        }
        let data = data::bytes(text, span)?;
        if data.is_empty() {
            return Err(Diagnostic::error("the packet has no bytes").at(line.span, "").help(help));
        }
        Ok(Command::Packet { port, data })
    }

    /// Statements that are a list of names and numbers.
    fn direct(&mut self, word: &str, help: &str) -> Result<Command> {
        Ok(match word {
            "mirroring_add" => Command::MirroringAdd {
                session: self.number("the session", help)?,
                port: self.number("the port", help)?,
            },
            "mirroring_add_mc" => Command::MirroringAddMc {
                session: self.number("the session", help)?,
                group: self.number("the group", help)?,
            },
            "mirroring_delete" => Command::MirroringDelete { session: self.number("the session", help)? },
            "mirroring_get" => Command::MirroringGet { session: self.number("the session", help)? },
            "mc_mgrp_create" => Command::GroupCreate { group: self.number("the group", help)? },
            "mc_node_create" => {
                Command::NodeCreate { rid: self.number("the instance", help)?, ports: self.ports(help)? }
            }
            "mc_node_update" => {
                Command::NodeUpdate { node: self.number("the node", help)?, ports: self.ports(help)? }
            }
            "mc_node_associate" => Command::NodeAssociate {
                group: self.number("the group", help)?,
                node: self.number("the node", help)?,
            },
            "meter_array_set_rates" => {
                Command::MeterArraySetRates { meter: self.name("the meter", help)?, rates: self.rates()? }
            }
            "register_reset" => Command::RegisterReset { register: self.name("the register", help)? },
            _ => return self.cell(word, help),
        })
    }

    /// Statements on one cell of an array.
    fn cell(&mut self, word: &str, help: &str) -> Result<Command> {
        let name = self.name("the name", help)?;
        let index = self.number("the index", help)?;
        Ok(match word {
            "counter_read" => Command::CounterRead { counter: name, index },
            "counter_write" => Command::CounterWrite {
                counter: name,
                index,
                packets: self.number("the number of packets", help)?,
                bytes: self.number("the number of bytes", help)?,
            },
            "register_read" => Command::RegisterRead { register: name, index },
            "register_write" => {
                Command::RegisterWrite { register: name, index, value: self.number("the value", help)? }
            }
            "meter_get_rates" => Command::MeterGetRates { meter: name, index },
            _ => Command::MeterSetRates { meter: name, index, rates: self.rates()? },
        })
    }

    /// One port or more.
    fn ports(&mut self, help: &str) -> Result<Vec<Number>> {
        let mut ports = vec![self.number("a port", help)?];
        while self.next_is(Kind::Number) {
            ports.push(self.number("a port", help)?);
        }
        Ok(ports)
    }
}

fn unknown(token: &Token<'_>) -> Diagnostic {
    let words: Vec<&str> = KEYWORDS.iter().map(|(word, _)| *word).collect();
    Diagnostic::error(format!("`{}` starts no statement", token.text))
        .at(Span::new(token.span.source, token.span.start as usize, token.span.end as usize), "")
        .help(format!("a statement starts with one of: {}, wait", words.join(", ")))
}

/// A handle without the `$` that may stand before it.
fn bare(mut name: Name) -> Name {
    if let Some(rest) = name.text.strip_prefix('$') {
        name.text = rest.to_string();
    }
    name
}

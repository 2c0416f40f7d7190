//! Statements from text.

use super::cursor::Kind;
use super::lex::TokenKind;
use super::read::{Reader, Result};
use super::words::{self, Words, value_of};
use crate::{Block, Expression, ExternCall, Handle, Label, Place, SluiceCall, Statement, StatementKind};

impl Reader {
    /// Takes `{ statements }`.
    pub(super) fn block(&mut self) -> Result<Block> {
        self.cursor.enter()?;
        self.cursor.expect("{")?;
        let mut block = Vec::new();
        while !self.cursor.eat("}") {
            block.push(self.statement()?);
        }
        self.cursor.leave();
        Ok(block)
    }

    /// Takes one statement.
    pub(super) fn statement(&mut self) -> Result<Statement> {
        let start = self.cursor.span();
        let kind = match self.cursor.word(0) {
            "if" => self.conditional()?,
            "switch" => self.switch()?,
            "label" => {
                self.cursor.skip();
                StatementKind::Labelled(self.label()?, self.block()?)
            }
            "loop" => {
                self.cursor.skip();
                StatementKind::Loop(self.label()?, self.block()?)
            }
            _ => {
                let kind = self.simple()?;
                self.cursor.expect(";")?;
                kind
            }
        };
        Ok(Statement { kind, span: self.cursor.since(start) })
    }

    fn label(&mut self) -> Result<Label> {
        let label = self.cursor.word(0).strip_prefix('L').and_then(|number| number.parse().ok());
        match label {
            Some(number) => {
                self.cursor.skip();
                Ok(Label(number))
            }
            None => Err(self.cursor.expected("a label like L1")),
        }
    }

    fn condition(&mut self) -> Result<Handle<Expression>> {
        self.cursor.expect("(")?;
        let condition = self.expression()?;
        self.cursor.expect(")")?;
        Ok(condition)
    }

    fn conditional(&mut self) -> Result<StatementKind> {
        self.cursor.skip();
        let condition = self.condition()?;
        let accept = self.block()?;
        let mut reject = Vec::new();
        if self.cursor.eat_word("else") {
            if self.cursor.word(0) == "if" {
                self.cursor.enter()?;
                reject.push(self.statement()?);
                self.cursor.leave();
            } else {
                reject = self.block()?;
            }
        }
        Ok(StatementKind::If { condition, accept, reject })
    }

    fn switch(&mut self) -> Result<StatementKind> {
        self.cursor.skip();
        let selector = self.condition()?;
        self.cursor.expect("{")?;
        let mut cases = Vec::new();
        let mut default = Vec::new();
        while self.cursor.eat_word("case") {
            let mut values = Vec::new();
            while !self.cursor.is_symbol("{") {
                values.push(self.bits()?);
                if !self.cursor.is_symbol("{") {
                    self.cursor.expect(",")?;
                }
            }
            cases.push((values, self.block()?));
        }
        if self.cursor.eat_word("default") {
            default = self.block()?;
        }
        self.cursor.expect("}")?;
        Ok(StatementKind::Switch { selector, cases, default })
    }

    fn simple(&mut self) -> Result<StatementKind> {
        match self.cursor.word(0) {
            "exit" => {
                self.cursor.skip();
                return Ok(StatementKind::Exit);
            }
            "leave" => {
                self.cursor.skip();
                return Ok(StatementKind::Leave(self.label()?));
            }
            "copy" => {
                self.cursor.skip();
                let to = self.header()?;
                self.cursor.expect("=")?;
                return Ok(StatementKind::CopyHeader { to, from: self.header()? });
            }
            "copy_stack" => {
                self.cursor.skip();
                let to = self.cursor.item(Kind::Stack)?;
                self.cursor.expect("=")?;
                return Ok(StatementKind::CopyStack { to, from: self.cursor.item(Kind::Stack)? });
            }
            "apply" => return self.apply(),
            _ => {}
        }
        if let Some(name) = self.call_name() {
            self.cursor.skip();
            self.cursor.skip();
            let kind = self.call(&name)?;
            self.cursor.expect(")")?;
            return Ok(kind);
        }
        let place = self.place()?;
        self.cursor.expect("=")?;
        if let Some(name) = self.call_name().filter(|name| !EXPRESSION_WORDS.contains(&name.as_str())) {
            self.cursor.skip();
            self.cursor.skip();
            let kind = self.call_with_result(&name, place)?;
            self.cursor.expect(")")?;
            return Ok(kind);
        }
        Ok(StatementKind::Assign(place, self.expression()?))
    }

    /// The name before a `(`, unless it is that of a header.
    fn call_name(&self) -> Option<String> {
        let word = self.cursor.word(0);
        let called = matches!(self.cursor.peek(1), TokenKind::Symbol("("));
        (called && !word.is_empty() && !matches!(word, "next" | "last")).then(|| word.to_string())
    }

    fn apply(&mut self) -> Result<StatementKind> {
        self.cursor.skip();
        let table = self.cursor.item(Kind::Table)?;
        let hit = if self.cursor.eat_word("hit") { Some(self.cursor.item(Kind::Variable)?) } else { None };
        let action_run =
            if self.cursor.eat_word("run") { Some(self.cursor.item(Kind::Variable)?) } else { None };
        Ok(StatementKind::Apply { table, hit, action_run })
    }

    fn call(&mut self, name: &str) -> Result<StatementKind> {
        Ok(match name {
            "set_valid" => StatementKind::SetValid(self.header()?),
            "set_invalid" => StatementKind::SetInvalid(self.header()?),
            "emit" => StatementKind::Emit(self.header()?),
            "advance" => StatementKind::Advance(self.expression()?),
            "push_front" | "pop_front" => {
                let stack = self.cursor.item(Kind::Stack)?;
                self.cursor.expect(",")?;
                let count = self.cursor.number_u32()?;
                if name == "push_front" {
                    StatementKind::PushFront(stack, count)
                } else {
                    StatementKind::PopFront(stack, count)
                }
            }
            "extract" => {
                let header = self.header()?;
                let varbit_bits = if self.cursor.eat(",") { Some(self.expression()?) } else { None };
                StatementKind::Extract { header, varbit_bits }
            }
            "verify" => {
                let condition = self.expression()?;
                StatementKind::Verify { condition, error: self.next_expression()? }
            }
            _ => StatementKind::Extern(self.extern_call(name)?),
        })
    }

    /// Takes `, expression`.
    fn next_expression(&mut self) -> Result<Handle<Expression>> {
        self.cursor.expect(",")?;
        self.expression()
    }

    /// Takes `, {expressions}`.
    fn next_data(&mut self) -> Result<Vec<Handle<Expression>>> {
        self.cursor.expect(",")?;
        self.data()
    }

    /// Takes `{expressions}`.
    fn data(&mut self) -> Result<Vec<Handle<Expression>>> {
        self.list("{", "}", Self::expression)
    }

    /// Takes items between an opening symbol and its closing one, separated by commas.
    pub(super) fn list<T>(
        &mut self,
        open: &str,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.cursor.expect(open)?;
        let mut items = Vec::new();
        while !self.cursor.eat(close) {
            items.push(item(self)?);
            if !self.cursor.is_symbol(close) {
                self.cursor.expect(",")?;
            }
        }
        Ok(items)
    }

    /// Takes a word of a table of words.
    pub(super) fn one_of<T: Copy>(&mut self, words: Words<T>, what: &str) -> Result<T> {
        let value = value_of(words, self.cursor.word(0)).ok_or_else(|| self.cursor.expected(what))?;
        self.cursor.skip();
        Ok(value)
    }

    fn optional_argument(&mut self) -> Result<Option<Handle<Expression>>> {
        if self.cursor.is_symbol(")") { Ok(None) } else { self.expression().map(Some) }
    }

    fn extern_call(&mut self, name: &str) -> Result<ExternCall> {
        Ok(match name {
            "count" => {
                let counter = self.cursor.item(Kind::Counter)?;
                ExternCall::CounterCount { counter, index: self.next_expression()? }
            }
            "count_direct" => ExternCall::DirectCounterCount { table: self.cursor.item(Kind::Table)? },
            "register_write" => {
                let register = self.cursor.item(Kind::Register)?;
                let index = self.next_expression()?;
                ExternCall::RegisterWrite { register, index, value: self.next_expression()? }
            }
            "digest" => {
                let name = self.cursor.string()?;
                let receiver = self.next_expression()?;
                ExternCall::Digest { name, receiver, data: self.next_data()? }
            }
            "clone" => {
                let kind = self.one_of(words::CLONES, "ingress_to_egress or egress_to_egress")?;
                let session = self.next_expression()?;
                let field_list = if self.cursor.eat(",") { Some(self.expression()?) } else { None };
                ExternCall::Clone { kind, session, field_list }
            }
            "resubmit" => ExternCall::Resubmit { field_list: self.optional_argument()? },
            "recirculate" => ExternCall::Recirculate { field_list: self.optional_argument()? },
            "truncate" => ExternCall::Truncate { length_bytes: self.expression()? },
            "mark_to_drop" => ExternCall::MarkToDrop,
            "assert" | "assume" => {
                let condition = self.expression()?;
                self.cursor.expect(",")?;
                let text = self.cursor.string()?;
                if name == "assert" {
                    ExternCall::Assert { condition, text }
                } else {
                    ExternCall::Assume { condition, text }
                }
            }
            "log" => {
                let format = self.cursor.string()?;
                ExternCall::LogMessage { format, arguments: self.next_data()? }
            }
            "verify_checksum" | "verify_checksum_with_payload" => {
                let algorithm = self.one_of(words::ALGORITHMS, "an algorithm")?;
                let condition = self.next_expression()?;
                let data = self.next_data()?;
                let checksum = self.next_expression()?;
                let with_payload = name.ends_with("_with_payload");
                ExternCall::VerifyChecksum { condition, data, checksum, algorithm, with_payload }
            }
            "sluice.overwrite" => {
                let offset_bytes = self.expression()?;
                let length_bytes = self.next_expression()?;
                let value = self.next_expression()?;
                ExternCall::Sluice(SluiceCall::Overwrite { offset_bytes, length_bytes, value })
            }
            "sluice.trim" => ExternCall::Sluice(SluiceCall::Trim { length_bytes: self.expression()? }),
            "sluice.fix_checksums" => {
                ExternCall::Sluice(SluiceCall::FixChecksums { offset_bytes: self.expression()? })
            }
            "sluice.append_trailer" => ExternCall::Sluice(SluiceCall::AppendTrailer { data: self.data()? }),
            _ => {
                let help = "calls that give a result stand behind `place =`";
                return Err(self.cursor.error(format!("no call `{name}` without a result"), help));
            }
        })
    }

    fn call_with_result(&mut self, name: &str, result: Place) -> Result<StatementKind> {
        let call = match name {
            "lookahead" => {
                return Ok(StatementKind::Lookahead { to: result, offset_bits: self.cursor.number_u32()? });
            }
            "meter" => {
                let meter = self.cursor.item(Kind::Meter)?;
                ExternCall::MeterExecute { meter, index: self.next_expression()?, result }
            }
            "meter_direct" => ExternCall::DirectMeterRead { table: self.cursor.item(Kind::Table)?, result },
            "register_read" => {
                let register = self.cursor.item(Kind::Register)?;
                ExternCall::RegisterRead { register, index: self.next_expression()?, result }
            }
            "hash" => {
                let algorithm = self.one_of(words::ALGORITHMS, "an algorithm")?;
                let base = self.next_expression()?;
                let max = self.next_expression()?;
                ExternCall::Hash { algorithm, result, base, max, data: self.next_data()? }
            }
            "random" => {
                let low = self.expression()?;
                ExternCall::Random { result, low, high: self.next_expression()? }
            }
            "update_checksum" | "update_checksum_with_payload" => {
                let algorithm = self.one_of(words::ALGORITHMS, "an algorithm")?;
                let condition = self.next_expression()?;
                let data = self.next_data()?;
                let with_payload = name.ends_with("_with_payload");
                ExternCall::UpdateChecksum { condition, data, checksum: result, algorithm, with_payload }
            }
            "packet_length" => ExternCall::PacketLength { result },
            "sluice.ingress_time_ns" => ExternCall::Sluice(SluiceCall::IngressTimeNs { result }),
            "sluice.wire_length" => ExternCall::Sluice(SluiceCall::WireLength { result }),
            "sluice.bad_frame" => ExternCall::Sluice(SluiceCall::BadFrame { result }),
            "sluice.digest64" => {
                let seed = self.expression()?;
                ExternCall::Sluice(SluiceCall::Digest64 { result, seed, data: self.next_data()? })
            }
            _ => {
                let help = "see the calls in the module's documentation";
                return Err(self.cursor.error(format!("no call `{name}` with a result"), help));
            }
        };
        Ok(StatementKind::Extern(call))
    }
}

/// Words that stand before a `(` in an expression.
const EXPRESSION_WORDS: [&str; 4] = ["valid", "last_index", "bool", "error"];

//! Statements as text.

use super::names::quote;
use super::print::Printer;
use super::words::{self, word_of};
use crate::{
    ExternCall, Handle, Label, Place, SluiceCall, Statement, StatementKind, Table, Variable, limits,
};

impl Printer<'_> {
    /// The statements of a block, without its braces.
    pub(super) fn block(&mut self, block: &[Statement]) {
        self.depth += 1;
        if self.depth > limits::BLOCK_DEPTH {
            self.line("// deeper than the bound; not shown");
        } else {
            for statement in block {
                self.statement(&statement.kind);
            }
        }
        self.depth -= 1;
    }

    /// `head {`, the block indented, `}`.
    pub(super) fn braced(&mut self, head: &str, block: &[Statement]) {
        self.open(head);
        self.block(block);
        self.close();
    }

    fn statement(&mut self, statement: &StatementKind) {
        match statement {
            StatementKind::If { .. } => self.conditional(statement),
            StatementKind::Switch { selector, cases, default } => {
                self.open(&format!("switch ({})", self.expression(*selector)));
                for (values, block) in cases {
                    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                    self.braced(&format!("case {}", values.join(", ")), block);
                }
                if !default.is_empty() {
                    self.braced("default", default);
                }
                self.close();
            }
            StatementKind::Labelled(Label(label), block) => self.braced(&format!("label L{label}"), block),
            StatementKind::Loop(Label(label), block) => self.braced(&format!("loop L{label}"), block),
            simple => {
                let text = self.simple(simple);
                self.line(&format!("{text};"));
            }
        }
    }

    /// `if`, with the `else if`s of its last branches on the same level.
    fn conditional(&mut self, statement: &StatementKind) {
        let mut statement = statement;
        let mut head = "if";
        let levels = self.depth;
        while let StatementKind::If { condition, accept, reject } = statement {
            let open = format!("{head} ({}) {{", self.expression(*condition));
            self.line(&open);
            self.indented(|printer| printer.block(accept));
            match reject.as_slice() {
                [] => break,
                [only]
                    if matches!(only.kind, StatementKind::If { .. }) && self.depth < limits::BLOCK_DEPTH =>
                {
                    statement = &only.kind;
                    head = "} else if";
                    self.depth += 1;
                }
                more => {
                    self.line("} else {");
                    self.indented(|printer| printer.block(more));
                    break;
                }
            }
        }
        self.depth = levels;
        self.line("}");
    }

    /// A statement that has no blocks, without its semicolon.
    pub(super) fn simple(&self, statement: &StatementKind) -> String {
        match statement {
            StatementKind::Assign(place, value) => {
                format!("{} = {}", self.place(place), self.expression(*value))
            }
            StatementKind::CopyHeader { to, from } => {
                format!("copy {} = {}", self.header(*to), self.header(*from))
            }
            StatementKind::CopyStack { to, from } => {
                format!("copy_stack {} = {}", self.names.stacks.of(*to), self.names.stacks.of(*from))
            }
            StatementKind::SetValid(header) => format!("set_valid({})", self.header(*header)),
            StatementKind::SetInvalid(header) => format!("set_invalid({})", self.header(*header)),
            StatementKind::PushFront(stack, count) => {
                format!("push_front({}, {count})", self.names.stacks.of(*stack))
            }
            StatementKind::PopFront(stack, count) => {
                format!("pop_front({}, {count})", self.names.stacks.of(*stack))
            }
            StatementKind::Apply { table, hit, action_run } => self.apply(*table, *hit, *action_run),
            StatementKind::Leave(Label(label)) => format!("leave L{label}"),
            StatementKind::Exit => "exit".to_string(),
            StatementKind::Extract { header, varbit_bits: None } => {
                format!("extract({})", self.header(*header))
            }
            StatementKind::Extract { header, varbit_bits: Some(bits) } => {
                format!("extract({}, {})", self.header(*header), self.expression(*bits))
            }
            StatementKind::Lookahead { to, offset_bits } => {
                format!("{} = lookahead({offset_bits})", self.place(to))
            }
            StatementKind::Advance(bits) => format!("advance({})", self.expression(*bits)),
            StatementKind::Verify { condition, error } => {
                format!("verify({}, {})", self.expression(*condition), self.expression(*error))
            }
            StatementKind::Emit(header) => format!("emit({})", self.header(*header)),
            StatementKind::Extern(call) => self.call(call),
            // Those with blocks are printed by `statement`.
            StatementKind::If { .. }
            | StatementKind::Switch { .. }
            | StatementKind::Labelled(..)
            | StatementKind::Loop(..) => String::new(),
        }
    }

    fn apply(
        &self,
        table: Handle<Table>,
        hit: Option<Handle<Variable>>,
        run: Option<Handle<Variable>>,
    ) -> String {
        let mut text = format!("apply {}", self.names.tables.of(table));
        if let Some(hit) = hit {
            text += &format!(" hit {}", self.names.variable_path(self.module, hit));
        }
        if let Some(run) = run {
            text += &format!(" run {}", self.names.variable_path(self.module, run));
        }
        text
    }

    fn call(&self, call: &ExternCall) -> String {
        match call {
            ExternCall::CounterCount { counter, index } => {
                format!("count({}, {})", self.names.counters.of(*counter), self.expression(*index))
            }
            ExternCall::DirectCounterCount { table } => {
                format!("count_direct({})", self.names.tables.of(*table))
            }
            ExternCall::MeterExecute { meter, index, result } => {
                let arguments = format!("{}, {}", self.names.meters.of(*meter), self.expression(*index));
                self.result(result, "meter", &arguments)
            }
            ExternCall::DirectMeterRead { table, result } => {
                self.result(result, "meter_direct", &self.names.tables.of(*table))
            }
            ExternCall::RegisterRead { register, index, result } => {
                let arguments =
                    format!("{}, {}", self.names.registers.of(*register), self.expression(*index));
                self.result(result, "register_read", &arguments)
            }
            ExternCall::RegisterWrite { register, index, value } => format!(
                "register_write({}, {}, {})",
                self.names.registers.of(*register),
                self.expression(*index),
                self.expression(*value)
            ),
            ExternCall::Hash { algorithm, result, base, max, data } => {
                let algorithm = word_of(words::ALGORITHMS, *algorithm);
                let (base, max) = (self.expression(*base), self.expression(*max));
                self.result(result, "hash", &format!("{algorithm}, {base}, {max}, {}", self.data(data)))
            }
            ExternCall::Random { result, low, high } => {
                let arguments = format!("{}, {}", self.expression(*low), self.expression(*high));
                self.result(result, "random", &arguments)
            }
            ExternCall::Digest { name, receiver, data } => {
                format!("digest({}, {}, {})", quote(name), self.expression(*receiver), self.data(data))
            }
            ExternCall::PacketLength { result } => self.result(result, "packet_length", ""),
            ExternCall::Sluice(call) => self.sluice_call(call),
            ExternCall::VerifyChecksum { .. } | ExternCall::UpdateChecksum { .. } => self.checksum_call(call),
            ExternCall::Clone { .. }
            | ExternCall::Resubmit { .. }
            | ExternCall::Recirculate { .. }
            | ExternCall::Truncate { .. }
            | ExternCall::MarkToDrop
            | ExternCall::Assert { .. }
            | ExternCall::Assume { .. }
            | ExternCall::LogMessage { .. } => self.packet_call(call),
        }
    }

    /// Calls that act on the packet, and those for debugging.
    fn packet_call(&self, call: &ExternCall) -> String {
        let optional = |list: &Option<_>| list.map(|list| self.expression(list)).unwrap_or_default();
        match call {
            ExternCall::Clone { kind, session, field_list } => {
                let kind = word_of(words::CLONES, *kind);
                let list = field_list.map(|list| format!(", {}", self.expression(list))).unwrap_or_default();
                format!("clone({kind}, {}{list})", self.expression(*session))
            }
            ExternCall::Resubmit { field_list } => format!("resubmit({})", optional(field_list)),
            ExternCall::Recirculate { field_list } => format!("recirculate({})", optional(field_list)),
            ExternCall::Truncate { length_bytes } => format!("truncate({})", self.expression(*length_bytes)),
            ExternCall::MarkToDrop => "mark_to_drop()".to_string(),
            ExternCall::Assert { condition, text } => {
                format!("assert({}, {})", self.expression(*condition), quote(text))
            }
            ExternCall::Assume { condition, text } => {
                format!("assume({}, {})", self.expression(*condition), quote(text))
            }
            ExternCall::LogMessage { format, arguments } => {
                format!("log({}, {})", quote(format), self.data(arguments))
            }
            _ => String::new(),
        }
    }

    fn checksum_call(&self, call: &ExternCall) -> String {
        let payload = |with: bool| if with { "_with_payload" } else { "" };
        match call {
            ExternCall::VerifyChecksum { condition, data, checksum, algorithm, with_payload } => format!(
                "verify_checksum{}({}, {}, {}, {})",
                payload(*with_payload),
                word_of(words::ALGORITHMS, *algorithm),
                self.expression(*condition),
                self.data(data),
                self.expression(*checksum)
            ),
            ExternCall::UpdateChecksum { condition, data, checksum, algorithm, with_payload } => {
                let name = format!("update_checksum{}", payload(*with_payload));
                let algorithm = word_of(words::ALGORITHMS, *algorithm);
                let condition = self.expression(*condition);
                self.result(checksum, &name, &format!("{algorithm}, {condition}, {}", self.data(data)))
            }
            _ => String::new(),
        }
    }

    fn sluice_call(&self, call: &SluiceCall) -> String {
        match call {
            SluiceCall::IngressTimeNs { result } => self.result(result, "sluice.ingress_time_ns", ""),
            SluiceCall::WireLength { result } => self.result(result, "sluice.wire_length", ""),
            SluiceCall::BadFrame { result } => self.result(result, "sluice.bad_frame", ""),
            SluiceCall::Digest64 { result, seed, data } => {
                let arguments = format!("{}, {}", self.expression(*seed), self.data(data));
                self.result(result, "sluice.digest64", &arguments)
            }
            SluiceCall::Overwrite { offset_bytes, length_bytes, value } => format!(
                "sluice.overwrite({}, {}, {})",
                self.expression(*offset_bytes),
                self.expression(*length_bytes),
                self.expression(*value)
            ),
            SluiceCall::Trim { length_bytes } => format!("sluice.trim({})", self.expression(*length_bytes)),
            SluiceCall::FixChecksums { offset_bytes } => {
                format!("sluice.fix_checksums({})", self.expression(*offset_bytes))
            }
            SluiceCall::AppendTrailer { data } => format!("sluice.append_trailer({})", self.data(data)),
        }
    }

    fn result(&self, result: &Place, name: &str, arguments: &str) -> String {
        format!("{} = {name}({arguments})", self.place(result))
    }
}

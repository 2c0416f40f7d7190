//! The deparser: an order of headers.

use std::collections::BTreeSet;

use sluice_ir::{Block, Handle, Header, HeaderRef, Statement, StatementKind, walk};

use super::Writer;
use super::pipelines::nowhere;
use crate::json::Json;

/// What a deparser becomes.
pub(super) struct Deparser {
    /// `deparsers` of the root.
    pub(super) json: Json,
    /// What runs at the end of egress for it.
    pub(super) epilogue: Vec<Json>,
}

impl<'m> Writer<'m> {
    /// The switch emits headers in a fixed order and runs no code there. So a deparser with code runs at the end of egress, where
    /// it copies each header that it emits into one of its own; these are then emitted.
    pub(super) fn deparser(&mut self) -> Deparser {
        let module = self.module;
        let block = &module.pipeline.deparser;
        let straight = block.iter().all(|statement| matches!(statement.kind, StatementKind::Emit(_)));
        let mut order = Vec::new();
        let mut epilogue = Vec::new();
        if straight {
            for statement in block {
                if let StatementKind::Emit(header) = statement.kind {
                    if let Some(header) = self.constant_header(header) {
                        order.push(Json::text(&module.headers[header].name));
                    } else {
                        self.refuse_index(statement.span);
                    }
                }
            }
        } else {
            self.refuse_late_sums();
            self.copies(block, &mut order, &mut epilogue);
        }
        let json = Json::Object(vec![
            ("name", Json::text("deparser")),
            ("id", Json::number(0)),
            ("order", Json::List(order)),
        ]);
        Deparser { json: Json::List(vec![json]), epilogue }
    }

    fn refuse_index(&mut self, span: sluice_diagnostics::Span) {
        let message = "bmv2 does not emit an element that is known only with the packet";
        self.refuse(span, message, "emit the whole stack, or use a constant index");
    }

    /// Sums are written behind egress, so that copies made there lack them.
    fn refuse_late_sums(&mut self) {
        let module = self.module;
        let block = &module.pipeline.deparser;
        let mut sums = false;
        walk::statements(&module.pipeline.compute_checksum, &mut |statement| {
            sums |= matches!(statement.kind, StatementKind::Extern(_));
        });
        let first = block.iter().find(|statement| !matches!(statement.kind, StatementKind::Emit(_)));
        if let (true, Some(first)) = (sums, first) {
            let message = "bmv2's deparser runs no code, and this program computes checksums before it";
            self.refuse(first.span, message, "emit all headers in a fixed order: only valid ones are sent");
        }
    }

    fn copies(&mut self, block: &'m Block, order: &mut Vec<Json>, out: &mut Vec<Json>) {
        let module = self.module;
        let mut emits: Vec<(&'m Statement, Handle<Header>)> = Vec::new();
        walk::statements(block, &mut |statement| match &statement.kind {
            StatementKind::Emit(header) => match self.constant_header(*header) {
                Some(header) => emits.push((statement, header)),
                None => self.refuse_index(statement.span),
            },
            StatementKind::Loop(..) => {
                let message = "bmv2 does not emit in a loop";
                self.refuse(statement.span, message, "emit header by header");
            }
            _ => {}
        });
        let mut taken: BTreeSet<String> =
            module.headers.iter().map(|(_, header)| header.name.clone()).collect();
        for (statement, header) in emits {
            let mut name = format!("$emit.{}", module.headers[header].name);
            while !taken.insert(name.clone()) {
                name.push('$');
            }
            self.storage.emitted.push((name.clone(), module.headers[header].ty));
            order.push(Json::text(&name));
            let target = Json::typed("header", Json::text(&name));
            self.primitive("remove_header", vec![target], nowhere(), out);
            self.emits.push((statement, name));
        }
        self.body(block, out);
    }

    /// An `emit` among statements of a deparser with code.
    pub(super) fn emit(&mut self, statement: &Statement, header: HeaderRef, out: &mut Vec<Json>) {
        let Some(header) = self.constant_header(header) else { return };
        let copy = self.emits.iter().find(|(of, _)| std::ptr::eq(*of, statement));
        let Some(copy) = copy.map(|(_, name)| name.clone()) else { return };
        let arguments = [copy, self.module.headers[header].name.clone()];
        let arguments = arguments.iter().map(|name| Json::typed("header", Json::text(name))).collect();
        self.primitive("assign_header", arguments, statement.span, out);
    }
}

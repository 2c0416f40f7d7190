//! Checksums: what is verified behind the parser and computed before the deparser.

use std::collections::BTreeSet;

use sluice_diagnostics::Span;
use sluice_ir::{
    Block, Expression, ExpressionKind, ExternCall, Handle, HashAlgorithm, Place, StatementKind, Type,
};

use super::expressions::{binary, unary};
use super::externs::algorithm_name;
use super::storage::shape;
use super::tables::names_of;
use super::{Result, Writer, constant};
use crate::json::Json;

/// One call with what it needs.
struct Sum<'c> {
    condition: Handle<Expression>,
    data: &'c [Handle<Expression>],
    target: Json,
    algorithm: HashAlgorithm,
    with_payload: bool,
    verify: bool,
    span: Span,
}

impl Writer<'_> {
    pub(super) fn verify_checksums(&mut self) {
        let module = self.module;
        self.checksum_block(&module.pipeline.verify_checksum, &mut Vec::new());
    }

    pub(super) fn compute_checksums(&mut self) {
        let module = self.module;
        self.checksum_block(&module.pipeline.compute_checksum, &mut Vec::new());
    }

    /// Calls in a block, under the conditions around them.
    fn checksum_block(&mut self, block: &Block, conditions: &mut Vec<(Handle<Expression>, bool)>) {
        for statement in block {
            let span = statement.span;
            match &statement.kind {
                StatementKind::Extern(ExternCall::VerifyChecksum {
                    condition,
                    data,
                    checksum,
                    algorithm,
                    with_payload,
                }) => {
                    let (condition, algorithm, with_payload) = (*condition, *algorithm, *with_payload);
                    let Ok(target) = self.verified(*checksum, span) else { continue };
                    let sum = Sum { condition, data, target, algorithm, with_payload, verify: true, span };
                    let _ = self.checksum(&sum, conditions);
                }
                StatementKind::Extern(ExternCall::UpdateChecksum {
                    condition,
                    data,
                    checksum,
                    algorithm,
                    with_payload,
                }) => {
                    let (condition, algorithm, with_payload) = (*condition, *algorithm, *with_payload);
                    let Ok(target) = self.updated(checksum, span) else { continue };
                    let sum = Sum { condition, data, target, algorithm, with_payload, verify: false, span };
                    let _ = self.checksum(&sum, conditions);
                }
                StatementKind::If { condition, accept, reject } => {
                    for (block, holds) in [(accept, true), (reject, false)] {
                        conditions.push((*condition, holds));
                        self.checksum_block(block, conditions);
                        conditions.pop();
                    }
                }
                _ => {
                    let message = "bmv2 runs no other code than calls of checksums in this control";
                    self.refuse(
                        span,
                        message,
                        "compute in ingress or egress; conditions may stand around the calls",
                    );
                }
            }
        }
    }

    /// The field with the sum that a packet brings.
    fn verified(&mut self, checksum: Handle<Expression>, span: Span) -> Result<Json> {
        let plain = self.plain_input(checksum);
        match plain.as_deref() {
            Some([one @ Json::Object(entries)]) if entries.len() == 2 => Ok(one.clone()),
            _ => Err(self.refuse(
                span,
                "bmv2 compares a checksum with a field",
                "give a field as the checksum",
            )),
        }
    }

    fn updated(&mut self, place: &Place, span: Span) -> Result<Json> {
        if !self.is_plain(place) {
            let message = "bmv2 writes a checksum into a whole field";
            return Err(self.refuse(span, message, "give a field as the checksum"));
        }
        self.result(place, "$sum", span)
    }

    fn checksum(&mut self, sum: &Sum<'_>, around: &[(Handle<Expression>, bool)]) -> Result<()> {
        let Some(algorithm) = algorithm_name(sum.algorithm) else {
            let message = "bmv2 has no algorithm `random` for checksums";
            return Err(self.refuse(sum.span, message, "choose another one"));
        };
        let mut inputs = Vec::new();
        for item in sum.data {
            inputs.extend(self.checksum_input(*item, sum)?);
        }
        if sum.with_payload {
            inputs.push(Json::Object(vec![("type", Json::text("payload")), ("value", Json::Null)]));
        }
        let condition = self.all(sum.condition, around)?;
        self.calculation(algorithm, inputs);
        let calculation = format!("calc_{}", self.calculations.len() - 1);
        let id = self.checksums.len();
        let mut entries = vec![("name", Json::text(format!("cksum_{id}"))), ("id", Json::number(id))];
        self.source.add(&mut entries, sum.span);
        entries.extend([
            ("target", names_of(&sum.target)),
            ("type", Json::text("generic")),
            ("calculation", Json::text(calculation)),
            ("verify", Json::Bool(sum.verify)),
            ("update", Json::Bool(!sum.verify)),
            ("if_cond", condition),
        ]);
        self.checksums.push(Json::Object(entries));
        self.summed.insert(sum.target.clone().print());
        Ok(())
    }

    /// All conditions of a call in one; null where it always counts.
    fn all(&mut self, own: Handle<Expression>, around: &[(Handle<Expression>, bool)]) -> Result<Json> {
        let mut all: Option<Json> = None;
        let own = (own, true);
        for (condition, holds) in around.iter().chain([&own]) {
            if let ExpressionKind::Constant(bits) = &self.module.expressions[*condition].kind
                && bits.is_zero() != *holds
            {
                continue;
            }
            let one = self.boolean(*condition)?;
            let one = if *holds { one } else { unary("not", one) };
            all = Some(match all {
                Some(others) => binary("and", others, one),
                None => one,
            });
        }
        Ok(all.unwrap_or(Json::Null))
    }

    fn checksum_input(&mut self, item: Handle<Expression>, sum: &Sum<'_>) -> Result<Vec<Json>> {
        if let Some(inputs) = self.plain_input(item) {
            return Ok(inputs);
        }
        if let ExpressionKind::Concat(left, right) = self.module.expressions[item].kind {
            let mut inputs = self.checksum_input(left, sum)?;
            inputs.extend(self.checksum_input(right, sum)?);
            return Ok(inputs);
        }
        let span = self.module.expressions[item].span;
        if let Type::Varbit(_) = self.module.expressions[item].ty {
            return Err(self.refuse(
                span,
                "bmv2 sums no element that is known only with the packet",
                "use a constant index",
            ));
        }
        if sum.verify {
            let message = "bmv2 verifies sums over fields and constants only";
            return Err(self.refuse(span, message, "compute the value in the parser, into metadata"));
        }
        let mut fields = BTreeSet::new();
        self.fields_in(item, &mut fields);
        if !fields.is_disjoint(&self.summed) {
            let message = "bmv2 does not compute with a checksum that it has just written";
            return Err(self.refuse(span, message, "sum over the field itself"));
        }
        let (bits, _) = shape(self.module.expressions[item].ty);
        let scratch = self.storage.scratch("$sum", bits, false);
        self.late.push((scratch.clone(), item));
        Ok(vec![scratch])
    }

    /// The fields that an expression reads, as they are printed.
    fn fields_in(&mut self, item: Handle<Expression>, fields: &mut BTreeSet<String>) {
        let kind = self.module.expressions[item].kind.clone();
        if matches!(kind, ExpressionKind::Variable(_) | ExpressionKind::Field(..)) {
            for field in
                self.plain_input(item).unwrap_or_else(|| vec![constant(&sluice_entities::Bits::zero(1))])
            {
                fields.insert(field.print());
            }
        }
        kind.for_each_operand(|operand| self.fields_in(operand, fields));
    }
}

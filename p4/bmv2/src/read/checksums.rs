//! Checksums.

use sluice_ir::{Expression, ExternCall, Handle, HashAlgorithm, Statement, StatementKind, Type};

use super::storage::Slot;
use super::{Reader, Result};
use crate::json::Node;

impl<'n> Reader<'n> {
    pub(super) fn read_checksums(&mut self) {
        let root = self.root;
        for node in self.list(root, "checksums") {
            // Noted.
            let _ = self.checksum(node);
        }
    }

    fn checksum(&mut self, node: &'n Node) -> Result<()> {
        let span = node.start();
        let target_node = self.need(node, "target")?;
        let target = self.slot(target_node)?;
        let (algorithm, data, with_payload) = self.summed(node, target)?;
        let condition = match node.get("if_cond") {
            Some(condition) => self.boolean(condition)?,
            None => self.module.bool(true, span),
        };
        if !self.before.is_empty() {
            self.before.clear();
            return Err(self.refuse(
                span,
                "a checksum depends on a register",
                "read it in ingress or egress, into metadata",
            ));
        }
        let flag = |key: &str| node.get(key).and_then(Node::as_bool).unwrap_or(true);
        if flag("verify") {
            let sum = self.load(target, target_node.start());
            let checksum = self.cast(sum, Type::Bits(self.slot_type(target).width()));
            let data = data.clone();
            let call = ExternCall::VerifyChecksum { condition, data, checksum, algorithm, with_payload };
            self.module.pipeline.verify_checksum.push(Statement { kind: StatementKind::Extern(call), span });
        }
        if flag("update") {
            let Type::Bits(_) = self.stored_type(target) else {
                return Err(self.refuse(
                    target_node.start(),
                    "the sum is written to a signed field",
                    "use a field of type bit",
                ));
            };
            let checksum = self.place(target, target_node)?;
            let call = ExternCall::UpdateChecksum { condition, data, checksum, algorithm, with_payload };
            self.module.pipeline.compute_checksum.push(Statement { kind: StatementKind::Extern(call), span });
        }
        Ok(())
    }

    /// How it is summed over what.
    fn summed(
        &mut self,
        node: &'n Node,
        target: Slot,
    ) -> Result<(HashAlgorithm, Vec<Handle<Expression>>, bool)> {
        // Older files say only that it is that of IPv4: over the header, without the sum itself.
        if node.get("type").and_then(Node::as_text) == Some("ipv4")
            && let Slot::Field(header, own) = target
        {
            let ty = self.module.header_type_of(header);
            let count = ty.map_or(0, |ty| self.module.header_types[ty].fields.len()) as u32;
            let others = (0..count).filter(|index| *index != own);
            let data = others.map(|index| self.load(Slot::Field(header, index), node.start())).collect();
            return Ok((HashAlgorithm::Csum16, data, false));
        }
        let value = self.need(node, "calculation")?;
        let name = self.need_text(node, "calculation")?;
        let Some(calculation) = self.externs.calculations.get(name).copied() else {
            let known: Vec<&str> = self.externs.calculations.keys().copied().collect();
            return Err(self.unknown(value, "calculation", name, known));
        };
        let algorithm = self.algorithm(calculation)?;
        let (data, with_payload) = self.input(calculation)?;
        Ok((algorithm, data, with_payload))
    }
}

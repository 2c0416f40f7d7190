//! `clone`, `resubmit` and `recirculate`, in the forms of all versions of v1model.

use sluice_diagnostics::Span;
use sluice_ir as ir;
use sluice_ir::{CloneKind, ExpressionKind, ExternCall, VariableKind};

use super::arguments::Bound;
use super::{Elaborator, Result, Site};
use crate::ast;
use crate::value::Value;

/// Field lists that programs name by number are below this (the number is a `bit<8>`).
const NAMED_LISTS: u64 = 256;

impl<'a> Elaborator<'a> {
    /// One of the calls that bring a packet back or copy it; none if the function is another one.
    pub(super) fn copying_call(
        &mut self,
        name: &ast::Name,
        bound: &[Bound<'a>],
        span: Span,
    ) -> Result<Option<ExternCall>> {
        Ok(Some(match (name.as_str(), bound) {
            ("clone", [kind, session]) => self.clone_call(kind, session, None)?,
            ("clone_preserving_field_list", [kind, session, list]) => {
                let list = self.scalar(&list.operand, list.span)?;
                self.clone_call(kind, session, Some(list))?
            }
            ("clone3", [kind, session, data]) => {
                let list = self.kept_fields(data, span);
                self.clone_call(kind, session, list)?
            }
            ("resubmit_preserving_field_list", [list]) => {
                self.only_in(Site::Ingress, name, span)?;
                ExternCall::Resubmit { field_list: Some(self.scalar(&list.operand, list.span)?) }
            }
            ("resubmit", [data]) => {
                self.only_in(Site::Ingress, name, span)?;
                ExternCall::Resubmit { field_list: self.kept_fields(data, span) }
            }
            ("recirculate_preserving_field_list", [list]) => {
                self.only_in(Site::Egress, name, span)?;
                ExternCall::Recirculate { field_list: Some(self.scalar(&list.operand, list.span)?) }
            }
            ("recirculate", [data]) => {
                self.only_in(Site::Egress, name, span)?;
                ExternCall::Recirculate { field_list: self.kept_fields(data, span) }
            }
            _ => return Ok(None),
        }))
    }

    fn only_in(&mut self, site: Site, name: &ast::Name, span: Span) -> Result<()> {
        if self.frame.site.is(site) {
            return Ok(());
        }
        let wanted = if site == Site::Ingress { "the ingress control" } else { "the egress control" };
        self.misplaced(&format!("`{name}`"), span, &format!("call it in {wanted}"))
    }

    fn clone_call(
        &mut self,
        kind: &Bound<'a>,
        session: &Bound<'a>,
        field_list: Option<ir::Handle<ir::Expression>>,
    ) -> Result<ExternCall> {
        let at = kind.span;
        let (kind, site) = match &*self.member_name(kind)? {
            "I2E" => (CloneKind::IngressToEgress, Site::Ingress),
            _ => (CloneKind::EgressToEgress, Site::Egress),
        };
        if !self.frame.site.is(site) {
            let wanted = if site == Site::Ingress { "the ingress control" } else { "the egress control" };
            return self.misplaced(
                "a clone of this kind",
                at,
                &format!("it is for {wanted}; the other kind is for the other one"),
            );
        }
        let session = self.scalar(&session.operand, session.span)?;
        Ok(ExternCall::Clone { kind, session, field_list })
    }

    /// Older programs give the fields to be kept themselves: a field list of its own is made of the metadata among them. Headers
    /// are parsed again or stay as they are, and constants need no keeping.
    fn kept_fields(&mut self, data: &Bound<'a>, span: Span) -> Option<ir::Handle<ir::Expression>> {
        let mut variables = Vec::new();
        self.metadata_in(&data.operand.value, &mut variables);
        if variables.is_empty() {
            return None;
        }
        self.kept_lists += 1;
        let number = NAMED_LISTS + u64::from(self.kept_lists) - 1;
        for variable in variables {
            self.module.variables[variable].field_lists.push(number as u32);
        }
        Some(self.number(32, number, span))
    }

    fn metadata_in(&self, value: &Value<'a>, all: &mut Vec<ir::Handle<ir::Variable>>) {
        match value {
            Value::Scalar(handle) => {
                if let ExpressionKind::Variable(variable) = self.module.expressions[*handle].kind
                    && self.module.variables[variable].kind != VariableKind::Local
                    && !all.contains(&variable)
                {
                    all.push(variable);
                }
            }
            Value::Fields(parts) => parts.iter().for_each(|part| self.metadata_in(part, all)),
            _ => {}
        }
    }
}

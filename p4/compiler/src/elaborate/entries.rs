//! Entries that the program brings (section 14.2.1.4), and the sets that keys are compared with.

use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::{ActionScope, Bits, Match, MatchKind};
use sluice_ir as ir;
use sluice_ir::{Handle, Table};

use super::table_actions::Listed;
use super::table_properties::Properties;
use super::{Elaborator, Result};
use crate::ast::{self, KeysetKind};
use crate::types::Type;
use crate::value::Value;

impl<'a> Elaborator<'a> {
    pub(super) fn entries(
        &mut self,
        handle: Handle<Table>,
        entries: &'a [ast::Entry],
        is_const: bool,
        listed: &[Listed<'a>],
        properties: &Properties<'a>,
    ) -> Result<()> {
        if properties.key.is_empty()
            && let Some(entry) = entries.first()
        {
            return self.fail(
                Diagnostic::error("a table without keys has no entries")
                    .at(entry.span, "nothing tells when it applies")
                    .help("add `key = { ... }`, or write `default_action = ...`"),
            );
        }
        let kinds: Vec<(MatchKind, ir::Type)> = self.module.tables[handle]
            .keys
            .iter()
            .map(|key| (key.kind, self.module.expressions[key.expression].ty))
            .collect();
        let ordered = kinds
            .iter()
            .any(|(kind, _)| matches!(kind, MatchKind::Ternary | MatchKind::Range | MatchKind::Optional));
        let right = self.check_priorities(entries, ordered);
        let numbering = self.numbering(properties)?;
        let mut made = Vec::with_capacity(entries.len());
        for entry in entries {
            // The next entry is elaborated for its errors.
            if let Ok(entry) = self.entry(handle, entry, is_const, listed, properties, &kinds) {
                made.push(entry);
            }
        }
        right?;
        if ordered && made.len() == entries.len() {
            self.prioritize(&mut made, entries, &numbering, properties.entries_annotations)?;
        }
        self.module.tables[handle].entries = made;
        self.module.tables[handle].entries_are_const = is_const;
        Ok(())
    }

    fn entry(
        &mut self,
        handle: Handle<Table>,
        entry: &'a ast::Entry,
        is_const: bool,
        listed: &[Listed<'a>],
        properties: &Properties<'a>,
        kinds: &[(MatchKind, ir::Type)],
    ) -> Result<ir::InitialEntry> {
        let mut matches = Vec::with_capacity(kinds.len());
        let all_default = matches!(
            entry.keysets.as_slice(),
            [ast::Keyset { kind: KeysetKind::Default | KeysetKind::DontCare, .. }]
        );
        if !all_default && entry.keysets.len() != kinds.len() {
            return self.fail(
                Diagnostic::error(format!(
                    "the entry has {} for {}",
                    super::arguments::count(entry.keysets.len(), "value"),
                    super::arguments::count(kinds.len(), "key"),
                ))
                .at(entry.span, "")
                .help("give one value for each key of the table; `_` stands for any"),
            );
        }
        for (i, ((kind, scalar), element)) in kinds.iter().zip(properties.key).enumerate() {
            let keyset = if all_default { entry.keysets.first() } else { entry.keysets.get(i) };
            let Some(keyset) = keyset else { return Err(super::Reported) };
            let ty = self.key_type(element)?;
            matches.push(self.key_match(keyset, *kind, *scalar, &ty)?);
        }
        let action = self.action_use(handle, &entry.action, listed, ActionScope::DefaultOnly)?;
        Ok(ir::InitialEntry { matches, priority: 0, action, is_const: is_const || entry.is_const })
    }

    /// The type of a key; the statements that its value needs are those of the table, not of the entry.
    fn key_type(&mut self, element: &'a ast::KeyElement) -> Result<Type> {
        let (operand, _) = self.nested(|this| this.expr(&element.value));
        Ok(operand?.ty)
    }

    fn key_match(
        &mut self,
        keyset: &'a ast::Keyset,
        kind: MatchKind,
        scalar: ir::Type,
        ty: &Type,
    ) -> Result<Match> {
        let width = scalar.width();
        let any = match kind {
            MatchKind::Lpm => Some(Match::Lpm { value: Bits::zero(width), length: 0 }),
            MatchKind::Ternary => Some(Match::Ternary { value: Bits::zero(width), mask: Bits::zero(width) }),
            MatchKind::Range => Some(Match::Range { low: Bits::zero(width), high: Bits::ones(width) }),
            MatchKind::Optional => Some(Match::Optional(None)),
            MatchKind::Exact | MatchKind::Selector => None,
        };
        match (&keyset.kind, kind) {
            (KeysetKind::Default | KeysetKind::DontCare, _) => match any {
                Some(any) => Ok(any),
                None => self.wrong_keyset("an `exact` key has one value", keyset.span, "write the value"),
            },
            (KeysetKind::Value(value), _) => {
                let value = self.constant_bits(value, ty)?;
                Ok(match kind {
                    MatchKind::Exact | MatchKind::Selector => Match::Exact(value),
                    MatchKind::Lpm => Match::Lpm { value, length: width },
                    MatchKind::Ternary => Match::Ternary { value, mask: Bits::ones(width) },
                    MatchKind::Range => Match::Range { low: value.clone(), high: value },
                    MatchKind::Optional => Match::Optional(Some(value)),
                })
            }
            (KeysetKind::Mask { value, mask }, MatchKind::Ternary) => {
                let (value, mask) = (self.constant_bits(value, ty)?, self.constant_bits(mask, ty)?);
                Ok(Match::Ternary { value: &value & &mask, mask })
            }
            (KeysetKind::Mask { value, mask: written }, MatchKind::Lpm) => {
                let (value, mask) = (self.constant_bits(value, ty)?, self.constant_bits(written, ty)?);
                let length = mask.count_ones();
                if mask != Bits::prefix_mask(width, length) {
                    return self.wrong_keyset(
                        "the mask of an `lpm` key is a prefix",
                        written.span,
                        "the ones must stand first; make the key `ternary` for other masks",
                    );
                }
                Ok(Match::Lpm { value: &value & &mask, length })
            }
            (KeysetKind::Range { low, high }, MatchKind::Range) => {
                let (low, high) = (self.constant_bits(low, ty)?, self.constant_bits(high, ty)?);
                if low > high {
                    return self.wrong_keyset(
                        "the range is empty",
                        keyset.span,
                        "the least value stands first",
                    );
                }
                Ok(Match::Range { low, high })
            }
            (KeysetKind::Mask { .. }, _) => self.wrong_keyset(
                "a mask is for `ternary` and `lpm` keys",
                keyset.span,
                "change the key's match kind",
            ),
            (KeysetKind::Range { .. }, _) => {
                self.wrong_keyset("a range is for `range` keys", keyset.span, "change the key's match kind")
            }
        }
    }

    fn wrong_keyset<T>(&mut self, message: &str, span: Span, help: &str) -> Result<T> {
        self.fail(Diagnostic::error(message).at(span, "").help(help))
    }

    /// A constant of that type as bits.
    pub(super) fn constant_bits(&mut self, expr: &'a ast::Expr, ty: &Type) -> Result<Bits> {
        let (operand, _) = self.nested(|this| this.expr(expr));
        let operand = operand?;
        // A serializable enumeration compares with its underlying type, and the other way round.
        let operand = match (&operand.ty, ty) {
            (Type::Int | Type::Bits(_) | Type::Signed(_), Type::Enum(of)) if of.underlying.is_some() => {
                self.cast(operand, ty, expr.span)?
            }
            _ => self.coerce(operand, ty, expr.span)?,
        };
        self.require_constant(&operand, expr.span)?;
        match &operand.value {
            Value::Scalar(handle) => self.known(*handle).cloned().ok_or(super::Reported),
            _ => self.mismatch(ty, &operand.ty, expr.span, None),
        }
    }
}

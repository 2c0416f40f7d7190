//! Entries that the program brings (section 14.2.1.4), and the sets that keys are compared with.

use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::{ActionScope, Bits, Match, MatchKind};
use sluice_ir as ir;
use sluice_ir::{Handle, Table};

use super::annotations::find;
use super::tables::{Listed, Properties};
use super::{Elaborator, Result};
use crate::ast::{self, AnnotationBody, AnnotationToken, AnnotationTokenKind, KeysetKind};
use crate::types::Type;
use crate::value::{Operand, Value};

/// How the priorities of a table's entries are numbered.
struct Priorities {
    largest_wins: bool,
    delta: u32,
}

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
        let numbering = self.numbering(properties)?;
        let mut made = Vec::with_capacity(entries.len());
        for entry in entries {
            // The next entry is elaborated for its errors.
            if let Ok(entry) = self.entry(handle, entry, is_const, listed, properties, &kinds) {
                made.push(entry);
            }
        }
        if ordered && made.len() == entries.len() {
            self.prioritize(&mut made, entries, &numbering)?;
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

    fn numbering(&mut self, properties: &Properties<'a>) -> Result<Priorities> {
        let mut numbering = Priorities { largest_wins: true, delta: 1 };
        if let Some(value) = self.custom_property(properties, "largest_priority_wins") {
            let operand = self.constant_of_type(value, &Type::Bool)?;
            let handle = self.scalar(&operand, value.span)?;
            numbering.largest_wins = self.known_truth(handle).unwrap_or(true);
        }
        if let Some(value) = self.custom_property(properties, "priority_delta") {
            let number = self.constant_integer(value)?;
            numbering.delta = self.small(&number, "a `priority_delta`", 1 << 16, value.span)?;
        }
        Ok(numbering)
    }

    /// Section 14.2.1.4: priorities not written continue the one before; in the IR the largest wins, whatever the
    /// program says.
    fn prioritize(
        &mut self,
        made: &mut [ir::InitialEntry],
        entries: &'a [ast::Entry],
        numbering: &Priorities,
    ) -> Result<()> {
        let most = i32::MAX as u32;
        if entries.iter().any(|entry| annotated_priority(entry).is_some()) {
            return self.prioritize_by_annotation(made, entries, most);
        }
        let delta = i64::from(numbering.delta);
        let count = entries.len() as i64;
        let mut next = if numbering.largest_wins { (count - 1) * delta + 1 } else { 1 };
        let mut priorities = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(written) = &entry.priority {
                let value = self.constant_integer(written)?;
                next = i64::from(self.small(&value, "a priority", most, written.span)?);
            }
            priorities.push(next.clamp(1, i64::from(most)));
            next += if numbering.largest_wins { -delta } else { delta };
        }
        let last = priorities.iter().copied().max().unwrap_or(1);
        for (entry, priority) in made.iter_mut().zip(priorities) {
            let priority = if numbering.largest_wins { priority } else { last + 1 - priority };
            entry.priority = u32::try_from(priority).unwrap_or(1);
        }
        Ok(())
    }

    /// `@priority(n)` of entries, from before priorities were of the language: the smallest wins, and an entry without one has the
    /// number of its place.
    fn prioritize_by_annotation(
        &mut self,
        made: &mut [ir::InitialEntry],
        entries: &'a [ast::Entry],
        most: u32,
    ) -> Result<()> {
        let mut priorities = Vec::with_capacity(entries.len());
        for (entry, place) in entries.iter().zip(1u32..) {
            priorities.push(match annotated_priority(entry) {
                Some(written) => self.small(&written.value, "a priority", most - 1, entry.span)?,
                None => place,
            });
        }
        let last = priorities.iter().copied().max().unwrap_or(1);
        for (entry, priority) in made.iter_mut().zip(priorities) {
            entry.priority = last + 1 - priority;
        }
        Ok(())
    }

    /// The scalars of a value in order; structs and headers give their fields.
    pub(super) fn scalars(
        &mut self,
        operand: &Operand<'a>,
        span: Span,
    ) -> Result<Vec<Handle<ir::Expression>>> {
        let mut all = Vec::new();
        self.collect_scalars(&operand.value, &operand.ty, span, &mut all)?;
        Ok(all)
    }

    fn collect_scalars(
        &mut self,
        value: &Value<'a>,
        ty: &Type,
        span: Span,
        all: &mut Vec<Handle<ir::Expression>>,
    ) -> Result<()> {
        match (value, ty.plain()) {
            (Value::Scalar(handle), _) => all.push(*handle),
            (Value::Fields(parts), plain) => {
                for (i, part) in parts.iter().enumerate() {
                    let part_type = super::assign::part_type(plain, i);
                    self.collect_scalars(part, &part_type, span, all)?;
                }
            }
            (Value::HeaderLiteral(parts), Type::Record(record)) => {
                let types: Vec<Type> = record.fields.iter().map(|field| field.ty.clone()).collect();
                for (part, ty) in parts.iter().zip(types) {
                    self.collect_scalars(part, &ty, span, all)?;
                }
            }
            (Value::Header(header), Type::Record(record)) => {
                for field in self.header_fields(*header, &record.clone(), span) {
                    self.collect_scalars(&field, &Type::Void, span, all)?;
                }
            }
            (Value::Union(members), Type::Record(record)) => {
                let types: Vec<Type> = record.fields.iter().map(|field| field.ty.clone()).collect();
                for (member, ty) in members.iter().zip(types) {
                    self.collect_scalars(&Value::Header(*member), &ty, span, all)?;
                }
            }
            (Value::Stack(_) | Value::UnionStack(_), Type::Stack(element, size)) => {
                for i in 0..*size as usize {
                    let part = self.stack_element(value, i);
                    self.collect_scalars(&part, element, span, all)?;
                }
            }
            (Value::Int(_), _) => {
                return self.fail(
                    Diagnostic::error("an integer without a width has no bits")
                        .at(span, "")
                        .help("write the width before it, as in `16w5`"),
                );
            }
            _ => {
                return self.fail(
                    Diagnostic::error(format!("a value of type `{ty}` has no bits"))
                        .at(span, "")
                        .help("give numbers, headers, or structs of these"),
                );
            }
        }
        Ok(())
    }
}

/// The number of an entry's `@priority`.
fn annotated_priority(entry: &ast::Entry) -> Option<&ast::Integer> {
    let annotation = find(&entry.annotations, "priority")?;
    match &annotation.body {
        AnnotationBody::Unstructured(tokens) => match tokens.as_slice() {
            [AnnotationToken { kind: AnnotationTokenKind::Integer(number), .. }] => Some(number),
            _ => None,
        },
        AnnotationBody::Expressions(values) => match values.as_slice() {
            [ast::Expr { kind: ast::ExprKind::Integer(number), .. }] => Some(number),
            _ => None,
        },
        AnnotationBody::None | AnnotationBody::Pairs(_) => None,
    }
}

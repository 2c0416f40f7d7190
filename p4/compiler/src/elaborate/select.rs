//! `transition select`, and parser value sets (sections 13.6 and 13.11).

use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::{Bits, MatchKind};
use sluice_ir as ir;
use sluice_ir::{KeySet, SelectCase, Transition};

use super::annotations::{control_plane_name, find};
use super::parsers::States;
use super::{Elaborator, Result};
use crate::ast::{self, ExprKind, KeysetKind};
use crate::numbers;
use crate::scope::Entity;
use crate::types::Type;
use crate::value::{Object, Operand, Value};

/// Most members of a value set.
const VALUE_SET_SIZE: u32 = 1 << 20;

impl<'a> Elaborator<'a> {
    pub(super) fn select(&mut self, select: &'a ast::Select, states: &States<'a>) -> Result<Transition> {
        let exprs: Vec<&'a ast::Expr> = select.keys.iter().collect();
        let operands = self.sequence(&exprs, select.span)?;
        let mut keys = Vec::new();
        for (operand, expr) in operands.iter().zip(&exprs) {
            if self.is_constant(&operand.value) && operand.ty == Type::Int {
                return self.fail(
                    Diagnostic::error("an integer without a width cannot be selected by")
                        .at(expr.span, "")
                        .help("write the width before it, as in `8w5`"),
                );
            }
            keys.extend(self.scalars(operand, expr.span)?);
        }
        let mut cases = Vec::with_capacity(select.cases.len());
        let mut failed = None;
        for case in &select.cases {
            match self.select_case(case, &operands, keys.len(), states) {
                Ok(alternatives) => cases.extend(alternatives),
                Err(reported) => failed = Some(reported),
            }
        }
        match failed {
            Some(reported) => Err(reported),
            None => Ok(Transition::Select { keys, cases }),
        }
    }

    fn select_case(
        &mut self,
        case: &'a ast::SelectCase,
        keys: &[Operand<'a>],
        scalars: usize,
        states: &States<'a>,
    ) -> Result<Vec<SelectCase>> {
        let target = self.target(&case.state, states);
        if let [only] = case.keysets.as_slice() {
            if matches!(only.kind, KeysetKind::Default | KeysetKind::DontCare) {
                return Ok(vec![SelectCase { sets: vec![KeySet::Any; scalars], target: target? }]);
            }
            if let Some((set, ty)) = self.value_set_named(only)? {
                self.check_value_set(&ty, keys, only.span)?;
                return Ok(vec![SelectCase { sets: vec![KeySet::ValueSet(set)], target: target? }]);
            }
        }
        if case.keysets.len() != keys.len() {
            return self.fail(
                Diagnostic::error(format!(
                    "the case has {} for {}",
                    super::arguments::count(case.keysets.len(), "value"),
                    super::arguments::count(keys.len(), "key"),
                ))
                .at(case.span, "")
                .help("give one value for each key in parentheses, or `default` for all"),
            );
        }
        let mut sets = Vec::with_capacity(scalars);
        for (keyset, key) in case.keysets.iter().zip(keys) {
            self.key_set(keyset, &key.ty, &mut sets)?;
        }
        let target = target?;
        Ok(ascending(sets).into_iter().map(|sets| SelectCase { sets, target }).collect())
    }

    /// A value set holds what the keys are, field by field.
    fn check_value_set(&mut self, ty: &Type, keys: &[Operand<'a>], span: Span) -> Result<()> {
        let (mut held, mut selected) = (Vec::new(), Vec::new());
        scalars_of(ty, &mut held);
        for key in keys {
            scalars_of(&key.ty, &mut selected);
        }
        if held == selected {
            return Ok(());
        }
        let keys: Vec<String> = keys.iter().map(|key| format!("`{}`", key.ty)).collect();
        self.fail(
            Diagnostic::error(format!("the value set of `{ty}` does not fit the keys: {}", keys.join(", ")))
                .at(span, "")
                .help("a value set holds the key's type, or a struct or tuple with a field for each key"),
        )
    }

    /// The value set that a key set names, and its type.
    fn value_set_named(
        &mut self,
        keyset: &'a ast::Keyset,
    ) -> Result<Option<(ir::Handle<ir::ValueSet>, Type)>> {
        let KeysetKind::Value(ast::Expr { kind: ExprKind::Path(path), .. }) = &keyset.kind else {
            return Ok(None);
        };
        match self.resolve(path, "name")?.0 {
            Entity::Value(Operand { value: Value::Object(Object::ValueSet(set)), ty, .. }) => {
                Ok(Some((set, ty)))
            }
            _ => Ok(None),
        }
    }

    /// The sets of one key; a struct or tuple has one for each of its scalars.
    fn key_set(&mut self, keyset: &'a ast::Keyset, ty: &Type, sets: &mut Vec<KeySet>) -> Result<()> {
        if self.value_set_named(keyset)?.is_some() {
            return self.unsupported(
                "a value set beside other sets of a case",
                keyset.span,
                "declare a value set of a struct or tuple for all keys, and name it alone: `set: state;`",
            );
        }
        if ty.scalar().is_none() {
            return self.composite_set(keyset, ty, sets);
        }
        if let Some(()) = self.foreign_set(keyset, ty)? {
            sets.push(KeySet::Any);
            return Ok(());
        }
        let set = match &keyset.kind {
            KeysetKind::Default | KeysetKind::DontCare => KeySet::Any,
            KeysetKind::Value(value) => KeySet::Value(self.constant_bits(value, ty)?),
            KeysetKind::Mask { value, mask } => {
                let (value, mask) = (self.constant_bits(value, ty)?, self.constant_bits(mask, ty)?);
                KeySet::Masked { value: &value & &mask, mask }
            }
            KeysetKind::Range { low, high } => {
                let (low, high) = (self.constant_bits(low, ty)?, self.constant_bits(high, ty)?);
                let signed = matches!(ty.scalar(), Some(ir::Type::Int(_)));
                if numbers::to_integer(&low, signed) > numbers::to_integer(&high, signed) {
                    return self.fail(
                        Diagnostic::error("the range is empty")
                            .at(keyset.span, "")
                            .help("the least value stands first"),
                    );
                }
                KeySet::Range { low, high }
            }
        };
        sets.push(set);
        Ok(())
    }

    /// A set of one value that the parser of another architecture may compute as it runs.
    fn foreign_set(&mut self, keyset: &'a ast::Keyset, ty: &Type) -> Result<Option<()>> {
        let KeysetKind::Value(value) = &keyset.kind else { return Ok(None) };
        if self.is_v1model() || !self.checks_only() {
            return Ok(None);
        }
        self.nested(|this| this.expr_of(value, ty)).0.map(|_| Some(()))
    }

    fn composite_set(&mut self, keyset: &'a ast::Keyset, ty: &Type, sets: &mut Vec<KeySet>) -> Result<()> {
        if self.foreign_set(keyset, ty)?.is_some() {
            let mut scalars = Vec::new();
            scalars_of(ty, &mut scalars);
            sets.extend(vec![KeySet::Any; scalars.len()]);
            return Ok(());
        }
        let operand = match &keyset.kind {
            KeysetKind::Value(value) => self.constant_of_type(value, ty)?,
            KeysetKind::Default | KeysetKind::DontCare => {
                let value = self.default_value(ty, keyset.span)?;
                let count = self.scalars(&Operand::new(value, ty.clone()), keyset.span)?.len();
                sets.extend(vec![KeySet::Any; count]);
                return Ok(());
            }
            _ => {
                return self.unsupported(
                    "a mask or range of a whole struct or tuple",
                    keyset.span,
                    "select by its fields: `select(a, b) { (1 &&& 3, _): ... }`",
                );
            }
        };
        for handle in self.scalars(&operand, keyset.span)? {
            match self.known(handle) {
                Some(bits) => sets.push(KeySet::Value(bits.clone())),
                None => return Err(super::Reported),
            }
        }
        Ok(())
    }

    pub(super) fn declare_value_set(
        &mut self,
        value_set: &'a ast::ValueSet,
        annotations: &'a [ast::Annotation],
    ) -> Result<()> {
        match self.value_set(value_set, annotations) {
            Ok(operand) => self.declare(&value_set.name, Entity::Value(operand)),
            Err(reported) => {
                self.declare_wrong(&value_set.name);
                Err(reported)
            }
        }
    }

    fn value_set(
        &mut self,
        value_set: &'a ast::ValueSet,
        annotations: &'a [ast::Annotation],
    ) -> Result<Operand<'a>> {
        if !self.may_parse() {
            return self.misplaced("a value set", value_set.name.span, "value sets are declared in parsers");
        }
        let ty = self.resolve_type(&value_set.ty)?;
        let size = self.constant_integer(&value_set.size)?;
        let size = self.small(&size, "a value set's size", VALUE_SET_SIZE, value_set.size.span)?;
        let mut fields = Vec::new();
        self.value_set_fields("", &[], &ty, MatchKind::Exact, value_set.ty.span, &mut fields)?;
        let name = control_plane_name(annotations, value_set.name.as_str(), &self.frame.path);
        let annotations = self.annotations(annotations)?;
        let made = ir::ValueSet { name, size: u64::from(size), fields, annotations };
        let handle = self.module.value_sets.push(made);
        Ok(Operand::new(Value::Object(Object::ValueSet(handle)), ty))
    }

    fn value_set_fields(
        &mut self,
        name: &str,
        annotations: &'a [ast::Annotation],
        ty: &Type,
        kind: MatchKind,
        span: Span,
        fields: &mut Vec<ir::ValueSetField>,
    ) -> Result<()> {
        let fixed = ty.scalar().filter(|scalar| !matches!(scalar, ir::Type::Varbit(_)));
        match (fixed, ty.plain()) {
            (Some(scalar), _) => fields.push(ir::ValueSetField {
                name: control_plane_name(annotations, name, ""),
                kind,
                width: scalar.width(),
                annotations: self.annotations(annotations)?,
            }),
            (None, Type::Record(record)) if record.kind == ast::RecordKind::Struct => {
                let record = record.clone();
                for (i, field) in record.fields.iter().enumerate() {
                    let kind = self.field_match_kind(&record.name, &field.name);
                    let annotations = self.field_annotations(&record, i);
                    self.value_set_fields(&field.name, annotations, &field.ty, kind, span, fields)?;
                }
            }
            (None, Type::Tuple(parts)) => {
                for (i, part) in parts.clone().iter().enumerate() {
                    self.value_set_fields(&format!("{name}.{i}"), &[], part, kind, span, fields)?;
                }
            }
            _ => {
                return self.fail(
                    Diagnostic::error(format!("a value set cannot hold values of type `{ty}`"))
                        .at(span, "")
                        .help("use a number, or a struct of numbers"),
                );
            }
        }
        Ok(())
    }

    /// `@match(ternary)` on a field of the struct that a value set holds (section 13.11).
    fn field_match_kind(&self, record: &str, field: &str) -> MatchKind {
        let written = self.match_annotations.get(&(record.into(), field.into()));
        match written.map(|text| &**text) {
            Some("ternary") => MatchKind::Ternary,
            Some("lpm") => MatchKind::Lpm,
            Some("range") => MatchKind::Range,
            Some("optional") => MatchKind::Optional,
            _ => MatchKind::Exact,
        }
    }

    /// Remembers the `@match` annotations of a struct's fields.
    pub(super) fn collect_match_annotations(&mut self, record: &'a ast::Record) {
        for field in &record.fields {
            let Some(annotation) = find(&field.annotations, "match") else { continue };
            if let ast::AnnotationBody::Unstructured(tokens) = &annotation.body
                && let [token] = tokens.as_slice()
            {
                let key = (record.name.text.clone(), field.name.text.clone());
                self.match_annotations.insert(key, token.text.clone());
            }
        }
    }
}

/// The scalars that a value of this type is made of, in order.
fn scalars_of(ty: &Type, into: &mut Vec<ir::Type>) {
    match (ty.scalar(), ty.plain()) {
        (Some(scalar), _) => into.push(scalar),
        (None, Type::Record(record)) => record.fields.iter().for_each(|field| scalars_of(&field.ty, into)),
        (None, Type::Tuple(parts)) => parts.iter().for_each(|part| scalars_of(part, into)),
        _ => {}
    }
}

/// The IR's ranges are of unsigned numbers: one of signed numbers from below 0 to above becomes two, of which either may hold.
fn ascending(sets: Vec<KeySet>) -> Vec<Vec<KeySet>> {
    let mut all = vec![Vec::with_capacity(sets.len())];
    for set in sets {
        let either = match set {
            KeySet::Range { low, high } if low > high => {
                let width = low.width();
                let most = Bits::ones(width);
                vec![KeySet::Range { low, high: most }, KeySet::Range { low: Bits::zero(width), high }]
            }
            other => vec![other],
        };
        all = all
            .iter()
            .flat_map(|before| {
                either.iter().map(|set| [before.as_slice(), std::slice::from_ref(set)].concat())
            })
            .collect();
    }
    all
}

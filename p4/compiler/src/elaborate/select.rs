//! `transition select` (section 13.6).

use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::Bits;
use sluice_ir as ir;
use sluice_ir::{KeySet, SelectCase, Target, Transition};

use super::parsers::States;
use super::{Elaborator, Result};
use crate::ast::{self, ExprKind, KeysetKind};
use crate::numbers;
use crate::scope::Entity;
use crate::types::Type;
use crate::value::{Object, Operand, Value};

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
            if matches!(operand.ty.plain(), Type::Record(_) | Type::Stack(..)) {
                return self.fail(
                    Diagnostic::error(format!("a value of type `{}` cannot be selected by", operand.ty))
                        .at(expr.span, "")
                        .help("select by its fields: `select(x.a, x.b)`"),
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
            None => self.chain(keys, cases, select.span),
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

    /// A select whose cases have value sets for some of the keys. In the IR, one is for all keys: such a case becomes a state that
    /// looks at the value set alone, where the other sets hold; the cases behind it are those of another state.
    fn chain(
        &mut self,
        keys: Vec<ir::Handle<ir::Expression>>,
        cases: Vec<SelectCase>,
        span: Span,
    ) -> Result<Transition> {
        let is_mixed = |case: &SelectCase| {
            case.sets.len() > 1 && case.sets.iter().any(|set| matches!(set, KeySet::ValueSet(_)))
        };
        let Some(at) = cases.iter().position(is_mixed) else { return Ok(Transition::Select { keys, cases }) };
        let mut before = cases;
        let mut behind = before.split_off(at);
        let mixed = behind.remove(0);
        let name = self.frame.state.map(|state| self.module.pipeline.parser.states[state].name.clone());
        let name = format!("{}.case", name.unwrap_or_default());
        let rest = self.new_state(&name, span)?;
        let transition = self.chain(keys.clone(), behind, span)?;
        self.module.pipeline.parser.states[rest].transition = transition;
        let rest = Target::State(rest);
        let mut target = mixed.target;
        for (place, set) in mixed.sets.iter().enumerate() {
            let KeySet::ValueSet(handle) = set else { continue };
            let width = self.module.value_sets[*handle].fields.len();
            let held = keys.get(place..place + width).ok_or(super::Reported)?.to_vec();
            let state = self.new_state(&name, span)?;
            let none = SelectCase { sets: vec![KeySet::Any; width], target: rest };
            let cases = vec![SelectCase { sets: vec![KeySet::ValueSet(*handle)], target }, none];
            self.module.pipeline.parser.states[state].transition = Transition::Select { keys: held, cases };
            target = Target::State(state);
        }
        let others = mixed.sets.into_iter().map(|set| match set {
            KeySet::ValueSet(_) => KeySet::Any,
            other => other,
        });
        before.push(SelectCase { sets: others.collect(), target });
        before.push(SelectCase { sets: vec![KeySet::Any; keys.len()], target: rest });
        Ok(Transition::Select { keys, cases: before })
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
        if let Some((set, held)) = self.value_set_named(keyset)? {
            self.check_value_set(&held, &[Operand::new(Value::Nothing, ty.clone())], keyset.span)?;
            // It takes the places of all scalars of this key.
            let mut scalars = Vec::new();
            scalars_of(ty, &mut scalars);
            sets.push(KeySet::ValueSet(set));
            sets.extend(vec![KeySet::Any; scalars.len().saturating_sub(1)]);
            return Ok(());
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

//! Random modules, most of them wrong: any item may refer to any other and to what is not there.
//!
//! Made from a string of bytes, so that a failing one shrinks.

use sluice_diagnostics::{SourceId, Span};
use sluice_entities::{ActionScope, Bits, CounterUnit, Match, MatchKind};
use sluice_ir::{
    Action, ActionProfile, ActionUse, Annotation, AnnotationBody, AnnotationValue, BinaryOp, Block,
    CloneKind, Counter, DataType, DigestType, DirectCounter, Expression, ExpressionKind, ExternCall, Field,
    Handle, HashAlgorithm, Header, HeaderRef, HeaderType, InitialEntry, Intrinsic, Key, KeySet, Label,
    Member, Meter, Module, NamedKind, NamedType, Parameter, Place, Register, SelectCase, SelectorInfo,
    SluiceCall, Stack, State, Statement, StatementKind, Table, TableAction, Target, Transition, Translation,
    Type, UnaryOp, Union, ValueSet, ValueSetField, Variable, VariableKind,
};

/// Names that need quotes, repeat, or look like something else.
const NAMES: [&str; 12] =
    ["a", "b", "a.b", "a.b.c", "a[1]", "if", "next", "two words", "\"\\\n", "error.x", "$x", "_"];

struct Choices<'c> {
    bytes: &'c [u8],
    module: Module,
}

/// The module that the bytes choose; all constructs end where the bytes do.
pub(crate) fn module(bytes: &[u8]) -> Module {
    let mut choices = Choices { bytes, module: Module::default() };
    choices.storage();
    choices.control_plane();
    choices.externs();
    for _ in 0..choices.below(4) {
        let params = choices.parameters();
        let action = Action {
            name: choices.name(),
            params,
            body: choices.block(3),
            annotations: choices.annotations(),
            span: span(),
        };
        choices.module.actions.push(action);
    }
    for _ in 0..choices.below(3) {
        let table = choices.table();
        choices.module.tables.push(table);
    }
    for _ in 0..choices.below(4) {
        let state = choices.state();
        choices.module.pipeline.parser.states.push(state);
    }
    choices.module.pipeline.verify_checksum = choices.block(2);
    choices.module.pipeline.ingress = choices.block(5);
    choices.module.pipeline.egress = choices.block(2);
    choices.module.pipeline.compute_checksum = choices.block(2);
    choices.module.pipeline.deparser = choices.block(2);
    choices.module
}

fn span() -> Span {
    Span::new(SourceId(0), 0, 0)
}

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                *first
            }
            None => 0,
        }
    }

    fn below(&mut self, bound: u32) -> u32 {
        u32::from(self.byte()) % bound
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 1
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u32) as usize]
    }

    fn name(&mut self) -> String {
        self.one(&NAMES).to_string()
    }

    /// A handle that mostly is in range.
    fn handle<T>(&mut self) -> Handle<T> {
        Handle::new(self.below(4) as usize)
    }

    fn bits(&mut self) -> Bits {
        let width = self.one(&[0, 1, 8, 16, 70]);
        Bits::new(width, u64::from(self.byte()) * 3)
    }

    fn ty(&mut self) -> Type {
        self.one(&[
            Type::Bits(8),
            Type::Bits(1),
            Type::Bool,
            Type::Int(8),
            Type::Error,
            Type::Varbit(64),
            Type::Bits(0),
        ])
    }

    fn fields(&mut self) -> Vec<Field> {
        (0..self.below(4)).map(|_| Field { name: self.name(), ty: self.ty() }).collect()
    }

    fn annotations(&mut self) -> Vec<Annotation> {
        (0..self.below(2)).map(|_| Annotation { name: self.name(), body: self.annotation_body() }).collect()
    }

    fn annotation_body(&mut self) -> AnnotationBody {
        match self.below(4) {
            0 => AnnotationBody::None,
            1 => AnnotationBody::Text(self.name()),
            2 => AnnotationBody::Values((0..self.below(3)).map(|_| self.annotation_value()).collect()),
            // An empty list has no keys: it reads back as one of values.
            _ => AnnotationBody::Pairs(
                (0..=self.below(2)).map(|_| (self.name(), self.annotation_value())).collect(),
            ),
        }
    }

    fn annotation_value(&mut self) -> AnnotationValue {
        match self.below(4) {
            0 => AnnotationValue::Text(self.name()),
            1 => AnnotationValue::Integer(i64::MIN),
            2 => AnnotationValue::Integer(i64::from(self.byte())),
            _ => AnnotationValue::Bool(self.yes()),
        }
    }

    fn named(&mut self) -> Option<Handle<NamedType>> {
        if self.below(3) == 0 { Some(self.handle()) } else { None }
    }

    fn parameters(&mut self) -> Vec<Parameter> {
        (0..self.below(4))
            .map(|_| Parameter {
                name: self.name(),
                ty: self.ty(),
                named: self.named(),
                annotations: self.annotations(),
            })
            .collect()
    }

    fn data_type(&mut self, depth: u32) -> DataType {
        match self.below(if depth == 0 { 7 } else { 8 }) {
            0 => DataType::Bits(self.below(9)),
            1 => DataType::Int(8),
            2 => DataType::Varbit(64),
            3 => DataType::Bool,
            4 => DataType::Error,
            5 => DataType::Named(self.handle()),
            6 => DataType::Stack(self.handle(), self.below(4)),
            _ => DataType::Tuple((0..self.below(3)).map(|_| self.data_type(depth - 1)).collect()),
        }
    }

    fn members(&mut self) -> Vec<Member> {
        (0..self.below(3))
            .map(|_| Member { name: self.name(), ty: self.data_type(2), annotations: self.annotations() })
            .collect()
    }

    fn control_plane(&mut self) {
        self.module.annotations = self.annotations();
        for _ in 0..self.below(3) {
            let kind = match self.below(6) {
                0 => NamedKind::Struct(self.members()),
                1 => NamedKind::Header(self.members()),
                2 => NamedKind::Union(self.members()),
                3 => NamedKind::Enum((0..self.below(3)).map(|_| self.name()).collect()),
                4 => NamedKind::SerializableEnum {
                    width: self.below(9),
                    members: (0..self.below(3)).map(|_| (self.name(), self.bits())).collect(),
                },
                _ => {
                    let width = if self.yes() { Some(self.below(9)) } else { None };
                    let translation = self.yes().then(|| Translation { uri: self.name(), width });
                    NamedKind::New { of: self.data_type(1), translation }
                }
            };
            let ty = NamedType { name: self.name(), kind, annotations: self.annotations() };
            self.module.named_types.push(ty);
        }
        for _ in 0..self.below(2) {
            let digest = DigestType { name: self.name(), ty: self.data_type(2) };
            self.module.digests.push(digest);
        }
    }

    fn handles<T>(&mut self) -> Vec<Handle<T>> {
        (0..self.below(4)).map(|_| self.handle()).collect()
    }

    fn storage(&mut self) {
        self.module.errors = (0..self.below(4)).map(|_| self.name()).collect();
        for _ in 0..self.below(4) {
            let ty = HeaderType { name: self.name(), fields: self.fields(), span: span() };
            self.module.header_types.push(ty);
        }
        for _ in 0..self.below(4) {
            let union = if self.yes() { Some(self.handle()) } else { None };
            let header = Header { name: self.name(), ty: self.handle(), union };
            self.module.headers.push(header);
        }
        for _ in 0..self.below(4) {
            let shares_index_of = if self.yes() { Some(self.handle()) } else { None };
            let stack = Stack { name: self.name(), elements: self.handles(), shares_index_of };
            self.module.stacks.push(stack);
        }
        for _ in 0..self.below(2) {
            let union = Union { name: self.name(), members: self.handles() };
            self.module.unions.push(union);
        }
        for _ in 0..self.below(6) {
            let kinds =
                [VariableKind::Metadata, VariableKind::Local, VariableKind::Intrinsic(Intrinsic::McastGrp)];
            let field_lists = (0..self.below(3)).collect();
            let variable = Variable { name: self.name(), ty: self.ty(), kind: self.one(&kinds), field_lists };
            self.module.variables.push(variable);
        }
    }

    fn unit(&mut self) -> CounterUnit {
        self.one(&[CounterUnit::Packets, CounterUnit::Bytes, CounterUnit::Both])
    }

    fn match_kind(&mut self) -> MatchKind {
        self.one(&[
            MatchKind::Exact,
            MatchKind::Lpm,
            MatchKind::Ternary,
            MatchKind::Range,
            MatchKind::Selector,
        ])
    }

    fn externs(&mut self) {
        for _ in 0..self.below(2) {
            let (name, size, unit) = (self.name(), u64::from(self.byte()), self.unit());
            let (index, annotations) = (self.named(), self.annotations());
            self.module.counters.push(Counter { name: name.clone(), size, unit, index, annotations });
            let (annotations, ty) = (self.annotations(), self.ty());
            self.module.meters.push(Meter {
                name: name.clone(),
                size,
                unit,
                index: None,
                annotations: Vec::new(),
            });
            self.module.registers.push(Register {
                name: name.clone(),
                size,
                ty,
                named: index,
                index,
                annotations: annotations.clone(),
            });
            let selector = SelectorInfo { algorithm: HashAlgorithm::Crc32, width: 3 };
            let selector = self.yes().then_some(selector);
            self.module.action_profiles.push(ActionProfile {
                name: name.clone(),
                size,
                selector,
                annotations,
            });
            let fields = (0..self.below(3))
                .map(|width| ValueSetField {
                    name: self.name(),
                    kind: self.match_kind(),
                    width,
                    annotations: self.annotations(),
                })
                .collect();
            self.module.value_sets.push(ValueSet { name, size, fields, annotations: Vec::new() });
        }
    }

    fn header(&mut self) -> HeaderRef {
        match self.below(6) {
            0..=2 => HeaderRef::Header(self.handle()),
            3 => HeaderRef::Next(self.handle()),
            4 => HeaderRef::Last(self.handle()),
            _ => {
                let index = self.expression(1);
                HeaderRef::Element(self.handle(), index)
            }
        }
    }

    fn place(&mut self) -> Place {
        match self.below(4) {
            0 | 1 => Place::Variable(self.handle()),
            2 => Place::Field(self.header(), self.below(4)),
            _ => Place::Slice { base: Box::new(self.place()), high: self.below(9), low: self.below(9) },
        }
    }

    fn expression(&mut self, depth: u32) -> Handle<Expression> {
        let leaf = depth == 0 || self.bytes.is_empty();
        let kind = match self.below(if leaf { 6 } else { 12 }) {
            0 => ExpressionKind::Constant(self.bits()),
            1 => ExpressionKind::Variable(self.handle()),
            2 => ExpressionKind::Parameter(self.below(4)),
            3 => ExpressionKind::LastIndex(self.handle()),
            4 if leaf => ExpressionKind::IsValid(HeaderRef::Header(self.handle())),
            4 => ExpressionKind::IsValid(self.header()),
            5 if leaf => ExpressionKind::Field(HeaderRef::Header(self.handle()), self.below(4)),
            5 => ExpressionKind::Field(self.header(), self.below(4)),
            6 => {
                let op = self.one(&[UnaryOp::Not, UnaryOp::BitNot, UnaryOp::Negate]);
                ExpressionKind::Unary(op, self.expression(depth - 1))
            }
            7 => {
                let ops = [BinaryOp::Add, BinaryOp::SatSub, BinaryOp::Shl, BinaryOp::Lt, BinaryOp::LogicalOr];
                let op = self.one(&ops);
                ExpressionKind::Binary(op, self.expression(depth - 1), self.expression(depth - 1))
            }
            8 => ExpressionKind::Mux {
                condition: self.expression(depth - 1),
                accept: self.expression(depth - 1),
                reject: self.expression(depth - 1),
            },
            9 => {
                let base = self.expression(depth - 1);
                ExpressionKind::Slice { base, high: self.below(9), low: self.below(9) }
            }
            10 => ExpressionKind::Concat(self.expression(depth - 1), self.expression(depth - 1)),
            _ => ExpressionKind::Cast(self.expression(depth - 1)),
        };
        if self.below(32) == 31 {
            return Handle::new(1000);
        }
        let derived = self.module.type_by_operands(&kind, None);
        let ty = if self.below(4) == 3 { self.ty() } else { derived.unwrap_or(Type::Bits(8)) };
        self.module.expression(kind, ty, span())
    }

    fn value(&mut self) -> Handle<Expression> {
        self.expression(3)
    }

    fn data(&mut self) -> Vec<Handle<Expression>> {
        (0..self.below(3)).map(|_| self.value()).collect()
    }

    fn optional(&mut self) -> Option<Handle<Expression>> {
        if self.yes() { Some(self.value()) } else { None }
    }

    fn block(&mut self, depth: u32) -> Block {
        let count = if self.bytes.is_empty() { 0 } else { self.below(4) };
        (0..count).map(|_| Statement { kind: self.statement(depth), span: span() }).collect()
    }

    fn statement(&mut self, depth: u32) -> StatementKind {
        match self.below(if depth == 0 { 17 } else { 22 }) {
            0 => StatementKind::Assign(self.place(), self.value()),
            1 => StatementKind::CopyHeader { to: self.header(), from: self.header() },
            2 => StatementKind::CopyStack { to: self.handle(), from: self.handle() },
            3 => StatementKind::SetValid(self.header()),
            4 => StatementKind::SetInvalid(self.header()),
            5 => StatementKind::PushFront(self.handle(), self.below(4)),
            6 => StatementKind::PopFront(self.handle(), self.below(4)),
            7 => {
                let hit = if self.yes() { Some(self.handle()) } else { None };
                let action_run = if self.yes() { Some(self.handle()) } else { None };
                StatementKind::Apply { table: self.handle(), hit, action_run }
            }
            8 => StatementKind::Leave(Label(self.below(3))),
            9 => StatementKind::Exit,
            10 => StatementKind::Extract { header: self.header(), varbit_bits: self.optional() },
            11 => StatementKind::Lookahead { to: self.place(), offset_bits: self.below(9) },
            12 => StatementKind::Advance(self.value()),
            13 => StatementKind::Verify { condition: self.value(), error: self.value() },
            14 => StatementKind::Emit(self.header()),
            15 | 16 => StatementKind::Extern(self.call()),
            17 => StatementKind::Labelled(Label(self.below(3)), self.block(depth - 1)),
            18 => StatementKind::Loop(Label(self.below(3)), self.block(depth - 1)),
            19 => {
                let cases = (0..self.below(3)).map(|_| (vec![self.bits()], self.block(depth - 1))).collect();
                StatementKind::Switch { selector: self.value(), cases, default: self.block(depth - 1) }
            }
            _ => StatementKind::If {
                condition: self.value(),
                accept: self.block(depth - 1),
                reject: self.block(depth - 1),
            },
        }
    }

    fn call(&mut self) -> ExternCall {
        let algorithm = self.one(&[HashAlgorithm::Csum16, HashAlgorithm::Crc32, HashAlgorithm::Random]);
        match self.below(22) {
            0 => ExternCall::CounterCount { counter: self.handle(), index: self.value() },
            1 => ExternCall::DirectCounterCount { table: self.handle() },
            2 => ExternCall::MeterExecute { meter: self.handle(), index: self.value(), result: self.place() },
            3 => ExternCall::DirectMeterRead { table: self.handle(), result: self.place() },
            4 => ExternCall::RegisterRead {
                register: self.handle(),
                index: self.value(),
                result: self.place(),
            },
            5 => ExternCall::RegisterWrite {
                register: self.handle(),
                index: self.value(),
                value: self.value(),
            },
            6 => {
                let (result, base, max) = (self.place(), self.value(), self.value());
                ExternCall::Hash { algorithm, result, base, max, data: self.data() }
            }
            7 => ExternCall::Random { result: self.place(), low: self.value(), high: self.value() },
            8 => ExternCall::Digest { name: self.name(), receiver: self.value(), data: self.data() },
            9 => {
                let kind = self.one(&[CloneKind::IngressToEgress, CloneKind::EgressToEgress]);
                ExternCall::Clone { kind, session: self.value(), field_list: self.optional() }
            }
            10 => ExternCall::Resubmit { field_list: self.optional() },
            11 => ExternCall::Recirculate { field_list: self.optional() },
            12 => ExternCall::Truncate { length_bytes: self.value() },
            13 => ExternCall::MarkToDrop,
            14 => ExternCall::Assert { condition: self.value(), text: self.name() },
            15 => ExternCall::LogMessage { format: self.name(), arguments: self.data() },
            16 => {
                let (condition, data, checksum) = (self.value(), self.data(), self.value());
                ExternCall::VerifyChecksum { condition, data, checksum, algorithm, with_payload: self.yes() }
            }
            17 => {
                let (condition, data, checksum) = (self.value(), self.data(), self.place());
                ExternCall::UpdateChecksum { condition, data, checksum, algorithm, with_payload: self.yes() }
            }
            18 => ExternCall::PacketLength { result: self.place() },
            19 => {
                let (result, seed) = (self.place(), self.value());
                ExternCall::Sluice(SluiceCall::Digest64 { result, seed, data: self.data() })
            }
            20 => ExternCall::Sluice(SluiceCall::AppendTrailer { data: self.data() }),
            _ => ExternCall::Sluice(SluiceCall::BadFrame { result: self.place() }),
        }
    }

    fn action_use(&mut self) -> ActionUse {
        let arguments = (0..self.below(3)).map(|_| self.bits()).collect();
        ActionUse { index: self.below(4), arguments }
    }

    fn table(&mut self) -> Table {
        let key = |choices: &mut Self| Key {
            name: choices.name(),
            expression: choices.value(),
            kind: choices.match_kind(),
            named: choices.named(),
            annotations: choices.annotations(),
        };
        let scopes = [ActionScope::TableAndDefault, ActionScope::TableOnly, ActionScope::DefaultOnly];
        Table {
            name: self.name(),
            keys: (0..self.below(3)).map(|_| key(self)).collect(),
            // Listed once each: the text names an action of a table, not its position.
            actions: (0..self.below(4))
                .map(|index| TableAction {
                    action: Handle::new(index as usize),
                    scope: self.one(&scopes),
                    annotations: self.annotations(),
                })
                .collect(),
            default_action: self.action_use(),
            default_is_const: self.yes(),
            size: u64::from(self.byte()),
            entries: (0..self.below(3)).map(|_| self.entry()).collect(),
            entries_are_const: self.yes(),
            direct_counter: self.yes().then(|| DirectCounter {
                name: "c".to_string(),
                unit: CounterUnit::Bytes,
                annotations: self.annotations(),
            }),
            direct_meter: None,
            action_profile: if self.yes() { Some(self.handle()) } else { None },
            support_timeout: self.yes(),
            annotations: self.annotations(),
            span: span(),
        }
    }

    fn entry(&mut self) -> InitialEntry {
        let matches = (0..self.below(3)).map(|_| self.match_value()).collect();
        InitialEntry { matches, priority: self.below(3), action: self.action_use(), is_const: self.yes() }
    }

    fn match_value(&mut self) -> Match {
        match self.below(6) {
            0 => Match::Exact(self.bits()),
            1 => Match::Lpm { value: self.bits(), length: self.below(9) },
            2 => Match::Ternary { value: self.bits(), mask: self.bits() },
            3 => Match::Range { low: self.bits(), high: self.bits() },
            4 => Match::Optional(None),
            _ => Match::Optional(Some(self.bits())),
        }
    }

    fn state(&mut self) -> State {
        let name = self.name();
        let body = self.block(2);
        let transition = if self.yes() {
            Transition::Always(self.target())
        } else {
            let cases =
                (0..self.below(3)).map(|_| SelectCase { sets: self.sets(), target: self.target() }).collect();
            Transition::Select { keys: self.data(), cases }
        };
        State { name, body, transition, span: span() }
    }

    fn sets(&mut self) -> Vec<KeySet> {
        (0..self.below(3))
            .map(|_| match self.below(5) {
                0 => KeySet::Any,
                1 => KeySet::Value(self.bits()),
                2 => KeySet::Masked { value: self.bits(), mask: self.bits() },
                3 => KeySet::Range { low: self.bits(), high: self.bits() },
                _ => KeySet::ValueSet(self.handle()),
            })
            .collect()
    }

    fn target(&mut self) -> Target {
        match self.below(3) {
            0 => Target::Accept,
            1 => Target::Reject,
            _ => Target::State(self.handle()),
        }
    }
}

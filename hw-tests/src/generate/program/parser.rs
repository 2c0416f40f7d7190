//! The parser.

use super::scalar::Scalar;
use super::types::Ty;
use super::writer::{Place, Writer};

/// Where a state goes on.
struct Next {
    own: String,
    /// The states behind it, and `accept`.
    later: Vec<String>,
}

impl Writer<'_> {
    /// A parser that is applied in another one, for a header of this number.
    pub(super) fn sub_parser(&mut self, header: usize) {
        let name = self.name("Sub");
        let header_type = self.types.headers[header].name.clone();
        self.open(&format!("parser {name}(packet_in packet, out {header_type} h, inout bit<8> seen)"));
        let mark = self.scope.mark();
        self.scope.add(&self.types, "seen", &Ty::Scalar(Scalar::Bit(8)), true);
        self.open("state start");
        self.line("packet.extract(h);");
        self.line("seen = seen + 1;");
        self.scope.add(&self.types, "h", &Ty::Header(header), true);
        self.assignment_of_parser();
        self.line("transition select(h.isValid(), seen) {");
        self.line("    (true, 0 .. 100): accept;");
        self.line("    (false, _): reject;");
        self.line("    default: accept;");
        self.line("}");
        self.close();
        self.close();
        self.scope.reset(mark);
        self.sub_parsers.push((name, header));
    }

    /// The parser of the program.
    pub(super) fn parser(&mut self) {
        self.in_parser = true;
        self.open(
            "parser Parse(packet_in packet, out headers_t hdr, inout metadata_t meta, \
             inout standard_metadata_t standard)",
        );
        let mark = self.scope.mark();
        self.enter_pipeline(true);
        for (index, (name, _)) in self.sub_parsers.clone().iter().enumerate() {
            self.line(&format!("{name}() sub_parser{index};"));
        }
        self.line("bit<8> seen = 0;");
        self.scope.add(&self.types, "seen", &Ty::Scalar(Scalar::Bit(8)), true);
        if self.dice.percent(30) {
            self.note("value set");
            self.line("value_set<bit<8>>(4) values;");
        }
        let has_values = self.text.contains("value_set<");
        let fields = match self.types.structure_of("headers_t") {
            Ty::Struct(of) => self.types.structs[of].fields.clone(),
            _ => Vec::new(),
        };
        let states: Vec<_> = (0..fields.len()).map(|index| format!("state{index}")).collect();
        self.open("state start");
        self.line("transition state0;");
        self.close();
        for (index, (field, ty)) in fields.iter().enumerate() {
            let mut later = states[index + 1..].to_vec();
            later.push("accept".to_string());
            let next = Next { own: states[index].clone(), later };
            self.state(&next, &format!("hdr.{field}"), ty, index == 0, has_values);
        }
        self.close();
        self.scope.reset(mark);
        self.in_parser = false;
    }

    /// Something small that a state does.
    fn assignment_of_parser(&mut self) {
        if self.dice.percent(50) {
            self.statements(Place::Parser, 1);
        }
    }

    fn state(&mut self, next: &Next, field: &str, ty: &Ty, is_first: bool, has_values: bool) {
        if let Ty::Union(of) | Ty::Unions(of, _) = ty {
            return self.union_states(next, field, *of, matches!(ty, Ty::Unions(..)));
        }
        self.open(&format!("state {}", next.own));
        if self.dice.percent(30) {
            self.assignment_of_parser();
        }
        if !is_first && self.dice.percent(10) {
            self.note("verify");
            let condition = self.value(Scalar::Bool);
            let error = self.value_of(&Ty::Error);
            self.line(&format!("verify({condition} || seen < 200, {error});"));
        }
        if !is_first && self.dice.percent(10) {
            self.note("advance");
            self.line("packet.advance(8);");
        }
        let mut repeats = false;
        match ty {
            Ty::Stack(..) => {
                self.note("stack in the parser");
                self.line(&format!("packet.extract({field}.next);"));
                self.line("seen = seen + 1;");
                self.last(field, ty);
                repeats = self.dice.percent(70);
            }
            Ty::Header(of) if self.types.headers[*of].varbit.is_some() => {
                self.note("varbit");
                let most = self.types.headers[*of].varbit.unwrap_or(0) / 8;
                let bytes = format!("(bit<32>) packet.lookahead<bit<8>>() % {}", most + 1);
                self.line(&format!("packet.extract({field}, ({bytes}) * 8);"));
            }
            Ty::Header(of) => {
                let parsers = self.sub_parsers.clone();
                match parsers.iter().position(|(_, header)| header == of) {
                    Some(sub) => {
                        self.note("sub-parser");
                        self.line(&format!("sub_parser{sub}.apply(packet, {field}, seen);"));
                    }
                    None if self.dice.percent(15) => {
                        self.note("lookahead of a header");
                        let name = self.types.headers[*of].name.clone();
                        self.line(&format!("{field} = packet.lookahead<{name}>();"));
                        self.line(&format!("packet.advance({field}.minSizeInBits());"));
                    }
                    None => self.line(&format!("packet.extract({field});")),
                }
            }
            _ => {}
        }
        if repeats {
            self.note("loop in the parser");
            let (own, then) = (&next.own, &next.later[0]);
            let (own, then) = (own.clone(), then.clone());
            let last = format!("{field}.lastIndex");
            self.open(&format!("transition select({last}, seen[1:0])"));
            self.line(&format!("(0, 0 .. 2): {own};"));
            if self.dice.percent(30) {
                self.line(&format!("(_, 1): {own};"));
            }
            self.line(&format!("default: {then};"));
            self.close();
        } else {
            self.transition(next, has_values);
        }
        self.close();
    }

    /// Something of the element that was extracted last, at times.
    fn last(&mut self, field: &str, ty: &Ty) {
        let Ty::Stack(of, _) = ty else { return };
        let bytes = |(_, of): &&(String, Ty)| *of == Ty::Scalar(Scalar::Bit(8));
        let Some((name, _)) = self.types.headers[*of].fields.iter().find(bytes).cloned() else { return };
        if self.dice.percent(50) {
            self.note("last of a stack");
            self.line(&format!("seen = seen ^ {field}.last.{name};"));
        }
    }

    fn transition(&mut self, next: &Next, has_values: bool) {
        if self.dice.percent(25) {
            let to = next.later[0].clone();
            return self.line(&format!("transition {to};"));
        }
        self.note("select");
        if has_values && self.dice.percent(30) {
            let key = self.value(Scalar::Bit(8));
            self.open(&format!("transition select({key})"));
            let to = self.dice.pick(&next.later).clone();
            self.line(&format!("values: {to};"));
            self.line(&format!("default: {};", next.later[0]));
            return self.close();
        }
        let width = 1 + self.dice.below(5) as u32;
        let keys: Vec<_> = (0..1 + self.dice.below(2)).map(|_| self.value(Scalar::Bit(width))).collect();
        self.open(&format!("transition select({})", keys.join(", ")));
        for _ in 0..self.dice.below(4) {
            let sets: Vec<_> = keys.iter().map(|_| self.select_set(width)).collect();
            let sets = if sets.len() == 1 { sets.concat() } else { format!("({})", sets.join(", ")) };
            let to = self.dice.pick(&next.later).clone();
            self.line(&format!("{sets}: {to};"));
        }
        match self.dice.below(8) {
            0 => self.line("default: reject;"),
            1 => self.note("select without a default"),
            _ => self.line(&format!("default: {};", next.later[0])),
        }
        if self.text.ends_with("{\n") {
            // A select has at least one case.
            self.line("_: accept;");
        }
        self.close();
    }

    fn select_set(&mut self, width: u32) -> String {
        let most = (1_usize << width) - 1;
        let (a, b) = (self.dice.below(most + 1), self.dice.below(most + 1));
        match self.dice.below(6) {
            0 => {
                self.note("select: mask");
                format!("{a} &&& {b}")
            }
            1 => {
                self.note("select: range");
                format!("{} .. {}", a.min(b), a.max(b))
            }
            2 => "_".to_string(),
            _ => format!("{width}w{a}"),
        }
    }

    /// A state that chooses a member, and one for each member.
    fn union_states(&mut self, next: &Next, field: &str, of: usize, is_stack: bool) {
        self.note(if is_stack { "stack of unions" } else { "union" });
        let members = self.types.unions[of].fields.clone();
        let field = if is_stack { format!("{field}.next") } else { field.to_string() };
        self.open(&format!("state {}", next.own));
        self.open("transition select(packet.lookahead<bit<2>>())");
        for (index, (member, _)) in members.iter().enumerate() {
            self.line(&format!("{index}: {}_{member};", next.own));
        }
        self.line(&format!("default: {};", next.later[0]));
        self.close();
        self.close();
        for (member, _) in &members {
            self.open(&format!("state {}_{member}", next.own));
            self.line(&format!("packet.extract({field}.{member});"));
            let again = is_stack && self.dice.percent(50);
            let to = if again { next.own.clone() } else { next.later[0].clone() };
            self.line(&format!("transition {to};"));
            self.close();
        }
    }
}

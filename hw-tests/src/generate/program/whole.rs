//! Whole programs.

use std::collections::BTreeSet;

use super::scalar::{Scalar, literal, value};
use super::scope::{Callable, Direction};
use super::types::Ty;
use super::writer::{Gress, Objects, Place, Writer};
use crate::trial::Dice;

/// A program, and what is in it.
#[derive(Clone, Debug)]
pub struct WholeProgram {
    /// The text of `main.p4`.
    pub text: String,
    /// What the language has that the program uses.
    pub features: BTreeSet<&'static str>,
}

const HEAD: &str = "#include <core.p4>\n#include <v1model.p4>\n\n\
#define MOST(a, b) ((a) > (b) ? (a) : (b))\n";

const GENERIC: &str = "struct digest_t { bit<8> a; bit<32> b; }\n\
T choose<T>(in bool condition, in T a, in T b) {\n    if (condition) { return a; }\n    return b;\n}\n";

const END: &str = "V1Switch(Parse(), Verify(), ingress(), egress(), Compute(), Deparse()) main;\n";

impl WholeProgram {
    /// A program for v1model; the size is from 0 on.
    pub fn random(dice: &mut Dice, size: usize) -> Self {
        let mut writer = Writer::new(dice, size);
        writer.program();
        Self { text: writer.text, features: writer.features.into_inner() }
    }
}

impl Writer<'_> {
    fn program(&mut self) {
        self.text.push_str(HEAD);
        let mut types = std::mem::take(&mut self.types);
        let declared = types.declare(self.dice, self.size);
        self.types = types;
        self.text.push_str(&declared);
        self.text.push_str(GENERIC);
        self.is_constant = true;
        self.constants();
        self.is_constant = false;
        for _ in 0..self.dice.below(2 + self.size) {
            self.function();
        }
        for header in 1..self.types.headers.len() {
            if self.types.headers[header].varbit.is_none() && self.dice.percent(20) {
                self.sub_parser(header);
            }
        }
        self.parser();
        self.checksum("Verify", "verify_checksum");
        for _ in 0..self.dice.below(3) {
            self.sub_control();
        }
        self.control(Gress::Ingress);
        self.control(Gress::Egress);
        self.checksum("Compute", "update_checksum");
        self.deparser();
        self.text.push_str(END);
    }

    fn constants(&mut self) {
        for _ in 0..self.dice.below(4) {
            let name = self.name("C");
            let ty = Scalar::random(self.dice);
            let number = value(self.dice, ty);
            if self.dice.percent(30) && ty != Scalar::Bool {
                self.note("#define");
                let text = literal(ty, &number, 4);
                self.line(&format!("#define {name} {text}"));
            } else if self.dice.percent(20) {
                self.note("conditional compilation");
                let (one, other) = (literal(ty, &number, 4), literal(ty, &value(self.dice, ty), 4));
                self.line(&format!("#if {} > 1 && defined(MOST)", self.constants.len()));
                self.line(&format!("const {ty} {name} = {one};"));
                self.line("#else");
                self.line(&format!("const {ty} {name} = {other};"));
                self.line("#endif");
            } else {
                self.note("constant");
                let text = self.value(ty);
                self.line(&format!("const {ty} {name} = {text};"));
            }
            self.constants.push((name, ty));
        }
    }

    fn function(&mut self) {
        let name = self.name("function");
        let parameters =
            self.parameters(3, &[Direction::In, Direction::In, Direction::InOut, Direction::Out]);
        let returns = self.dice.percent(80).then(|| Scalar::random(self.dice));
        let result = returns.map_or("void".to_string(), |ty| ty.to_string());
        let declared = self.declared(&parameters);
        self.note("function");
        let mark = self.scope.mark();
        self.open(&format!("{result} {name}({declared})"));
        self.enter(&parameters);
        self.statements(Place::Function(returns), 2);
        if let Some(ty) = returns {
            if self.dice.percent(40) {
                let (condition, value) = (self.value(Scalar::Bool), self.value(ty));
                self.note("early return");
                self.line(&format!("if ({condition}) {{ return {value}; }}"));
                self.statements(Place::Function(returns), 1);
            }
            let value = self.value(ty);
            self.line(&format!("return {value};"));
        }
        self.close();
        self.scope.reset(mark);
        self.functions.push(Callable { name, parameters, returns });
    }

    /// Adds headers, metadata and what standard metadata may be used freely.
    pub(super) fn enter_pipeline(&mut self, has_standard: bool) {
        let headers = self.types.structure_of("headers_t");
        let metadata = self.types.structure_of("metadata_t");
        self.scope.add(&self.types, "hdr", &headers, true);
        self.scope.add(&self.types, "meta", &metadata, true);
        if has_standard {
            let read =
                [("ingress_port", 9), ("packet_length", 32), ("instance_type", 32), ("egress_spec", 9)];
            for (field, width) in read {
                let ty = Ty::Scalar(Scalar::Bit(width));
                self.scope.add(&self.types, &format!("standard.{field}"), &ty, false);
            }
            self.scope.add(&self.types, "standard.parser_error", &Ty::Error, false);
        }
    }

    /// A control that others apply.
    fn sub_control(&mut self) {
        let name = self.name("Part");
        let parameters = self.parameters(2, &[Direction::In, Direction::Out, Direction::InOut]);
        let declared = self.declared(&parameters);
        let declared = if declared.is_empty() { declared } else { format!(", {declared}") };
        self.note("sub-control");
        let mark = self.scope.mark();
        self.gress = Gress::Any;
        self.open(&format!(
            "control {name}(inout headers_t hdr, inout metadata_t meta{declared})(bit<8> given)"
        ));
        self.enter_pipeline(false);
        for parameter in &parameters {
            let is_writable = parameter.direction != Direction::In;
            if parameter.direction != Direction::Out {
                self.scope.add(&self.types, &parameter.name, &Ty::Scalar(parameter.ty), is_writable);
            }
        }
        self.scope.add(&self.types, "given", &Ty::Scalar(Scalar::Bit(8)), false);
        let outer = std::mem::take(&mut self.objects);
        self.declare_objects();
        self.open("apply");
        let out: Vec<_> =
            parameters.iter().filter(|parameter| parameter.direction == Direction::Out).cloned().collect();
        self.enter(&out);
        self.statements(Place::Control, 2);
        self.close();
        self.close();
        self.objects = outer;
        self.scope.reset(mark);
        self.sub_controls.push(Callable { name, parameters, returns: None });
    }

    fn control(&mut self, gress: Gress) {
        self.gress = gress;
        let name = if gress == Gress::Ingress { "ingress" } else { "egress" };
        let mark = self.scope.mark();
        self.open(&format!(
            "control {name}(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard)"
        ));
        self.enter_pipeline(true);
        self.declare_objects();
        self.open("apply");
        if gress == Gress::Ingress {
            self.line("standard.egress_spec = 1;");
        }
        for _ in 0..1 + self.size {
            self.statements(Place::Control, 2);
        }
        self.close();
        self.close();
        self.objects = Objects::default();
        self.gress = Gress::Any;
        self.scope.reset(mark);
    }

    /// A control of checksums.
    fn checksum(&mut self, name: &str, function: &str) {
        let mark = self.scope.mark();
        self.open(&format!("control {name}(inout headers_t hdr, inout metadata_t meta)"));
        self.enter_pipeline(false);
        self.open("apply");
        let sums: Vec<_> = self
            .scope
            .leaves
            .iter()
            .filter(|leaf| leaf.ty == Ty::Scalar(Scalar::Bit(16)) && leaf.is_writable)
            .map(|leaf| leaf.text.clone())
            .collect();
        if !sums.is_empty() && self.dice.percent(60) {
            let sum = self.dice.pick(&sums).clone();
            let data: Vec<_> = (0..1 + self.dice.below(3))
                .map(|_| {
                    let width = 16 * (1 + self.dice.below(3) as u32);
                    self.value(Scalar::Bit(width))
                })
                .collect();
            let condition = self.value(Scalar::Bool);
            let payload = if self.dice.percent(25) { "_with_payload" } else { "" };
            self.note("checksum");
            let algorithm = if self.dice.percent(70) { "csum16" } else { "crc16" };
            self.line(&format!(
                "{function}{payload}({condition}, {{ {} }}, {sum}, HashAlgorithm.{algorithm});",
                data.join(", ")
            ));
        }
        self.close();
        self.close();
        self.scope.reset(mark);
    }

    fn deparser(&mut self) {
        self.open("control Deparse(packet_out packet, in headers_t hdr)");
        self.open("apply");
        if self.dice.percent(50) {
            self.note("emit of everything");
            self.line("packet.emit(hdr);");
        } else if let Ty::Struct(of) = self.types.structure_of("headers_t") {
            for (field, _) in self.types.structs[of].fields.clone() {
                if field == "h0" || self.dice.percent(90) {
                    self.line(&format!("packet.emit(hdr.{field});"));
                }
            }
        }
        self.close();
        self.close();
    }
}

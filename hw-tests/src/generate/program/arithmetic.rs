//! Programs that compute expressions: of constants, and of what a packet brings.

use std::fmt::Write;

use num_bigint::BigInt;

use super::expression::{Expr, expression};
use super::scalar::Scalar;
use crate::trial::Dice;

/// Operators inside one another.
const DEPTH: u32 = 5;

/// A program that puts the values of expressions into the packet.
///
/// A packet begins with the inputs, then come as many bytes as the outputs take. Each field starts on a byte: what a type
/// leaves of its last byte is a field of its own before it, 0 in the outputs.
#[derive(Clone, Debug)]
pub struct ArithmeticProgram {
    /// The program.
    pub text: String,
    /// What a packet brings: the expressions' leaves.
    pub inputs: Vec<(String, Scalar)>,
    /// What is computed.
    pub outputs: Vec<Expr>,
}

/// Bytes that a field takes.
fn bytes(ty: Scalar) -> u32 {
    ty.width().unwrap_or(0).div_ceil(8)
}

/// The fields of a header: `f0`, `f1` and so on, with what fills their bytes before each.
fn header(name: &str, types: &[Scalar]) -> String {
    let mut text = format!("header {name} {{\n");
    for (index, ty) in types.iter().enumerate() {
        let fill = bytes(*ty) * 8 - ty.width().unwrap_or(0);
        if fill > 0 {
            let _ = writeln!(text, "    bit<{fill}> fill{index};");
        }
        let _ = writeln!(text, "    {ty} f{index};");
    }
    text + "}\n"
}

/// A value's bytes in the packet.
fn encoded(ty: Scalar, value: &BigInt) -> Vec<u8> {
    let width = ty.width().unwrap_or(0);
    let modulus = BigInt::from(1) << width;
    let low = ((value % &modulus) + &modulus) % modulus;
    let digits = low.to_bytes_be().1;
    let count = bytes(ty) as usize;
    let mut all = vec![0; count.saturating_sub(digits.len())];
    all.extend(&digits[digits.len().saturating_sub(count)..]);
    all
}

impl ArithmeticProgram {
    /// A program with some outputs.
    pub fn random(dice: &mut Dice) -> Self {
        let is_constant = dice.percent(30);
        let count = if is_constant { 0 } else { 1 + dice.below(8) };
        let inputs: Vec<_> = (0..count)
            .map(|index| {
                let ty = Scalar::random(dice);
                (format!("hdr.inputs.f{index}"), ty)
            })
            .collect();
        let mut leaves = |dice: &mut Dice, ty: Scalar| {
            let fitting: Vec<_> = inputs.iter().filter(|input| input.1 == ty).collect();
            if fitting.is_empty() {
                return near(dice, &inputs, ty);
            }
            Some(Expr::Leaf(ty, dice.pick(&fitting).0.clone()))
        };
        let outputs: Vec<_> = (0..1 + dice.below(10))
            .map(|_| {
                let ty = Scalar::random(dice);
                let depth = 1 + dice.below(DEPTH as usize) as u32;
                expression(dice, &mut leaves, ty, depth)
            })
            .collect();
        let text = program(dice, &inputs, &outputs);
        Self { text, inputs, outputs }
    }

    /// A packet with these inputs.
    pub fn packet(&self, inputs: &[BigInt]) -> Vec<u8> {
        let values = self.inputs.iter().zip(inputs);
        let mut packet: Vec<u8> = values.flat_map(|((_, ty), value)| encoded(*ty, value)).collect();
        let outputs: u32 = self.outputs.iter().map(|output| bytes(output.ty())).sum();
        packet.resize(packet.len() + outputs as usize, 0xa5);
        packet
    }

    /// The packet that comes out if the outputs have these values.
    pub fn expected(&self, inputs: &[BigInt], outputs: &[BigInt]) -> Vec<u8> {
        let inputs = self.inputs.iter().zip(inputs).map(|((_, ty), value)| (*ty, value));
        let outputs = self.outputs.iter().zip(outputs).map(|(output, value)| (output.ty(), value));
        inputs.chain(outputs).flat_map(|(ty, value)| encoded(ty, value)).collect()
    }
}

/// A value of the type made of an input of another width.
fn near(dice: &mut Dice, inputs: &[(String, Scalar)], ty: Scalar) -> Option<Expr> {
    let same_kind = |other: Scalar| {
        matches!(
            (ty, other),
            (Scalar::Bit(_), Scalar::Bit(_))
                | (Scalar::Int(_), Scalar::Int(_))
                | (Scalar::Bool, Scalar::Bit(1))
        )
    };
    let fitting: Vec<_> = inputs.iter().filter(|input| same_kind(input.1)).collect();
    if fitting.is_empty() {
        return None;
    }
    let (name, from) = (*dice.pick(&fitting)).clone();
    Some(Expr::Cast(ty, Box::new(Expr::Leaf(from, name))))
}

fn program(dice: &mut Dice, inputs: &[(String, Scalar)], outputs: &[Expr]) -> String {
    let input_types: Vec<_> = inputs.iter().map(|(_, ty)| *ty).collect();
    let output_types: Vec<_> = outputs.iter().map(Expr::ty).collect();
    let mut declarations = String::new();
    let mut body = String::new();
    for (index, output) in outputs.iter().enumerate() {
        let ty = output.ty();
        // Written where it is used, in a constant's declaration, or given through a function or a local.
        match dice.below(4) {
            0 if inputs.is_empty() => {
                let _ = writeln!(declarations, "const {ty} c{index} = {output};");
                let _ = writeln!(body, "        hdr.outputs.f{index} = c{index};");
            }
            1 => {
                let _ = writeln!(declarations, "{ty} same{index}(in {ty} x) {{ return x; }}");
                let _ = writeln!(body, "        hdr.outputs.f{index} = same{index}({output});");
            }
            2 => {
                let _ = writeln!(body, "        {ty} x{index} = {output};");
                let _ = writeln!(body, "        hdr.outputs.f{index} = x{index};");
            }
            _ => {
                let _ = writeln!(body, "        hdr.outputs.f{index} = {output};");
            }
        }
        let fill = bytes(ty) * 8 - ty.width().unwrap_or(0);
        if fill > 0 {
            let _ = writeln!(body, "        hdr.outputs.fill{index} = 0;");
        }
    }
    let (input_field, extract, emit) = match inputs.is_empty() {
        true => ("", "", ""),
        false => (
            "    inputs_t inputs;\n",
            "        packet.extract(hdr.inputs);\n",
            "        packet.emit(hdr.inputs);\n",
        ),
    };
    let input_header = if inputs.is_empty() { String::new() } else { header("inputs_t", &input_types) };
    format!(
        "#include <core.p4>\n#include <v1model.p4>\n{input_header}{}\
struct headers_t {{
{input_field}    outputs_t outputs;
}}
struct metadata_t {{}}
{declarations}
parser Parse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {{
    state start {{
{extract}        packet.extract(hdr.outputs);
        transition accept;
    }}
}}
control Verify(inout headers_t hdr, inout metadata_t meta) {{ apply {{}} }}
control ingress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {{
    apply {{
        standard.egress_spec = 1;
{body}    }}
}}
control egress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {{ apply {{}} }}
control Compute(inout headers_t hdr, inout metadata_t meta) {{ apply {{}} }}
control Deparse(packet_out packet, in headers_t hdr) {{
    apply {{
{emit}        packet.emit(hdr.outputs);
    }}
}}
V1Switch(Parse(), Verify(), ingress(), egress(), Compute(), Deparse()) main;
",
        header("outputs_t", &output_types)
    )
}

//! What stands around a computation: a program that takes its inputs from the packet, and puts the outputs into it.

use std::fmt::Write;

use num_bigint::BigInt;

use super::scalar::Scalar;

/// Inputs and outputs of a program: fields of two headers.
///
/// A packet begins with the inputs, then come as many bytes as the outputs take. Each field starts on a byte: what a type
/// leaves of its last byte is a field of its own before it, 0 in what comes out.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// What a packet brings.
    pub inputs: Vec<(String, Scalar)>,
    /// What is computed.
    pub outputs: Vec<(String, Scalar)>,
}

/// Bytes that a field takes.
fn bytes(ty: Scalar) -> u32 {
    ty.width().unwrap_or(0).div_ceil(8)
}

/// Bits that are left of them.
fn fill(ty: Scalar) -> u32 {
    bytes(ty) * 8 - ty.width().unwrap_or(0)
}

/// The fields of a header: `f0`, `f1` and so on, with what fills their bytes before each.
fn header(name: &str, fields: &[(String, Scalar)]) -> String {
    let mut text = format!("header {name} {{\n");
    for (index, (_, ty)) in fields.iter().enumerate() {
        if fill(*ty) > 0 {
            let _ = writeln!(text, "    bit<{}> fill{index};", fill(*ty));
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

impl Shell {
    /// Inputs and outputs of these types.
    pub(super) fn new(inputs: &[Scalar], outputs: &[Scalar]) -> Self {
        let fields = |header: &str, types: &[Scalar]| {
            types.iter().enumerate().map(|(index, ty)| (format!("hdr.{header}.f{index}"), *ty)).collect()
        };
        Self { inputs: fields("inputs", inputs), outputs: fields("outputs", outputs) }
    }

    /// A packet with these inputs.
    pub fn packet(&self, inputs: &[BigInt]) -> Vec<u8> {
        let values = self.inputs.iter().zip(inputs);
        let mut packet: Vec<u8> = values.flat_map(|((_, ty), value)| encoded(*ty, value)).collect();
        let outputs: u32 = self.outputs.iter().map(|(_, ty)| bytes(*ty)).sum();
        packet.resize(packet.len() + outputs as usize, 0xa5);
        packet
    }

    /// The packet that comes out if inputs and outputs have these values in the end.
    pub fn expected(&self, inputs: &[BigInt], outputs: &[BigInt]) -> Vec<u8> {
        let inputs = self.inputs.iter().zip(inputs);
        let outputs = self.outputs.iter().zip(outputs);
        inputs.chain(outputs).flat_map(|((_, ty), value)| encoded(*ty, value)).collect()
    }

    /// The program with these declarations before its blocks, these in the control that computes, and this in its `apply`.
    pub(super) fn program(&self, declarations: &str, locals: &str, body: &str) -> String {
        let (input_field, extract, emit) = match self.inputs.is_empty() {
            true => ("", "", ""),
            false => (
                "    inputs_t inputs;\n",
                "        packet.extract(hdr.inputs);\n",
                "        packet.emit(hdr.inputs);\n",
            ),
        };
        let mut zeros = String::new();
        for (index, (_, ty)) in self.outputs.iter().enumerate() {
            if fill(*ty) > 0 {
                let _ = writeln!(zeros, "        hdr.outputs.fill{index} = 0;");
            }
        }
        let input_header =
            if self.inputs.is_empty() { String::new() } else { header("inputs_t", &self.inputs) };
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
{locals}    apply {{
        standard.egress_spec = 1;
{zeros}{body}    }}
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
            header("outputs_t", &self.outputs)
        )
    }
}

//! Programs that would grow without end are refused, and none of them panics or overflows the stack.

use std::fmt::Write;

use sluice_diagnostics::Sources;
use sluice_p4::{CompileOptions, MemoryFiles, compile};

/// The messages for a program whose ingress has these declarations before it and this body.
fn errors(declarations: &str, body: &str) -> Result<(), String> {
    let text = format!(
        "#include <core.p4>\n#include <v1model.p4>\n\
         header h_t {{ bit<8> a; }} struct headers {{ h_t h; }} struct metadata {{ bit<8> x; }}\n{declarations}\n\
         parser P(packet_in p, out headers hdr, inout metadata meta, inout standard_metadata_t sm) \
         {{ state start {{ transition accept; }} }}\n\
         control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {{ apply {{ {body} }} }}\n\
         control E(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {{ apply {{ }} }}\n\
         control C(inout headers hdr, inout metadata meta) {{ apply {{ }} }}\n\
         control D(packet_out p, in headers hdr) {{ apply {{ }} }}\n\
         V1Switch(P(), C(), I(), E(), C(), D()) main;\n"
    );
    let files = MemoryFiles::new().file("main.p4", text);
    let mut sources = Sources::new();
    compile(&mut sources, &files, "main.p4", &CompileOptions::default())
        .map(|_| ())
        .map_err(|found| found.render(&sources))
}

#[test]
fn calls_that_double_are_refused() {
    let mut functions = String::from("bit<8> f0(in bit<8> v) { return v + 1; }\n");
    for i in 1..40 {
        let before = i - 1;
        writeln!(functions, "bit<8> f{i}(in bit<8> v) {{ return f{before}(v) + f{before}(v + 1); }}")
            .unwrap();
    }
    let found = errors(&functions, "meta.x = f39(meta.x);").unwrap_err();
    assert!(found.contains("variables and headers"), "{found}");
}

#[test]
fn calls_inside_one_another_are_bounded() {
    let mut functions = String::from("bit<8> f0(in bit<8> v) { return v + 1; }\n");
    for i in 1..200 {
        writeln!(functions, "bit<8> f{i}(in bit<8> v) {{ return f{}(v); }}", i - 1).unwrap();
    }
    let found = errors(&functions, "meta.x = f199(meta.x);").unwrap_err();
    assert!(found.contains("calls and instances inside one another"), "{found}");
}

/// Functions that call one another from 40 blocks deep, and compute 40 parentheses deep.
fn deep_functions(count: usize) -> String {
    let deep = |inner: &str| format!("{}{inner}{}", "(v + ".repeat(40), ")".repeat(40));
    let mut functions = format!("void f0(inout bit<8> v) {{ v = {}; }}\n", deep("v"));
    for i in 1..count {
        let (open, close) = ("if (v == 1) { ".repeat(40), " }".repeat(40));
        let inner = format!("f{}(v); v = {};", i - 1, deep("1"));
        writeln!(functions, "void f{i}(inout bit<8> v) {{ {open}{inner}{close} }}").unwrap();
    }
    functions
}

#[test]
fn nesting_within_calls_does_not_overflow_the_stack() {
    let found = errors(&deep_functions(30), "f29(meta.x);").unwrap_err();
    assert!(found.contains("expressions and statements inside one another"), "{found}");
    assert_eq!(errors(&deep_functions(4), "f3(meta.x);"), Ok(()));
}

#[test]
fn storage_is_bounded() {
    let structs =
        "struct a_t { h_t[1000] s; } struct b_t { a_t a; a_t b; a_t c; a_t d; a_t e; a_t f; a_t g; a_t h; }
        struct c_t { b_t a; b_t b; b_t c; b_t d; b_t e; b_t f; b_t g; b_t h; }
        struct d_t { c_t a; c_t b; c_t c; c_t d; c_t e; c_t f; c_t g; c_t h; }";
    let found = errors(structs, "d_t d; d_t e;").unwrap_err();
    assert!(found.contains("variables and headers"), "{found}");
}

#[test]
fn large_constants_are_refused() {
    let found = errors("const int a = 1 << 60000; const int b = a * a * a * a * a * a;", "").unwrap_err();
    assert!(found.contains("too large"), "{found}");
}

//! The preprocessor, seen through what is parsed.

use sluice_diagnostics::Sources;
use sluice_p4::ast::{DeclarationKind, ExprKind};
use sluice_p4::{MemoryFiles, parse_program};

/// The values of all constants of a program without errors.
fn constants(files: MemoryFiles, defines: &[(String, String)]) -> Vec<String> {
    let mut sources = Sources::new();
    let (program, found) = parse_program(&mut sources, &files, "main.p4", defines);
    assert!(!found.has_errors(), "{}", found.render(&sources));
    let values = program.declarations.iter().filter_map(|declaration| match &declaration.kind {
        DeclarationKind::Constant(constant) => Some(match &constant.value.kind {
            ExprKind::Integer(value) => value.value.to_string(),
            ExprKind::String(text) => text.to_string(),
            _ => sources.text(constant.value.span).to_string(),
        }),
        _ => None,
    });
    values.collect()
}

fn of(text: &str) -> Vec<String> {
    constants(MemoryFiles::new().file("main.p4", text), &[])
}

#[test]
fn macros_expand_as_in_c() {
    for (text, expected) in [
        ("#define A 1\nconst int c = A;", "1"),
        ("#define A B\n#define B 2\nconst int c = A;", "2"),
        ("#define F(x, y) y\nconst int c = F((1, 2), 3);", "3"),
        ("#define F(x) x\n#define G F\nconst int c = G (4);", "4"),
        ("#define F(x) x\nconst int c = F(F(F(5)));", "5"),
        ("#define F() 6\nconst int c = F();", "6"),
        ("#define CAT(a, b) a ## b\nconst int c = CAT(1, 2);", "12"),
        ("#define CAT(a, b) a ## b\nconst int c = CAT(, 7);", "7"),
        ("#define CAT(a, b, c) a ## b ## c\nconst int c = CAT(1, , 2);", "12"),
        ("#define A 3\n#define CAT(a, b) a ## b\n#define X(a, b) CAT(a, b)\nconst int c = X(A, A);", "33"),
        ("#define W(n) n ## w255\nconst int c = W(8);", "255"),
        ("#define S(x) #x\nconst string c = S(a  +\n \"b\\\\\");", "a + \"b\\\\\""),
        ("#define S(x) #x\n#define A 1\nconst string c = S(A);", "A"),
        ("#define A 1\n#undef A\n#ifdef A\nconst int c = 1;\n#else\nconst int c = 2;\n#endif", "2"),
        ("\n\nconst int c = __LINE__;", "3"),
        ("#line 40\nconst int c = __LINE__;", "40"),
        ("# 7 \"x.p4\"\nconst string c = __FILE__;", "x.p4"),
        ("const string c = __FILE__;", "main.p4"),
        ("#define LONG 1 \\\n + 2\nconst int c = 9;", "9"),
        ("#define LONG 1 \\ \t\n + 2\nconst int c = 8;", "8"),
        ("// a comment that goes on \\\n const int d = 1;\nconst int c = 7;", "7"),
        ("#define LAST(a, ...) __VA_ARGS__\nconst int c = LAST(1, 2);", "2"),
        (
            "#define SUM(a, rest...) a + rest\n#define S(...) X(__VA_ARGS__)\n#define X(x) #x\nconst string c = S(SUM(1, 2));",
            "1 + 2",
        ),
        ("#define S(...) #__VA_ARGS__\nconst string c = S(a, b);", "a, b"),
        (
            "#define G(a, ...) F(a, ##__VA_ARGS__)\n#define F(...) S(__VA_ARGS__)\n#define S(...) #__VA_ARGS__\nconst string c = G(1);",
            "1",
        ),
        (
            "#define G(a, ...) S(a, ##__VA_ARGS__)\n#define S(...) #__VA_ARGS__\nconst string c = G(1, 2);",
            "1, 2",
        ),
        (
            "#define G(a, ...) S(a __VA_OPT__(; __VA_ARGS__))\n#define S(...) #__VA_ARGS__\nconst string c = G(1);",
            "1",
        ),
        (
            "#define G(a, ...) S(a __VA_OPT__(; __VA_ARGS__))\n#define S(...) #__VA_ARGS__\nconst string c = G(1, 2);",
            "1; 2",
        ),
        ("#define N __COUNTER__\n#if N == 0\nconst int c = N;\n#endif", "1"),
        ("#if defined(__p4c__) && __TARGET_BMV2__ && __SLUICE__\nconst int c = 6;\n#endif", "6"),
    ] {
        assert_eq!(of(text), [expected], "{text}");
    }
}

#[test]
fn a_macro_does_not_expand_in_itself() {
    let text = "#define a b\n#define b a\nconst int c = a;";
    let mut sources = Sources::new();
    let files = MemoryFiles::new().file("main.p4", text);
    let (program, found) = parse_program(&mut sources, &files, "main.p4", &[]);
    assert!(found.is_empty());
    let DeclarationKind::Constant(constant) = &program.declarations[0].kind else { panic!("no constant") };
    let ExprKind::Path(path) = &constant.value.kind else { panic!("no name") };
    assert_eq!(path.name.as_str(), "a");
    assert_eq!(sources.text(constant.value.span), "a", "the place is that of the use");
    assert_eq!(sources.line_column(constant.value.span), (3, 15));
}

#[test]
fn conditions_compute() {
    for (condition, holds) in [
        ("1", true),
        ("0", false),
        ("UNKNOWN", false),
        ("defined(A) && !defined B", true),
        ("A == 5 && A * 2 - 1 >= 9", true),
        ("1 ? 0 : 1", false),
        ("0 && 1 / 0", false),
        ("1 || 1 / 0", true),
        ("(1 << 4 | 3) == 0x13", true),
        ("-1 < 0 && ~0 == -1 && +1", true),
        ("7 % 4 == 3 && 7 / 2 == 3 && (6 ^ 5) == 3 && (6 & 5) == 4", true),
        ("1 != 1 || 2 > 2 || 2 <= 1 || 1 >> 1", false),
        ("F(3) == 4", true),
    ] {
        let text = format!(
            "#define A 5\n#define F(x) (x + 1)\n#if {condition}\nconst int c = 1;\n#else\nconst int c = 0;\n#endif"
        );
        assert_eq!(of(&text), [if holds { "1" } else { "0" }], "{condition}");
    }
}

#[test]
fn one_branch_is_taken() {
    let text =
        "#if 0\n#error no\n#elif X == 2\nconst int c = 2;\n#elif 1\nconst int c = 3;\n#else\n'\n#endif";
    for (x, expected) in [("2", "2"), ("1", "3")] {
        let files = MemoryFiles::new().file("main.p4", text);
        assert_eq!(constants(files, &[("X".into(), x.into())]), [expected]);
    }
    // Nested conditions in text that is left out are not computed.
    assert_eq!(of("#if 0\n#if 1 / 0\n#else\n#endif\n#endif\nconst int c = 4;"), ["4"]);
}

#[test]
fn includes_are_looked_for_in_order() {
    let files = MemoryFiles::new()
        .file("main.p4", "#include \"sub/a.p4\"\n#include <b.p4>\n#define N <b.p4>\n#include N\n")
        .file("sub/a.p4", "#include \"../c.p4\"\n#include \"b.p4\"\n#pragma once\n")
        .file("sub/b.p4", "const int b = 1;")
        .file("lib/b.p4", "const int b = 2;")
        .file("c.p4", "const int c = 3;")
        .include_folder("lib");
    assert_eq!(constants(files, &[]), ["3", "1", "2", "2"]);
}

#[test]
fn a_folder_comes_before_the_embedded_files() {
    let files = MemoryFiles::new()
        .file("main.p4", "#include <core.p4>\n")
        .file("lib/core.p4", "const int c = 1;")
        .include_folder("lib");
    assert_eq!(constants(files, &[]), ["1"]);
}

#[test]
fn a_missing_program_is_said_to_be_missing() {
    let mut sources = Sources::new();
    let (program, found) = parse_program(&mut sources, &MemoryFiles::new(), "none.p4", &[]);
    assert!(program.declarations.is_empty());
    assert_eq!(found.to_string(), "cannot read none.p4: there is no such file");
}

#[test]
fn wrong_definitions_from_outside_are_reported() {
    let mut sources = Sources::new();
    let files = MemoryFiles::new().file("main.p4", "");
    let (_, found) = parse_program(&mut sources, &files, "main.p4", &[("1".into(), "x\n#error y".into())]);
    assert_eq!(found.to_string(), "expected a macro's name");
}

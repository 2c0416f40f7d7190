//! Every bound is refused with a located error that names it, and nothing overflows the stack.

use sluice_diagnostics::Sources;
use sluice_p4::{MemoryFiles, limits, parse_program};

/// The diagnostics of a program, read with the stack that a thread has by default.
pub(crate) fn diagnostics(text: impl Into<String>) -> String {
    let files = MemoryFiles::new().file("main.p4", text);
    let read = move || {
        let mut sources = Sources::new();
        let (_, found) = parse_program(&mut sources, &files, "main.p4", &[]);
        // Every place must be one of the text, too.
        found.render(&sources);
        found.to_string()
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(read);
    thread.expect("a thread").join().expect("no panic")
}

/// `before`, then `open` many times, `inner`, `close` as many times, `behind`.
fn nest(before: &str, open: &str, inner: &str, close: &str, behind: &str, times: usize) -> String {
    format!("{before}{}{inner}{}{behind}", open.repeat(times), close.repeat(times))
}

#[test]
fn nesting_is_bounded_everywhere() {
    let constant = "const bit<8> c = ";
    let function = "struct T {} void f(in T t) {";
    let assignment = "struct T {} void f(in T t) { x = ";
    for (before, open, inner, close, behind) in [
        (constant, "(", "1", ")", ";"),
        (constant, "-", "1", "", ";"),
        (constant, "1+", "1", "", ";"),
        (constant, "1 ? 2 : ", "1", "", ";"),
        (constant, "{", "1", "}", ";"),
        (constant, "{a=", "1", "}", ";"),
        (constant, "f(", "1", ")", ";"),
        (constant, "(bit<8>)", "1", "", ";"),
        (constant, "a[", "1", "]", ";"),
        (constant, "a", "", ".a", ";"),
        (constant, "f", "", "()", ";"),
        (constant, "f<bit<8>>(", "", ")", ";"),
        (constant, "f<T<", "", ">>(1)", ";"),
        ("const ", "tuple<", "bool", ">", " c = 1;"),
        ("const ", "list<", "bool", ">", " c = 1;"),
        ("const T", "[1", "", "]", " c = 1;"),
        ("const T", "", "", "[1]", " c = 1;"),
        (function, "{", "", "}", "}"),
        (function, "if (true) ", ";", "", "}"),
        (function, "if (true) ; else ", ";", "", "}"),
        (function, "for (bit<8> i in 1..2) ", ";", "", "}"),
        (function, "switch (1) { 1: {", "", "}}", "}"),
        (assignment, "(T[", "1", "]) y", ";}"),
        (assignment, "a < T[", "1", "]", ";}"),
        ("", "E() e = {", "", "};", ""),
        ("@a[", "{", "1", "}", "] struct T {}"),
    ] {
        let text = nest(before, open, inner, close, behind, limits::NESTING * 20);
        let found = diagnostics(text);
        assert!(found.contains("nested too deeply"), "{before}{open}: {found}");
    }
    for (before, open, inner, close, behind) in
        [(constant, "(", "1", ")", ";"), (constant, "1+", "1", "", ";"), (function, "{", "", "}", "}")]
    {
        let found = diagnostics(nest(before, open, inner, close, behind, limits::NESTING - 10));
        assert_eq!(found, "", "{before}{open}");
    }
}

#[test]
fn operators_at_every_level_add_up() {
    // Ten levels of parentheses at the left end, each with a chain that is allowed by itself.
    let mut text = String::from("1");
    for _ in 0..10 {
        text = format!("({text}{})", "+1".repeat(100));
    }
    assert!(diagnostics(format!("const int c = {text};")).contains("nested too deeply"));
}

#[test]
fn preprocessing_is_bounded() {
    let include = diagnostics("#include \"main.p4\"\n");
    assert!(include.contains("includes are nested too deeply"), "{include}");

    let conditions = diagnostics("#if 1\n".repeat(limits::CONDITION_DEPTH + 1));
    assert!(conditions.contains("conditions are nested too deeply"), "{conditions}");

    let condition = diagnostics(format!("#if {}1\n#endif\n", "(".repeat(10_000)));
    assert!(condition.contains("condition is nested too deeply"), "{condition}");

    let arguments = diagnostics(nest("#define F(x) x\n", "F(", "", ")", "", 10_000));
    assert!(arguments.contains("macros are nested too deeply"), "{arguments}");

    // Each macro is twice the one before.
    let mut doubling = String::from("#define A0 x x\n");
    for i in 1..60 {
        doubling.push_str(&format!("#define A{i} A{} A{}\n", i - 1, i - 1));
    }
    let text = diagnostics(format!("{doubling}A59\n"));
    assert!(text.contains("macros make too much text"), "{text}");

    // One use of a macro, whose argument is long and stands in the body many times.
    let product = format!("#define M(x) {}\nM({})\n", "x ".repeat(20_000), "1 ".repeat(20_000));
    let text = diagnostics(product);
    assert!(text.contains("macros make too much text"), "{text}");

    let chain: String = (0..200).map(|i| format!("#define B{i} B{}\n", i + 1)).collect();
    assert!(diagnostics(format!("{chain}B0\n")).contains("macros are nested too deeply"));
}

#[test]
fn sizes_are_bounded() {
    assert!(diagnostics(" ".repeat(limits::FILE_SIZE + 1)).contains("main.p4 is too large"));
    assert!(diagnostics("; ".repeat(limits::TOKENS + 1)).contains("the program is too long"));
    let number = "1".repeat(limits::INTEGER_LENGTH + 1);
    assert!(diagnostics(format!("const int c = {number};")).contains("this integer is too long"));
    assert!(diagnostics("const int c = 70000w1;").contains("this width is too large"));
    assert!(diagnostics("$\n".repeat(10_000)).ends_with("too many errors"));
    assert!(diagnostics("struct S { ? }\n".repeat(10_000)).ends_with("too many errors"));
}

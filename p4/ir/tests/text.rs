//! The text form: files that print as they read, errors, random modules, and deep nesting.

mod common;
mod generator;

use proptest::prelude::*;
use sluice_diagnostics::Sources;
use sluice_ir::{Module, text};

fn read(name: &str, source: &str) -> Result<Module, String> {
    let mut sources = Sources::new();
    let id = sources.add(name, source);
    text::read(&sources, id).map_err(|found| found.render(&sources))
}

#[test]
fn files_print_as_they_read() {
    for path in common::files("text", "ir") {
        let (sources, id) = common::load(&path);
        let module = text::read(&sources, id).unwrap_or_else(|found| panic!("{}", found.render(&sources)));
        common::expect_file(&path, &text::print(&module));
    }
}

#[test]
fn errors_are_located() {
    for path in common::files("text-errors", "ir") {
        let (sources, id) = common::load(&path);
        let found = text::read(&sources, id).expect_err("an error");
        common::expect_file(&path.with_extension("txt"), &found.render(&sources));
    }
}

#[test]
fn nesting_beyond_the_bound_is_an_error() {
    for (open, close) in [("(", ")"), ("bit<8>(", ")"), ("!", ""), ("-(", ")[7:0]")] {
        let source = format!(
            "metadata a: bit<8>; ingress {{ a = {}a{}; }}",
            open.repeat(100_000),
            close.repeat(100_000)
        );
        let found = read("deep", &source);
        // Prefixes need no stack: they read, and print as out of bounds.
        assert!(open == "!" || found.is_err_and(|text| text.contains("nested too deeply")));
    }
    let source = format!("metadata a: bit<8>; ingress {{ {} }}", "if (true) {".repeat(100_000));
    assert!(read("deep", &source).is_err());
    let chain = format!("ingress {{ {} {{}} }}", "if (true) {} else ".repeat(100_000));
    assert!(read("deep", &chain).is_err_and(|text| text.contains("nested too deeply")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_modules_read_back(choices in prop::collection::vec(any::<u8>(), 0..1500)) {
        let printed = text::print(&generator::module(&choices));
        match read("random", &printed) {
            Ok(module) => prop_assert_eq!(text::print(&module), printed),
            Err(found) => prop_assert!(false, "{}\n{}", found, printed),
        }
    }

    #[test]
    fn no_text_panics(text in "[a-z{}();:=<>\"?%@0-9.,# \\[\\]]{0,60}") {
        let _ = read("random", &text);
    }

    #[test]
    fn no_damage_panics(at in any::<prop::sample::Index>(), length in 0_usize..40, other in "[ -~é]{0,6}") {
        let whole = include_str!("text/everything.ir");
        let start = at.index(whole.len());
        let end = (start + length).min(whole.len());
        let text = format!("{}{other}{}", &whole[..start], &whole[end..]);
        if let Ok(module) = read("damaged", &text) {
            let printed = text::print(&module);
            prop_assert_eq!(read("printed", &printed).map(|module| text::print(&module)), Ok(printed));
        }
    }
}

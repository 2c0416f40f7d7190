//! The syntax half on whole files: every `tests/syntax/ok/*.p4` parses without a diagnostic into the tree beside it
//! (`.tree`, an S-expression), every `tests/syntax/err/*.p4` gives the diagnostics beside it (`.txt`).
//!
//! `SLUICE_BLESS=1` writes what is found as what is expected.

#[path = "syntax/bounds.rs"]
mod bounds;
#[path = "syntax/dump.rs"]
mod dump;
#[path = "syntax/fuzz.rs"]
mod fuzz;
#[path = "syntax/preprocessor.rs"]
mod preprocessor;
#[path = "syntax/spans.rs"]
mod spans;

use std::path::{Path, PathBuf};

use sluice_diagnostics::Sources;
use sluice_p4::{FileProvider, MemoryFiles, parse_program};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/syntax").join(name)
}

fn programs(name: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder(name)).expect("the folder of test programs");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut programs: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "p4")).collect();
    programs.sort();
    programs
}

/// The tree of the program's own declarations (not of what it includes), and its diagnostics.
fn run(path: &Path) -> (String, String) {
    let name = path.file_name().expect("a file's name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("a readable program");
    let files = MemoryFiles::new().file(name.clone(), text);
    let mut sources = Sources::new();
    let (program, found) = parse_program(&mut sources, &files as &dyn FileProvider, &name, &[]);
    let own = program
        .declarations
        .iter()
        .filter(|declaration| sources.source(declaration.span.source).name == name);
    let tree: String = own.map(|declaration| dump::declaration(declaration).render()).collect();
    let diagnostics = if found.is_empty() { String::new() } else { found.render(&sources) };
    (tree, diagnostics)
}

fn check(path: &Path, found: &str, wrong: &mut Vec<String>) {
    if std::env::var_os("SLUICE_BLESS").is_some() {
        std::fs::write(path, found).expect("a writable golden file");
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected != found {
        wrong.push(format!("{}:\n--- expected\n{expected}--- found\n{found}", path.display()));
    }
}

#[test]
fn right_programs_give_their_trees() {
    let mut wrong = Vec::new();
    for path in programs("ok") {
        let (tree, diagnostics) = run(&path);
        if !diagnostics.is_empty() {
            wrong.push(diagnostics);
        }
        check(&path.with_extension("tree"), &tree, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn wrong_programs_give_their_diagnostics() {
    let mut wrong = Vec::new();
    for path in programs("err") {
        let (_, diagnostics) = run(&path);
        assert!(!diagnostics.is_empty(), "{} is taken without a word", path.display());
        check(&path.with_extension("txt"), &diagnostics, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn embedded_architectures_parse() {
    for (main, version, declarations) in
        [("core.p4", "", 8), ("v1model.p4", "20180101", 51), ("v1model.p4", "20200408", 52)]
    {
        let files = MemoryFiles::new().file("main.p4", format!("#include <{main}>\n"));
        let defines: Vec<(String, String)> =
            (!version.is_empty()).then(|| ("V1MODEL_VERSION".into(), version.into())).into_iter().collect();
        let mut sources = Sources::new();
        let (program, found) = parse_program(&mut sources, &files, "main.p4", &defines);
        assert!(found.is_empty(), "{}", found.render(&sources));
        assert_eq!(program.declarations.len(), declarations, "{main} {version}");
    }
}

//! Files of expressions with what they turn into. A line `> expression` is followed by its terms (`ok/`) or by the
//! rendered errors (`errors/`). `SLUICE_BLESS=1` writes what is there now.

use std::path::{Path, PathBuf};

use crate::terms_of;

fn expressions(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("> ").or_else(|| line.strip_prefix('>'))).collect()
}

/// `\n` in a golden's expression is a line break.
fn unescaped(expression: &str) -> String {
    expression.replace("\\n", "\n")
}

fn accepted(expression: &str) -> String {
    match terms_of(&unescaped(expression)) {
        Ok((_, terms)) if terms.is_empty() => "  nothing\n".into(),
        Ok((_, terms)) => terms.iter().map(|term| format!("  {term}\n")).collect(),
        Err(rendered) => format!("REFUSED\n{rendered}"),
    }
}

fn refused(expression: &str) -> String {
    match terms_of(&unescaped(expression)) {
        Ok((expr, _)) => format!("ACCEPTED as {expr}\n"),
        Err(rendered) => rendered,
    }
}

fn check(folder: &str, result: fn(&str) -> String, unwanted: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filter").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of goldens")
        .map(|entry| entry.expect("a file of goldens").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no goldens in {}", folder.display());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file of goldens");
        let blocks: Vec<String> =
            expressions(&text).iter().map(|each| format!("> {each}\n{}", result(each))).collect();
        let now = blocks.join("\n");
        if std::env::var_os("SLUICE_BLESS").is_some() {
            std::fs::write(&file, &now).expect("the golden can be written");
        }
        assert!(!now.contains(unwanted), "{} has a line `{unwanted}`:\n{now}", file.display());
        let before = std::fs::read_to_string(&file).expect("a file of goldens");
        assert!(before == now, "{} differs; now it would be:\n{now}", file.display());
    }
}

#[test]
fn expressions_turn_into_these_terms() {
    check("ok", accepted, "\nREFUSED");
}

#[test]
fn wrong_expressions_are_refused_with_these_words() {
    check("errors", refused, "\nACCEPTED");
}

#[test]
fn at_least_sixty_expressions_are_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filter/errors");
    let files = std::fs::read_dir(folder).expect("the folder of goldens");
    let count: usize = files
        .map(|file| {
            std::fs::read_to_string(file.expect("a file of goldens").path()).expect("a file of goldens")
        })
        .map(|text| expressions(&text).len())
        .sum();
    assert!(count >= 60, "{count} erroneous expressions");
}

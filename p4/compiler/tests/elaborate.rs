//! Programs and what becomes of them: `tests/lower/*.p4` with the IR's text (`.ir`), `tests/errors/*.p4` with the rendered
//! diagnostics (`.txt`). `SLUICE_BLESS=1` writes what there is now.

use std::fs;
use std::path::{Path, PathBuf};

use sluice_diagnostics::Sources;
use sluice_ir::text;
use sluice_p4::{CompileOptions, DiskFiles, compile};

fn programs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder of programs")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "p4"))
        .collect();
    all.sort();
    assert!(!all.is_empty());
    all
}

/// The module's text with the warnings before it, or the errors.
fn outcome(path: &Path) -> Result<String, String> {
    let mut sources = Sources::new();
    let files = DiskFiles::default();
    // As elaborated: the passes have tests of their own.
    let options = CompileOptions { optimize: false, ..CompileOptions::default() };
    let result = compile(&mut sources, &files, &path.to_string_lossy(), &options);
    // Where the repository lies is of no interest.
    let folder = format!("{}/", path.parent().unwrap_or(path).display());
    let tests = format!("{}/tests/", env!("CARGO_MANIFEST_DIR"));
    let render = |found: &sluice_diagnostics::Diagnostics| {
        found.render(&sources).replace(&folder, "").replace(&tests, "")
    };
    match result {
        Ok((module, warnings)) if warnings.is_empty() => Ok(text::print(&module)),
        Ok((module, warnings)) => Ok(format!("{}\n{}", render(&warnings), text::print(&module))),
        Err(errors) => Err(render(&errors)),
    }
}

fn compare(path: &Path, extension: &str, actual: &str, wrong: &mut Vec<String>) {
    let golden = path.with_extension(extension);
    if std::env::var_os("SLUICE_BLESS").is_some() {
        fs::write(&golden, actual).expect("the golden file can be written");
        return;
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    if expected != actual {
        wrong.push(format!("{}: got\n{actual}\nexpected\n{expected}", path.display()));
    }
}

#[test]
fn programs_become_modules() {
    let mut wrong = Vec::new();
    for path in programs("lower") {
        match outcome(&path) {
            Ok(text) => compare(&path, "ir", &text, &mut wrong),
            Err(errors) => wrong.push(format!("{}: refused\n{errors}", path.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn wrong_programs_are_refused_with_help() {
    let mut wrong = Vec::new();
    for path in programs("errors") {
        match outcome(&path) {
            Ok(_) => wrong.push(format!("{}: taken", path.display())),
            Err(errors) => {
                if !errors.contains("help:") {
                    wrong.push(format!("{}: no help in\n{errors}", path.display()));
                }
                compare(&path, "txt", &errors, &mut wrong);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

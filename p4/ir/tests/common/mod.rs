//! File tests: `name.ir` in a folder and what is expected of it beside it, written anew under `SLUICE_BLESS=1`.

use std::path::{Path, PathBuf};

use sluice_diagnostics::{SourceId, Sources};

/// The folder's files of that extension, sorted.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|why| panic!("{}: {why}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no test in {}", folder.display());
    files
}

/// The file as the only source, called by its name without folders.
pub(crate) fn load(path: &Path) -> (Sources, SourceId) {
    let text = std::fs::read_to_string(path).expect("the test's file");
    let mut sources = Sources::new();
    let name = path.file_name().expect("a name").to_string_lossy();
    let id = sources.add(name, text);
    (sources, id)
}

/// Compares with a file, or writes it.
pub(crate) fn expect_file(path: &Path, found: &str) {
    if std::env::var_os("SLUICE_BLESS").is_some() {
        std::fs::write(path, found).expect("the golden is written");
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(expected == found, "{} differs; found:\n{found}", path.display());
}

//! The files of the repository as food for fuzzers.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use sluice_p4::FileProvider;

/// Folders with programs and what belongs to them, below the repository.
const FOLDERS: [&str; 8] = [
    "control/sluice/tests/files",
    "hw-tests/p4",
    "p4/bmv2/tests",
    "p4/broker",
    "p4/compiler/tests",
    "p4/ir/tests",
    "p4/p4info/tests",
    "p4/stf/tests",
];

/// Texts by their path in the repository.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    files: BTreeMap<String, String>,
    include_folders: Vec<String>,
}

/// The corpus with one file changed, as the compiler reads it.
#[derive(Debug)]
pub struct Changed<'c> {
    /// The corpus.
    pub corpus: &'c Corpus,
    /// The changed file.
    pub path: &'c str,
    /// What it has now.
    pub text: &'c str,
}

impl Corpus {
    /// Everything that is committed in the folders of tests, as far as it is P4, IR, a script or JSON.
    pub fn of_the_repository() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        let mut corpus = Self { include_folders: vec!["hw-tests/p4/include".to_string()], ..Self::default() };
        for folder in FOLDERS {
            corpus.collect(&root.join(folder), folder);
        }
        corpus
    }

    fn collect(&mut self, folder: &Path, name: &str) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = format!("{name}/{}", entry.file_name().to_string_lossy());
            let is_food =
                ["p4", "ir", "stf", "json"].iter().any(|end| path.extension().is_some_and(|e| e == *end));
            if path.is_dir() {
                self.collect(&path, &name);
            } else if is_food && let Ok(text) = fs::read_to_string(&path) {
                self.files.insert(name, text);
            }
        }
    }

    /// The files whose names end so, in order.
    pub fn ending(&self, end: &str) -> Vec<(&str, &str)> {
        let files = self.files.iter().filter(|(path, _)| path.ends_with(end));
        files.map(|(path, text)| (path.as_str(), text.as_str())).collect()
    }

    /// One file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }
}

impl FileProvider for Changed<'_> {
    fn read(&self, path: &str) -> io::Result<String> {
        if path == self.path {
            return Ok(self.text.to_string());
        }
        self.corpus.text(path).map(str::to_string).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn include_folders(&self) -> &[String] {
        &self.corpus.include_folders
    }
}

//! Expected output in files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Extensions of goldens of packet tests.
const EXTENSIONS: [&str; 4] = ["ir", "json", "txt", "txtpb"];

/// Compares with goldens, or writes them, and remembers which there are to be.
#[derive(Debug)]
pub struct Goldens {
    bless: bool,
    seen: BTreeSet<PathBuf>,
}

impl Goldens {
    /// As `SLUICE_BLESS` says.
    pub fn from_environment() -> Self {
        Self { bless: std::env::var_os("SLUICE_BLESS").is_some(), seen: BTreeSet::new() }
    }

    /// Compares; `None` where no golden is to be. Says what is wrong.
    pub fn check(&mut self, path: &Path, found: Option<&str>) -> Option<String> {
        let Some(found) = found else { return self.unwanted(path) };
        self.seen.insert(path.to_path_buf());
        let expected = fs::read_to_string(path);
        if expected.as_ref().is_ok_and(|expected| expected == found) {
            return None;
        }
        if self.bless {
            return fs::write(path, found).err().map(|why| format!("{}: {why}", path.display()));
        }
        Some(match expected {
            Ok(expected) => difference(path, &expected, found),
            Err(_) => {
                format!("{} is not there: look at what SLUICE_BLESS=1 writes\n{found}", path.display())
            }
        })
    }

    fn unwanted(&self, path: &Path) -> Option<String> {
        if !path.exists() {
            return None;
        }
        if self.bless {
            return fs::remove_file(path).err().map(|why| format!("{}: {why}", path.display()));
        }
        Some(format!("{} is there, and nothing of that kind was found", path.display()))
    }

    /// Goldens below a folder that no test asked for.
    pub fn strays(&self, root: &Path) -> Vec<PathBuf> {
        let mut strays = Vec::new();
        self.collect(root, &mut strays);
        strays.sort();
        strays
    }

    fn collect(&self, folder: &Path, strays: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.collect(&path, strays);
            } else if path.extension().is_some_and(|end| EXTENSIONS.iter().any(|golden| end == *golden))
                && !self.seen.contains(&path)
            {
                strays.push(path);
            }
        }
    }
}

/// The first lines that differ.
fn difference(path: &Path, expected: &str, found: &str) -> String {
    let mut text = format!("{} differs\n", path.display());
    let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let same = expected.iter().zip(&found).take_while(|(one, other)| one == other).count();
    for (sign, lines) in [('-', &expected), ('+', &found)] {
        for line in lines.iter().skip(same).take(12) {
            text.push_str(&format!("{:5} {sign} {line}\n", same + 1));
        }
    }
    text
}

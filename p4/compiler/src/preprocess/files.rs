//! Where the text of a program and of its `#include`s comes from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

use crate::limits;

/// Gives the preprocessor its files: from a disk, from memory, from wherever a program is kept.
pub trait FileProvider {
    /// The text at `path`, which is as the user gave it or a folder and an `#include`'s path joined with `/`.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] lets the search go on in the next folder; any other error is reported.
    fn read(&self, path: &str) -> io::Result<String>;

    /// The folders in which `#include` looks, in this order (for `"..."` after the including file's own folder).
    fn include_folders(&self) -> &[String];
}

/// Files on disk.
#[derive(Clone, Debug, Default)]
pub struct DiskFiles {
    folders: Vec<String>,
}

impl DiskFiles {
    /// Files on disk, with these folders for `#include`.
    pub fn new(include_folders: Vec<String>) -> Self {
        Self { folders: include_folders }
    }
}

impl FileProvider for DiskFiles {
    fn read(&self, path: &str) -> io::Result<String> {
        let mut text = String::new();
        // One byte more than is allowed, so that a file that is too large is seen to be.
        File::open(path)?.take(limits::FILE_SIZE as u64 + 1).read_to_string(&mut text)?;
        Ok(text)
    }

    fn include_folders(&self) -> &[String] {
        &self.folders
    }
}

/// Files in memory, by path.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<String, String>,
    folders: Vec<String>,
}

impl MemoryFiles {
    /// No files yet, and no folders for `#include`.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this file.
    pub fn file(mut self, path: impl Into<String>, text: impl Into<String>) -> Self {
        self.files.insert(path.into(), text.into());
        self
    }

    /// With this folder for `#include`, behind those added before.
    pub fn include_folder(mut self, path: impl Into<String>) -> Self {
        self.folders.push(path.into());
        self
    }
}

impl FileProvider for MemoryFiles {
    fn read(&self, path: &str) -> io::Result<String> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn include_folders(&self) -> &[String] {
        &self.folders
    }
}

/// The architecture declarations that come with the compiler (all of `p4/include`), for when no folder has them.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Folders in which the reference compiler keeps an architecture's declarations as a target has them; ours are the same for all.
const TARGETS: [&str; 3] = ["bmv2/", "dpdk/", "tc/"];

/// The text of an embedded file.
pub(super) fn embedded(path: &str) -> Option<&'static str> {
    let name = TARGETS.iter().find_map(|folder| path.strip_prefix(folder)).unwrap_or(path);
    EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The folder of a file, with its `/`; empty where there is none.
pub(super) fn folder(path: &str) -> &str {
    path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or("")
}

/// A path seen from a folder, without `.` and, where a folder stands before it, without `..`.
pub(super) fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') || folder.is_empty() {
        return path.to_string();
    }
    let root = if folder.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_without_detours() {
        assert_eq!(join("a/b/", "../c.p4"), "a/c.p4");
        assert_eq!(join("/a/", "./c.p4"), "/a/c.p4");
        assert_eq!(join("a", "/c.p4"), "/c.p4");
        assert_eq!(join("..", "../c.p4"), "../../c.p4");
        assert_eq!(folder("a/b.p4"), "a/");
        assert_eq!(folder("b.p4"), "");
    }

    #[test]
    fn a_missing_file_is_told_from_a_bad_one() {
        let missing = DiskFiles::default().read("/nowhere/at/all.p4");
        assert_eq!(missing.map_err(|error| error.kind()), Err(io::ErrorKind::NotFound));
    }
}

//! Lists every `.p4` file of this folder, so that a new file of the program is embedded without being named twice.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut text = String::from("[\n");
    for file in &files {
        let name = file.strip_prefix(&root).expect("it was found below").display().to_string();
        text.push_str(&format!("    ({name:?}, include_str!({:?})),\n", file.display().to_string()));
    }
    text.push_str("]\n");
    fs::write(out.join("sources.rs"), text).expect("the build folder can be written");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder).expect("the folder is part of the package") {
        let path = entry.expect("the folder is part of the package").path();
        if path.is_dir() && !path.ends_with("tests") && !path.ends_with("src") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "p4") {
            files.push(path);
        }
    }
}

//! Files as other compilers write them, and wrong ones: each `tests/read/NAME.json` gives the module in `NAME.ir` or the messages in
//! `NAME.txt`. `SLUICE_BLESS=1` writes these anew.

use std::fs;
use std::path::Path;

use sluice_diagnostics::Sources;

#[test]
fn files_give_what_stands_beside_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/read");
    let bless = std::env::var_os("SLUICE_BLESS").is_some();
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the files are part of the project")
        .filter_map(|entry| entry.expect("it was listed").file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_string))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    let mut wrong = Vec::new();
    for name in names {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).expect("it is text");
        let mut sources = Sources::new();
        let source = sources.add(format!("{name}.json"), text);
        let (found, extension, other) = match sluice_bmv2::read(&sources, source) {
            Ok((module, _)) => (sluice_ir::text::print(&module), "ir", "txt"),
            Err(found) => (found.render(&sources), "txt", "ir"),
        };
        let golden = folder.join(format!("{name}.{extension}"));
        let stray = folder.join(format!("{name}.{other}"));
        if bless {
            fs::write(&golden, &found).expect("it can be written");
            if stray.exists() {
                fs::remove_file(&stray).expect("it can be removed");
            }
        } else if stray.exists() || fs::read_to_string(&golden).ok().as_ref() != Some(&found) {
            wrong.push(format!("{}:\n{found}", golden.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! Configurations with what becomes of them: `ok/*.yaml` with the entries, `err/*.yaml` with the messages.

use std::path::{Path, PathBuf};

use sluice_diagnostics::{Diagnostics, Sources};
use sluice_policy::{State, parse_policy, plan};

use crate::info::broker;
use crate::model::Model;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy").join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder of configurations");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn compare(file: &Path, extension: &str, now: &str) {
    let golden = file.with_extension(extension);
    if std::env::var_os("SLUICE_BLESS").is_some() {
        std::fs::write(&golden, now).expect("the golden can be written");
    }
    let before = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(before == now, "{} differs; now it would be:\n{now}", golden.display());
}

fn compiled(text: &str, name: &str) -> (Result<(Model, String), Diagnostics>, Sources) {
    let mut sources = Sources::new();
    let source = sources.add(name, text);
    // `# target: 64` makes it one with fewer bits; `# lacks: x` takes tables away.
    let word = |name: &str| text.lines().find_map(|line| line.strip_prefix(&format!("# {name}: ")));
    let terms = word("target").and_then(|text| text.parse().ok()).unwrap_or(256);
    let mut info = broker(terms, 128);
    if let Some(name) = word("lacks") {
        info.tables.retain(|table| !table.name.ends_with(name));
    }
    let result = parse_policy(&mut sources, source).and_then(|policy| {
        let plan = plan(&State::empty(&info)?, &policy, &info)?;
        let mut model = Model::new(&info);
        for update in plan.phases.iter().flat_map(|phase| &phase.updates) {
            model.apply(update);
        }
        let warnings = plan.report.warnings.render(&sources);
        Ok((model, format!("{}{warnings}", plan.report)))
    });
    (result, sources)
}

fn name(file: &Path) -> String {
    file.file_name().expect("a name").to_string_lossy().into_owned()
}

#[test]
fn configurations_become_these_entries() {
    for file in files("ok") {
        let text = std::fs::read_to_string(&file).expect("a configuration");
        let (result, sources) = compiled(&text, &name(&file));
        match result {
            Ok((model, report)) => compare(&file, "entries", &format!("{report}\n{}", model.listing())),
            Err(found) => panic!("{}", found.render(&sources)),
        }
    }
}

#[test]
fn wrong_configurations_are_refused_with_these_words() {
    let files = files("err");
    assert!(files.len() >= 50, "{} wrong configurations", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a configuration");
        let (result, sources) = compiled(&text, &name(&file));
        match result {
            Ok(_) => panic!("{} is taken", file.display()),
            Err(found) => {
                let rendered = found.render(&sources);
                assert!(found.iter().all(|one| !one.help.is_empty()), "no help in:\n{rendered}");
                compare(&file, "txt", &rendered);
            }
        }
    }
}

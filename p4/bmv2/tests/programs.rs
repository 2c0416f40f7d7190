//! What is written for each program of the packet tests fits the schema and is read again; damaged files are refused, or read, but
//! nothing panics. That what is read does the same is tested with the packet tests themselves (`hw-tests`).

mod schema;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sluice_diagnostics::{Diagnostics, Sources};
use sluice_ir::Module;
use sluice_p4::{CompileOptions, DiskFiles, FileProvider, compile};

/// Files below the folder of all programs.
struct Below {
    root: PathBuf,
    disk: DiskFiles,
}

impl FileProvider for Below {
    fn read(&self, path: &str) -> io::Result<String> {
        self.disk.read(&self.root.join(path).to_string_lossy())
    }

    fn include_folders(&self) -> &[String] {
        self.disk.include_folders()
    }
}

fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "include" {
                collect(&path, &format!("{prefix}{name}/"), names);
            }
        } else if let Some(stem) = name.strip_suffix(".p4") {
            names.push(format!("{prefix}{stem}"));
        }
    }
}

/// The JSON of all programs that compile and that bmv2 can say.
fn written() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hw-tests/p4");
    let mut names = Vec::new();
    collect(&root, "", &mut names);
    names.sort();
    let mut list = Vec::new();
    for name in names {
        for optimize in [true, false] {
            let files = Below { root: root.clone(), disk: DiskFiles::new(vec!["include".to_string()]) };
            let options = CompileOptions { optimize, ..CompileOptions::default() };
            let mut sources = Sources::new();
            let Ok((module, _)) = compile(&mut sources, &files, &format!("{name}.p4"), &options) else {
                continue;
            };
            let options = sluice_bmv2::Options { program: "program.p4", sources: &sources };
            if let Ok((text, _)) = sluice_bmv2::write(&module, options) {
                list.push((name.clone(), text));
            }
        }
    }
    assert!(list.len() > 100, "{} programs", list.len());
    list
}

fn read(text: &str) -> (Sources, Result<(Module, Diagnostics), Diagnostics>) {
    let mut sources = Sources::new();
    let source = sources.add("program.json", text);
    let read = sluice_bmv2::read(&sources, source);
    (sources, read)
}

#[test]
fn what_is_written_fits_the_schema_and_is_read() {
    let schema: Value = serde_json::from_str(sluice_bmv2::SCHEMA).expect("the schema is JSON");
    for (name, text) in written() {
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let wrong = schema::check(&schema, &value);
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
        let (sources, read) = read(&text);
        if let Err(found) = read {
            panic!("{name}:\n{}", found.render(&sources));
        }
    }
}

/// Every key of a small program's file is either needed by the schema or of those that may be missing.
#[test]
fn the_schema_refuses_what_is_damaged() {
    let schema: Value = serde_json::from_str(sluice_bmv2::SCHEMA).expect("the schema is JSON");
    let list = written();
    let (_, text) = list.iter().find(|(name, _)| name == "basic/forward").expect("the program is there");
    let whole: Value = serde_json::from_str(text).expect("it is JSON");
    assert!(schema::check(&schema, &whole).is_empty());
    let mut paths = Vec::new();
    keys(&whole, String::new(), &mut paths);
    let mut refused = 0;
    for (path, key) in &paths {
        let mut damaged = whole.clone();
        let object = damaged.pointer_mut(path).and_then(Value::as_object_mut).expect("an object");
        let value = object.remove(key).expect("it is there");
        let may_be_missing =
            matches!(key.as_str(), "source_info" | "sluice") || path.ends_with("/next_tables");
        assert_eq!(!schema::check(&schema, &damaged).is_empty(), !may_be_missing, "without {path}/{key}");
        let object = damaged.pointer_mut(path).and_then(Value::as_object_mut).expect("an object");
        object.insert(format!("{key}x"), value);
        if !path.ends_with("/next_tables") {
            assert!(!schema::check(&schema, &damaged).is_empty(), "with {path}/{key}x");
            refused += 1;
        }
    }
    assert!(refused > 100);
}

/// All objects and their keys.
fn keys(value: &Value, at: String, list: &mut Vec<(String, String)>) {
    match value {
        Value::Object(entries) => {
            for (key, entry) in entries {
                list.push((at.clone(), key.clone()));
                keys(entry, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), list);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                keys(item, format!("{at}/{index}"), list);
            }
        }
        _ => {}
    }
}

/// Files with a value replaced, a key removed or a byte changed do not make the reader panic, and what is refused has a reason.
#[test]
fn damaged_files_are_refused_or_read() {
    let values = [
        Value::Null,
        Value::Bool(true),
        0.into(),
        70_000.into(),
        "".into(),
        "0x".into(),
        Value::Array(Vec::new()),
    ];
    let mut refused = 0;
    let mut seed = 1_u64;
    let mut dice = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    for (_, text) in written() {
        let whole: Value = serde_json::from_str(&text).expect("it is JSON");
        let mut paths = Vec::new();
        keys(&whole, String::new(), &mut paths);
        for _ in 0..20 {
            let (path, key) = &paths[dice(paths.len())];
            let mut damaged = whole.clone();
            let object = damaged.pointer_mut(path).and_then(Value::as_object_mut).expect("an object");
            match dice(3) {
                0 => drop(object.remove(key)),
                _ => drop(object.insert(key.clone(), values[dice(values.len())].clone())),
            }
            refused += usize::from(look(&damaged.to_string()));
        }
        let mut bytes = text.into_bytes();
        let at = dice(bytes.len());
        bytes[at] = b"{}[],:\"x0"[dice(9)];
        if let Ok(text) = String::from_utf8(bytes) {
            refused += usize::from(look(&text));
        }
    }
    assert!(refused > 500, "{refused} were refused");
}

/// Expressions that are nested as deep as JSON may be, of each kind that has operands in it: refused or read, in time.
#[test]
fn deep_expressions_are_refused_or_read() {
    let field = r#"{"type": "field", "value": ["h", "a"]}"#;
    let last = r#"{"type": "header_stack", "value": "s"}"#;
    let nest = |before: &str, behind: &str, levels: usize| {
        format!("{}{field}{}", before.repeat(levels), behind.repeat(levels))
    };
    let operation = |op: &str| {
        (
            format!(r#"{{"type": "expression", "value": {{"op": "{op}", "left": {field}, "right": "#),
            "}}".to_string(),
        )
    };
    let mut kinds: Vec<(String, String)> =
        ["+", "-", "/", ">>", "==", "<", "and", "&"].iter().map(|op| operation(op)).collect();
    kinds.push((
        format!(
            r#"{{"type": "expression", "value": {{"op": "access_field", "right": 0, "left": {{"type": "expression",
               "value": {{"op": "dereference_header_stack", "left": {last}, "right": "#
        ),
        "}}}}".to_string(),
    ));
    kinds.push((
        format!(
            r#"{{"type": "expression", "value": {{"op": "?", "cond": {field}, "right": {field}, "left": "#
        ),
        "}}".to_string(),
    ));
    kinds.push((r#"{"type": "expression", "value": "#.to_string(), "}".to_string()));
    for (before, behind) in kinds {
        for levels in [2, 90, 400, 10_000] {
            let text = format!(
                r#"{{"header_types": [{{"name": "t", "id": 0, "fields": [["a", 8]]}}],
                "headers": [{{"name": "h", "id": 0, "header_type": "t", "metadata": false}},
                    {{"name": "s[0]", "id": 1, "header_type": "t", "metadata": false}}],
                "header_stacks": [{{"name": "s", "id": 0, "header_type": "t", "header_ids": [1]}}],
                "parsers": [{{"name": "p", "id": 0, "init_state": "start", "parse_states": [
                    {{"name": "start", "id": 0, "parser_ops": [], "transitions": [], "transition_key": []}}]}}],
                "pipelines": [{{"name": "ingress", "id": 0, "init_table": "c", "tables": [], "conditionals": [
                    {{"name": "c", "id": 0, "true_next": null, "false_next": null, "expression": {}}}]}}]}}"#,
                nest(&before, &behind, levels)
            );
            let refused = look(&text);
            assert!(levels > 2 || !refused, "{before}\n{}", {
                let (sources, read) = read(&text);
                read.map_or_else(|found| found.render(&sources), |_| String::new())
            });
            assert!(levels < 10_000 || refused, "{before}");
        }
    }
}

/// Reads; whether it was refused, which must have been said.
fn look(text: &str) -> bool {
    let (sources, read) = read(text);
    match read {
        Ok(_) => false,
        Err(found) => {
            assert!(found.has_errors() && !found.render(&sources).is_empty());
            true
        }
    }
}

//! Programs and their P4Info: `programs/*.p4` with `.p4info.txtpb` beside them, `errors/*.p4` with `.txt`, written anew under
//! `SLUICE_BLESS=1`. Each is read back from both formats.

use std::fs;
use std::path::{Path, PathBuf};

use sluice_diagnostics::{Diagnostics, Sources};
use sluice_entities::PipelineInfo;
use sluice_ir::{Module, text};
use sluice_p4::{CompileOptions, DiskFiles, compile};
use sluice_p4info::proto::P4Info;
use sluice_p4info::{from_binary, from_text, p4info, pipeline_info, to_binary, to_text};

fn programs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = fs::read_dir(folder).expect("the folder of programs");
    let mut all: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "p4"))
        .collect();
    all.sort();
    assert!(!all.is_empty());
    all
}

fn module(path: &Path, optimize: bool) -> (Sources, Module) {
    let mut sources = Sources::new();
    let options = CompileOptions { optimize, ..CompileOptions::default() };
    match compile(&mut sources, &DiskFiles::default(), &path.to_string_lossy(), &options) {
        Ok((module, _)) => (sources, module),
        Err(found) => panic!("{}", found.render(&sources)),
    }
}

fn render(found: &Diagnostics, sources: &Sources, path: &Path) -> String {
    found.render(sources).replace(&format!("{}/", path.parent().unwrap_or(path).display()), "")
}

fn expect_file(golden: &Path, actual: &str) {
    if std::env::var_os("SLUICE_BLESS").is_some() {
        fs::write(golden, actual).expect("the golden is written");
        return;
    }
    let expected = fs::read_to_string(golden).unwrap_or_default();
    assert!(expected == actual, "{} differs; found:\n{actual}", golden.display());
}

#[test]
fn programs_have_their_p4info() {
    for path in programs("programs") {
        let (sources, module) = module(&path, true);
        let (info, warnings) = p4info(&module).unwrap_or_else(|found| panic!("{}", found.render(&sources)));
        let text = to_text(&info);
        let warnings = if warnings.is_empty() { String::new() } else { render(&warnings, &sources, &path) };
        let comments: String = warnings.lines().map(|line| format!("# {line}\n")).collect();
        expect_file(&path.with_extension("p4info.txtpb"), &format!("{comments}{text}"));
        assert_eq!(from_text(&text).expect("its own text"), info, "{}", path.display());
        assert_eq!(from_binary(&to_binary(&info)).expect("its own bytes"), info);
    }
}

#[test]
fn passes_and_the_text_of_the_ir_keep_it() {
    for path in programs("programs") {
        let (sources, plain) = module(&path, false);
        let (expected, _) = p4info(&plain).unwrap_or_else(|found| panic!("{}", found.render(&sources)));
        let (_, optimized) = module(&path, true);
        assert_eq!(p4info(&optimized).expect("optimized").0, expected, "{}", path.display());
        let mut sources = Sources::new();
        let source = sources.add("printed", text::print(&plain));
        let read = text::read(&sources, source).unwrap_or_else(|found| panic!("{}", found.render(&sources)));
        assert_eq!(p4info(&read).expect("read back").0, expected, "{}", path.display());
    }
}

/// What P4Info has to tell of a program: hidden objects and selectors' keys left out, all in P4Info's order. The controller's width of a value whose type it sees
/// in another form is that of `read`.
fn told(module: &Module, info: &P4Info, read: &PipelineInfo) -> PipelineInfo {
    fn order<T: Clone>(own: &[T], read: &[T], name: impl Fn(&T) -> &str) -> Vec<T> {
        read.iter().filter_map(|read| own.iter().find(|own| name(own) == name(read)).cloned()).collect()
    }
    let mut own = module.info();
    own.tables = order(&own.tables, &read.tables, |table| &table.name);
    own.actions = order(&own.actions, &read.actions, |action| &action.name);
    own.action_profiles = order(&own.action_profiles, &read.action_profiles, |profile| &profile.name);
    own.digests = order(&own.digests, &read.digests, |digest| &digest.name);
    let actions = own.actions.clone();
    for ((own, read), told) in own.tables.iter_mut().zip(&read.tables).zip(&info.tables) {
        own.selector_keys.clear();
        own.actions.retain(|listed| actions.iter().any(|action| action.name == listed.name));
        for ((own, read), told) in own.keys.iter_mut().zip(&read.keys).zip(&told.match_fields) {
            // Errors are strings to the controller.
            own.width = if told.type_name.is_some() || read.width == 0 { read.width } else { own.width };
        }
    }
    for ((own, read), told) in own.actions.iter_mut().zip(&read.actions).zip(&info.actions) {
        for ((own, read), told) in own.params.iter_mut().zip(&read.params).zip(&told.params) {
            own.width = if told.type_name.is_some() { read.width } else { own.width };
        }
    }
    for (own, read) in own.digests.iter_mut().zip(&read.digests) {
        for (own, read) in own.widths.iter_mut().zip(&read.widths).filter(|(_, read)| **read == 0) {
            *own = *read;
        }
    }
    own
}

#[test]
fn p4info_is_read_as_what_the_compiler_knows() {
    for path in programs("programs") {
        let (_, module) = module(&path, true);
        let (info, _) = p4info(&module).expect("it is told of above");
        let read = pipeline_info(&info);
        assert_eq!(read.tables.len(), info.tables.len());
        let expected = told(&module, &info, &read);
        let lines = |info: &PipelineInfo| format!("{info:#?}");
        assert!(read == expected, "{}: {}, should be {}", path.display(), lines(&read), lines(&expected));
    }
}

#[test]
fn what_cannot_be_is_refused() {
    for path in programs("errors") {
        let (sources, module) = module(&path, true);
        let Err(found) = p4info(&module) else { panic!("{} is taken", path.display()) };
        expect_file(&path.with_extension("txt"), &render(&found, &sources, &path));
    }
}

#[test]
fn what_is_no_p4info_is_an_error() {
    for text in ["tables {", "tables: 3", "no_such_field: 1", "tables { preamble { id: \"x\" } }"] {
        let error = from_text(text).expect_err(text);
        assert!(error.to_string().starts_with("not the text of a P4Info: "), "{error}");
    }
    assert!(from_binary(&[0x0a, 0xff]).is_err());
}

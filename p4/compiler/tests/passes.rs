//! Passes over the IR: a file before and after for each, and random programs that must compute the same afterwards.
//!
//! `tests/passes/<pass>/<name>.ir` is before, `<name>.after` is after (written anew under `SLUICE_BLESS=1`).

mod random_program;

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use sluice_diagnostics::Sources;
use sluice_ir::verify::verify;
use sluice_ir::{ActionUse, Handle, Module, Table, text};
use sluice_p4::passes::{self, DefaultRun};

/// A pass by name.
type Named = (&'static str, fn(&mut Module) -> bool);

const PASSES: [Named; 10] = [
    ("compact", passes::compact),
    ("fold_constants", passes::fold_constants),
    ("fold_known_bits", passes::fold_known_bits),
    ("merge_states", passes::merge_states),
    ("optimize", |module| {
        let before = text::print(module);
        passes::optimize(module);
        text::print(module) != before
    }),
    ("propagate_copies", passes::propagate_copies),
    ("prune_statements", passes::prune_statements),
    ("remove_dead_stores", passes::remove_dead_stores),
    ("remove_unreachable_states", passes::remove_unreachable_states),
    ("specialize", |module| {
        *module = passes::specialize(module, &as_empty(module));
        true
    }),
];

/// The tables to which the program gives no entries, with their own default actions.
fn as_empty(module: &Module) -> BTreeMap<Handle<Table>, DefaultRun> {
    let empty = module.tables.iter().filter(|(_, table)| table.entries.is_empty());
    empty
        .map(|(handle, table)| {
            let ActionUse { index, arguments } = &table.default_action;
            (handle, DefaultRun { action: *index as u16, data: arguments.clone() })
        })
        .collect()
}

/// Reads and verifies a file.
fn load(path: &Path) -> Module {
    let mut sources = Sources::new();
    let id = sources.add(path.display().to_string(), std::fs::read_to_string(path).expect("the test's file"));
    let module = text::read(&sources, id).unwrap_or_else(|found| panic!("{}", found.render(&sources)));
    verify(&module).unwrap_or_else(|found| panic!("{}", found.render(&sources)));
    module
}

#[test]
fn files_before_and_after() {
    for (name, pass) in PASSES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passes").join(name);
        let mut files: Vec<_> = std::fs::read_dir(&folder)
            .expect("a folder for each pass")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|found| found == "ir"))
            .collect();
        files.sort();
        assert!(!files.is_empty(), "no test for {name}");
        for path in files {
            let mut module = load(&path);
            let info = module.info();
            assert!(pass(&mut module), "{} says that nothing changed", path.display());
            let found = text::print(&module);
            verify(&module).unwrap_or_else(|error| panic!("{}: {error}\n{found}", path.display()));
            assert_eq!(module.info(), info, "{}: the control plane's view changed", path.display());
            let golden = path.with_extension("after");
            if std::env::var_os("SLUICE_BLESS").is_some() {
                std::fs::write(&golden, &found).expect("the golden is written");
            }
            let expected = std::fs::read_to_string(&golden).unwrap_or_default();
            assert!(expected == found, "{} differs; found:\n{found}", golden.display());
        }
    }
}

/// The modules that lowering makes of whole programs: `tests/lower/*.ir`, those without warnings before the text.
#[test]
fn lowered_programs_stay_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lower");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of programs") {
        let path = entry.expect("an entry").path();
        let is_text = path.extension().is_some_and(|found| found == "ir");
        if !is_text || std::fs::read_to_string(&path).expect("the golden").starts_with("warning") {
            continue;
        }
        count += 1;
        let mut module = load(&path);
        let info = module.info();
        passes::optimize(&mut module);
        let printed = text::print(&module);
        verify(&module).unwrap_or_else(|error| panic!("{}: {error}\n{printed}", path.display()));
        assert_eq!(module.info(), info, "{}", path.display());
        let mut sources = Sources::new();
        let id = sources.add("optimized", printed.as_str());
        let again = text::read(&sources, id).unwrap_or_else(|found| panic!("{}", found.render(&sources)));
        assert_eq!(text::print(&again), printed, "{}", path.display());
    }
    assert!(count > 0, "no lowered program");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_programs_compute_the_same(choices in prop::collection::vec(any::<u8>(), 100..900)) {
        let module = random_program::program(&choices);
        let printed = text::print(&module);
        if let Err(found) = verify(&module) {
            prop_assert!(false, "{}\n{}", found, printed);
        }
        let before = random_program::run(&module);
        for (name, pass) in PASSES {
            let mut after = module.clone();
            pass(&mut after);
            let shown = text::print(&after);
            prop_assert!(verify(&after).is_ok(), "{} made\n{}", name, shown);
            prop_assert_eq!(random_program::run(&after), before.clone(), "{} made of\n{}this:\n{}", name, printed, shown);
        }
        let mut once = module.clone();
        passes::optimize(&mut once);
        let mut twice = once.clone();
        passes::optimize(&mut twice);
        prop_assert_eq!(text::print(&once), text::print(&twice));
    }
}

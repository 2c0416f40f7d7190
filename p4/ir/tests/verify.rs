//! The verifier: a file for each rule with what it says, modules that it takes, and random ones.

mod common;
mod generator;

use proptest::prelude::*;
use sluice_ir::text;
use sluice_ir::verify::verify;

#[test]
fn each_rule_is_told() {
    for path in common::files("verify", "ir") {
        let (sources, id) = common::load(&path);
        let module = text::read(&sources, id).unwrap_or_else(|found| panic!("{}", found.render(&sources)));
        let Err(found) = verify(&module) else { panic!("{}: nothing found", path.display()) };
        common::expect_file(&path.with_extension("txt"), &found.render(&sources));
    }
}

#[test]
fn good_modules_pass() {
    for path in common::files("verify-good", "ir") {
        let (sources, id) = common::load(&path);
        let module = text::read(&sources, id).unwrap_or_else(|found| panic!("{}", found.render(&sources)));
        if let Err(found) = verify(&module) {
            panic!("{}", found.render(&sources));
        }
        common::expect_file(&path, &text::print(&module));
        let info = module.info();
        common::expect_file(&path.with_extension("info"), &format!("{info:#?}\n"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_module_panics(choices in prop::collection::vec(any::<u8>(), 0..1500)) {
        let module = generator::module(&choices);
        let _ = verify(&module);
        let _ = module.info();
    }
}

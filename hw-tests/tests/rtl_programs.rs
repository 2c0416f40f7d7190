//! Every packet script below `p4/`, on the simulated hardware: it passes, or the program is refused for what `expect/rtl.txt` says.
//!
//! Each program is a simulation of its own, built by Verilator and a C++ compiler: `SLUICE_LONG=1` runs all of them, otherwise a few.
//! `SLUICE_P4=word` runs only the programs whose path has the word in it.

use std::path::{Path, PathBuf};

use sluice_conformance::programs::{Case, Goldens, OnRtl, cases, verilator};
use sluice_conformance::trial;

/// What runs where not all are wanted: a parser with choices, every kind of table, registers, stacks, replication.
const FEW: [&str; 6] = [
    "basic/forward",
    "whole/access_list",
    "whole/bloom_filter",
    "whole/source_route",
    "whole/vlan",
    "replication/",
];

/// Of a hundred scripts, so many are taken at least.
const TAKEN_PERCENT: usize = 75;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("p4")
}

fn only() -> String {
    std::env::var("SLUICE_P4").unwrap_or_default()
}

/// Which programs the back end refuses, and what it says.
#[test]
fn refusals() {
    let only = only();
    let (mut taken, mut refused) = (0, Vec::new());
    for case in cases(&root()).iter().filter(|case| case.name.contains(&only)) {
        match case.refused_by_rtl() {
            None => {}
            Some(said) if said.is_empty() => taken += 1,
            Some(said) => refused.push(said),
        }
    }
    println!("{taken} taken, {} refused", refused.len());
    if only.is_empty() {
        let mut goldens = Goldens::from_environment();
        let golden = root().with_file_name("expect").join("rtl.txt");
        if let Some(wrong) = goldens.check(&golden, Some(&refused.concat())) {
            panic!("{wrong}");
        }
        assert!(taken * 100 >= TAKEN_PERCENT * (taken + refused.len()), "{} are refused", refused.len());
    }
}

/// Verilator has nothing to say of the blocks and of what is generated, with all of its warnings.
#[test]
fn lint() {
    let Some(verilator) = verilator() else { return };
    let (mut clean, mut wrong) = (0, Vec::new());
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    for case in cases(&root()).iter().filter(|case| is_wanted(case)) {
        let Some(text) = case.rtl_text() else { continue };
        match verilator.lint(&text, folder.path()) {
            Ok(said) if said.is_empty() => clean += 1,
            Ok(said) => wrong.push(format!("{}: {said}", case.name)),
            Err(error) => wrong.push(format!("{}: {error}", case.name)),
        }
    }
    println!("{clean} are clean");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a program is one of those that run.
fn is_wanted(case: &Case) -> bool {
    let only = only();
    if !only.is_empty() {
        return case.name.contains(&only);
    }
    trial::is_long() || FEW.iter().any(|few| case.name.starts_with(few))
}

#[test]
fn scripts() {
    let Some(verilator) = verilator() else { return };
    let only = only();
    let (mut passed, mut refused, mut failed) = (0, 0, Vec::new());
    for case in cases(&root()).iter().filter(|case| is_wanted(case)) {
        match case.on_rtl(verilator) {
            None => {}
            Some(OnRtl::Passed) => passed += 1,
            Some(OnRtl::Refused(_)) => refused += 1,
            Some(OnRtl::Failed(why)) => {
                println!("FAILED {}: {why}", case.name);
                failed.push(format!("{}: {why}", case.name));
            }
        }
    }
    println!("{passed} passed, {refused} refused, {} failed", failed.len());
    assert!(failed.is_empty(), "{} failed\n\n{}", failed.len(), failed.join("\n"));
    assert!(passed > 0 || !only.is_empty(), "nothing ran");
}

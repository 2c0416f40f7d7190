//! Every packet script below `p4/`, in the kernel: it passes, or the program is refused for what `expect/xdp.txt` says.
//!
//! `SLUICE_P4=word` runs only the programs whose path has the word in it.

use std::path::Path;

use sluice_conformance::programs::{Goldens, OnXdp, XdpForm, cases, has_xdp};
use sluice_conformance::trial;

/// One script of so many runs in its lean form too, where not all are wanted: clang compiles each of them anew after each write.
const LEAN_STEP: usize = 8;

/// Of a hundred scripts, so many run at least.
const RUN_PERCENT: usize = 90;

#[test]
fn scripts() {
    if !has_xdp() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("p4");
    let only = std::env::var("SLUICE_P4").unwrap_or_default();
    let (mut passed, mut refused, mut failed) = (0, Vec::new(), Vec::new());
    for case in cases(&root).iter().filter(|case| case.name.contains(&only)) {
        match case.on_xdp(XdpForm::Whole) {
            None => {}
            Some(OnXdp::Passed) => passed += 1,
            Some(OnXdp::Refused(why)) => refused.push(why),
            Some(OnXdp::Failed(why)) => failed.push(format!("{}: {why}", case.name)),
        }
    }
    println!("{passed} passed, {} refused, {} failed", refused.len(), failed.len());
    if only.is_empty() {
        let mut goldens = Goldens::from_environment();
        failed.extend(goldens.check(&root.with_file_name("expect").join("xdp.txt"), Some(&refused.concat())));
        assert!(passed * 100 >= RUN_PERCENT * (passed + refused.len()), "{} are refused", refused.len());
    }
    assert!(failed.is_empty(), "{} failed\n\n{}", failed.len(), failed.join("\n"));
}

/// The same scripts in what is left of their programs without the tables that are empty when a packet comes, and, other ones in ordinary runs, with contents of the
/// others as constants.
#[test]
fn lean_scripts() {
    if !has_xdp() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("p4");
    let only = std::env::var("SLUICE_P4").unwrap_or_default();
    let step = if only.is_empty() { trial::count(LEAN_STEP as u64, 1) as usize } else { 1 };
    let (mut passed, mut failed) = (0, Vec::new());
    for (form, first) in [(XdpForm::Lean, 0), (XdpForm::Frozen, step / 2)] {
        let chosen = cases(&root);
        for case in chosen.iter().filter(|case| case.name.contains(&only)).skip(first).step_by(step) {
            match case.on_xdp(form) {
                // What is refused is so as a whole, and listed there.
                None | Some(OnXdp::Refused(_)) => {}
                Some(OnXdp::Passed) => passed += 1,
                Some(OnXdp::Failed(why)) => failed.push(format!("{} ({form:?}): {why}", case.name)),
            }
        }
    }
    println!("{passed} passed, {} failed", failed.len());
    assert!(failed.is_empty(), "{} failed\n\n{}", failed.len(), failed.join("\n"));
}

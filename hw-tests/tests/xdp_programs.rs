//! Every packet script below `p4/`, in the kernel: it passes, or the program is refused for what `expect/xdp.txt` says.
//!
//! `SLUICE_P4=word` runs only the programs whose path has the word in it.

use std::path::Path;

use sluice_conformance::programs::{Goldens, OnXdp, cases, has_xdp};

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
        match case.on_xdp() {
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

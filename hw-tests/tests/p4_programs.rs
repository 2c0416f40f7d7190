//! Every program below `p4/` does what is written beside it: see [`sluice_conformance::programs`].
//!
//! `SLUICE_P4=word` runs only the programs whose path has the word in it.

use std::path::Path;

use sluice_conformance::programs::{Goldens, cases};

#[test]
fn programs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("p4");
    let only = std::env::var("SLUICE_P4").unwrap_or_default();
    let all = cases(&root);
    assert!(!all.is_empty(), "there are no programs in {}", root.display());
    let mut goldens = Goldens::from_environment();
    let mut wrong = Vec::new();
    let mut failed = 0;
    for case in all.iter().filter(|case| case.name.contains(&only)) {
        let found = case.run(&mut goldens);
        failed += usize::from(!found.is_empty());
        wrong.extend(found);
    }
    if only.is_empty() {
        let strays = goldens.strays(&root);
        wrong.extend(strays.iter().map(|path| format!("{}: no program gives this", path.display())));
    }
    assert!(wrong.is_empty(), "{failed} of {} programs failed\n\n{}", all.len(), wrong.join("\n"));
}

//! REST as `docs/openapi.json` describes it, tried by `schemathesis` (PyPI): requests that are right and wrong, made from the description, whose answers have to be what it says.
//!
//! `SLUICE_SCHEMATHESIS` names the program. Without it, it is installed into a folder of the build, once; where that cannot be done the test is skipped, and says so.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lab::{Daemon, Ends, ask, folder};

/// The version that this is written for.
const PACKAGE: &str = "schemathesis==4.32.5";

fn installed() -> Option<PathBuf> {
    if let Some(program) = std::env::var_os("SLUICE_SCHEMATHESIS") {
        return Some(PathBuf::from(program));
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let (program, done) = (folder.join("bin/schemathesis"), folder.join("installed"));
    if std::fs::read_to_string(&done).is_ok_and(|had| had == PACKAGE) {
        return Some(program);
    }
    let runs = |program: &Path, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    let made = runs(Path::new("python3"), &["-m", "venv", folder.to_str()?])
        && runs(&folder.join("bin/python"), &["-m", "pip", "install", "--quiet", PACKAGE]);
    if !made {
        return None;
    }
    std::fs::write(done, PACKAGE).ok()?;
    Some(program)
}

#[test]
fn answers_are_what_the_description_says() {
    let Some(program) = installed() else {
        eprintln!("skipped: `schemathesis` is not here, and pip cannot install it");
        return;
    };
    let (folder, ends) = (folder(), Ends::new());
    let daemon = Daemon::start(folder.path(), &ends);
    let token = daemon.token.clone().expect("the store is new");
    let examples = if std::env::var_os("SLUICE_LONG").is_some() { "200" } else { "8" };
    let output = Command::new(program)
        .current_dir(folder.path())
        .args(["run", &format!("http://{}/api/v1/openapi.json", daemon.api)])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        // Streams do not end.
        .args(["--exclude-path-regex", "stream|events"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", examples, "--seed", "1"])
        // A string that is no policy, name or device is one for the description, and refused all the same; after some wrong tokens the answer to more of them is 429, not 401 (roles and
        // tokens are tested in control/api/tests/suite/access.rs).
        .args(["--exclude-checks", "positive_data_acceptance,missing_required_header,ignored_auth"])
        // No more calls than one user may make.
        .args(["--rate-limit", "60/s", "--request-timeout", "20", "--continue-on-failure", "--no-color"])
        .output()
        .expect("it was installed");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    // It may have taken ports away, as it was allowed to.
    let (text, code) = ask(folder.path(), &daemon, &["status"]);
    assert!(code == Some(0) && text.contains("accounted for"), "{text}");
}

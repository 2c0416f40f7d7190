//! `sluice p4 check`: what does the compiler say of these programs?

use std::process::ExitCode;

use super::args::Check;
use super::program;
use crate::failure::{EXIT_BAD_INPUT, Failure};

pub(crate) fn run(arguments: &Check) -> Result<ExitCode, Failure> {
    let mut refused = false;
    for file in &arguments.files {
        let (sources, result) = program::checked(file, &arguments.preprocessor);
        let (found, verdict) = match result {
            Ok(warnings) if warnings.is_empty() => (warnings, "right"),
            Ok(warnings) => (warnings, "right, with warnings"),
            Err(found) => {
                refused = true;
                (found, "refused")
            }
        };
        if !found.is_empty() {
            eprint!("{}", found.render(&sources));
        }
        println!("{}: {verdict}", file.display());
    }
    Ok(if refused { ExitCode::from(EXIT_BAD_INPUT) } else { ExitCode::SUCCESS })
}

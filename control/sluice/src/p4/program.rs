//! A program from its file.

use std::path::Path;

use sluice_diagnostics::{Diagnostics, Sources};
use sluice_ir::Module;
use sluice_p4::{CompileOptions, DiskFiles, check, compile};
use sluice_switch::Switch;

use super::args::Preprocessor;
use crate::args::Engine;
use crate::broker;
use crate::failure::Failure;

/// Compiles a program. All that the compiler says is in the result, with the texts that it is about.
pub(super) fn compiled(
    file: &Path,
    preprocessor: &Preprocessor,
) -> (Sources, Result<(Module, Diagnostics), Diagnostics>) {
    let (files, options) = setting(preprocessor);
    let mut sources = Sources::new();
    let result = compile(&mut sources, &files, &file.display().to_string(), &options);
    (sources, result)
}

/// Checks a program, for any architecture. All that the compiler says is in the result, with the texts that it is about.
pub(super) fn checked(
    file: &Path,
    preprocessor: &Preprocessor,
) -> (Sources, Result<Diagnostics, Diagnostics>) {
    let (files, options) = setting(preprocessor);
    let mut sources = Sources::new();
    let result = check(&mut sources, &files, &file.display().to_string(), &options);
    (sources, result)
}

fn setting(preprocessor: &Preprocessor) -> (DiskFiles, CompileOptions) {
    let folders = preprocessor.include.iter().map(|folder| folder.display().to_string()).collect();
    let options = CompileOptions { defines: preprocessor.define.clone(), ..CompileOptions::default() };
    (DiskFiles::new(folders), options)
}

/// A program that must be right, with the texts that it is about; warnings go to standard error.
pub(super) fn load(file: &Path, preprocessor: &Preprocessor) -> Result<(Module, Sources), Failure> {
    match compiled(file, preprocessor) {
        (sources, Ok((module, warnings))) => {
            if !warnings.is_empty() {
                eprint!("{}", warnings.render(&sources));
            }
            Ok((module, sources))
        }
        (sources, Err(found)) => Err(Failure::located(&found, &sources)),
    }
}

/// A soft switch with a program.
pub(super) fn switch(file: &Path, module: &Module, engine: Engine) -> Result<Switch, Failure> {
    broker::switch(module, engine.into()).map_err(|error| {
        let message = format!("{}: the soft switch cannot run this program: {error}", file.display());
        Failure::argument(message, "its bounds are those of one packet processor: see docs/P4.md")
    })
}

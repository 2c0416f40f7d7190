//! A program from its file.

use std::path::Path;

use sluice_diagnostics::{Diagnostic, Diagnostics, Sources};
use sluice_ir::Module;
use sluice_p4::{CompileOptions, DiskFiles, check, compile};
use sluice_switch::Switch;

use super::args::Preprocessor;
use crate::args::Engine;
use crate::broker;
use crate::failure::Failure;

/// Compiles a program, or reads BMv2 JSON, whichever the file is. All that is said is in the result, with the texts that it is
/// about.
pub(super) fn compiled(
    file: &Path,
    preprocessor: &Preprocessor,
) -> (Sources, Result<(Module, Diagnostics), Diagnostics>) {
    if is_json(file) {
        return bmv2(file);
    }
    let (files, options) = setting(preprocessor);
    let mut sources = Sources::new();
    let result = compile(&mut sources, &files, &file.display().to_string(), &options);
    (sources, result)
}

/// Checks a program, for any architecture, or BMv2 JSON. All that is said is in the result, with the texts that it is about.
pub(super) fn checked(
    file: &Path,
    preprocessor: &Preprocessor,
) -> (Sources, Result<Diagnostics, Diagnostics>) {
    if is_json(file) {
        let (sources, result) = bmv2(file);
        return (sources, result.map(|(_, warnings)| warnings));
    }
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

/// Whether a file is BMv2 JSON.
pub(super) fn is_json(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "json")
}

/// A program that was compiled for bmv2, by whatever compiler.
fn bmv2(file: &Path) -> (Sources, Result<(Module, Diagnostics), Diagnostics>) {
    let mut sources = Sources::new();
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let source = sources.add(file.display().to_string(), text);
            let result = sluice_bmv2::read(&sources, source);
            (sources, result)
        }
        Err(why) => {
            let message = format!("cannot read {}: {why}", file.display());
            let found = Diagnostic::error(message).help("give the path of a P4 program or of BMv2 JSON");
            (sources, Err(found.into()))
        }
    }
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

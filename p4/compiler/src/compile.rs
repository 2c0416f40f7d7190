//! The whole compiler: from a program's text to a verified module.

use sluice_diagnostics::{Diagnostics, Sources};
use sluice_ir::{Module, verify};

use crate::elaborate::elaborate;
use crate::parse::parse_program;
use crate::preprocess::FileProvider;

/// What can be chosen about a compilation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompileOptions {
    /// Macros defined before the first line, as (name, value).
    pub defines: Vec<(String, String)>,
}

/// Compiles the P4 program at `main` with everything that it includes, for v1model and sluice.p4.
///
/// The module is verified. All texts read are added to `sources`, for rendering the diagnostics; those of a program that is
/// taken are warnings.
///
/// # Errors
///
/// Everything found that refuses the program, located, and the warnings with it.
pub fn compile(
    sources: &mut Sources,
    files: &dyn FileProvider,
    main: &str,
    options: &CompileOptions,
) -> Result<(Module, Diagnostics), Diagnostics> {
    let (program, mut found) = parse_program(sources, files, main, &options.defines);
    if found.has_errors() {
        return Err(found);
    }
    let (module, elaborated) = elaborate(&program, sources);
    found.extend(elaborated);
    if found.has_errors() {
        return Err(found);
    }
    match verify::verify(&module) {
        Ok(()) => Ok((module, found)),
        Err(broken) => {
            found.extend(broken);
            Err(found)
        }
    }
}

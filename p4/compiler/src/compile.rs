//! The whole compiler: from a program's text to a verified module.

use sluice_diagnostics::{Diagnostics, Sources};
use sluice_ir::{Module, verify};

use crate::elaborate::{Purpose, elaborate};
use crate::parse::parse_program;
use crate::passes::optimize;
use crate::preprocess::FileProvider;

/// What can be chosen about a compilation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileOptions {
    /// Macros defined before the first line, as (name, value).
    pub defines: Vec<(String, String)>,
    /// Whether the passes run ([`crate::passes`]); without them the module is the program as written.
    pub optimize: bool,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self { defines: Vec::new(), optimize: true }
    }
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
    let (mut module, found) = verified(sources, files, main, options, Purpose::Compile)?;
    if options.optimize {
        optimize(&mut module);
    }
    Ok((module, found))
}

/// Checks the P4 program at `main` with everything that it includes, for any architecture: externs need a declaration only,
/// `main` may be of any package, and may be missing.
///
/// # Errors
///
/// As [`compile`]; what is given otherwise are warnings.
pub fn check(
    sources: &mut Sources,
    files: &dyn FileProvider,
    main: &str,
    options: &CompileOptions,
) -> Result<Diagnostics, Diagnostics> {
    verified(sources, files, main, options, Purpose::Check).map(|(_, found)| found)
}

fn verified(
    sources: &mut Sources,
    files: &dyn FileProvider,
    main: &str,
    options: &CompileOptions,
    purpose: Purpose,
) -> Result<(Module, Diagnostics), Diagnostics> {
    let (program, mut found) = parse_program(sources, files, main, &options.defines);
    if found.has_errors() {
        return Err(found);
    }
    let (module, elaborated) = elaborate(&program, sources, purpose);
    found.extend(elaborated);
    if found.has_errors() {
        return Err(found);
    }
    // What is refused here is a limit of the IR, or a mistake of this compiler: either way, nothing runs. A program that is
    // only checked need not be whole.
    if purpose == Purpose::Compile
        && let Err(broken) = verify::verify(&module)
    {
        found.extend(broken);
        return Err(found);
    }
    Ok((module, found))
}

//! The broker's P4 program, embedded, and compiled on request.
//!
//! The `.p4` files of this folder are the program; this crate only carries them, so that the command and the tests compile the same text
//! without a path. A build differs from the default by preprocessor constants ([`Build`]) and by its architecture adapter ([`Arch`]).

use sluice_diagnostics::{Diagnostics, Sources};
use sluice_ir::Module;
use sluice_p4::{CompileOptions, MemoryFiles};

/// Every file of the program: path below this folder, and text.
const SOURCES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// Which architecture adapter is compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arch {
    /// v1model with Sluice's externs: soft switch, XDP, RTL.
    #[default]
    Sluice,
    /// Pure v1model: bmv2.
    V1model,
}

impl Arch {
    /// The adapter's file, below this folder.
    pub fn main_file(self) -> &'static str {
        match self {
            Self::Sluice => "arch/sluice.p4",
            Self::V1model => "arch/v1model.p4",
        }
    }
}

/// The constants in which builds differ; see `constants.p4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// The adapter.
    pub arch: Arch,
    /// Bits for terms: a multiple of 64, up to 1,024.
    pub terms: u32,
    /// Bits for copies.
    pub copies: u32,
    /// Bits of the digest of duplicate removal: 64, fewer only to test what a collision does.
    pub digest_bits: u32,
    /// Whether checksums are made to fit what an edit leaves; where not, a copy that asks for it is counted as unsupported. Only for [`Arch::Sluice`].
    pub fixes_checksums: bool,
}

impl Default for Build {
    fn default() -> Self {
        Self { arch: Arch::Sluice, terms: 256, copies: 128, digest_bits: 64, fixes_checksums: true }
    }
}

/// The program's files, to be compiled or shown.
pub fn sources() -> impl Iterator<Item = (&'static str, &'static str)> {
    SOURCES.iter().copied()
}

/// Compiles a build of the program.
///
/// # Errors
/// What the compiler says of constants that the program refuses; the default build compiles.
pub fn compile(build: Build) -> Result<Module, (Diagnostics, Sources)> {
    let mut files = MemoryFiles::new();
    for (path, text) in SOURCES {
        files = files.file(*path, *text);
    }
    let define = |name: &str, value: u32| (name.to_string(), value.to_string());
    let mut defines = vec![
        define("TERMS", build.terms),
        define("COPIES", build.copies),
        define("DIGEST_BITS", build.digest_bits),
    ];
    if !build.fixes_checksums {
        defines.push(("CAN_FIX".to_string(), "false".to_string()));
    }
    let options = CompileOptions { defines, ..CompileOptions::default() };
    let mut sources = Sources::new();
    match sluice_p4::compile(&mut sources, &files, build.arch.main_file(), &options) {
        Ok((module, _)) => Ok(module),
        Err(diagnostics) => Err((diagnostics, sources)),
    }
}

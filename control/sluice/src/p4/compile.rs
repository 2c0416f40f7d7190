//! `sluice p4 compile`: a program for a target.

use std::io::Write;
use std::path::{Path, PathBuf};

use sluice_capture::OutputFile;

use super::args::{Compile, Target};
use super::program;
use crate::failure::Failure;
use crate::folder::Folder;

pub(crate) fn run(arguments: &Compile) -> Result<(), Failure> {
    refuse_missing(arguments.target)?;
    let module = program::load(&arguments.file, &arguments.preprocessor)?;
    let files = vec![("ir", sluice_ir::text::print(&module).into_bytes())];
    for path in write(&arguments.file, &arguments.out, &files)? {
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Refuses targets that this version has no back end for, before anything is read.
fn refuse_missing(target: Target) -> Result<(), Failure> {
    let name = match target {
        Target::Switch => return Ok(()),
        Target::Bmv2 => "bmv2",
        Target::Xdp => "xdp",
        Target::Rtl => "rtl",
    };
    Err(Failure::argument(
        format!("this version has no back end for the target `{name}`"),
        "compile for `switch`, the soft switch",
    ))
}

/// Writes `NAME.EXTENSION` for each; all of them or none.
fn write(program: &Path, folder: &Path, files: &[(&str, Vec<u8>)]) -> Result<Vec<PathBuf>, Failure> {
    let folder = Folder::create(folder)?;
    let mut outputs = Vec::new();
    for (extension, bytes) in files {
        let name = program.file_stem().map_or_else(|| "program".into(), |stem| stem.to_string_lossy());
        let path = folder.path().join(format!("{name}.{extension}"));
        let mut output = OutputFile::create(&path).map_err(Failure::write(&path))?;
        output.write_all(bytes).map_err(Failure::write(&path))?;
        outputs.push((path, output));
    }
    let mut written = Vec::new();
    for (path, output) in outputs {
        output.commit().map_err(Failure::write(&path))?;
        written.push(path);
    }
    Ok(written)
}

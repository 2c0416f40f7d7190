//! `sluice p4 compile`: a program for a target.

use std::io::Write;
use std::path::{Path, PathBuf};

use sluice_capture::OutputFile;
use sluice_diagnostics::Sources;
use sluice_ir::Module;

use super::args::{Compile, Target};
use super::program;
use crate::failure::Failure;
use crate::folder::Folder;

pub(crate) fn run(arguments: &Compile) -> Result<(), Failure> {
    refuse_missing(arguments.target)?;
    let (module, sources) = program::load(&arguments.file, &arguments.preprocessor)?;
    let (extension, text) = match arguments.target {
        Target::Bmv2 => ("json", bmv2(&arguments.file, &module, &sources)?),
        Target::Xdp => ("xdp.c", xdp(&arguments.file, &module, &sources)?),
        Target::Switch | Target::Rtl => ("ir", sluice_ir::text::print(&module)),
    };
    let (info, warnings) =
        sluice_p4info::p4info(&module).map_err(|found| Failure::located(&found, &sources))?;
    if !warnings.is_empty() {
        eprint!("{}", warnings.render(&sources));
    }
    let files = vec![
        (extension, text.into_bytes()),
        ("p4info.txtpb", sluice_p4info::to_text(&info).into_bytes()),
        ("p4info.bin", sluice_p4info::to_binary(&info)),
    ];
    for path in write(&arguments.file, &arguments.out, &files)? {
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// The program as `simple_switch` loads it; warnings go to standard error.
fn bmv2(file: &Path, module: &Module, sources: &Sources) -> Result<String, Failure> {
    let program = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let options = sluice_bmv2::Options { program: &program, sources };
    let (text, warnings) =
        sluice_bmv2::write(module, options).map_err(|found| Failure::located(&found, sources))?;
    if !warnings.is_empty() {
        eprint!("{}", warnings.render(sources));
    }
    Ok(text)
}

/// The program as clang makes an object of it.
fn xdp(file: &Path, module: &Module, sources: &Sources) -> Result<String, Failure> {
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let program = sluice_ebpf::compile(module, &name).map_err(|found| Failure::located(&found, sources))?;
    Ok(program.whole())
}

/// Refuses targets that this version has no back end for, before anything is read.
fn refuse_missing(target: Target) -> Result<(), Failure> {
    let name = match target {
        Target::Switch | Target::Bmv2 | Target::Xdp => return Ok(()),
        Target::Rtl => "rtl",
    };
    Err(Failure::argument(
        format!("this version has no back end for the target `{name}`"),
        "compile for `switch`, the soft switch, `bmv2`, or `xdp`",
    ))
}

/// Writes `NAME.EXTENSION` for each; all of them or none.
pub(super) fn write(
    program: &Path,
    folder: &Path,
    files: &[(&str, Vec<u8>)],
) -> Result<Vec<PathBuf>, Failure> {
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

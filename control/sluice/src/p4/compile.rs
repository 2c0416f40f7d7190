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
    let (module, sources) = program::load(&arguments.file, &arguments.preprocessor)?;
    let mut files = match arguments.target {
        Target::Bmv2 => vec![("json", bmv2(&arguments.file, &module, &sources)?.into_bytes())],
        Target::Xdp => vec![("xdp.c", xdp(&arguments.file, &module, &sources)?.into_bytes())],
        Target::Switch => vec![("ir", sluice_ir::text::print(&module).into_bytes())],
        Target::Rtl => {
            let program = rtl(&arguments.file, &module, &sources)?;
            let layout = program.layout.to_json().into_bytes();
            vec![
                ("sv", program.text.into_bytes()),
                ("layout.json", layout),
                ("svg", program.diagram.into_bytes()),
            ]
        }
    };
    let (info, warnings) =
        sluice_p4info::p4info(&module).map_err(|found| Failure::located(&found, &sources))?;
    if !warnings.is_empty() {
        eprint!("{}", warnings.render(&sources));
    }
    files.push(("p4info.txtpb", sluice_p4info::to_text(&info).into_bytes()));
    files.push(("p4info.bin", sluice_p4info::to_binary(&info)));
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

/// The pipeline that a card's build takes, and how its tables are laid out.
fn rtl(file: &Path, module: &Module, sources: &Sources) -> Result<sluice_rtl::Program, Failure> {
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    sluice_rtl::compile(module, &name, &sluice_rtl::Options::default())
        .map_err(|found| Failure::located(&found, sources))
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

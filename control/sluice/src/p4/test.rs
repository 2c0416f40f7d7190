//! `sluice p4 test`: packet scripts, one line a test.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sluice_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources};
use sluice_ir::Module;
use sluice_stf::{Bmv2Target, SwitchTarget};

use super::args::{Preprocessor, Test};
use super::program;
use crate::args::Engine;
use crate::broker;
use crate::failure::Failure;

/// Programs that a script may belong to, by extension; the first that is there is taken.
const PROGRAMS: [&str; 2] = ["p4", "json"];

pub(crate) fn run(arguments: &Test) -> Result<ExitCode, Failure> {
    let scripts = scripts(&arguments.paths)?;
    let mut failed = 0;
    for script in &scripts {
        match one(script, &arguments.preprocessor, arguments.engine) {
            Ok(notes) => {
                println!("passed  {}", script.display());
                print!("{notes}");
            }
            Err(message) => {
                failed += 1;
                println!("FAILED  {}", script.display());
                print!("{message}");
            }
        }
    }
    println!("{} passed, {failed} failed", scripts.len() - failed);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The scripts that the arguments mean, folders searched in the order of names.
fn scripts(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut scripts = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = scripts.len();
            search(path, &mut scripts)?;
            if scripts.len() == before {
                let message = format!("{}: there is no script in this folder", path.display());
                return Err(Failure::argument(message, "a script is NAME.stf beside NAME.p4"));
            }
        } else if path.extension().is_some_and(|end| end == "stf") {
            std::fs::metadata(path).map_err(Failure::read(path))?;
            scripts.push(path.clone());
        } else {
            let script = path.with_extension("stf");
            std::fs::metadata(&script).map_err(Failure::read(&script))?;
            scripts.push(script);
        }
    }
    Ok(scripts)
}

fn search(folder: &Path, scripts: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let listed = std::fs::read_dir(folder).map_err(Failure::read(folder))?;
    let paths: Result<Vec<PathBuf>, _> = listed.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(Failure::read(folder))?;
    paths.sort();
    for path in paths {
        // A link to a folder may lead back to where it is.
        if path.is_dir() && !path.is_symlink() {
            search(&path, scripts)?;
        } else if path.extension().is_some_and(|end| end == "stf") {
            scripts.push(path);
        }
    }
    Ok(())
}

/// Runs one; gives notes, or why it failed.
fn one(script: &Path, preprocessor: &Preprocessor, engine: Engine) -> Result<String, String> {
    let programs = PROGRAMS.iter().map(|extension| script.with_extension(extension));
    let Some(file) = programs.clone().find(|file| file.exists()) else {
        let names: Vec<String> = programs.map(|file| file.display().to_string()).collect();
        return Err(format!("error: there is no {}\n", names.join(" or ")));
    };
    let (program_sources, compiled) = program::compiled(&file, preprocessor);
    let (module, _) = compiled.map_err(|found| found.render(&program_sources))?;
    let mut sources = Sources::new();
    let text =
        std::fs::read_to_string(script).map_err(|why| format!("error: {}: {why}\n", script.display()))?;
    let source = sources.add(script.display().to_string(), text);
    let run = || -> Result<Diagnostics, Diagnostics> {
        let parsed = sluice_stf::parse(&sources, source)?;
        let switch = broker::switch(&module, engine.into())
            .map_err(|error| Diagnostic::error(format!("{}: {error}", file.display())))?;
        let test = sluice_stf::bind(&parsed, switch.info())?;
        let report = sluice_stf::run(&test, &mut SwitchTarget::new(switch));
        if report.is_passed() { Ok(report.found) } else { Err(report.found) }
    };
    let notes = match run() {
        Ok(notes) if notes.is_empty() => String::new(),
        Ok(notes) => notes.render(&sources),
        Err(found) => return Err(found.render(&sources)),
    };
    if sluice_stf::find_program("simple_switch").is_none() {
        return Ok(notes);
    }
    Ok(notes + &on_bmv2(&file, &module, &program_sources, (&sources, source))?)
}

/// The same script on bmv2; gives notes, or why it failed there.
fn on_bmv2(
    file: &Path,
    module: &Module,
    texts: &Sources,
    (sources, source): (&Sources, SourceId),
) -> Result<String, String> {
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let options = sluice_bmv2::Options { program: &name, sources: texts };
    let text = match sluice_bmv2::write(module, options) {
        _ if program::is_json(file) => {
            std::fs::read_to_string(file).map_err(|why| format!("error: {}: {why}\n", file.display()))?
        }
        Ok((text, _)) => text,
        Err(found) => {
            return Ok(format!("not run on bmv2, which cannot say the program:\n{}", found.render(texts)));
        }
    };
    let folder = tempfile::tempdir().map_err(|why| format!("error: no folder for bmv2: {why}\n"))?;
    let path = folder.path().join("program.json");
    std::fs::write(&path, text).map_err(|why| format!("error: {}: {why}\n", path.display()))?;
    let run = || -> Result<Diagnostics, Diagnostics> {
        let test = sluice_stf::bind(&sluice_stf::parse(sources, source)?, &module.info())?;
        let mut target = Bmv2Target::start(&path, &test).map_err(|why| Diagnostic::error(why.to_string()))?;
        let report = sluice_stf::run(&test, &mut target);
        if report.is_passed() { Ok(report.found) } else { Err(report.found) }
    };
    match run() {
        Ok(notes) if notes.is_empty() => Ok(String::new()),
        Ok(notes) => Ok(notes.render(sources)),
        Err(found) => Err(format!("on bmv2:\n{}", found.render(sources))),
    }
}

//! One program with what belongs to it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sluice_diagnostics::Sources;
use sluice_ir::Module;
use sluice_p4::{CompileOptions, DiskFiles, FileProvider, check, compile};
use sluice_stf::{Report, SwitchTarget, bind, parse, run};
use sluice_switch::Switch;

use super::forms::{Engine, Form, engines};
use super::golden::Goldens;

/// The folder of programs for other architectures, which are checked and nothing else.
const CHECKED: &str = "check/";

/// One test.
#[derive(Clone, Debug)]
pub struct Case {
    /// The folder of all tests.
    root: PathBuf,
    /// Path of the program below it, without extension: what messages call the test.
    pub name: String,
}

/// Files below a folder, by paths relative to it: messages do not depend on where the project is.
struct Below {
    root: PathBuf,
    disk: DiskFiles,
}

impl FileProvider for Below {
    fn read(&self, path: &str) -> io::Result<String> {
        self.disk.read(&self.root.join(path).to_string_lossy())
    }

    fn include_folders(&self) -> &[String] {
        self.disk.include_folders()
    }
}

/// All tests below a folder, sorted.
pub fn cases(root: &Path) -> Vec<Case> {
    let mut names = Vec::new();
    collect(root, "", &mut names);
    names.sort();
    names.into_iter().map(|name| Case { root: root.to_path_buf(), name }).collect()
}

fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "include" {
                collect(&path, &format!("{prefix}{name}/"), names);
            }
        } else if let Some(stem) = name.strip_suffix(".p4") {
            names.push(format!("{prefix}{stem}"));
        }
    }
}

impl Case {
    /// A file of the test.
    pub fn file(&self, extension: &str) -> PathBuf {
        self.root.join(format!("{}.{extension}", self.name))
    }

    /// Runs the whole test; gives all that is wrong. A panic is one of these things.
    pub fn run(&self, goldens: &mut Goldens) -> Vec<String> {
        // What a panic leaves behind in `goldens` is a set of paths, whole or not.
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.check(goldens)));
        run.unwrap_or_else(|_| vec![format!("{}: panicked", self.name)])
    }

    /// A program for an architecture that nothing runs: right, or, where its name begins with `wrong`, wrong as written beside it.
    fn check_only(&self, goldens: &mut Goldens) -> Vec<String> {
        let mut sources = Sources::new();
        let checked =
            check(&mut sources, &self.files(), &format!("{}.p4", self.name), &CompileOptions::default());
        let is_wrong = checked.is_err();
        let found = checked.unwrap_or_else(|found| found);
        let said = if found.is_empty() { String::new() } else { found.render(&sources) };
        if is_wrong != self.name.starts_with(&format!("{CHECKED}wrong")) {
            return vec![format!(
                "{}: {}\n{said}",
                self.name,
                if is_wrong { "is refused" } else { "is not refused" }
            )];
        }
        goldens.check(&self.file("txt"), (!said.is_empty()).then_some(said.as_str())).into_iter().collect()
    }

    fn files(&self) -> Below {
        Below { root: self.root.clone(), disk: DiskFiles::new(vec!["include".to_string()]) }
    }

    fn check(&self, goldens: &mut Goldens) -> Vec<String> {
        if self.name.starts_with(CHECKED) {
            return self.check_only(goldens);
        }
        let mut wrong = Vec::new();
        let mut sources = Sources::new();
        let script = self.file("stf").exists();
        let compiled = self.compile(&mut sources, true);
        let (module, found) = match compiled {
            Ok((module, found)) => (Some(module), found),
            Err(found) => (None, found),
        };
        let said = if found.is_empty() { String::new() } else { found.render(&sources) };
        match module {
            None if script => wrong.push(format!("{}: does not compile\n{said}", self.name)),
            None => wrong.extend(goldens.check(&self.file("txt"), Some(&said))),
            Some(module) => {
                wrong.extend(goldens.check(&self.file("txt"), (!said.is_empty()).then_some(said.as_str())));
                let text = sluice_ir::text::print(&module);
                wrong.extend(goldens.check(&self.file("ir"), Some(&text)));
                match sluice_p4info::p4info(&module) {
                    Ok((info, _)) => {
                        let text = sluice_p4info::to_text(&info);
                        wrong.extend(goldens.check(&self.file("p4info.txtpb"), Some(&text)));
                    }
                    Err(found) => {
                        wrong.push(format!("{}: has no P4Info\n{}", self.name, found.render(&sources)));
                    }
                }
                wrong.extend(self.bmv2(&module, &sources, goldens));
                if script {
                    wrong.extend(self.scripts(module, &sources));
                }
            }
        }
        wrong
    }

    pub(super) fn compile(
        &self,
        sources: &mut Sources,
        optimize: bool,
    ) -> Result<(Module, sluice_diagnostics::Diagnostics), sluice_diagnostics::Diagnostics> {
        let files = self.files();
        let options = CompileOptions { optimize, ..CompileOptions::default() };
        compile(sources, &files, &format!("{}.p4", self.name), &options)
    }

    /// The program as bmv2 loads it, where there is a golden of that, and all that is said about it.
    fn bmv2(&self, module: &Module, sources: &Sources, goldens: &mut Goldens) -> Vec<String> {
        let program = format!("{}.p4", self.name);
        let options = sluice_bmv2::Options { program: &program, sources };
        let (text, found) = match sluice_bmv2::write(module, options) {
            Ok((text, warnings)) => (Some(text), warnings),
            Err(found) => (None, found),
        };
        let said = (!found.is_empty()).then(|| found.render(sources));
        let mut wrong: Vec<String> =
            goldens.check(&self.file("bmv2.txt"), said.as_deref()).into_iter().collect();
        let golden = self.file("bmv2.json");
        if golden.exists() {
            wrong.extend(goldens.check(&golden, text.as_deref()));
        }
        wrong
    }

    /// The script on every form of the program and every engine.
    fn scripts(&self, module: Module, sources: &Sources) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut plain_sources = Sources::new();
        let plain = self.compile(&mut plain_sources, false).map(|(module, _)| module).ok();
        let mut forms: Vec<Form> = Vec::new();
        forms.extend(Form::by_bmv2("by way of BMv2 JSON", &module, sources, &mut wrong));
        if let Some(plain) = &plain {
            let name = "without passes, by way of BMv2 JSON";
            forms.extend(Form::by_bmv2(name, plain, &plain_sources, &mut wrong));
        }
        forms.extend(Form::all(module, plain, &mut wrong));
        for form in forms {
            for engine in engines() {
                if let Err(message) = self.script(&form, &engine) {
                    wrong.push(format!("{}: {}, {}\n{message}", self.name, form.name, engine.name));
                }
            }
        }
        wrong
    }

    /// The script on one form and one engine.
    fn script(&self, form: &Form, engine: &Engine) -> Result<(), String> {
        let text = fs::read_to_string(self.file("stf")).map_err(|why| why.to_string())?;
        let mut sources = Sources::new();
        let source = sources.add(format!("{}.stf", self.name), text);
        let report = || -> Result<Report, sluice_diagnostics::Diagnostics> {
            let script = parse(&sources, source)?;
            let switch = Switch::new(&form.module, engine.options.clone())
                .map_err(|why| sluice_diagnostics::Diagnostic::error(why.to_string()))?;
            let test = bind(&script, switch.info())?;
            Ok(run(&test, &mut SwitchTarget::new(switch)))
        };
        let found = match report() {
            Ok(report) => report.found,
            Err(found) => found,
        };
        // A note is a packet that goes where the script does not look: our own tests look everywhere.
        if found.is_empty() { Ok(()) } else { Err(found.render(&sources)) }
    }
}

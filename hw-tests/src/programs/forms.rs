//! The forms of one program, and the engines that run it: a script must give the same on all of them.

use sluice_diagnostics::Sources;
use sluice_ir::{Module, text};
use sluice_p4::{CompileOptions, MemoryFiles, compile};
use sluice_switch::SwitchOptions;

use super::exercise::reread;

/// A module, and how it came to be.
#[derive(Debug)]
pub struct Form {
    /// What messages call it.
    pub name: &'static str,
    /// The program.
    pub module: Module,
}

impl Form {
    /// All forms of a program: as compiled, as compiled without passes, as read back from its text. What cannot be made is
    /// told in `wrong`.
    pub(super) fn all(module: Module, plain: Option<Module>, wrong: &mut Vec<String>) -> Vec<Self> {
        let mut forms = Vec::new();
        match reread(&module) {
            Ok(module) => forms.push(Self { name: "read back from its text", module }),
            Err(message) => wrong.push(message),
        }
        forms.extend(plain.map(|module| Self { name: "without passes", module }));
        forms.insert(0, Self { name: "as compiled", module });
        forms
    }
}

impl Form {
    /// A program by way of what is written for bmv2; none where bmv2 cannot say it. What is written but not read is told in
    /// `wrong`.
    pub fn by_bmv2(
        name: &'static str,
        module: &Module,
        sources: &Sources,
        wrong: &mut Vec<String>,
    ) -> Option<Self> {
        let options = sluice_bmv2::Options { program: "program.p4", sources };
        let (text, _) = sluice_bmv2::write(module, options).ok()?;
        let mut sources = Sources::new();
        let source = sources.add("program.json", text);
        match sluice_bmv2::read(&sources, source) {
            Ok((module, _)) => Some(Self { name, module }),
            Err(found) => {
                wrong.push(format!("{name}\n{}", found.render(&sources)));
                None
            }
        }
    }
}

/// Compiles a program that must compile, and compiles it again; gives its forms.
///
/// # Errors
/// Where it does not compile, where a second compilation gives another module, where a form cannot be made, and where a form
/// looks different to the control plane.
pub fn compile_forms(program: &str) -> Result<Vec<Form>, String> {
    let files = MemoryFiles::new().file("main.p4", program);
    let compiled = |optimize: bool| {
        let mut sources = Sources::new();
        let options = CompileOptions { optimize, ..CompileOptions::default() };
        let compiled = compile(&mut sources, &files, "main.p4", &options);
        compiled
            .map(|(module, _)| module)
            .map_err(|found| format!("does not compile\n{}", found.render(&sources)))
    };
    let module = compiled(true)?;
    if text::print(&compiled(true)?) != text::print(&module) {
        return Err("a second compilation gives another module".to_string());
    }
    let told = |module: &Module| {
        let mut info = module.info();
        // A digest that cannot be reached is not among those that the switch knows once passes have taken it away.
        info.digests.clear();
        info
    };
    let info = told(&module);
    let mut wrong = Vec::new();
    let forms = Form::all(module, Some(compiled(false)?), &mut wrong);
    for form in &forms {
        let own = told(&form.module);
        if own != info {
            let (one, other) = (format!("{info:#?}"), format!("{own:#?}"));
            let first = one.lines().zip(other.lines()).find(|(one, other)| one != other);
            wrong.push(format!("{}: the control plane sees another program, first {first:?}", form.name));
        }
    }
    if wrong.is_empty() { Ok(forms) } else { Err(wrong.join("\n")) }
}

/// A way to run a module.
#[derive(Clone, Debug)]
pub struct Engine {
    /// What messages call it.
    pub name: &'static str,
    /// The switch's options.
    pub options: SwitchOptions,
}

/// All engines of the soft switch.
pub fn engines() -> Vec<Engine> {
    let engine = |engine: sluice_switch::Engine| Engine {
        name: engine.name(),
        options: SwitchOptions { engine, ..SwitchOptions::default() },
    };
    sluice_switch::Engine::ALL.into_iter().map(engine).collect()
}

//! The forms of one program, and the engines that run it: a script must give the same on all of them.

use sluice_diagnostics::Sources;
use sluice_ir::Module;
use sluice_switch::SwitchOptions;

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
        match read_back(&module) {
            Ok(module) => forms.push(Self { name: "read back from its text", module }),
            Err(message) => wrong.push(message),
        }
        forms.extend(plain.map(|module| Self { name: "without passes", module }));
        forms.insert(0, Self { name: "as compiled", module });
        forms
    }
}

fn read_back(module: &Module) -> Result<Module, String> {
    let mut sources = Sources::new();
    let source = sources.add("module.ir", sluice_ir::text::print(module));
    sluice_ir::text::read(&sources, source).map_err(|found| found.render(&sources))
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
    vec![Engine { name: "interpreter", options: SwitchOptions::default() }]
}

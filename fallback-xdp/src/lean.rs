//! Programs for what is written now: without the tables that have no entries, and without what only these make necessary.
//!
//! A policy uses a few of the tables of a program that knows all of them. What is left of the program while the others are empty
//! ([`sluice_p4::passes::specialize`]) is compiled beside the traffic and takes the whole one's place on the devices; all maps but those of packets under way
//! are the same. Before one of the tables gets an entry or another default action, the whole program is put back ([`Device::write`]): it was never unloaded, so that
//! takes no longer than another write.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_ebpf::{Form, HAS_ENTRIES};
use sluice_entities::{Entity, Update, UpdateKind};
use sluice_ir::{Handle, Module};
use sluice_p4::passes::{DefaultRun, specialize};

use crate::clang;
use crate::device::{Device, Purpose};
use crate::error::{Result, XdpError};
use crate::kernel::Kernel;

/// Maps that each object has for itself: what packets under way use, and the targets, which name the object's own egress program.
const OWN_MAPS: [&str; 6] = ["states", "works", "buffers", "turns_of_states", "devices", "groups"];

/// Tables without entries, and what each does then: what a lean program is made for.
type Empty = BTreeMap<usize, DefaultRun>;

/// What is to be compiled for a lean program.
#[derive(Clone, Debug)]
pub struct LeanSource {
    /// In order of preference: what the verifier finds too long is done in smaller functions.
    texts: [String; 3],
    sends_as_is: bool,
    empty: Empty,
}

/// A lean program as an object that is not loaded.
#[derive(Clone, Debug)]
pub struct LeanObject {
    bytes: Arc<[u8]>,
    /// The texts of the other forms, in order of preference.
    others: Vec<String>,
    sends_as_is: bool,
    empty: Empty,
}

impl LeanSource {
    /// Compiles it. Takes seconds, and nothing of the device.
    ///
    /// # Errors
    /// There is no clang, or it refuses the text.
    pub fn compile(&self) -> Result<LeanObject> {
        let (bytes, others) = first_that_compiles(&self.texts)?;
        let others = others.to_vec();
        Ok(LeanObject {
            bytes: bytes.into(),
            others,
            sends_as_is: self.sends_as_is,
            empty: self.empty.clone(),
        })
    }
}

/// The object of the first text that clang takes (what does not fit on the stack, it does not), and the texts behind that.
fn first_that_compiles(texts: &[String]) -> Result<(Vec<u8>, &[String])> {
    let Some((first, others)) = texts.split_first() else {
        return Err(XdpError::Missing("a text".to_string()));
    };
    match clang::run(first) {
        Ok(bytes) => Ok((bytes, others)),
        Err(XdpError::Clang { .. }) if !others.is_empty() => first_that_compiles(others),
        Err(error) => Err(error),
    }
}

/// A lean program in the kernel.
#[derive(Debug)]
pub(crate) struct Lean {
    pub(crate) kernel: Kernel,
    empty: Empty,
}

/// The names of the programs that an object is loaded for.
pub(crate) fn programs(purpose: Purpose) -> [&'static str; 2] {
    match purpose {
        Purpose::Live => ["sluice_ingress", "sluice_egress"],
        Purpose::Test => ["sluice_ingress_test", "sluice_egress_test"],
    }
}

impl Device {
    /// The object whose programs run.
    pub(crate) fn running(&self) -> &Kernel {
        self.lean.as_ref().map_or(&self.kernel, |lean| &lean.kernel)
    }

    /// All objects that are loaded, the whole program's first.
    pub(crate) fn kernels(&self) -> impl Iterator<Item = &Kernel> {
        [&self.kernel].into_iter().chain(self.lean.as_ref().map(|lean| &lean.kernel))
    }

    /// How many tables the program that runs does without; none while the whole one runs.
    pub fn tables_left_out(&self) -> Option<usize> {
        self.lean.as_ref().map(|lean| lean.empty.len())
    }

    fn empty(&self) -> Empty {
        let mut empty = Empty::new();
        for (index, (layout, table)) in self.layout.tables.iter().zip(&self.shadow.info().tables).enumerate()
        {
            let has_entries = self.configuration[layout.configuration_at] == HAS_ENTRIES;
            if let Some(call) = self.shadow.default_action(&table.name).filter(|_| !has_entries) {
                let action = self.configuration[layout.configuration_at + 1] as u16;
                empty.insert(index, DefaultRun { action, data: call.params.clone() });
            }
        }
        empty
    }

    /// The text of the program that does what was written until now and no more; none where that one runs.
    ///
    /// # Errors
    /// What XDP has not.
    pub fn lean_source(&self) -> Result<Option<LeanSource>> {
        let empty = self.empty();
        if self.lean.as_ref().is_some_and(|lean| lean.empty == empty) {
            return Ok(None);
        }
        let handles = empty.iter().map(|(index, run)| (Handle::new(*index), run.clone())).collect();
        let lean: Module = specialize(&self.module, &handles);
        let write = |form| {
            let program = sluice_ebpf::compile_lean(&lean, &self.module, "what is in use of a program", form);
            program.map_err(XdpError::Unsupported)
        };
        let forms = [write(Form::Locals)?, write(Form::Inlined)?, write(Form::Functions)?];
        let sends_as_is = forms[0].sends_as_is;
        Ok(Some(LeanSource { texts: forms.map(|form| form.whole()), sends_as_is, empty }))
    }

    /// Lets an object run, if all that it does without still is empty; whether it is.
    ///
    /// # Errors
    /// What the kernel refuses; the program that runs is the one from before.
    pub fn run_lean(&mut self, object: &LeanObject) -> Result<bool> {
        let empty = self.empty();
        if object.empty.iter().any(|(table, run)| empty.get(table) != Some(run)) {
            return Ok(false);
        }
        let load = |bytes: &[u8]| {
            let programs = programs(self.purpose);
            Kernel::load_beside(bytes, &programs, object.sends_as_is, &self.kernel, &OWN_MAPS)
        };
        let mut loaded = load(&object.bytes);
        let mut others = &object.others[..];
        while loaded.is_err() && !others.is_empty() {
            let (bytes, left) = first_that_compiles(others)?;
            (loaded, others) = (load(&bytes), left);
        }
        let kernel = loaded?;
        self.replace_lean(Some(Lean { kernel, empty: object.empty.clone() }))?;
        Ok(true)
    }

    /// Compiles and runs the program that does what was written until now and no more; whether another program runs now.
    ///
    /// # Errors
    /// As [`LeanSource::compile`] and [`Self::run_lean`].
    pub fn specialize(&mut self) -> Result<bool> {
        match self.lean_source()? {
            Some(source) => self.run_lean(&source.compile()?),
            None => Ok(false),
        }
    }

    /// Lets the whole program run before a write that gives a table something to do which the one that runs does without.
    pub(crate) fn generalize_for(&mut self, updates: &[Update]) -> Result<()> {
        let Some(lean) = &self.lean else { return Ok(()) };
        let names = &self.shadow.info().tables;
        let is_left_out = |name: &str| {
            let found = names.iter().position(|table| &*table.name == name);
            found.is_some_and(|index| lean.empty.contains_key(&index))
        };
        let needs_whole = updates.iter().any(|update| match &update.entity {
            Entity::Table(entry) => update.kind != UpdateKind::Delete && is_left_out(&entry.table),
            Entity::Default(entry) => is_left_out(&entry.table),
            _ => false,
        });
        if !needs_whole {
            return Ok(());
        }
        self.replace_lean(None)
    }

    /// Lets a lean program run, or the whole one. Where a device refuses it, all have the program from before, which stays the one that writes have to suit.
    fn replace_lean(&mut self, next: Option<Lean>) -> Result<()> {
        let before = std::mem::replace(&mut self.lean, next);
        if let Err(why) = self.take_over() {
            self.lean = before;
            self.take_over()?;
            return Err(why);
        }
        // The one from before goes when no packet is in it.
        self.settle()
    }

    /// Makes the program that is to run that of all devices.
    fn take_over(&mut self) -> Result<()> {
        match self.purpose {
            // Test runs name their program each time.
            Purpose::Test => Ok(()),
            Purpose::Live => self.replace_programs(),
        }
    }

    /// When this returns, no packet is under way in a program from before.
    fn settle(&mut self) -> Result<()> {
        self.is_changed = true;
        self.publish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_on_the_stack_is_compiled_in_the_next_form() {
        if clang::check().is_err() {
            println!("skipped: there is no clang");
            return;
        }
        let wide = "void use(void *);\n__attribute__((section(\"xdp\"))) int f(void *c) { char all[600]; use(all); return 0; }\n";
        let narrow = "__attribute__((section(\"xdp\"))) int f(void *c) { return 0; }\n";
        let texts = [wide, narrow, "last"].map(str::to_string);
        let (bytes, others) = first_that_compiles(&texts).expect("clang takes the second");
        assert!(bytes.starts_with(b"\x7fELF"));
        assert_eq!(others, ["last"]);
        let refused = first_that_compiles(&texts[..1]);
        assert!(matches!(refused, Err(XdpError::Clang { .. })), "{refused:?}");
    }
}

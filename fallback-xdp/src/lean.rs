//! Programs for what is written now: without the tables that have no entries, and without what only these make necessary.
//!
//! A policy uses a few of the tables of a program that knows all of them. What is left of the program while the others are empty
//! ([`sluice_p4::passes::specialize`]) is compiled beside the traffic and takes the whole one's place on the devices; all maps but those of packets under way
//! are the same. Before one of the tables gets an entry or another default action, the whole program is put back ([`Device::write`]): it was never unloaded, so that
//! takes no longer than another write.
//!
//! Where nobody has written for longer, the same is compiled once more with the contents of tables as constants ([`sluice_ebpf::Frozen`]). A write to one of those
//! puts the lean program back that looks them up, in the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sluice_ebpf::{Contents, Form, HAS_ENTRIES};
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

/// What a lean program has as constants beside what tables without entries do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freeze<'t> {
    /// Nothing: all entries are looked up.
    Nothing,
    /// Those of these tables, by index, that can be constants.
    Tables(&'t BTreeSet<usize>),
    /// The contents of all tables that can be constants.
    Contents,
}

/// When a lean program is right.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Premises {
    empty: Empty,
    /// Tables whose contents are constants: how often they had been written to.
    frozen: BTreeMap<usize, u64>,
}

impl Premises {
    /// Whether an update to a table leaves it right.
    fn bears(&self, kind: UpdateKind, entity: &Entity, index_of: &impl Fn(&str) -> Option<usize>) -> bool {
        let (name, is_entry) = match entity {
            Entity::Table(entry) => (&entry.table, true),
            Entity::Default(entry) => (&entry.table, false),
            _ => return true,
        };
        let Some(index) = index_of(name) else { return true };
        let stays_empty = is_entry && kind == UpdateKind::Delete;
        !self.frozen.contains_key(&index) && (stays_empty || !self.empty.contains_key(&index))
    }
}

/// What is to be compiled for a lean program.
#[derive(Clone, Debug)]
pub struct LeanSource {
    /// In order of preference: what the verifier finds too long is done in smaller functions.
    texts: [String; 3],
    sends_as_is: bool,
    premises: Premises,
}

/// A lean program as an object that is not loaded.
#[derive(Clone, Debug)]
pub struct LeanObject {
    bytes: Arc<[u8]>,
    /// The texts of the other forms, in order of preference.
    others: Vec<String>,
    sends_as_is: bool,
    premises: Premises,
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
            premises: self.premises.clone(),
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
    premises: Premises,
}

/// The names of the programs that an object is loaded for.
pub(crate) fn programs(purpose: Purpose) -> [&'static str; 2] {
    match purpose {
        Purpose::Live => ["sluice_ingress", "sluice_egress"],
        Purpose::Test => ["sluice_ingress_test", "sluice_egress_test"],
    }
}

impl Device {
    fn running_lean(&self) -> Option<&Lean> {
        self.leans.get(self.running.checked_sub(1)?)
    }

    /// The object whose programs run.
    pub(crate) fn running(&self) -> &Kernel {
        self.running_lean().map_or(&self.kernel, |lean| &lean.kernel)
    }

    /// All objects that are loaded, the whole program's first.
    pub(crate) fn kernels(&self) -> impl Iterator<Item = &Kernel> {
        [&self.kernel].into_iter().chain(self.leans.iter().map(|lean| &lean.kernel))
    }

    /// How many tables the program that runs does without; none while the whole one runs.
    pub fn tables_left_out(&self) -> Option<usize> {
        self.running_lean().map(|lean| lean.premises.empty.len())
    }

    /// Tables that the program which runs has as constants.
    pub(crate) fn frozen_tables(&self) -> BTreeSet<usize> {
        self.running_lean().map(|lean| lean.premises.frozen.keys().copied().collect()).unwrap_or_default()
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

    /// The text of the program that does what was written until now and no more; none where that one runs, or where there is nothing that could be a constant.
    ///
    /// # Errors
    /// What XDP has not.
    pub fn lean_source(&self, freeze: Freeze<'_>) -> Result<Option<LeanSource>> {
        let contents = match freeze {
            Freeze::Nothing => Contents::new(),
            Freeze::Tables(tables) => self.contents(|table| tables.contains(&table)),
            Freeze::Contents => self.contents(|_| true),
        };
        let frozen = contents.keys().map(|table| (*table, self.writes[*table])).collect();
        let premises = Premises { empty: self.empty(), frozen };
        let is_there = self.leans.iter().any(|lean| lean.premises == premises);
        if is_there || (freeze != Freeze::Nothing && contents.is_empty()) {
            return Ok(None);
        }
        let handles = premises.empty.iter().map(|(index, run)| (Handle::new(*index), run.clone())).collect();
        let lean: Module = specialize(&self.module, &handles);
        let write = |form| {
            let name = "what is in use of a program";
            let program = sluice_ebpf::compile_lean(&lean, &self.module, name, form, &contents);
            program.map_err(XdpError::Unsupported)
        };
        let forms = [write(Form::Locals)?, write(Form::Inlined)?, write(Form::Functions)?];
        let sends_as_is = forms[0].sends_as_is;
        Ok(Some(LeanSource { texts: forms.map(|form| form.whole()), sends_as_is, premises }))
    }

    /// Lets an object run, if all that it takes for granted still is so; whether it is.
    ///
    /// # Errors
    /// What the kernel refuses; the program that runs is the one from before.
    pub fn run_lean(&mut self, object: &LeanObject) -> Result<bool> {
        let Premises { empty, frozen } = &object.premises;
        let now = self.empty();
        if empty.iter().any(|(table, run)| now.get(table) != Some(run))
            || frozen.iter().any(|(table, writes)| self.writes[*table] != *writes)
        {
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
        self.leans.push(Lean { kernel: loaded?, premises: object.premises.clone() });
        if let Err(why) = self.run(self.leans.len()) {
            self.leans.pop();
            return Err(why);
        }
        // Behind the program with constants stays the one that it falls back to.
        let newest = self.leans.pop();
        self.leans.retain(|lean| !object.premises.frozen.is_empty() && lean.premises.frozen.is_empty());
        self.leans.extend(newest);
        self.running = self.leans.len();
        Ok(true)
    }

    /// Compiles and runs the program that does what was written until now and no more; whether another program runs now.
    ///
    /// # Errors
    /// As [`LeanSource::compile`] and [`Self::run_lean`].
    pub fn specialize(&mut self, freeze: Freeze<'_>) -> Result<bool> {
        match self.lean_source(freeze)? {
            Some(source) => self.run_lean(&source.compile()?),
            None => Ok(false),
        }
    }

    /// Before a write, lets a program run which is right after it, too.
    pub(crate) fn generalize_for(&mut self, updates: &[Update]) -> Result<()> {
        let tables = &self.shadow.info().tables;
        let index_of = |name: &str| tables.iter().position(|table| &*table.name == name);
        let bears = |lean: &Lean| {
            updates.iter().all(|update| lean.premises.bears(update.kind, &update.entity, &index_of))
        };
        let kept = self.leans.iter().take_while(|lean| bears(lean)).count();
        if kept == self.leans.len() {
            return Ok(());
        }
        self.run(kept)?;
        self.leans.truncate(kept);
        Ok(())
    }

    /// Lets a lean program run, by its number, or the whole one, number 0. Where a device refuses it, all have the program from before, which stays the one that writes have to suit.
    fn run(&mut self, number: usize) -> Result<()> {
        let before = std::mem::replace(&mut self.running, number);
        if let Err(why) = self.take_over() {
            self.running = before;
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

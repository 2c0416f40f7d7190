//! Registers of a pipeline that keeps what is committed, by block, kind and row.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sluice_diagnostics::Sources;
use sluice_entities::{ActionCall, Bits, Entity, Match, TableEntry, Update, UpdateKind};
use sluice_fpga::{AccessError, Before, IDENTITY, PIPELINE, Registers, Tables};
use sluice_ir::Module;
use sluice_p4::{CompileOptions, MemoryFiles, compile};
use sluice_rtl::{Layout, Options};

/// Rows that are not zero: block, kind (3 and, in the bank that is not in use, with 4 added), row.
pub(crate) type Rows = BTreeMap<(u32, u32, u32), Vec<u32>>;

#[derive(Debug, Default)]
pub(crate) struct State {
    words: Vec<u32>,
    block: u32,
    row: u32,
    result: Vec<u32>,
    pub(crate) rows: Rows,
    pub(crate) writes: u64,
    /// So many accesses are answered, and then it is gone.
    pub(crate) left: Option<u64>,
}

/// The registers, and who looks at them from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pretended(pub(crate) Arc<Mutex<State>>);

impl Pretended {
    pub(crate) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("nobody panicked")
    }

    pub(crate) fn rows(&self) -> Rows {
        self.state().rows.clone()
    }
}

impl State {
    fn is_gone(&mut self) -> bool {
        match &mut self.left {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    fn commit(&mut self, kind: u32) {
        let words: Vec<u32> = self.words.clone();
        let key = (self.block, kind, self.row);
        if words.iter().all(|word| *word == 0) {
            self.rows.remove(&key);
        } else {
            self.rows.insert(key, words);
        }
    }
}

impl Registers for Pretended {
    fn read(&mut self, address: u32) -> Result<u32, AccessError> {
        let mut state = self.state();
        if state.is_gone() {
            return Ok(u32::MAX);
        }
        Ok(match address {
            IDENTITY => PIPELINE,
            0x004 => state.block,
            0x008 => state.row,
            0x020..0x030 => state.result.get((address as usize - 0x20) / 4).copied().unwrap_or(0),
            _ => 0,
        })
    }

    fn write(&mut self, address: u32, word: u32) -> Result<(), AccessError> {
        let mut state = self.state();
        if state.is_gone() {
            return Ok(());
        }
        state.writes += 1;
        match address {
            0x004 => state.block = word,
            0x008 => state.row = word,
            0x00C => state.commit(word),
            0x010 => {
                let key = (state.block, 0, state.row);
                state.result = state.rows.get(&key).cloned().unwrap_or_default();
            }
            0x1000.. => {
                let at = (address as usize - 0x1000) / 4;
                if state.words.len() <= at {
                    state.words.resize(at + 1, 0);
                }
                state.words[at] = word;
            }
            _ => {}
        }
        Ok(())
    }
}

/// The program, compiled.
pub(crate) fn module() -> Module {
    let mut sources = Sources::new();
    let files = MemoryFiles::new().file("tables.p4", include_str!("tables.p4"));
    match compile(&mut sources, &files, "tables.p4", &CompileOptions::default()) {
        Ok((module, _)) => module,
        Err(found) => panic!("{}", found.render(&sources)),
    }
}

pub(crate) fn layout(module: &Module) -> Layout {
    let options = Options { exact_entries: 64, ternary_entries: 8, intervals: 32_768, ..Options::default() };
    match sluice_rtl::compile(module, "tables.p4", &options) {
        Ok(program) => program.layout,
        Err(found) => panic!("{}", found.render(&Sources::new())),
    }
}

/// The tables, and their registers from outside.
pub(crate) fn tables() -> (Tables<Pretended>, Pretended) {
    let module = module();
    let registers = Pretended::default();
    let tables = Tables::new(&module, layout(&module), registers.clone(), Before::Nothing);
    (tables.expect("they begin"), registers)
}

fn entry(table: &str, matches: Vec<Match>, priority: u32, action: &str, port: u64) -> Update {
    let call = ActionCall { action: format!("ingress.{action}").into(), params: vec![Bits::new(9, port)] };
    let entry = TableEntry::new(format!("ingress.{table}").into(), matches, priority, call);
    Update { kind: UpdateKind::Insert, entity: Entity::Table(entry) }
}

pub(crate) fn exact(key: u64, port: u64) -> Update {
    entry("exact_t", vec![Match::Exact(Bits::new(16, key))], 0, "forward", port)
}

pub(crate) fn direct(key: u64, port: u64) -> Update {
    entry("direct_t", vec![Match::Exact(Bits::new(8, key))], 0, "to_port", port)
}

pub(crate) fn ternary(value: u64, mask: u64, priority: u32) -> Update {
    let matches = vec![Match::Ternary { value: Bits::new(16, value), mask: Bits::new(16, mask) }];
    entry("ternary_t", matches, priority, "to_port", 1)
}

pub(crate) fn prefix(value: u64, length: u32, port: u64) -> Update {
    let matches = vec![Match::Lpm { value: Bits::new(32, value), length }];
    entry("lpm_t", matches, 0, "to_port", port)
}

pub(crate) fn of(kind: UpdateKind, update: Update) -> Update {
    Update { kind, ..update }
}

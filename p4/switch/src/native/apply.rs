//! Tables: the key, the look-up, and the actions of the table written out behind it.

use std::mem::{offset_of, size_of};

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use cranelift_frontend::Switch;

use super::seam::{Frame, Function};
use super::slots::data_accesses;
use super::translate::{Result, Translator};
use super::view::TableView;
use crate::configuration::Choice;
use crate::engine::op::{NO_SLOT, Slot};
use crate::engine::program::{ApplySite, KeySource, NO_SELECTION};
use crate::tables::{MISS, MIX_FACTOR, MIX_START, Search};

/// Keys of more words are looked up in Rust.
const HASHED_WORDS: usize = 4;

impl Translator<'_, '_> {
    /// The address of the view of a site's table.
    fn view(&mut self, site: &ApplySite) -> Value {
        let views = self.fixed_from_frame(offset_of!(Frame, tables));
        self.b.ins().iadd_imm_u(views, i64::from(site.table) * size_of::<TableView>() as i64)
    }

    fn load_view(&mut self, view: Value, offset: usize) -> Value {
        self.b.ins().load(types::I64, self.memory.tables, view, offset as i32)
    }

    /// A 32-bit field of a view, as 64 bits.
    fn small_from_view(&mut self, view: Value, offset: usize) -> Value {
        self.b.ins().uload32(self.memory.tables, view, offset as i32)
    }

    /// Where the table has no entries, the key need not be made: the default action runs.
    pub(super) fn apply_empty(&mut self, number: u16, behind: Block) {
        let site = self.program.sites[usize::from(number)];
        let runs = self.b.create_block();
        self.begin_site(&site, runs, behind);
        self.sites.insert(number, runs);
    }

    /// Goes to `runs` or `behind` where the table has no entries.
    fn begin_site(&mut self, site: &ApplySite, runs: Block, behind: Block) {
        for ty in [types::I64; 4] {
            self.b.append_block_param(runs, ty);
        }
        let view = self.view(site);
        let kind = self.small_from_view(view, offset_of!(TableView, kind));
        let idle = self.compare_with(IntCC::Equal, kind, TableView::IDLE.into());
        let (others, full, empty) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        let tells = [site.hit, site.action_run, site.cell].iter().any(|slot| *slot != NO_SLOT);
        // Telling that nothing happened is what running the default action does too.
        self.b.ins().brif(idle, if tells { empty } else { behind }, [], others, []);
        self.b.switch_to_block(others);
        let has_entries = self.compare_with(IntCC::Equal, kind, TableView::HAS_ENTRIES.into());
        self.b.ins().brif(has_entries, full, [], empty, []);
        self.b.switch_to_block(empty);
        self.run_default(view, runs);
        self.b.switch_to_block(full);
    }

    /// Runs the default action: number, data, cell, no hit.
    fn run_default(&mut self, view: Value, runs: Block) {
        let choice = self.load_view(view, offset_of!(TableView, default));
        let data = self.load_view(view, offset_of!(TableView, data));
        let (action, cell) = self.choice(choice);
        let missed = self.number(0);
        self.go(runs, &[action, data, cell, missed]);
    }

    /// Number and cell of a choice.
    fn choice(&mut self, choice: Value) -> (Value, Value) {
        let tables = self.memory.tables;
        let action = self.b.ins().uload16(types::I64, tables, choice, offset_of!(Choice, action) as i32);
        let cell = self.b.ins().uload32(tables, choice, offset_of!(Choice, cell) as i32);
        (action, cell)
    }

    pub(super) fn apply(&mut self, number: u16) -> Result<()> {
        let program = self.program;
        let site = program.sites[usize::from(number)];
        let behind = self.b.create_block();
        let runs = match self.sites.remove(&number) {
            Some(runs) => runs,
            None => {
                let runs = self.b.create_block();
                self.begin_site(&site, runs, behind);
                runs
            }
        };
        self.look_up(&site, runs);
        self.b.switch_to_block(runs);
        let told = self.b.block_params(runs);
        let (action, data, cell, hit) = (told[0], told[1], told[2], told[3]);
        for (slot, value) in [(site.hit, hit), (site.action_run, action), (site.cell, cell)] {
            if slot != NO_SLOT {
                self.set(slot, value);
            }
        }
        self.run_actions(&site, action, data, behind)?;
        self.b.switch_to_block(behind);
        Ok(())
    }

    /// Finds the entry that wins, and goes to `runs` with its action.
    fn look_up(&mut self, site: &ApplySite, runs: Block) {
        let view = self.view(site);
        let plan = &self.program.tables[usize::from(site.table)];
        let slot = match plan.shape.search() {
            Search::Nothing => None,
            Search::Array { bits } => {
                let key = self.key_word(site);
                let at = self.and(key, (1 << bits) - 1);
                let slots = self.load_view(view, offset_of!(TableView, slots));
                Some(self.element(slots, at, 4))
            }
            Search::Hash { words } if words <= HASHED_WORDS => {
                let key: Vec<Value> = if words == 1 {
                    vec![self.key_word(site)]
                } else {
                    (site.key..).take(words).map(|slot| self.get(slot)).collect()
                };
                Some(self.hash_look_up(view, &key))
            }
            Search::Hash { .. } | Search::Other => Some(self.look_up_in_rust(site, view)),
        };
        let missed = self.b.create_block();
        if let Some(slot) = slot {
            let count = self.small_from_view(view, offset_of!(TableView, count));
            let found = self.b.ins().icmp(IntCC::UnsignedLessThan, slot, count);
            let hit = self.b.create_block();
            self.b.ins().brif(found, hit, [], missed, []);
            self.b.switch_to_block(hit);
            self.run_entry(site, view, slot, runs);
        } else {
            self.b.ins().jump(missed, []);
        }
        self.b.switch_to_block(missed);
        self.run_default(view, runs);
    }

    /// The key of one word.
    fn key_word(&mut self, site: &ApplySite) -> Value {
        match site.source {
            KeySource::Words => self.get(site.key),
            KeySource::Slice { a, low, width } => self.slice_wide(a, low, width),
            KeySource::Load { at, shift, width } => self.load_field(at, shift, width),
        }
    }

    /// A 32-bit element of an array, or a 64-bit one.
    fn element(&mut self, array: Value, index: Value, bytes: i64) -> Value {
        let at = self.b.ins().imul_imm_u(index, bytes);
        let at = self.b.ins().iadd(array, at);
        if bytes == 4 {
            self.b.ins().uload32(self.memory.tables, at, 0)
        } else {
            self.b.ins().load(types::I64, self.memory.tables, at, 0)
        }
    }

    /// The same as `ExactMap::lookup`, on the same arrays.
    fn hash_look_up(&mut self, view: Value, key: &[Value]) -> Value {
        let mut hash = self.number(MIX_START);
        let factor = self.number(MIX_FACTOR);
        for word in key {
            let mixed = self.b.ins().bxor(hash, *word);
            let (low, high) = (self.b.ins().imul(mixed, factor), self.b.ins().umulhi(mixed, factor));
            hash = self.b.ins().bxor(low, high);
        }
        let mask = self.load_view(view, offset_of!(TableView, mask));
        let slots = self.load_view(view, offset_of!(TableView, slots));
        let keys = self.load_view(view, offset_of!(TableView, keys));
        let (turn, done) = (self.b.create_block(), self.b.create_block());
        self.b.append_block_param(turn, types::I64);
        self.b.append_block_param(done, types::I64);
        self.go(turn, &[hash]);
        self.b.switch_to_block(turn);
        let place = self.b.block_params(turn)[0];
        let place = self.b.ins().band(place, mask);
        let slot = self.element(slots, place, 4);
        let is_free = self.compare_with(IntCC::Equal, slot, MISS.into());
        let taken = self.b.create_block();
        self.b.ins().brif(is_free, done, &[slot.into()], taken, []);
        self.b.switch_to_block(taken);
        let at = self.b.ins().imul_imm_u(place, key.len() as i64 * 8);
        let at = self.b.ins().iadd(keys, at);
        let mut difference = None;
        for (i, word) in key.iter().enumerate() {
            let known = self.b.ins().load(types::I64, self.memory.tables, at, i as i32 * 8);
            let word = self.b.ins().bxor(known, *word);
            difference = Some(match difference {
                None => word,
                Some(before) => self.b.ins().bor(before, word),
            });
        }
        let next = self.b.ins().iadd_imm_u(place, 1);
        let differs = difference.unwrap_or(next);
        self.b.ins().brif(differs, turn, &[next.into()], done, &[slot.into()]);
        self.b.switch_to_block(done);
        self.b.block_params(done)[0]
    }

    fn look_up_in_rust(&mut self, site: &ApplySite, view: Value) -> Value {
        let engine = self.load_view(view, offset_of!(TableView, engine));
        if site.key_words == 1 {
            let key = self.key_word(site);
            return self.call(Function::LookupWord, &[engine, key]);
        }
        self.show(site.key, site.key_words.into());
        let (key, words) = (self.key_address(site.key), self.number(site.key_words.into()));
        self.call(Function::LookupWords, &[engine, key, words])
    }

    /// The address of a key in the packet's state; a constant stands there too.
    fn key_address(&mut self, key: Slot) -> Value {
        self.word_address(key)
    }

    /// Goes to `runs` with the action of an entry.
    fn run_entry(&mut self, site: &ApplySite, view: Value, slot: Value, runs: Block) {
        let program = self.program;
        let table = usize::from(site.table);
        if program.info.tables[table].has_idle_timeouts {
            let table = self.number(table as u64);
            self.call_with_frame(Function::NoteHit, &[table, slot]);
        }
        let hit = self.number(1);
        if site.selection != NO_SELECTION {
            let data = &program.selections[usize::from(site.selection)].data;
            let mut read = Vec::new();
            data_accesses(data, &mut |first, words, _| read.push((first, words)));
            read.into_iter().for_each(|(first, words)| self.show(first, words));
            let arguments = [self.number(table as u64), self.number(site.selection.into()), slot];
            let chosen = self.call_with_frame(Function::Choose, &arguments);
            let (own, theirs) = (self.b.create_block(), self.b.create_block());
            self.b.ins().brif(chosen, theirs, [], own, []);
            self.b.switch_to_block(theirs);
            let action = self.load_frame(offset_of!(Frame, action));
            let cell = self.load_frame(offset_of!(Frame, cell));
            let data = self.load_frame(offset_of!(Frame, action_data));
            self.go(runs, &[action, data, cell, hit]);
            self.b.switch_to_block(own);
        }
        let choices = self.load_view(view, offset_of!(TableView, choices));
        let at = self.b.ins().imul_imm_u(slot, size_of::<Choice>() as i64);
        let choice = self.b.ins().iadd(choices, at);
        let (action, cell) = self.choice(choice);
        // Each slot has as many words of data, behind those of the default action.
        let words = program.tables[table].data_words(program);
        let data = self.load_view(view, offset_of!(TableView, data));
        let at = self.b.ins().imul_imm_u(slot, words as i64 * 8);
        let at = self.b.ins().iadd_imm_u(at, words as i64 * 8);
        let data = self.b.ins().iadd(data, at);
        self.go(runs, &[action, data, cell, hit]);
    }

    /// Writes out the actions of a table that do something; all others go on `behind` it.
    fn run_actions(&mut self, site: &ApplySite, action: Value, data: Value, behind: Block) -> Result<()> {
        let program = self.program;
        let plan = &program.tables[usize::from(site.table)];
        let mut switch = Switch::new();
        let mut bodies = Vec::new();
        for (number, action) in plan.actions.iter().enumerate() {
            let action = &program.actions[usize::from(*action)];
            if let Some(code) = action.code {
                let body = self.b.create_block();
                switch.set_entry(number as u128, body);
                bodies.push((body, code, action.param_words));
            }
        }
        switch.emit(&mut self.b, action, behind);
        for (body, code, words) in bodies {
            self.b.switch_to_block(body);
            self.params(data, words);
            self.region(code, Some(behind))?;
        }
        Ok(())
    }

    /// Puts the action's data where its instructions look for it.
    fn params(&mut self, data: Value, words: u16) {
        let first = self.program.layout.params;
        for word in 0..words {
            let value = self.b.ins().load(types::I64, self.memory.tables, data, i32::from(word) * 8);
            self.set(first + word, value);
        }
    }
}

//! Tables: where there are entries, the key, the look-up ([`super::look_up`]), and the actions of the table written out behind it.
//!
//! What runs for a packet is the record of the entry, or that of the default action in front of all entries': a miss is slot -1, so that
//! there is nothing to jump about. Most tables are idle for most packets: their code stands aside, and the way past it is straight.

use std::mem::{offset_of, size_of};

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use cranelift_frontend::{Switch, Variable};

use super::seam::{Frame, Function};
use super::slots::{data_accesses, only_reads};
use super::translate::{Result, Translator};
use super::view::TableView;
use crate::counters::NULL_CELL;
use crate::engine::op::{NO_SLOT, Slot};
use crate::engine::program::{ApplySite, Combine, NO_SELECTION, TablePlan};

/// What an application leads to.
#[derive(Clone, Copy)]
pub(super) struct Begun {
    /// Runs the default action.
    default: Block,
    /// What is behind the table.
    behind: Block,
    /// Whether what is around the table stands aside.
    was_aside: bool,
}

/// The data of an action, in the record of what runs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ActionData {
    /// The words that instructions know them by: the first one, and how many.
    pub(super) first: Slot,
    pub(super) words: u16,
    /// Where they stand.
    pub(super) at: Value,
}

impl ActionData {
    pub(super) fn has(&self, slot: Slot) -> bool {
        slot >= self.first && slot - self.first < self.words
    }
}

/// An application that is being written.
struct Application<'p> {
    site: ApplySite,
    plan: &'p TablePlan,
    begun: Begun,
    /// Where the data of the action that runs is.
    data: Variable,
    /// The actions that do something, by their places in the table's list.
    bodies: Vec<(u16, Block)>,
    /// Takes number, data and cell of an action, and whether an entry was hit.
    runs: Block,
}

/// What runs: numbers as [`Application::runs`] takes them.
struct Chosen {
    action: Value,
    data: Value,
    cell: Value,
    hit: Value,
}

impl Translator<'_, '_> {
    /// The address of the view of a site's table.
    fn view(&mut self, site: &ApplySite) -> Value {
        let views = self.fixed_from_frame(offset_of!(Frame, tables));
        self.b.ins().iadd_imm_u(views, i64::from(site.table) * size_of::<TableView>() as i64)
    }

    pub(super) fn load_view(&mut self, view: Value, offset: usize) -> Value {
        self.b.ins().load(types::I64, self.memory.tables, view, offset as i32)
    }

    /// A 32-bit field of a view, as 64 bits.
    fn small_from_view(&mut self, view: Value, offset: usize) -> Value {
        self.b.ins().uload32(self.memory.tables, view, offset as i32)
    }

    /// Where the table has no entries, the key need not be made: the default action runs.
    pub(super) fn apply_empty(&mut self, number: u16) {
        let site = self.program.sites[usize::from(number)];
        let begun = self.begin_site(&site);
        self.sites.insert(number, begun);
    }

    /// Goes to the default action, or past the table, where the table has no entries. Else goes on, aside.
    fn begin_site(&mut self, site: &ApplySite) -> Begun {
        let begun = Begun { behind: self.new_block(), default: self.aside_block(), was_aside: self.is_aside };
        let busy = self.fixed_from_frame(offset_of!(Frame, busy));
        let flags = self.load_view(busy, usize::from(site.table) / 64 * 8);
        let is_busy = self.and(flags, 1 << (site.table % 64));
        let tells = [site.hit, site.action_run, site.cell].iter().any(|slot| *slot != NO_SLOT);
        self.is_aside = true;
        let (others, full) = (self.new_block(), self.new_block());
        // Telling that nothing happened is what running the default action does too.
        let idle = if tells { begun.default } else { begun.behind };
        self.b.ins().brif(is_busy, others, [], idle, []);
        self.b.switch_to_block(others);
        let view = self.view(site);
        let kind = self.small_from_view(view, offset_of!(TableView, kind));
        let has_entries = self.compare_with(IntCC::Equal, kind, TableView::HAS_ENTRIES.into());
        self.b.ins().brif(has_entries, full, [], begun.default, []);
        self.b.switch_to_block(full);
        begun
    }

    pub(super) fn apply(&mut self, number: u16) -> Result<()> {
        let program = self.program;
        let site = program.sites[usize::from(number)];
        let begun = match self.sites.remove(&number) {
            Some(begun) => begun,
            None => self.begin_site(&site),
        };
        let plan = &program.tables[usize::from(site.table)];
        let data = self.b.declare_var(types::I64);
        let mut bodies = Vec::new();
        for (place, action) in plan.actions.iter().enumerate() {
            if program.actions[usize::from(*action)].code.is_some() {
                bodies.push((place as u16, self.new_block()));
            }
        }
        let runs = self.new_block();
        for ty in [types::I64; 4] {
            self.b.append_block_param(runs, ty);
        }
        let application = Application { site, plan, begun, data, bodies, runs };
        let view = self.view(&site);
        match self.look_up(&site, view) {
            Some(slot) => self.run_found(&application, view, slot),
            None => {
                self.b.ins().jump(begun.default, []);
            }
        }
        self.write_default(&application);
        self.write_runs(&application);
        self.write_bodies(&application)?;
        self.is_aside = begun.was_aside;
        self.b.switch_to_block(begun.behind);
        Ok(())
    }

    /// Goes where the entry of a slot leads, or a miss.
    fn run_found(&mut self, application: &Application<'_>, view: Value, slot: Value) {
        let Application { site, plan, begun, .. } = application;
        let count = self.small_from_view(view, offset_of!(TableView, count));
        let found = self.b.ins().icmp(IntCC::UnsignedLessThan, slot, count);
        let notes_hits = self.program.info.tables[usize::from(site.table)].has_idle_timeouts;
        let mut on_miss = self.number(0);
        if notes_hits || site.selection != NO_SELECTION {
            // Whether an entry was hit matters to more than to which record is used.
            let hit = self.new_block();
            self.b.ins().brif(found, hit, [], begun.default, []);
            self.b.switch_to_block(hit);
            if notes_hits {
                let table = self.number(site.table.into());
                self.call_with_frame(Function::NoteHit, &[table, slot]);
            }
            if site.selection != NO_SELECTION {
                self.run_selected(application, slot);
            }
        } else if plan.entry_action.is_some() {
            on_miss = self.small_from_view(view, offset_of!(TableView, on_miss));
        }
        let next = self.b.ins().iadd_imm_u(slot, 1);
        let index = self.b.ins().select(found, next, on_miss);
        if plan.entry_action.is_some() {
            let none = self.compare_with(IntCC::Equal, index, TableView::NO_RECORD.into());
            let known = self.new_block();
            self.b.ins().brif(none, begun.default, [], known, []);
            self.b.switch_to_block(known);
        }
        let records = self.load_view(view, offset_of!(TableView, records));
        let at = self.b.ins().imul_imm_u(index, plan.record_words(self.program) as i64 * 8);
        let record = self.b.ins().iadd(records, at);
        let hit = self.b.ins().uextend(types::I64, found);
        match plan.entry_action {
            None => self.run_record(application, record, hit),
            Some(action) => {
                let (number, cell) = (self.number(action.into()), self.number(NULL_CELL.into()));
                self.tell(site, &Chosen { action: number, data: record, cell, hit });
                self.b.def_var(application.data, record);
                let body = application.bodies.iter().find(|(place, _)| *place == action);
                self.b.ins().jump(body.map_or(begun.behind, |(_, body)| *body), []);
            }
        }
    }

    /// Runs what a record with a head says.
    fn run_record(&mut self, application: &Application<'_>, record: Value, hit: Value) {
        let head = self.b.ins().load(types::I64, self.memory.tables, record, 0);
        let action = self.and(head, u64::from(u16::MAX));
        let cell = self.b.ins().ushr_imm_u(head, 32);
        let data = self.b.ins().iadd_imm_u(record, 8);
        self.go(application.runs, &[action, data, cell, hit]);
    }

    /// Runs the action that an action profile chose for the entry; goes on where it is the entry's own.
    fn run_selected(&mut self, application: &Application<'_>, slot: Value) {
        let site = &application.site;
        let data = &self.program.selections[usize::from(site.selection)].data;
        let mut read = Vec::new();
        data_accesses(data, &mut |first, words, _| read.push((first, words)));
        read.into_iter().for_each(|(first, words)| self.show(first, words));
        let arguments = [self.number(site.table.into()), self.number(site.selection.into()), slot];
        let chosen = self.call_with_frame(Function::Choose, &arguments);
        let (own, theirs) = (self.new_block(), self.new_block());
        self.b.ins().brif(chosen, theirs, [], own, []);
        self.b.switch_to_block(theirs);
        let action = self.load_frame(offset_of!(Frame, action));
        let cell = self.load_frame(offset_of!(Frame, cell));
        let data = self.load_frame(offset_of!(Frame, action_data));
        let hit = self.number(1);
        self.go(application.runs, &[action, data, cell, hit]);
        self.b.switch_to_block(own);
    }

    /// The default action: number, data, cell, no hit.
    fn write_default(&mut self, application: &Application<'_>) {
        self.b.switch_to_block(application.begun.default);
        let view = self.view(&application.site);
        let record = self.load_view(view, offset_of!(TableView, records));
        let missed = self.number(0);
        if application.plan.entry_action.is_none() {
            return self.run_record(application, record, missed);
        }
        let action = self.small_from_view(view, offset_of!(TableView, default_action));
        let cell = self.number(NULL_CELL.into());
        self.go(application.runs, &[action, record, cell, missed]);
    }

    /// Tells the program what runs.
    fn tell(&mut self, site: &ApplySite, chosen: &Chosen) {
        for (slot, value) in
            [(site.hit, chosen.hit), (site.action_run, chosen.action), (site.cell, chosen.cell)]
        {
            if slot != NO_SLOT {
                self.set(slot, value);
            }
        }
    }

    /// From the number of an action to its instructions; actions that do nothing lead behind the table.
    fn write_runs(&mut self, application: &Application<'_>) {
        self.b.switch_to_block(application.runs);
        let told = self.b.block_params(application.runs);
        let chosen = Chosen { action: told[0], data: told[1], cell: told[2], hit: told[3] };
        self.tell(&application.site, &chosen);
        self.b.def_var(application.data, chosen.data);
        let mut switch = Switch::new();
        application.bodies.iter().for_each(|(place, body)| switch.set_entry(u128::from(*place), *body));
        switch.emit(&mut self.b, chosen.action, application.begun.behind);
    }

    /// Writes out the actions of a table that do something; they go on behind it.
    fn write_bodies(&mut self, application: &Application<'_>) -> Result<()> {
        let program = self.program;
        for (place, body) in &application.bodies {
            let action = &program.actions[usize::from(application.plan.actions[usize::from(*place)])];
            let Some(code) = action.code else { continue };
            self.b.switch_to_block(*body);
            let data = self.b.use_var(application.data);
            match action.combine {
                Some(combine) if self.is_long(combine) => {
                    self.combine_with(combine, data);
                    self.b.ins().jump(application.begun.behind, []);
                }
                _ => {
                    let (first, words) = (program.layout.params, action.param_words);
                    if only_reads(program, code, first..first.saturating_add(words)) {
                        self.data = Some(ActionData { first, words, at: data });
                    } else {
                        self.params(data, words);
                    }
                    self.region(code, Some(application.begun.behind))?;
                    self.data = None;
                }
            }
        }
        Ok(())
    }

    /// Whether an action only combines a value that is too long for registers with data.
    fn is_long(&mut self, combine: Combine) -> bool {
        let words = |first: Slot| first..first.saturating_add(combine.limbs);
        !combine.counts
            && combine.limbs.is_multiple_of(2)
            && words(combine.target).chain(words(combine.copy)).all(|slot| self.is_in_memory(slot))
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

//! Counters, meters, registers, value sets and digests (P4Runtime sections 9.3, 9.4, 9.6, 9.7 and 9.8).

use std::sync::Arc;

use rustc_hash::FxHashSet;
use sluice_entities::{
    CounterEntry, DigestEntry, DirectCounterEntry, DirectMeterEntry, EntryAttributes, MeterEntry,
    RegisterEntry, UpdateKind, ValueSetEntry,
};

use super::super::check::{check_matches, check_rates, check_width, check_zero};
use super::super::error::WriteError;
use super::{Batch, Result, check_index, only_modified, present};
use crate::configuration::ValueSetState;
use crate::tables::{Engine, Rule};

/// The thing of that name in a list.
fn find<T>(list: &[T], what: &'static str, name: &str, is: impl Fn(&T) -> bool) -> Result<usize> {
    list.iter().position(is).ok_or_else(|| WriteError::Unknown { what, name: name.to_string() })
}

impl Batch<'_> {
    pub(super) fn meter(&mut self, kind: UpdateKind, entry: &MeterEntry) -> Result<()> {
        only_modified(kind, "a meter cell")?;
        let meters = &self.program.info.meters;
        let index = find(meters, "meter", &entry.meter, |meter| meter.name == entry.meter)?;
        let what = || format!("meter `{}`", entry.meter);
        let cell = check_index(entry.index, meters[index].size, what)?;
        check_rates(what, entry.config.as_ref())?;
        check_zero(entry.counters.as_ref())?;
        let rates = &mut Arc::make_mut(&mut self.next.meters)[index];
        match cell {
            Some(cell) => rates.set(cell, entry.config),
            None => rates.fill(entry.config),
        }
        if entry.counters.is_some() {
            self.effects.meters.push((index, cell));
        }
        Ok(())
    }

    pub(super) fn direct_meter(&mut self, kind: UpdateKind, entry: &DirectMeterEntry) -> Result<()> {
        only_modified(kind, "a direct meter")?;
        let table = self.table_index(&entry.table)?;
        if self.program.info.tables[table].direct_meter.is_none() {
            return Err(WriteError::NoResource { table: entry.table.to_string(), what: "direct meter" });
        }
        let cell = self.cell_of(table, &entry.key)?;
        check_rates(|| format!("direct meter of table `{}`", entry.table), entry.config.as_ref())?;
        check_zero(entry.counters.as_ref())?;
        let (meter, meter_counters) = (entry.config, entry.counters);
        self.set_meter(cell, &EntryAttributes { meter, meter_counters, ..EntryAttributes::default() });
        Ok(())
    }

    pub(super) fn counter(&mut self, kind: UpdateKind, entry: &CounterEntry) -> Result<()> {
        only_modified(kind, "a counter cell")?;
        let counters = &self.program.info.counters;
        let index = find(counters, "counter", &entry.counter, |counter| counter.name == entry.counter)?;
        let size = counters[index].size;
        let cell = check_index(entry.index, size, || format!("counter `{}`", entry.counter))?;
        if let Some(data) = entry.data {
            let first = crate::counters::first_counter_cell(&self.program.info, index);
            self.effects.counters.push(match cell {
                Some(cell) => (first + cell as u32, 1, data),
                None => (first, size, data),
            });
        }
        Ok(())
    }

    pub(super) fn direct_counter(&mut self, kind: UpdateKind, entry: &DirectCounterEntry) -> Result<()> {
        only_modified(kind, "a direct counter")?;
        let table = self.table_index(&entry.table)?;
        if self.program.info.tables[table].direct_counter.is_none() {
            return Err(WriteError::NoResource { table: entry.table.to_string(), what: "direct counter" });
        }
        let cell = self.cell_of(table, &entry.key)?;
        if let Some(data) = entry.data {
            self.effects.counters.push((cell, 1, data));
        }
        Ok(())
    }

    pub(super) fn register(&mut self, kind: UpdateKind, entry: &RegisterEntry) -> Result<()> {
        only_modified(kind, "a register cell")?;
        let registers = &self.program.registers;
        let index = find(registers, "register", &entry.register, |register| register.name == entry.register)?;
        let register = &registers[index];
        let what = || format!("register `{}`", register.name);
        check_width(what, &entry.value, register.width)?;
        let cell = check_index(entry.index, register.size, what)?;
        self.effects.registers.push((index, cell, entry.value.clone()));
        Ok(())
    }

    pub(super) fn value_set(&mut self, kind: UpdateKind, entry: &ValueSetEntry) -> Result<()> {
        only_modified(kind, "a value set")?;
        let sets = &self.program.info.value_sets;
        let index = find(sets, "value set", &entry.set, |set| set.name == entry.set)?;
        let info = &sets[index];
        let (have, most) = (entry.members.len() as u64, info.size);
        if have > most {
            let what = format!("value set `{}`", info.name);
            return Err(WriteError::TooMany { what, parts: "members", have, most });
        }
        let mut seen = FxHashSet::default();
        for member in &entry.members {
            check_matches("value set", &info.name, &info.fields, member)?;
            if !seen.insert(member) {
                return Err(WriteError::Repeated { set: info.name.to_string() });
            }
        }
        // One that matches is enough: the order of the members does not matter.
        let rules = entry.members.iter().enumerate();
        let rules: Vec<Rule<'_>> =
            rules.map(|(i, matches)| Rule { slot: i as u32, matches, rank: i as u64 }).collect();
        let engine = Engine::build(&self.program.value_sets[index], &rules);
        self.next.value_sets[index] = Arc::new(ValueSetState { engine, members: entry.members.clone() });
        Ok(())
    }

    pub(super) fn digest(&mut self, kind: UpdateKind, entry: &DigestEntry) -> Result<()> {
        let digests = &self.program.info.digests;
        let index = find(digests, "digest", &entry.digest, |digest| digest.name == entry.digest)?;
        let what = format!("digest `{}`", entry.digest);
        present(kind, self.next.digests[index].is_some(), &what)?;
        let config = (kind != UpdateKind::Delete).then_some(entry.config);
        Arc::make_mut(&mut self.next.digests)[index] = config;
        if kind != UpdateKind::Modify {
            self.effects.digests.push(index);
        }
        Ok(())
    }
}

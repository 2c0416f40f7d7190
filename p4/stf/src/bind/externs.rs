//! Counters, registers, meters.

use std::sync::Arc;

use sluice_diagnostics::Diagnostic;
use sluice_entities::MeterConfig;

use super::{Binder, Result, number};
use crate::names::{self, Kind};
use crate::number::Number;
use crate::script::{Cell, Command, Name, Rate};
use crate::target::{Count, CounterCell, Operation};

impl Binder<'_> {
    pub(super) fn counter_cell(&self, counter: &Name, cell: &Cell) -> Result<CounterCell> {
        match cell {
            Cell::Index(index) => {
                let (counter, size) = self.counter(counter)?;
                Ok(CounterCell::Index { counter, index: cell_index(index, size)? })
            }
            Cell::Handle(handle) => {
                let added = self.added.iter().find(|added| added.handle.as_ref() == Some(&handle.text));
                let Some(added) = added else {
                    return Err(Diagnostic::error(format!("there is no entry `{}`", handle.text))
                        .at(handle.span, "")
                        .help("an entry gets a name with `add ... = NAME`"));
                };
                let table = self.info.table(&added.entry.table);
                if table.is_none_or(|table| table.direct_counter.is_none()) {
                    let message = format!("table `{}` has no direct counter", added.entry.table);
                    return Err(Diagnostic::error(message).at(handle.span, "an entry of that table"));
                }
                Ok(CounterCell::Entry { counter: counter.text.clone(), entry: Box::new(added.entry.clone()) })
            }
        }
    }

    fn counter(&self, name: &Name) -> Result<(Arc<str>, u64)> {
        let all = self.info.counters.iter().map(|counter| (&*counter.name, counter));
        names::find(name, Kind::new("counter"), all).map(|counter| (counter.name.clone(), counter.size))
    }

    /// Statements on arrays; `None` for one that only wants a cell to exist, which does.
    pub(super) fn array(&self, command: &Command) -> Result<Option<Operation>> {
        let registers = self.info.registers.iter().map(|register| (&*register.name, register));
        let register = |name: &Name| names::find(name, Kind::new("register"), registers.clone());
        let meters = self.info.meters.iter().map(|meter| (&*meter.name, meter));
        let meter = |name: &Name| names::find(name, Kind::new("meter"), meters.clone());
        Ok(Some(match command {
            Command::CounterRead { counter, index } => {
                cell_index(index, self.counter(counter)?.1)?;
                return Ok(None);
            }
            Command::CounterWrite { counter, index, packets, bytes } => {
                let (counter, size) = self.counter(counter)?;
                let index = cell_index(index, size)?;
                let packets = number(packets, u64::MAX, "the number of packets")?;
                let bytes = number(bytes, u64::MAX, "the number of bytes")?;
                Operation::CounterWrite { counter, index, count: Count { packets, bytes } }
            }
            Command::RegisterRead { register: name, index } => {
                cell_index(index, register(name)?.size)?;
                return Ok(None);
            }
            Command::RegisterWrite { register: name, index, value } => {
                let info = register(name)?;
                let index = cell_index(index, info.size)?;
                let fitting = value.value(info.width).filter(|_| !value.has_wildcards());
                let Some(bits) = fitting else {
                    let message = format!("`{}` is no value of `{}`", value.text, info.name);
                    return Err(
                        Diagnostic::error(message).at(value.span, format!("{} bits are wanted", info.width))
                    );
                };
                Operation::RegisterWrite { register: info.name.clone(), index, value: bits }
            }
            Command::RegisterReset { register: name } => {
                let info = register(name)?;
                Operation::RegisterReset { register: info.name.clone(), size: info.size, width: info.width }
            }
            Command::MeterSetRates { meter: name, index, rates } => {
                let info = meter(name)?;
                let index = Some(cell_index(index, info.size)?);
                Operation::MeterRates {
                    meter: info.name.clone(),
                    index,
                    size: info.size,
                    config: config(rates)?,
                }
            }
            Command::MeterArraySetRates { meter: name, rates } => {
                let info = meter(name)?;
                let config = config(rates)?;
                Operation::MeterRates { meter: info.name.clone(), index: None, size: info.size, config }
            }
            Command::MeterGetRates { meter: name, index } => {
                cell_index(index, meter(name)?.size)?;
                return Ok(None);
            }
            // All others are bound before.
            _ => return Ok(None),
        }))
    }
}

fn cell_index(index: &Number, size: u64) -> Result<u64> {
    number(index, size.saturating_sub(1), "the index")
}

fn config(rates: &[Rate]) -> Result<MeterConfig> {
    let burst = |rate: &Rate| number(&rate.burst, u64::MAX, "the burst");
    let mut config = MeterConfig { cir: 0, cburst: 0, pir: 0, pburst: 0 };
    for (at, rate) in rates.iter().enumerate() {
        if at == 0 {
            (config.cir, config.cburst) = (rate.per_second, burst(rate)?);
        }
        (config.pir, config.pburst) = (rate.per_second, burst(rate)?);
    }
    Ok(config)
}

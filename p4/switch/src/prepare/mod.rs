//! Prepares a module once, so that running it needs no look-ups, no types and no allocation.
//!
//! Preparing gives every variable, field and constant its place ([`layout`]), turns expressions ([`expression`], [`place`]),
//! statements ([`statement`], [`externs`]), the parser ([`parser`]) and tables ([`table`]) into one list of
//! [`crate::engine::op::Op`]s, and refuses what is beyond the engine's bounds.

mod codegen;
mod expression;
mod externs;
mod layout;
mod parser;
mod place;
mod statement;
mod table;
mod usage;

use std::sync::Arc;

use sluice_ir::Module;

use crate::engine::program::{EntryPoints, Program, RegisterPlan};
use codegen::Codegen;

/// Most bits of one scalar that the soft switch computes with.
pub const MAX_SCALAR_BITS: u32 = 4096;

/// Most 64-bit words of a packet's state: variables, temporaries and constants.
pub const MAX_STATE_WORDS: usize = 65_000;

/// Most bytes of all headers together.
pub const MAX_HEADER_BYTES: usize = 1 << 20;

/// Most bytes of all registers together.
pub const MAX_REGISTER_BYTES: u64 = 1 << 32;

/// Most cells of all counters together, direct ones included.
pub const MAX_COUNTER_CELLS: u64 = 1 << 26;

/// Most cells of all meters together.
pub const MAX_METER_CELLS: u64 = 1 << 22;

/// Why a module cannot run on the soft switch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// A bound of the engine is exceeded.
    #[error("the program has {have} {what}; the soft switch takes at most {most}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much the program has.
        have: u64,
        /// How much there may be.
        most: u64,
    },
    /// A scalar is too wide.
    #[error("{what} has {bits} bits; the soft switch computes with at most {MAX_SCALAR_BITS}")]
    TooWide {
        /// The scalar.
        what: String,
        /// Its width.
        bits: u32,
    },
    /// The module breaks a rule of the IR that its verifier checks.
    #[error("the module is not one that the verifier passes: {what}")]
    Invalid {
        /// What is wrong.
        what: String,
    },
    /// An entry of the program is not one that its table takes.
    #[error("entry {index} of table `{table}` in the program: {error}")]
    Entry {
        /// The table.
        table: String,
        /// Which entry, from 0.
        index: usize,
        /// What is wrong with it.
        error: Box<crate::WriteError>,
    },
}

/// Prepares a verified module.
pub(crate) fn prepare(module: &Module) -> Result<Program, PrepareError> {
    check_bounds(module)?;
    let mut codegen = Codegen::new(module)?;
    codegen.tables()?;
    codegen.actions()?;
    let pipeline = &module.pipeline;
    let entry = EntryPoints {
        parser: codegen.parser(&pipeline.parser)?,
        verify: codegen.control(&pipeline.verify_checksum)?,
        ingress: codegen.control(&pipeline.ingress)?,
        egress: codegen.control(&pipeline.egress)?,
        compute: codegen.control(&pipeline.compute_checksum)?,
        deparser: codegen.control(&pipeline.deparser)?,
    };
    let registers = module
        .registers
        .iter()
        .map(|(_, register)| RegisterPlan {
            name: Arc::from(register.name.as_str()),
            size: register.size,
            width: register.ty.width(),
        })
        .collect();
    codegen.finish(entry, registers, Arc::new(module.info()))
}

fn bound(what: &'static str, have: u64, most: u64) -> Result<(), PrepareError> {
    if have > most { Err(PrepareError::TooLarge { what, have, most }) } else { Ok(()) }
}

fn check_bounds(module: &Module) -> Result<(), PrepareError> {
    let index = u64::from(u16::MAX);
    bound("tables", module.tables.len() as u64, index)?;
    bound("actions", module.actions.len() as u64, index)?;
    bound("headers", module.headers.len() as u64, index)?;
    bound("stacks", module.stacks.len() as u64, index)?;
    bound("registers", module.registers.len() as u64, index)?;
    bound("meters", module.meters.len() as u64, index)?;
    let sum = |sizes: &mut dyn Iterator<Item = u64>| sizes.fold(0u64, u64::saturating_add);
    let register_bytes = sum(&mut module
        .registers
        .iter()
        .map(|(_, register)| register.size.saturating_mul(u64::from(register.ty.width().div_ceil(64)) * 8)));
    bound("bytes of registers", register_bytes, MAX_REGISTER_BYTES)?;
    let cells = sum(&mut module.counters.iter().map(|(_, counter)| counter.size));
    bound("counter cells", cells, MAX_COUNTER_CELLS)?;
    let meters = sum(&mut module.meters.iter().map(|(_, meter)| meter.size));
    bound("meter cells", meters, MAX_METER_CELLS)?;
    for (_, expression) in module.expressions.iter() {
        let bits = expression.ty.width();
        if bits > MAX_SCALAR_BITS && !matches!(expression.ty, sluice_ir::Type::Varbit(_)) {
            return Err(PrepareError::TooWide { what: "an expression".to_string(), bits });
        }
    }
    Ok(())
}

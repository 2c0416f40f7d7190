//! Native code for prepared programs, made by Cranelift.
//!
//! The interpreter ([`crate::engine::run`]) is the meaning of a prepared program; native code does the same, faster. Each block
//! of the pipeline becomes one function, with the actions of the tables that it applies written into it ([`translate`]).
//!
//! - Constants become immediates. Words that mean nothing outside of the function ([`slots`]) become values in registers; all others
//!   stay where the interpreter has them, so that either engine can go on where the other stopped.
//!   Bitmaps too long for registers stay where they come from as long as they can ([`long`]); data of actions are read in their records.
//! - Tables are applied in line ([`apply`]): keys of a few bits, exact keys, prefixes and ranges are looked up in the same structures
//!   that the interpreter uses ([`look_up`], [`view`]); other look-ups and rare calls lead back into Rust ([`seam`]).
//! - What a packet need not go through is known before it comes: which words have to be cleared ([`liveness`]), and that a packet of
//!   which nothing was changed leaves as it came ([`order`]).
//! - What has no native form ends the function, and the interpreter does the rest of the block: see [`seam::Ended::Resume`].
//!
//! A program whose code would grow beyond [`MAX_NATIVE_STEPS`] runs in the interpreter as a whole, as does every program on an
//! architecture that Cranelift does not know; [`crate::Switch::engine`] says so. Packets that are traced always go through
//! the interpreter.
//!
//! [`seam`] and [`code`] are the only modules of the crate that may contain `unsafe`.

mod apply;
mod calls;
#[expect(unsafe_code, reason = "makes functions of machine code, see its documentation")]
mod code;
mod fields;
mod liveness;
mod long;
mod look_up;
mod order;
mod packet;
mod scalar;
#[expect(unsafe_code, reason = "what native code and Rust share, see its documentation")]
pub(crate) mod seam;
mod slots;
mod translate;
mod values;
pub(crate) mod view;

use std::fmt;
use std::ops::Range;

use crate::engine::op::Pc;
use crate::engine::program::{EntryPoints, Program};
use code::Code;
use order::Order;
use translate::Known;

/// Most steps of native code that a program may need: instructions with the actions of all tables written out, each wide one
/// counted once for each of its words.
pub const MAX_NATIVE_STEPS: usize = 1 << 17;

/// What runs a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Native code for the machine that the switch runs on.
    Native,
    /// The interpreter of the prepared program, which is the reference.
    Interpreter,
}

impl Engine {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Native, Self::Interpreter];

    /// Its name in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Interpreter => "interpreter",
        }
    }
}

impl Default for Engine {
    /// Native code where the architecture is supported: x86-64 and AArch64.
    fn default() -> Self {
        if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            Self::Native
        } else {
            Self::Interpreter
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a program has no native code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoNativeCode {
    /// The code would be too large.
    #[error("native code for this program takes more than {MAX_NATIVE_STEPS} steps")]
    TooLarge,
    /// Cranelift refuses the machine or the code.
    #[error("the code generator says: {0}")]
    Generator(String),
}

/// A block of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Parser,
    Verify,
    Ingress,
    Egress,
    Compute,
    Deparser,
}

impl Stage {
    pub(crate) const ALL: [Self; 6] =
        [Self::Parser, Self::Verify, Self::Ingress, Self::Egress, Self::Compute, Self::Deparser];

    /// Its first instruction.
    pub(crate) fn entry(self, entry: &EntryPoints) -> Pc {
        match self {
            Self::Parser => entry.parser,
            Self::Verify => entry.verify,
            Self::Ingress => entry.ingress,
            Self::Egress => entry.egress,
            Self::Compute => entry.compute,
            Self::Deparser => entry.deparser,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Parser => "parser",
            Self::Verify => "verify_checksum",
            Self::Ingress => "ingress",
            Self::Egress => "egress",
            Self::Compute => "compute_checksum",
            Self::Deparser => "deparser",
        }
    }
}

/// The native code of one program.
#[derive(Debug)]
pub(crate) struct Native {
    code: Code,
    /// Stages that do nothing, by `Stage as usize`.
    empty: [bool; Stage::ALL.len()],
    keeps_order: bool,
    /// Ranges of the words that have to be zero when a packet begins.
    cleared: Vec<Range<usize>>,
}

impl Native {
    pub(crate) fn compile(program: &Program) -> Result<Self, NoNativeCode> {
        let others = slots::Shared::of(program);
        let order = Order::of(program);
        let mut steps = 0;
        let code = Code::make(Stage::ALL.map(Stage::name), |index, func, context, host| {
            let known = Known { program, shared: &others, order: order.as_ref() };
            translate::function(known, Stage::ALL[index], &mut steps, func, context, host)
        })?;
        let empty = Stage::ALL.map(|stage| program.is_empty(stage));
        Ok(Self { code, empty, keeps_order: order.is_some(), cleared: liveness::cleared(program) })
    }

    /// Whether a block does nothing.
    #[inline(always)]
    pub(crate) fn is_empty(&self, stage: Stage) -> bool {
        self.empty[stage as usize]
    }

    /// The words that have to be zero when a packet begins, as ranges; native code writes all others before it reads them.
    #[inline(always)]
    pub(crate) fn cleared(&self) -> &[Range<usize>] {
        &self.cleared
    }

    /// Whether a packet of which nothing was changed leaves as it came, without the deparser.
    #[inline(always)]
    pub(crate) fn keeps_order(&self) -> bool {
        self.keeps_order
    }

    /// The function of one block.
    #[inline(always)]
    pub(crate) fn entry(&self, stage: Stage) -> code::Entry<'_> {
        self.code.entry(stage as usize)
    }
}

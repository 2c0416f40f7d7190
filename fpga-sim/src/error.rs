//! What can go wrong.

use sluice_diagnostics::Diagnostics;
use sluice_fpga::FpgaError;

/// Why the simulation did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The program has what the back end has not.
    #[error("the program has what RTL has not")]
    Unsupported(Diagnostics),
    /// What the tables do not take.
    #[error(transparent)]
    Tables(#[from] FpgaError),
    /// A tool is not there or failed.
    #[error("{tool}: {why}")]
    Tool {
        /// What it is called.
        tool: String,
        /// What it said.
        why: String,
    },
    /// A file or the process.
    #[error("{what}: {why}")]
    Io {
        /// What was to be done.
        what: String,
        /// Why it was not.
        why: std::io::Error,
    },
}

impl SimError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        |why| Self::Io { what, why }
    }
}

/// What everything here gives.
pub(crate) type Result<T> = std::result::Result<T, SimError>;

//! What can go wrong between a program and the kernel.

use sluice_diagnostics::Diagnostics;
use sluice_switch::{PrepareError, WriteErrors};

/// Why XDP does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum XdpError {
    /// The program has what XDP has not.
    #[error("XDP cannot run this program")]
    Unsupported(Diagnostics),
    /// The program exceeds a bound of every data path.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// There is no clang.
    #[error("cannot run {program}: {why}; install clang, or name it in SLUICE_CLANG")]
    NoClang {
        /// What was to be run.
        program: String,
        /// What the system says.
        why: std::io::Error,
    },
    /// clang does not take the program's text.
    #[error("{program} refuses the program's C: {message}")]
    Clang {
        /// What was run.
        program: String,
        /// The first lines of what it says.
        message: String,
    },
    /// A temporary folder could not be used.
    #[error("cannot write the program's C: {0}")]
    Folder(std::io::Error),
    /// The kernel does not take the object, or a map's element.
    #[error("the kernel refuses {what}: {why}")]
    Kernel {
        /// What was asked.
        what: String,
        /// What the kernel, or libbpf, says.
        why: String,
    },
    /// The object lacks something that its layout says it has.
    #[error("the program's object has no {0}")]
    Missing(String),
    /// A write that every data path refuses.
    #[error(transparent)]
    Write(#[from] WriteErrors),
    /// More entries than a table's map holds.
    #[error("table {table} holds {capacity} entries on XDP, and they are all in use")]
    Full {
        /// Name of the table.
        table: String,
        /// Entries that it holds.
        capacity: u64,
    },
    /// Something that other data paths can do.
    #[error("XDP cannot do this: {0}")]
    Cannot(&'static str),
}

/// What can fail here.
pub type Result<T> = std::result::Result<T, XdpError>;

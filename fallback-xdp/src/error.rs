//! What can go wrong between a program and the kernel.

use sluice_diagnostics::Diagnostics;
use sluice_entities::Code;
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
    /// A device has a program already.
    #[error(
        "device {device} has the XDP program {program} already, and one device runs one: take that away (`ip link set dev DEVICE xdp off`), or take another device"
    )]
    Taken {
        /// The kernel's number of the device.
        device: u32,
        /// Number and name of the program.
        program: String,
    },
    /// The driver has no XDP of its own.
    #[error(
        "the driver of device {device} has no XDP, and with the kernel's general one copies of a packet would share their bytes: take another device, or `--data-path soft`"
    )]
    NotNative {
        /// The kernel's number of the device.
        device: u32,
    },
    /// Frames that are redirected to a device would vanish.
    #[error(
        "device {device} takes no frames from XDP: where it is one end of a pair, give the other end GRO (`ethtool -K PEER gro on`) or an XDP program; else take another device, or `--data-path soft`"
    )]
    NoTransmit {
        /// The kernel's number of the device.
        device: u32,
    },
    /// The BPF file system does not do what it is asked.
    #[error("{path}: {why}")]
    Pins {
        /// Where.
        path: String,
        /// What it says.
        why: String,
    },
    /// Another process has the folder.
    #[error(
        "another broker has {path}: give this one a name of its own (`--pin NAME`), or end that one first"
    )]
    InUse {
        /// The folder.
        path: String,
    },
    /// Something that other data paths can do.
    #[error("XDP cannot do this: {0}")]
    Cannot(&'static str),
}

impl XdpError {
    /// What kind of mistake it is, in P4Runtime's words.
    pub fn code(&self) -> Code {
        match self {
            Self::Unsupported(_) | Self::Prepare(_) => Code::InvalidArgument,
            Self::Write(errors) => {
                errors.errors.first().map_or(Code::InvalidArgument, |(_, error)| error.code())
            }
            Self::Full { .. } => Code::ResourceExhausted,
            Self::Cannot(_) => Code::Unimplemented,
            Self::NoClang { .. }
            | Self::Folder(_)
            | Self::Taken { .. }
            | Self::InUse { .. }
            | Self::NotNative { .. }
            | Self::NoTransmit { .. } => Code::FailedPrecondition,
            Self::Clang { .. } | Self::Kernel { .. } | Self::Pins { .. } | Self::Missing(_) => Code::Internal,
        }
    }
}

/// What is wrong with a batch: the index of each update, from 0, and why. Never empty.
#[derive(Debug)]
pub struct BatchError(pub Vec<(usize, XdpError)>);

/// What can fail here.
pub type Result<T> = std::result::Result<T, XdpError>;

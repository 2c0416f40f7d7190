//! What can go wrong.

use sluice_entities::Code;
use sluice_switch::{PrepareError, WriteErrors};

/// Why registers could not be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The device reads as all ones.
    #[error("the device is gone: its registers read as all ones")]
    Gone,
    /// What whoever is in between says.
    #[error("{0}")]
    Failed(String),
}

/// Why the hardware does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum FpgaError {
    /// The program exceeds a bound of every data path.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// An update that every data path refuses.
    #[error(transparent)]
    Write(#[from] WriteErrors),
    /// There is no room.
    #[error("{what} has no room: the hardware has {rows} {of}")]
    Full {
        /// What is full.
        what: String,
        /// How many there are.
        rows: u32,
        /// Of what.
        of: &'static str,
    },
    /// Something that the hardware has not.
    #[error("the hardware cannot do this: {0}")]
    Cannot(String),
    /// The registers cannot be reached.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// What was written is not there.
    #[error(
        "{what} reads as {found:#x} after {written:#x} was written: the card is not what it says, or is damaged"
    )]
    NotTaken {
        /// Of which register.
        what: &'static str,
        /// What was written.
        written: u32,
        /// What it reads as.
        found: u32,
    },
    /// An earlier error has left the hardware with half of a write.
    #[error(
        "the tables of the hardware are not what was written, since an earlier write broke off ({0}): put the program into place again"
    )]
    OutOfStep(String),
}

impl FpgaError {
    /// What kind of mistake it is, in P4Runtime's words.
    pub fn code(&self) -> Code {
        match self {
            Self::Prepare(_) => Code::InvalidArgument,
            Self::Write(errors) => {
                errors.errors.first().map_or(Code::InvalidArgument, |(_, error)| error.code())
            }
            Self::Full { .. } => Code::ResourceExhausted,
            Self::Cannot(_) => Code::Unimplemented,
            Self::Access(_) | Self::NotTaken { .. } | Self::OutOfStep(_) => Code::Unavailable,
        }
    }

    /// Whether the hardware itself did not do what it should, so that nobody knows what stands in it.
    pub fn is_of_device(&self) -> bool {
        matches!(self, Self::Access(_) | Self::NotTaken { .. } | Self::OutOfStep(_))
    }
}

/// What is wrong with a batch: the index of each update, from 0, and why. Never empty.
#[derive(Debug)]
pub struct BatchError(pub Vec<(usize, FpgaError)>);

/// What everything here gives.
pub(crate) type Result<T> = std::result::Result<T, FpgaError>;

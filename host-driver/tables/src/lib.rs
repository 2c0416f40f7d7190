//! Tables of a program in hardware: where entries stand is planned here, by the layout of `sluice_rtl`, and written through 32-bit registers.
//!
//! The simulated pipeline and the card are the same to it: [`Registers`] is the one seam.
//!
//! A soft switch that no packet enters checks every write and keeps what was written, as on XDP, so that the hardware takes and refuses what every other data path does.
//!
//! # What it promises
//!
//! - *A row at once.* The words of a row go into a shadow; one strobe changes the row in one clock.
//! - *Nothing missing in between.* An entry that has to make room stands in its new row before its old one is written over; intervals are written beside those in use, and change places.
//! - *Refused is not there.* What there is no room for is taken back everywhere: the batch is done or not, as its atomicity says.
//! - *Half is never hidden.* Where registers fail in the middle of a write, all further writes are refused ([`FpgaError::OutOfStep`]) until the program is put into place again.

mod error;
mod exact;
mod groups;
mod interval;
mod read;
mod registers;
mod rows;
mod table;
mod tables;
mod write;

use sha2::{Digest, Sha256};

pub use error::{AccessError, BatchError, FpgaError};
pub use registers::{IDENTITY, PIPELINE, Registers};
pub use tables::{Before, Tables};

/// What a program is called in its own text: the text, and with it the hash, is not to depend on where its file is.
pub const PROGRAM: &str = "program.p4";

/// Which program a bitstream was made of: the first 8 bytes of the hash of its SystemVerilog.
pub fn program_hash(text: &str) -> u64 {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

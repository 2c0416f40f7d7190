//! The one seam to the outside: 32-bit registers.

use sluice_entities::Bits;

use crate::error::{AccessError, Result};
use crate::rows::Row;

/// Registers of 32 bits at byte addresses, as the pipeline has them (`fpga-sim/rtl/sluice_registers.sv`).
///
/// Writes arrive in order; a write may have returned before it arrives, and a read returns after all writes before it have arrived.
pub trait Registers: Send {
    /// Reads one.
    ///
    /// # Errors
    /// It cannot be reached.
    fn read(&mut self, address: u32) -> std::result::Result<u32, AccessError>;

    /// Writes one.
    ///
    /// # Errors
    /// It cannot be reached.
    fn write(&mut self, address: u32, word: u32) -> std::result::Result<(), AccessError>;
}

/// What [`IDENTITY`] reads as: `SLUC`.
pub const PIPELINE: u32 = 0x534C_5543;
/// Says that this is a pipeline of ours.
pub const IDENTITY: u32 = 0x000;
const BLOCK: u32 = 0x004;
const ROW: u32 = 0x008;
const COMMIT: u32 = 0x00C;
const READ: u32 = 0x010;
const RESULT: u32 = 0x020;
const WORDS: u32 = 0x1000;

/// The register file, and what stands in its shadow.
#[derive(Debug)]
pub(crate) struct File<R> {
    pub(crate) registers: R,
    /// The words of the shadow; none where that is not known.
    words: Vec<Option<u32>>,
    block: Option<u32>,
    row: Option<u32>,
}

impl<R: Registers> File<R> {
    /// One of whose shadow nothing is known.
    pub(crate) fn new(registers: R, words: u32) -> Self {
        Self { registers, words: vec![None; words as usize], block: None, row: None }
    }

    fn address(&mut self, block: u32, row: u32) -> Result<()> {
        if self.block != Some(block) {
            self.registers.write(BLOCK, block)?;
            self.block = Some(block);
        }
        if self.row != Some(row) {
            self.registers.write(ROW, row)?;
            self.row = Some(row);
        }
        Ok(())
    }

    /// Writes a row: the words that differ from those that stand in the shadow, then block, row and the strobe. The row's block changes in one clock.
    pub(crate) fn put(&mut self, row: &Row) -> Result<()> {
        for at in 0..self.words.len() {
            let limb = row.bits.limbs().get(at / 2).copied().unwrap_or(0);
            let word = (limb >> (32 * (at % 2))) as u32;
            if self.words[at] != Some(word) {
                self.registers.write(WORDS + 4 * at as u32, word)?;
                self.words[at] = Some(word);
            }
        }
        self.address(row.block, row.row)?;
        Ok(self.registers.write(COMMIT, row.kind)?)
    }

    /// A row of a block that can be read: 128 bits of one moment.
    pub(crate) fn get(&mut self, block: u32, row: u32) -> Result<Bits> {
        self.address(block, row)?;
        self.registers.write(READ, 1)?;
        let mut limbs = [0_u64; 2];
        let mut has_zeros = false;
        for word in 0..4 {
            let value = self.registers.read(RESULT + 4 * word)?;
            has_zeros |= value != u32::MAX;
            limbs[word as usize / 2] |= u64::from(value) << (32 * (word % 2));
        }
        if !has_zeros {
            self.present()?;
        }
        Ok(Bits::from_limbs(128, &limbs))
    }

    /// Whether the device is there.
    pub(crate) fn present(&mut self) -> Result<()> {
        match self.registers.read(IDENTITY)? {
            u32::MAX => Err(AccessError::Gone.into()),
            PIPELINE => Ok(()),
            found => {
                Err(crate::error::FpgaError::NotTaken { what: "the identity", written: PIPELINE, found })
            }
        }
    }

    /// Waits until all that was written has arrived, and makes sure that it did: block and row are read back.
    pub(crate) fn verify(&mut self) -> Result<()> {
        let wanted =
            [("the number of the block", BLOCK, self.block), ("the number of the row", ROW, self.row)];
        for (what, register, written) in wanted {
            let Some(written) = written else { continue };
            let found = self.registers.read(register)?;
            if found != written {
                self.present()?;
                return Err(crate::error::FpgaError::NotTaken { what, written, found });
            }
        }
        self.present()
    }

    /// Forgets what stands in the shadow, which has so many words now.
    pub(crate) fn begin(&mut self, words: u32) {
        self.words = vec![None; words as usize];
        (self.block, self.row) = (None, None);
    }
}

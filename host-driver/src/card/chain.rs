//! Chains of register blocks.

use super::{CardError, NIC, Shared};
use crate::registers::{BLOCK_NEXT, BLOCK_TYPE, BLOCK_VERSION, Block};

/// More blocks than a card has: a chain that runs in a circle ends here.
const MAX_BLOCKS: usize = 256;
/// Bytes of the shortest block.
const HEAD_BYTES: u64 = 12;

/// The blocks of a chain.
#[derive(Debug)]
pub(super) struct Found(Vec<(u32, u32, u64)>);

/// Goes through the chain that begins at a place of the NIC's registers.
pub(super) fn walk(shared: &Shared, first: u64) -> Result<Found, CardError> {
    let size = shared.bus.size(NIC);
    let mut blocks: Vec<(u32, u32, u64)> = Vec::new();
    let mut at = first;
    loop {
        if !at.is_multiple_of(4) || at.checked_add(HEAD_BYTES).is_none_or(|end| end > size) {
            let why = format!("a block cannot begin there: there are {size:#x} bytes of registers");
            return Err(CardError::Chain { at, why });
        }
        if blocks.iter().any(|(_, _, before)| *before == at) {
            return Err(CardError::Chain { at, why: "the chain of blocks runs in a circle".into() });
        }
        if blocks.len() == MAX_BLOCKS {
            return Err(CardError::Chain { at, why: format!("the chain has more than {MAX_BLOCKS} blocks") });
        }
        blocks.push((shared.read(at + BLOCK_TYPE)?, shared.read(at + BLOCK_VERSION)?, at));
        match shared.read(at + BLOCK_NEXT)? {
            0 => return Ok(Found(blocks)),
            next => at = u64::from(next),
        }
    }
}

impl Found {
    /// Where all blocks of a kind are.
    pub(super) fn all(&self, block: &Block) -> impl Iterator<Item = u64> + use<'_> {
        let kind = block.kind;
        self.0.iter().filter(move |(found, _, _)| *found == kind).map(|(_, _, at)| *at)
    }

    /// Where the first block of a kind is.
    ///
    /// # Errors
    ///
    /// [`CardError::Version`].
    pub(super) fn find(&self, block: &Block) -> Result<Option<u64>, CardError> {
        let Some((_, found, at)) = self.0.iter().find(|(kind, _, _)| *kind == block.kind) else {
            return Ok(None);
        };
        // A higher minor version adds registers; a higher major one moves them.
        if found >> 8 != block.version >> 8 {
            return Err(CardError::Version { block: block.name, found: *found, known: block.version });
        }
        Ok(Some(*at))
    }

    /// As [`Self::find`], where there has to be one.
    pub(super) fn need(&self, block: &Block) -> Result<u64, CardError> {
        self.find(block)?.ok_or(CardError::Missing { block: block.name })
    }
}

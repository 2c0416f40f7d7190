//! The pipeline's registers: BAR2 of a card.

use sluice_fpga::{AccessError, Registers};
use sluice_nic::{CardError, Pipeline};

/// The registers of a card's application block.
#[derive(Clone, Debug)]
pub(crate) struct Bar(pub(crate) Pipeline);

fn failed(error: CardError) -> AccessError {
    match error {
        CardError::Gone => AccessError::Gone,
        other => AccessError::Failed(other.to_string()),
    }
}

impl Registers for Bar {
    fn read(&mut self, address: u32) -> Result<u32, AccessError> {
        self.0.read(address.into()).map_err(failed)
    }

    fn write(&mut self, address: u32, word: u32) -> Result<(), AccessError> {
        self.0.write(address.into(), word).map_err(failed)
    }
}

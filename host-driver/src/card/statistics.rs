//! Counters of the card.

use std::sync::Arc;

use super::{CardError, Queues, Shared};

/// Counters of 64 bits, which run on over a reading.
#[derive(Debug)]
pub struct Statistics {
    shared: Arc<Shared>,
    places: Queues,
}

impl Statistics {
    pub(super) fn new(shared: Arc<Shared>, places: Queues) -> Self {
        Self { shared, places }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.places.count
    }

    /// One of them. It is whole: a lower half that ran over between its two readings is read again.
    ///
    /// # Errors
    ///
    /// [`CardError::NoQueue`] for one that there is not, and what the bus says.
    pub fn read(&self, number: u32) -> Result<u64, CardError> {
        let place = self.places.place("counter", number)?;
        let mut high = self.shared.read(place + 4)?;
        loop {
            let low = self.shared.read(place)?;
            let again = self.shared.read(place + 4)?;
            if again == high {
                return Ok(u64::from(high) << 32 | u64::from(low));
            }
            high = again;
        }
    }

    /// All of them that are not 0, by number.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn read_all(&self) -> Result<Vec<(u32, u64)>, CardError> {
        let all = (0..self.count()).map(|number| Ok((number, self.read(number)?)));
        all.filter(|one| !matches!(one, Ok((_, 0)))).collect()
    }
}

//! Batches of updates: done in order, and taken back where one is refused.

use std::hash::{DefaultHasher, Hash, Hasher};

use sluice_entities::{Atomicity, EntryKey, Update};
use sluice_switch::Undo;

use crate::device::Device;
use crate::error::{BatchError, Result, XdpError};

impl Device {
    /// As [`Self::write_batch`], all of the updates or none.
    ///
    /// # Errors
    /// The first that is wrong.
    pub fn write(&mut self, updates: &[Update]) -> Result<()> {
        let done = self.write_batch(updates, Atomicity::RollbackOnError);
        done.map_err(|refused| match refused.0.into_iter().next() {
            Some((_, error)) => error,
            None => XdpError::Missing("reason".to_string()),
        })
    }

    /// Does updates in order. A packet may find some of them done and others not, and after a mistake also some that are taken back then; each of them it finds whole.
    ///
    /// # Errors
    /// What is wrong with updates: with [`Atomicity::ContinueOnError`] all others are done, with the other two none is, and the first is told alone. What the kernel refuses, or a map that is
    /// full, is a mistake as well; entries that were removed and come back begin to count anew.
    pub fn write_batch(
        &mut self,
        updates: &[Update],
        atomicity: Atomicity,
    ) -> std::result::Result<(), BatchError> {
        // A program that does without a table has to be gone before the table has something to do.
        self.generalize_for(updates).map_err(|error| BatchError(vec![(0, error)]))?;
        let errors = if atomicity == Atomicity::ContinueOnError {
            let each = updates.iter().enumerate();
            each.filter_map(|(index, update)| Some((index, self.all(std::slice::from_ref(update)).err()?.1)))
                .collect()
        } else {
            self.all(updates).err().into_iter().collect::<Vec<_>>()
        };
        // Cells that were taken and given back may be taken in another order afterwards.
        let mut hasher = DefaultHasher::new();
        (self.journal, updates, errors.is_empty()).hash(&mut hasher);
        self.journal = hasher.finish();
        // What could not be published now is with the next write.
        let published = self.publish().map_err(|error| BatchError(vec![(0, error)]));
        if errors.is_empty() { published } else { Err(BatchError(errors)) }
    }

    /// All updates or none; defaults become visible with the next [`Self::publish`].
    fn all(&mut self, updates: &[Update]) -> std::result::Result<(), (usize, XdpError)> {
        let undo = Undo::before(&self.shadow, updates, &mut |query| {
            let mut found = Vec::new();
            // A name that the program does not have is refused when it is written.
            let _ = self.read_each(query, &mut |entity| found.push(entity));
            found
        });
        self.shadow.write_batch(updates, Atomicity::RollbackOnError).map_err(|refused| {
            let at = refused.errors.first().map_or(0, |(index, _)| *index);
            (at, XdpError::Write(refused))
        })?;
        for (index, update) in updates.iter().enumerate() {
            if let Err(error) = self.sync(update) {
                self.restore(undo);
                return Err((index, error));
            }
        }
        Ok(())
    }

    /// Takes back what was done.
    fn restore(&mut self, undo: Undo) {
        let updates = undo.into_updates();
        if let Err(errors) = self.shadow.write_batch(&updates, Atomicity::ContinueOnError) {
            tracing::error!(%errors, "what was written before cannot be written again");
        }
        for update in &updates {
            if let Err(error) = self.sync(update) {
                tracing::error!(%error, "the kernel does not take back what it took before");
            }
        }
    }

    /// The direct cell of an entry or default action.
    pub(crate) fn cell_of(&self, table: &str, key: &EntryKey) -> Option<u32> {
        self.cell(table, key).ok()
    }
}

//! Maps whose words this process has in its memory: what it writes there a packet sees at once, and whole.
#![allow(unsafe_code, reason = "memory that is shared with the kernel is no Rust memory")]

use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::MmapRaw;

use crate::error::Result;
use crate::kernel::Inner;

/// An array of words (`BPF_F_MMAPABLE`), which stays as long as this.
#[derive(Debug)]
pub(crate) struct Words {
    mapped: MmapRaw,
    map: Inner,
}

impl Words {
    /// Maps all of an array of so many words.
    pub(crate) fn new(map: Inner, words: usize) -> Result<Self> {
        Ok(Self { mapped: map.mapped(words * 8)?, map })
    }

    /// The map.
    pub(crate) fn map(&self) -> &Inner {
        &self.map
    }

    /// Writes a word; nothing beyond the array. What was written before, by whatever means, is there for who sees it.
    pub(crate) fn store(&self, index: usize, word: u64) {
        if index >= self.mapped.len() / 8 {
            return;
        }
        // SAFETY: The mapping is `len` bytes long and begins with a page, so that word `index` is inside of it and aligned; it lives as long as
        // `self`. No reference to the memory is ever made but this one to an atomic, by which the kernel's writes (there are none but a program's) do not matter.
        let word_of_map = unsafe { AtomicU64::from_ptr(self.mapped.as_mut_ptr().cast::<u64>().add(index)) };
        word_of_map.store(word, Ordering::Release);
    }
}

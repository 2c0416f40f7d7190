//! Records: what entries do, shared by those that do the same.

use std::collections::HashMap;

use sluice_ebpf::records_map;

use crate::encode;
use crate::error::{Result, XdpError};
use crate::kernel::Kernel;

/// The records of one map. A record that nobody refers to is used again only when no packet can still read it.
#[derive(Debug)]
pub(crate) struct Records {
    words: usize,
    map: String,
    /// Records by content: where each stands, and how many references there are.
    known: HashMap<Vec<u64>, (u32, usize)>,
    contents: HashMap<u32, Vec<u64>>,
    free: Vec<u32>,
    /// Nobody refers to these any more; packets under way may read them.
    waiting: Vec<u32>,
    capacity: u32,
}

impl Records {
    pub(crate) fn new(words: usize, capacity: u64) -> Self {
        let capacity = capacity.min(u64::from(u32::MAX)) as u32;
        Self {
            words,
            map: records_map(words),
            known: HashMap::new(),
            contents: HashMap::new(),
            free: (0..capacity).rev().collect(),
            waiting: Vec::new(),
            capacity,
        }
    }

    /// A record of that content; its number.
    pub(crate) fn take(&mut self, kernel: &Kernel, mut content: Vec<u64>) -> Result<u32> {
        content.resize(self.words, 0);
        if let Some((index, count)) = self.known.get_mut(&content) {
            *count += 1;
            return Ok(*index);
        }
        let full = || XdpError::Full { table: self.map.clone(), capacity: u64::from(self.capacity) };
        let index = self.free.pop().ok_or_else(full)?;
        if let Err(error) = kernel.update(&self.map, &index.to_ne_bytes(), &encode::bytes(&content)) {
            self.free.push(index);
            return Err(error);
        }
        self.contents.insert(index, content.clone());
        self.known.insert(content, (index, 1));
        Ok(index)
    }

    /// What a record that is referred to says.
    pub(crate) fn content(&self, index: u32) -> Option<&[u64]> {
        self.contents.get(&index).map(Vec::as_slice)
    }

    /// One reference fewer.
    pub(crate) fn leave(&mut self, index: u32) {
        let Some(content) = self.contents.get(&index) else { return };
        let Some((_, count)) = self.known.get_mut(content) else { return };
        *count -= 1;
        if *count == 0 {
            self.known.remove(content);
            self.contents.remove(&index);
            self.waiting.push(index);
        }
    }

    /// Whether there is little left but what waits.
    pub(crate) fn wants_grace(&self) -> bool {
        self.free.is_empty() && !self.waiting.is_empty()
    }

    /// No packet that was under way when the last references went is there any more.
    pub(crate) fn passed(&mut self) {
        self.free.append(&mut self.waiting);
    }
}

//! Memory that an AF_XDP socket shares with the kernel: rings, and the frames that they tell of.
#![allow(unsafe_code, reason = "memory that is shared with the kernel is no Rust memory")]

use std::sync::atomic::{AtomicU32, AtomicU64};

use memmap2::MmapRaw;

/// Shared memory, to which no reference is made but to atomic words; what stands in it is checked by whoever reads it.
#[derive(Debug)]
pub(super) struct Memory(MmapRaw);

impl Memory {
    pub(super) fn new(mapped: MmapRaw) -> Self {
        Self(mapped)
    }

    /// Where the kernel is told that it is, and its bytes.
    pub(super) fn place(&self) -> (u64, u64) {
        (self.0.as_ptr() as u64, self.0.len() as u64)
    }

    /// Whether a value of so many bytes, aligned by its size, is inside.
    fn has(&self, at: usize, bytes: usize) -> bool {
        at.is_multiple_of(bytes) && at.checked_add(bytes).is_some_and(|end| end <= self.0.len())
    }

    /// A word of 32 bits; none outside.
    pub(super) fn word32(&self, at: usize) -> Option<&AtomicU32> {
        if !self.has(at, 4) {
            return None;
        }
        // SAFETY: The mapping is `len` bytes long and begins with a page, so that the word is inside of it and aligned, and it lives as long as `self`. The kernel and this process access
        // it as a whole word; no other kind of reference to it is made.
        Some(unsafe { AtomicU32::from_ptr(self.0.as_mut_ptr().add(at).cast()) })
    }

    /// A word of 64 bits; none outside.
    pub(super) fn word64(&self, at: usize) -> Option<&AtomicU64> {
        if !self.has(at, 8) {
            return None;
        }
        // SAFETY: As above.
        Some(unsafe { AtomicU64::from_ptr(self.0.as_mut_ptr().add(at).cast()) })
    }

    /// Appends a copy of bytes; says whether they are all inside. They are nobody's but this process's: told by the receive ring, and not given back by the fill ring yet.
    pub(super) fn copy(&self, at: usize, bytes: usize, to: &mut Vec<u8>) -> bool {
        if at.checked_add(bytes).is_none_or(|end| end > self.0.len()) {
            return false;
        }
        to.reserve(bytes);
        let length = to.len();
        // SAFETY: The bytes read are inside of the mapping, which is initialized memory, and which lives as long as `self`; those written are the room that was just reserved behind the
        // vector's own, so that the two do not overlap. By raw pointers alone: should the kernel write there nevertheless, the copy has some mixture of bytes, any of which is a `u8`.
        unsafe {
            std::ptr::copy_nonoverlapping(self.0.as_ptr().add(at), to.as_mut_ptr().add(length), bytes);
            to.set_len(length + bytes);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use memmap2::{MmapMut, MmapRaw};

    use super::Memory;

    #[test]
    fn nothing_outside_is_touched() {
        let memory = Memory::new(MmapRaw::from(MmapMut::map_anon(4096).expect("memory")));
        assert!(memory.word32(4092).is_some() && memory.word32(4096).is_none() && memory.word32(2).is_none());
        assert!(
            memory.word64(4088).is_some()
                && memory.word64(4092).is_none()
                && memory.word64(usize::MAX).is_none()
        );
        memory.word32(8).expect("it is inside").store(u32::from_ne_bytes(*b"sixt"), Ordering::Relaxed);
        let mut to = b"of ".to_vec();
        assert!(memory.copy(8, 4, &mut to) && to == b"of sixt");
        assert!(!memory.copy(4093, 4, &mut to) && !memory.copy(usize::MAX, 4, &mut to) && to.len() == 7);
    }
}

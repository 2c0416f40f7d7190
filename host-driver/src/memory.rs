//! Memory that a device reads and writes.
//!
//! The device may change any byte at any time, which Rust references rule out. So there is none: words are read and written by volatile accesses through raw pointers, and
//! bytes are copied in and out. Where the device is a model in this process, whose threads write by Rust's own rules, each access has its turn. What a word means for other bytes (a completion whose phase bit has turned, say) is ordered by [`Memory::read_u32_acquire`] and
//! [`Memory::write_barrier`].
#![allow(unsafe_code, reason = "memory that a device owns cannot be a reference")]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Mutex, PoisonError};

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};

/// Bytes of a page, on every machine that cards are used in.
pub const PAGE_BYTES: usize = 4096;
/// Bytes of a huge page.
pub const HUGE_PAGE_BYTES: usize = 2 << 20;

/// Memory for a device: whole pages, zero at first, at an address that does not change.
#[derive(Debug)]
pub struct Memory {
    backing: Backing,
    is_huge: bool,
}

#[derive(Debug)]
enum Backing {
    /// A file in memory, which other processes can map, too.
    File { mapped: MmapRaw, file: File, offset: u64 },
    /// Memory of this process alone: driver and model are threads of it, and what they do to the same byte at the same time would be a race of Rust's.
    Heap { heap: Heap, turn: Mutex<()> },
}

/// Pages of the allocator.
#[derive(Debug)]
struct Heap {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: A `Heap` owns its pages, and nothing in it belongs to a thread.
unsafe impl Send for Heap {}
// SAFETY: `Heap` is a pointer and a layout, neither of which changes; what it points at is reached by `Memory::at` alone, by one thread at a time (`turn`), and no reference is made.
unsafe impl Sync for Heap {}

impl Drop for Heap {
    fn drop(&mut self) {
        // SAFETY: `start` came from `alloc_zeroed` with this layout, and is freed here alone.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
    }
}

impl Memory {
    /// Memory that another process can be given ([`Self::file`]), at least that many bytes: of huge pages where the machine has some left.
    ///
    /// # Errors
    ///
    /// What the system says: most often that there is no memory.
    pub fn shared(bytes: usize) -> io::Result<Self> {
        let huge = || {
            Self::file_of(bytes.next_multiple_of(HUGE_PAGE_BYTES), MemfdFlags::HUGETLB | MemfdFlags::HUGE_2MB)
        };
        if bytes >= HUGE_PAGE_BYTES / 2
            && let Ok((mapped, file)) = huge()
        {
            return Ok(Self { backing: Backing::File { mapped, file, offset: 0 }, is_huge: true });
        }
        let (mapped, file) = Self::file_of(bytes.max(1).next_multiple_of(PAGE_BYTES), MemfdFlags::empty())?;
        Ok(Self { backing: Backing::File { mapped, file, offset: 0 }, is_huge: false })
    }

    fn file_of(bytes: usize, flags: MemfdFlags) -> io::Result<(MmapRaw, File)> {
        let file = File::from(memfd_create("sluice-dma", flags | MemfdFlags::CLOEXEC)?);
        ftruncate(&file, bytes as u64)?;
        // All of it now, so that a machine without memory says so here and not by a signal later.
        let mapped = MmapOptions::new().len(bytes).populate().map_raw(&file)?;
        Ok((mapped, file))
    }

    /// Part of a file that another process gave: what that process has mapped for its device.
    ///
    /// # Errors
    ///
    /// What the system says; `InvalidInput` for a part that does not lie in the file.
    pub fn of_file(file: File, offset: u64, bytes: usize) -> io::Result<Self> {
        let size = file.metadata()?.len();
        if offset.checked_add(bytes as u64).is_none_or(|end| end > size) || bytes == 0 {
            let message = format!("{bytes} bytes at {offset} do not lie in a file of {size} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let mapped = MmapOptions::new().offset(offset).len(bytes).map_raw(&file)?;
        Ok(Self { backing: Backing::File { mapped, file, offset }, is_huge: false })
    }

    /// Memory of this process alone, at least that many bytes.
    pub fn private(bytes: usize) -> Self {
        let bytes = bytes.max(1).next_multiple_of(PAGE_BYTES);
        let layout = Layout::from_size_align(bytes, PAGE_BYTES)
            .expect("a page is a power of two, and memory is less than half of the address space");
        // SAFETY: The layout is not empty: at least one page.
        let start = unsafe { alloc_zeroed(layout) };
        let Some(start) = NonNull::new(start) else { handle_alloc_error(layout) };
        Self { backing: Backing::Heap { heap: Heap { start, layout }, turn: Mutex::new(()) }, is_huge: false }
    }

    /// Bytes.
    #[expect(clippy::len_without_is_empty, reason = "there is always a page")]
    pub fn len(&self) -> usize {
        match &self.backing {
            Backing::File { mapped, .. } => mapped.len(),
            Backing::Heap { heap, .. } => heap.layout.size(),
        }
    }

    /// Whether it is of huge pages.
    pub fn is_huge(&self) -> bool {
        self.is_huge
    }

    /// The file that it is, and where in it, if other processes can have it.
    pub fn file(&self) -> Option<(BorrowedFd<'_>, u64)> {
        match &self.backing {
            Backing::File { file, offset, .. } => Some((file.as_fd(), *offset)),
            Backing::Heap { .. } => None,
        }
    }

    /// The first byte, for the kernel's calls that map memory for a device.
    pub fn address(&self) -> usize {
        self.start() as usize
    }

    fn start(&self) -> *mut u8 {
        match &self.backing {
            Backing::File { mapped, .. } => mapped.as_mut_ptr(),
            Backing::Heap { heap, .. } => heap.start.as_ptr(),
        }
    }

    /// Does something with that many bytes, which lie wholly in the memory; where they begin is told.
    ///
    /// # Panics
    ///
    /// If they do not: places are computed here and never taken from a device.
    fn at<T>(&self, at: usize, bytes: usize, access: impl FnOnce(*mut u8) -> T) -> T {
        let len = self.len();
        assert!(at.checked_add(bytes).is_some_and(|end| end <= len), "{bytes} bytes at {at} of {len}");
        let _turn = match &self.backing {
            // Nothing is left half done by a panic: an access has none.
            Backing::Heap { turn, .. } => Some(turn.lock().unwrap_or_else(PoisonError::into_inner)),
            Backing::File { .. } => None,
        };
        // SAFETY: The memory is `len` bytes long, and `at` is not beyond it (asserted above).
        access(unsafe { self.start().add(at) })
    }

    /// Reads a word, little endian, as PCI devices write them.
    ///
    /// # Panics
    ///
    /// If it does not lie in the memory, or not at a multiple of four.
    pub fn read_u32(&self, at: usize) -> u32 {
        assert!(at.is_multiple_of(4), "a word at {at}");
        // SAFETY: `place` is inside of the memory, which lives as long as `self`, and aligned, since memory begins with a page. A volatile read takes any bits there are.
        u32::from_le(self.at(at, 4, |place| unsafe { place.cast::<u32>().read_volatile() }))
    }

    /// Reads a word; what is read of the memory afterwards was there when the word was, or later.
    ///
    /// # Panics
    ///
    /// As [`Self::read_u32`].
    pub fn read_u32_acquire(&self, at: usize) -> u32 {
        let word = self.read_u32(at);
        fence(Ordering::Acquire);
        word
    }

    /// Writes a word, little endian.
    ///
    /// # Panics
    ///
    /// As [`Self::read_u32`].
    pub fn write_u32(&self, at: usize, word: u32) {
        assert!(at.is_multiple_of(4), "a word at {at}");
        // SAFETY: As in `read_u32`; the memory is written to by nobody who has a reference to it, since there is none.
        self.at(at, 4, |place| unsafe { place.cast::<u32>().write_volatile(word.to_le()) });
    }

    /// Writes eight bytes, little endian, as two words, the lower one first.
    ///
    /// # Panics
    ///
    /// As [`Self::read_u32`].
    pub fn write_u64(&self, at: usize, word: u64) {
        self.write_u32(at, word as u32);
        self.write_u32(at + 4, (word >> 32) as u32);
    }

    /// Copies bytes out. Bytes that the device changes meanwhile are old or new, each for itself.
    ///
    /// # Panics
    ///
    /// If they do not lie in the memory.
    pub fn read(&self, at: usize, bytes: &mut [u8]) {
        // SAFETY: `place` has that many bytes inside of the memory; `bytes` is Rust's own and cannot overlap with it, since no reference to the memory is ever made.
        self.at(at, bytes.len(), |place| unsafe {
            std::ptr::copy_nonoverlapping(place, bytes.as_mut_ptr(), bytes.len());
        });
    }

    /// Copies bytes in.
    ///
    /// # Panics
    ///
    /// If they do not lie in the memory.
    pub fn write(&self, at: usize, bytes: &[u8]) {
        // SAFETY: As in `read`, the other way round.
        self.at(at, bytes.len(), |place| unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len());
        });
    }

    /// What was written before is there before what is written afterwards, registers of the device included.
    pub fn write_barrier() {
        fence(Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_bytes_are_the_same_memory() {
        let memory = Memory::private(10);
        assert_eq!(memory.len(), PAGE_BYTES);
        memory.write_u64(8, 0x0102_0304_0506_0708);
        let mut bytes = [0; 8];
        memory.read(8, &mut bytes);
        assert_eq!(bytes, [8, 7, 6, 5, 4, 3, 2, 1]);
        memory.write(8, &[0xff, 0, 0, 0]);
        assert_eq!((memory.read_u32(8), memory.read_u32_acquire(12)), (0xff, 0x0102_0304));
    }

    #[test]
    #[should_panic(expected = "4 bytes at 4096 of 4096")]
    fn a_word_behind_the_end_is_not_read() {
        Memory::private(1).read_u32(PAGE_BYTES);
    }

    #[test]
    #[should_panic(expected = "a word at 2")]
    fn a_word_across_two_is_not_written() {
        Memory::private(1).write_u32(2, 0);
    }

    #[cfg(not(miri))]
    #[test]
    fn another_mapping_of_the_file_is_the_same_memory() {
        let memory = Memory::shared(3 * PAGE_BYTES).expect("there is memory");
        let (file, offset) = memory.file().expect("it is shared");
        let file = File::from(file.try_clone_to_owned().expect("there are descriptors"));
        let other =
            Memory::of_file(file, offset + PAGE_BYTES as u64, PAGE_BYTES).expect("it lies in the file");
        memory.write_u32(PAGE_BYTES + 16, 7);
        assert_eq!(other.read_u32(16), 7);
    }

    #[cfg(not(miri))]
    #[test]
    fn what_does_not_lie_in_the_file_is_not_mapped() {
        let memory = Memory::shared(PAGE_BYTES).expect("there is memory");
        let (file, _) = memory.file().expect("it is shared");
        let file = File::from(file.try_clone_to_owned().expect("there are descriptors"));
        let error = Memory::of_file(file, 1, PAGE_BYTES).expect_err("one byte is missing");
        assert_eq!(error.to_string(), "4096 bytes at 1 do not lie in a file of 4096 bytes");
    }
}

//! A byte source with a window of what is not yet consumed, the only buffer that reading needs.
//!
//! The window grows to the longest record met, never above what the caller asks for, and callers ask for
//! bounded lengths only.

use std::io::{self, Read};

/// First size of the window: many packets a read.
const WINDOW_BYTES: usize = 256 * 1024;

/// Reads ahead of what has been consumed.
#[derive(Debug)]
pub(crate) struct Source<R> {
    input: R,
    window: Vec<u8>,
    start: usize,
    end: usize,
    consumed: u64,
    ended: bool,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, window: vec![0; WINDOW_BYTES], start: 0, end: 0, consumed: 0, ended: false }
    }

    /// Tries to have `length` bytes in the window, and returns how many of them there are: fewer only at the
    /// end of the input.
    pub(crate) fn fill(&mut self, length: usize) -> io::Result<usize> {
        while self.end - self.start < length && !self.ended {
            self.make_room(length);
            match self.input.read(&mut self.window[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok((self.end - self.start).min(length))
    }

    /// Moves what is left to the front when `length` bytes would not fit behind `start`.
    fn make_room(&mut self, length: usize) {
        if self.start + length > self.window.len() || self.end == self.window.len() {
            self.window.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if length > self.window.len() {
            self.window.resize(length, 0);
        }
    }

    /// What is in the window and not consumed.
    pub(crate) fn data(&self) -> &[u8] {
        &self.window[self.start..self.end]
    }

    /// Moves past `length` bytes, which [`Self::fill`] has made available.
    ///
    /// Bytes stay readable through [`Self::kept`] until the next `fill`, which may move the window.
    pub(crate) fn consume(&mut self, length: usize) {
        let length = length.min(self.end - self.start);
        self.start += length;
        self.consumed += length as u64;
    }

    /// The `length` bytes that begin `back` bytes before what is not consumed.
    pub(crate) fn kept(&self, back: usize, length: usize) -> &[u8] {
        let from = self.start.saturating_sub(back);
        &self.window[from..(from + length).min(self.end)]
    }

    /// Offset in the input of the first byte that is not consumed.
    pub(crate) fn consumed(&self) -> u64 {
        self.consumed
    }
}

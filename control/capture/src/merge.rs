//! Several captures as one stream, in the order of time.
//!
//! The packet with the earliest time among the heads of all captures comes next; where times are equal, the
//! capture that was added first goes first. So the result depends on nothing but the captures and their
//! order.
//!
//! Within one capture, order is never changed: where its time goes backwards, the packet that is late comes
//! as soon as it is at the head, and packets of other captures with times between have already gone. The
//! order per input is what balancing, duplicate removal and tools rely on, and nobody can tell which of two
//! clocks was wrong.

use std::io::Read;

use crate::error::Error;
use crate::read::{Packet, Reader};

/// An error of one of the merged captures.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct MergeError {
    /// Index of the capture, in the order added.
    pub input: usize,
    /// What is wrong with it.
    pub error: Error,
}

#[derive(Debug)]
struct Input<T, R> {
    tag: T,
    reader: Reader<R>,
    state: Head,
}

/// What is known of the next packet of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// The reader must be asked.
    Unread,
    /// Its time; the reader holds it.
    At(u64),
    Ended,
}

/// Captures that are read together. `T` is what the caller calls each by: a port.
///
/// Memory is that of one [`Reader`] for each. Choosing takes a comparison per capture: there are few.
#[derive(Debug)]
pub struct Merge<T, R> {
    inputs: Vec<Input<T, R>>,
}

impl<T, R> Default for Merge<T, R> {
    fn default() -> Self {
        Self { inputs: Vec::new() }
    }
}

impl<T: Copy, R: Read> Merge<T, R> {
    /// No captures yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a capture. Several may have the same tag: a port's capture may come in parts.
    pub fn push(&mut self, tag: T, reader: Reader<R>) {
        self.inputs.push(Input { tag, reader, state: Head::Unread });
    }

    /// The earliest packet at the head of any capture, with the capture's tag.
    ///
    /// After an error the capture that had it counts as ended: the caller may go on with the others.
    pub fn next_packet(&mut self) -> Result<Option<(T, Packet<'_>)>, MergeError> {
        let mut earliest: Option<(u64, usize)> = None;
        for (index, input) in self.inputs.iter_mut().enumerate() {
            if input.state == Head::Unread {
                input.state = input.read_head().map_err(|error| MergeError { input: index, error })?;
            }
            if let Head::At(time) = input.state
                && earliest.is_none_or(|(first, _)| time < first)
            {
                earliest = Some((time, index));
            }
        }
        let Some((_, index)) = earliest else { return Ok(None) };
        let input = &mut self.inputs[index];
        input.state = Head::Unread;
        Ok(input.reader.held().map(|packet| (input.tag, packet)))
    }

    /// The captures, in the order added.
    pub fn readers(&self) -> impl Iterator<Item = (T, &Reader<R>)> {
        self.inputs.iter().map(|input| (input.tag, &input.reader))
    }

    /// Bytes taken from all captures so far.
    pub fn consumed_bytes(&self) -> u64 {
        self.inputs.iter().map(|input| input.reader.consumed_bytes()).sum()
    }

    /// Length of all captures together, where each is known.
    pub fn total_bytes(&self) -> Option<u64> {
        self.inputs.iter().map(|input| input.reader.total_bytes()).sum()
    }
}

impl<T, R: Read> Input<T, R> {
    /// Reads the next packet. On an error the input counts as ended.
    fn read_head(&mut self) -> Result<Head, Error> {
        self.state = Head::Ended;
        Ok(self.reader.next_packet()?.map_or(Head::Ended, |packet| Head::At(packet.time_ns)))
    }
}

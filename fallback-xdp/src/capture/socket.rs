//! An AF_XDP socket that receives: frames of one queue of a device.
//!
//! The memory of all frames is registered with the kernel. A frame's number goes round: by the fill ring to the kernel, with a packet in it by the receive ring back.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering;

use memmap2::{MmapMut, MmapOptions, MmapRaw};
use rustix::net::xdp::{
    SocketAddrXdp, SocketAddrXdpFlags, XDP_PGOFF_RX_RING, XDP_UMEM_PGOFF_FILL_RING, XdpOptionsFlags,
    XdpRingOffset, XdpStatistics, XdpUmemReg, XdpUmemRegFlags,
};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};

use super::shared::Memory;

/// Bytes of a frame's place: a page.
const FRAME_BYTES: u32 = 4_096;
/// Frames of all sockets of a capture together, about: 64 MiB, some milliseconds of the shortest frames.
const ALL_FRAMES: u32 = 16_384;
/// Frames of one at least, where there are many.
const LEAST_FRAMES: u32 = 2_048;
/// Bytes of an element of the receive ring, `struct xdp_desc`: place (64 bits), length, options.
const DESCRIPTOR_BYTES: usize = 16;
/// Bytes in front of a frame: what the program wrote (`struct told`).
const TOLD_BYTES: u64 = 24;
/// In the place of a port's number: it came by none.
const NO_PORT: u16 = 0xffff;

/// What is told of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// When its packet came in, by the clock of the program.
    pub(super) time_ns: u64,
    /// The port that it came in by.
    pub(super) port: Option<u16>,
    /// The instance that the copy is.
    pub(super) instance: u16,
    /// Its length uncut, bytes.
    pub(super) whole: u32,
}

impl Told {
    /// By `struct told`; what is too short for one tells nothing.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (_, rest) = bytes.split_first_chunk::<4>()?;
        let (port, rest) = rest.split_first_chunk::<2>()?;
        let (instance, rest) = rest.split_first_chunk::<2>()?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let port = u16::from_ne_bytes(*port);
        Some(Self {
            time_ns: u64::from_ne_bytes(*time),
            port: (port != NO_PORT).then_some(port),
            instance: u16::from_ne_bytes(*instance),
            whole: u32::from_ne_bytes(*rest.first_chunk()?),
        })
    }
}

/// A ring, of which this process has one end.
#[derive(Debug)]
struct Ring {
    memory: Memory,
    producer: usize,
    consumer: usize,
    elements: usize,
    /// How many elements; a power of two.
    count: u32,
}

impl Ring {
    fn map(fd: &OwnedFd, page: u64, offsets: &XdpRingOffset, element: usize, count: u32) -> io::Result<Self> {
        let at = |offset: u64| usize::try_from(offset).map_err(io::Error::other);
        let (producer, consumer, elements) =
            (at(offsets.producer)?, at(offsets.consumer)?, at(offsets.desc)?);
        let bytes = elements + count as usize * element;
        let memory = Memory::new(MmapOptions::new().offset(page).len(bytes).map_raw(fd)?);
        let is_inside = memory.word32(producer).is_some()
            && memory.word32(consumer).is_some()
            && memory.word64(elements).is_some();
        if !is_inside {
            return Err(io::Error::other("the kernel's ring has no place for its numbers"));
        }
        Ok(Self { memory, producer, consumer, elements, count })
    }

    fn load(&self, at: usize, order: Ordering) -> u32 {
        self.memory.word32(at).map_or(0, |word| word.load(order))
    }

    fn store(&self, at: usize, value: u32) {
        if let Some(word) = self.memory.word32(at) {
            word.store(value, Ordering::Release);
        }
    }

    /// Where an element is.
    fn element(&self, number: u32, bytes: usize) -> usize {
        self.elements + (number & (self.count - 1)) as usize * bytes
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Socket {
    fd: OwnedFd,
    frames: Memory,
    receive: Ring,
    fill: Ring,
    copy: Vec<u8>,
}

impl Socket {
    /// A socket for one of so many queues of a device. Without copying where the driver can do so.
    pub(super) fn bind(device: u32, queue: u32, queues: u32) -> io::Result<Self> {
        let count = (ALL_FRAMES / queues.max(1)).next_power_of_two().clamp(LEAST_FRAMES, ALL_FRAMES);
        let fd = socket_with(AddressFamily::XDP, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        let frames = Memory::new(MmapRaw::from(MmapMut::map_anon(count as usize * FRAME_BYTES as usize)?));
        let (addr, len) = frames.place();
        let flags = XdpUmemRegFlags::empty();
        sockopt::set_xdp_umem_reg(
            &fd,
            XdpUmemReg { addr, len, chunk_size: FRAME_BYTES, headroom: 0, flags, tx_metadata_len: 0 },
        )?;
        sockopt::set_xdp_umem_fill_ring_size(&fd, count)?;
        // Nothing is sent; the kernel wants it nevertheless.
        sockopt::set_xdp_umem_completion_ring_size(&fd, 1)?;
        sockopt::set_xdp_rx_ring_size(&fd, count)?;
        let offsets = sockopt::xdp_mmap_offsets(&fd)?;
        let fill = Ring::map(&fd, XDP_UMEM_PGOFF_FILL_RING, &offsets.fr, 8, count)?;
        let receive = Ring::map(&fd, XDP_PGOFF_RX_RING, &offsets.rx, DESCRIPTOR_BYTES, count)?;
        bind(&fd, &SocketAddrXdp::new(SocketAddrXdpFlags::XDP_USE_NEED_WAKEUP, device, queue))?;
        let mut socket = Self { fd, frames, receive, fill, copy: Vec::new() };
        socket.give((0..count).map(|frame| u64::from(frame * FRAME_BYTES)));
        Ok(socket)
    }

    /// Gives places to the kernel; there are no more than the ring has elements.
    fn give(&mut self, places: impl Iterator<Item = u64>) {
        let mut number = self.fill.load(self.fill.producer, Ordering::Relaxed);
        for place in places {
            if let Some(word) = self.fill.memory.word64(self.fill.element(number, 8)) {
                word.store(place, Ordering::Relaxed);
            }
            number = number.wrapping_add(1);
        }
        self.fill.store(self.fill.producer, number);
    }

    /// The first frame that is there, and how many there are.
    fn there(&self) -> (u32, u32) {
        let first = self.receive.load(self.receive.consumer, Ordering::Relaxed);
        // What the kernel wrote before it told of it is seen after this.
        let behind = self.receive.load(self.receive.producer, Ordering::Acquire);
        (first, behind.wrapping_sub(first).min(self.receive.count))
    }

    /// Place and length of a frame that is there.
    fn descriptor(&self, number: u32) -> (u64, u32) {
        let at = self.receive.element(number, DESCRIPTOR_BYTES);
        let word = |at| self.receive.memory.word64(at).map_or(0, |word| word.load(Ordering::Relaxed));
        (word(at), word(at + 8) as u32)
    }

    /// When the next frame's packet came in, by the clock of the program; none if there is no frame.
    pub(super) fn next_time(&self) -> Option<u64> {
        let (first, there) = self.there();
        let (place, _) = (there > 0).then(|| self.descriptor(first))?;
        let mut told = Vec::new();
        // One without a time is taken first.
        self.frames.copy(place.saturating_sub(TOLD_BYTES) as usize, TOLD_BYTES as usize, &mut told);
        Some(Told::read(&told).map_or(0, |told| told.time_ns))
    }

    /// Takes what is there, `most` frames at most, up to the first whose packet came in after `until_ns`: what the program wrote, and the frame. Says how many.
    pub(super) fn receive(&mut self, most: u32, until_ns: u64, take: &mut dyn FnMut(Told, &[u8])) -> u32 {
        let (first, there) = self.there();
        let mut places = Vec::with_capacity(there.min(most) as usize);
        let mut taken = 0;
        while taken < there.min(most) {
            let (place, length) = self.descriptor(first.wrapping_add(taken));
            self.copy.clear();
            let (at, bytes) = (place.saturating_sub(TOLD_BYTES), u64::from(length) + TOLD_BYTES);
            let is_there = self.frames.copy(at as usize, bytes as usize, &mut self.copy);
            let split = self.copy.split_at_checked(TOLD_BYTES as usize).filter(|_| is_there);
            if let Some((told, frame)) = split.and_then(|(told, frame)| Some((Told::read(told)?, frame))) {
                if taken > 0 && told.time_ns > until_ns {
                    break;
                }
                take(told, frame);
            }
            taken += 1;
            // A place that is none is not given back: the kernel would refuse it as often as it comes.
            if place < u64::from(self.receive.count * FRAME_BYTES) {
                places.push(place - place % u64::from(FRAME_BYTES));
            }
        }
        self.receive.store(self.receive.consumer, first.wrapping_add(taken));
        self.give(places.into_iter());
        taken
    }

    /// What the kernel lost in front of it.
    pub(super) fn statistics(&self) -> io::Result<XdpStatistics> {
        Ok(sockopt::xdp_statistics(&self.fd)?)
    }

    /// Whether frames come without being copied by the kernel.
    pub(super) fn is_zero_copy(&self) -> bool {
        sockopt::xdp_options(&self.fd)
            .is_ok_and(|options| options.contains(XdpOptionsFlags::XDP_OPTIONS_ZEROCOPY))
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

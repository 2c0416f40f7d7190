//! Capture files: pcap and pcapng read, merged by time, and written.
//!
//! A *capture* is a file of Ethernet frames with times. [`Reader`] streams the frames of one capture in file
//! order and [`Merge`] those of several captures in the order of time. All times are nanoseconds since the
//! UNIX epoch, UTC.
//!
//! # Reading, and what `pcap-parser` does here
//!
//! Formats: pcap (microseconds and nanoseconds, both byte orders) and pcapng (any number of sections and
//! interfaces, every `if_tsresol`, `if_tsoffset`, enhanced, simple and obsolete packet blocks, both byte
//! orders). Header and record fields are taken apart by `pcap-parser`: zero-copy, no panics, kept current,
//! and its functions take a slice, so it can be given one record at a time. Its *streaming readers* are not
//! used: they report a record cut short, a record too long for the buffer and a nonsensical length alike,
//! without an offset. So framing (how long is the next record, is it all there) is done here, where every
//! length is bounded by a named constant and every error tells where it is. Also done here, as the crate does
//! not: the obsolete packet block, options of big-endian sections, the capture length of simple packet
//! blocks. The other crate of the field, `pcap-file`, has no release of its present interface yet (3.0 is a
//! candidate), and gives times as `Duration`s.
//!
//! # Frame check sequence
//!
//! Where a capture says that its frames carry a frame check sequence (`if_fcslen`, `epb_flags`, or the top
//! bits of pcap's link-type field), it is cut off the data and off the wire length: everything behind this
//! crate sees frames without.

pub mod frame;
pub mod sample;

mod error;
mod link_type;
mod merge;
mod read;
mod source;
mod write;

pub use error::{Error, Position};
pub use link_type::{LINK_TYPE_ETHERNET, link_type_name};
pub use merge::{Merge, MergeError};
pub use read::{
    Direction, Interface, MAX_BLOCK_BYTES, MAX_INTERFACES, MAX_PACKET_BYTES, Packet, PacketFlags,
    ReadOptions, Reader,
};
pub use write::{
    InterfaceOptions, InterfaceStatistics, OutputFile, PacketRecord, PcapWriter, PcapngWriter, Ring,
    RingInterface, RingOptions, SectionOptions,
};

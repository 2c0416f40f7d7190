//! Writing captures: pcapng for tools, plain pcap for samples and tests, and files that appear whole or not
//! at all.
//!
//! What is written depends on nothing but what is given: no clock, no host or user name.

mod output_file;
mod pcap;
mod pcapng;
mod ring;

use std::io;

pub use output_file::OutputFile;
pub use pcap::PcapWriter;
pub use pcapng::{InterfaceOptions, InterfaceStatistics, PacketRecord, PcapngWriter, SectionOptions};
pub use ring::{Ring, RingInterface, RingOptions};

/// An error of the caller's making: what it gave has no place in the format.
fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

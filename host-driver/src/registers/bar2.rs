//! What stands between the card's ports and the pipeline, in BAR2 behind the pipeline's own registers.

use super::block;

/// What `application` says of a card with a pipeline of ours.
pub const PIPELINE_APPLICATION: u32 = 0x0511_ce01;
/// Where the `shell` stands in BAR2; what is before it are the pipeline's own registers.
pub const SHELL: u64 = 0x8000;
/// Where the `shell_port` of port 0 stands in BAR2.
pub const SHELL_PORTS: u64 = 0x8100;
/// From the registers of one port to those of the next.
pub const SHELL_PORT_STRIDE: u64 = 0x40;
/// Where the `shell_host` of queue 0 stands in BAR2.
pub const SHELL_HOSTS: u64 = 0x8800;
/// From the registers of one queue of the host to those of the next.
pub const SHELL_HOST_STRIDE: u64 = 0x40;
/// Most queues of the host.
pub const MOST_SHELL_HOSTS: u32 = 32;
/// Most ports.
pub const MOST_SHELL_PORTS: u32 = 16;
/// A number that no port has.
pub const NO_NUMBER: u32 = 0xffff;

block! {
    /// The application: ports of the card, numbers of the program. In BAR2, at 0x8000.
    shell: 0x5105_0001, 0x0101 {
        /// Which program the bitstream was made of: the lower half of a hash.
        PROGRAM_LOW = 0x0c, Read;
        /// The upper half.
        PROGRAM_HIGH = 0x10, Read;
        /// Ports of the card.
        PORTS = 0x14, Read;
        /// Numbers of the host: so many `shell_host`.
        HOSTS = 0x18, Read;
        /// Seconds that are taken off each stamp, so that the program's times are UTC.
        TAI_OFFSET = 0x1c, Both;
        /// A write takes all counts at one moment; they are read as they were then.
        SNAPSHOT = 0x20, Write;
        /// Copies to numbers that no port has, as taken: lower half.
        NOWHERE = 0x24, Read;
        /// Upper half.
        NOWHERE_HIGH = 0x28, Read;
        /// 1: since the bitstream was loaded nothing was written to the pipeline and no frame came in, so that all its memories are zero.
        FRESH = 0x2c, Read;
    }
}

block! {
    /// A port, as the program knows it. In BAR2, from 0x8100 on, 0x40 bytes each. Counts have 64 bits, the lower half first, and are as taken.
    shell_port: 0x5105_0002, 0x0100 {
        /// The program's number of the port; 0xffff: frames of it are dropped, and none leave by it.
        NUMBER = 0x0c, Both;
        /// Frames that came in.
        RECEIVED = 0x10, Read;
        /// Their bytes.
        RECEIVED_BYTES = 0x18, Read;
        /// Frames that left.
        SENT = 0x20, Read;
        /// Their bytes.
        SENT_BYTES = 0x28, Read;
        /// Copies that were to leave while the port was down or off.
        DOWN = 0x30, Read;
    }
}

block! {
    /// A queue of the host, as the program knows it: copies to its number go to that receive queue, and what that transmit queue sends comes in as by a port of its number. In BAR2, from 0x8800 on,
    /// 0x40 bytes each. Counts as those of ports.
    shell_host: 0x5105_0003, 0x0100 {
        /// The program's number; 0xffff: no copy goes to the queue, and what it sends is dropped.
        NUMBER = 0x0c, Both;
        /// Copies for the queue.
        COPIES = 0x10, Read;
        /// Of them, those that found no descriptor.
        NO_ROOM = 0x18, Read;
        /// Frames that the host sent.
        FRAMES = 0x20, Read;
    }
}

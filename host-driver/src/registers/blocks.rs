//! Kinds of blocks.

use super::{Block, block, shell, shell_host, shell_port};

/// Every kind that is known here.
pub const BLOCKS: &[Block] = &[
    firmware::BLOCK,
    interrupts::BLOCK,
    interfaces::BLOCK,
    application::BLOCK,
    statistics::BLOCK,
    clock::BLOCK,
    interface::BLOCK,
    event_queues::BLOCK,
    completion_queues::BLOCK,
    transmit_queues::BLOCK,
    receive_queues::BLOCK,
    receive_map::BLOCK,
    port::BLOCK,
    port_control::BLOCK,
    shell::BLOCK,
    shell_port::BLOCK,
    shell_host::BLOCK,
];

block! {
    /// What the card is. The first block, at 0.
    firmware: 0xffff_ffff, 0x0100 {
        /// JTAG id of the FPGA.
        FPGA = 0x0c, Read;
        /// What the firmware is.
        FIRMWARE = 0x10, Read;
        /// Its version: four bytes, the highest first.
        FIRMWARE_VERSION = 0x14, Read;
        /// What the board is.
        BOARD = 0x18, Read;
        /// Its version.
        BOARD_VERSION = 0x1c, Read;
        /// When the firmware was built, seconds since the UNIX epoch.
        BUILT = 0x20, Read;
        /// The first 4 bytes of the revision it was built from.
        REVISION = 0x24, Read;
        /// What the release says of itself.
        RELEASE = 0x28, Read;
    }
}

block! {
    /// Interrupts in general.
    interrupts: 0x0000_c007, 0x0100 {
        /// The shortest time between two of one vector, in cycles of 64.
        MIN_INTERVAL = 0x0c, Both;
    }
}

block! {
    /// Where the interfaces are.
    interfaces: 0x0000_c000, 0x0100 {
        /// Of the first one, in BAR0.
        OFFSET = 0x0c, Read;
        /// How many.
        COUNT = 0x10, Read;
        /// From one to the next.
        STRIDE = 0x14, Read;
        /// Where the blocks of one begin, from its start.
        CSR_OFFSET = 0x18, Read;
    }
}

block! {
    /// The application block, whose registers are BAR2.
    application: 0x0000_c005, 0x0200 {
        /// What application it is.
        ID = 0x0c, Read;
    }
}

block! {
    /// Statistics: counters of 64 bits, the lower word first.
    statistics: 0x0000_c006, 0x0100 {
        /// Of the first counter, in BAR0.
        OFFSET = 0x0c, Read;
        /// How many.
        COUNT = 0x10, Read;
        /// From one to the next.
        STRIDE = 0x14, Read;
        /// What they can.
        FLAGS = 0x18, Read;
    }
}

block! {
    /// The PTP hardware clock. `TOD` is the time of day: TAI, seconds of 48 bits, nanoseconds, and a fraction (`FNS`) in 2^-32 ns, of which the upper 16 bits count.
    clock: 0x0000_c080, 0x0200 {
        /// Bit 8: pulse per second; 16: locked.
        CONTROL = 0x0c, Both;
        /// Now: fraction.
        NOW_FNS = 0x10, Read;
        /// Now: nanoseconds.
        NOW_TOD_NS = 0x14, Read;
        /// Now: seconds, lower 32 bits.
        NOW_TOD_SEC_LOW = 0x18, Read;
        /// Now: seconds, upper 16 bits.
        NOW_TOD_SEC_HIGH = 0x1c, Read;
        /// The fraction; reading it takes the time for the three below.
        SNAP_FNS = 0x30, Read;
        /// Nanoseconds, as taken.
        SNAP_TOD_NS = 0x34, Read;
        /// Seconds, lower 32 bits, as taken.
        SNAP_TOD_SEC_LOW = 0x38, Read;
        /// Seconds, upper 16 bits, as taken.
        SNAP_TOD_SEC_HIGH = 0x3c, Read;
        /// Moves the time by that many nanoseconds, signed.
        OFFSET_TOD_NS = 0x50, Write;
        /// A new time: nanoseconds.
        SET_TOD_NS = 0x54, Write;
        /// A new time: seconds, lower 32 bits.
        SET_TOD_SEC_LOW = 0x58, Write;
        /// A new time: seconds, upper 16 bits; with this it is set.
        SET_TOD_SEC_HIGH = 0x5c, Write;
        /// Nanoseconds of a cycle, as built: fraction.
        NOMINAL_PERIOD_FNS = 0x70, Read;
        /// Nanoseconds of a cycle, as built.
        NOMINAL_PERIOD_NS = 0x74, Read;
        /// Nanoseconds that a cycle counts for: fraction.
        PERIOD_FNS = 0x78, Both;
        /// Nanoseconds that a cycle counts for; with this it is set.
        PERIOD_NS = 0x7c, Both;
    }
}

block! {
    /// An interface.
    interface: 0x0000_c001, 0x0400 {
        /// Bit 0: RSS; 4: timestamps; 8 and 9: checksums; 10: hash; 11 and 12: flow control.
        FEATURES = 0x0c, Read;
        /// Its ports.
        PORTS = 0x10, Read;
        /// Its schedulers.
        SCHEDULERS = 0x14, Read;
        /// The most that it can send, bytes of a frame without FCS.
        MAX_SEND_BYTES = 0x20, Read;
        /// The most that it can receive, bytes of a frame without FCS.
        MAX_RECEIVE_BYTES = 0x24, Read;
        /// The most that it sends.
        SEND_BYTES = 0x28, Both;
        /// The most that it receives.
        RECEIVE_BYTES = 0x2c, Both;
        /// Bytes of the FIFO in front of the wire.
        SEND_FIFO = 0x30, Read;
        /// Bytes of the FIFO behind the wire.
        RECEIVE_FIFO = 0x34, Read;
    }
}

block! {
    /// Where the event queues are.
    event_queues: 0x0000_c010, 0x0400 {
        /// Of the first one, in BAR0.
        OFFSET = 0x0c, Read;
        /// How many.
        COUNT = 0x10, Read;
        /// From one to the next.
        STRIDE = 0x14, Read;
    }
}

block! {
    /// Where the completion queues are.
    completion_queues: 0x0000_c020, 0x0400 {
        /// Of the first one, in BAR0.
        OFFSET = 0x0c, Read;
        /// How many.
        COUNT = 0x10, Read;
        /// From one to the next.
        STRIDE = 0x14, Read;
    }
}

block! {
    /// Where the transmit queues are.
    transmit_queues: 0x0000_c030, 0x0400 {
        /// Of the first one, in BAR0.
        OFFSET = 0x0c, Read;
        /// How many.
        COUNT = 0x10, Read;
        /// From one to the next.
        STRIDE = 0x14, Read;
    }
}

block! {
    /// Where the receive queues are.
    receive_queues: 0x0000_c031, 0x0400 {
        /// Of the first one, in BAR0.
        OFFSET = 0x0c, Read;
        /// How many.
        COUNT = 0x10, Read;
        /// From one to the next.
        STRIDE = 0x14, Read;
    }
}

block! {
    /// To which receive queue frames go. Of port 0; those of port N are 16 N bytes further.
    receive_map: 0x0000_c090, 0x0200 {
        /// Bits 0 to 7: ports; 8 to 15: logarithm of the table's size.
        CONFIG = 0x0c, Read;
        /// Where the table is, in BAR0: one word a queue number.
        TABLE = 0x10, Read;
        /// Bits of the hash that choose in the table.
        RSS_MASK = 0x14, Both;
        /// Bits of the application's word that choose; bit 31: the application may name the queue itself.
        APP_MASK = 0x18, Both;
    }
}

block! {
    /// Where the blocks of a port are.
    port: 0x0000_c002, 0x0200 {
        /// Of its first block, in BAR0.
        OFFSET = 0x0c, Read;
    }
}

block! {
    /// A port.
    port_control: 0x0000_c003, 0x0300 {
        /// Bit 0: link flow control; 1: priority flow control; 2: control frames of its own.
        FEATURES = 0x0c, Read;
        /// Sending. Bit 0: on; 16: the link is up; 17: in reset.
        SEND = 0x10, Both;
        /// Receiving. Bit 0: on; 16: the link is up; 17: in reset.
        RECEIVE = 0x14, Both;
    }
}

/// Of `port_control`: the direction is on.
pub const PORT_ON: u32 = 1 << 0;
/// Of `port_control`: the link is up.
pub const PORT_UP: u32 = 1 << 16;
/// Of `port_control`: the direction is in reset.
pub const PORT_RESET: u32 = 1 << 17;
/// Of `clock`: it follows a grandmaster.
pub const CLOCK_LOCKED: u32 = 1 << 16;
/// Of `interface`: frames come with timestamps.
pub const HAS_TIMESTAMPS: u32 = 1 << 4;

//! The configuration space of a PCI Express function (PCI Express Base Specification, chapter 7).

use crate::bus::{Bus, BusError, Space};

/// Vendor, 2 bytes. All ones: there is no function.
pub const VENDOR: u64 = 0x00;
/// Device, 2 bytes.
pub const DEVICE: u64 = 0x02;
/// Command, 2 bytes.
pub const COMMAND: u64 = 0x04;
/// Of [`COMMAND`]: its memory can be read and written.
pub const COMMAND_MEMORY: u16 = 1 << 1;
/// Of [`COMMAND`]: it may read and write memory itself.
pub const COMMAND_MASTER: u16 = 1 << 2;
/// Of [`COMMAND`]: no interrupt by the old means.
pub const COMMAND_NO_INTX: u16 = 1 << 10;
/// Status, 2 bytes.
pub const STATUS: u64 = 0x06;
/// Of [`STATUS`]: there are capabilities.
pub const STATUS_CAPABILITIES: u16 = 1 << 4;
/// Revision 1, class 3 bytes.
pub const CLASS: u64 = 0x08;
/// The first base address register, 4 bytes each.
pub const BAR0: u64 = 0x10;
/// Subsystem's vendor and number, 2 bytes each.
pub const SUBSYSTEM: u64 = 0x2c;
/// Where the first capability is, 1 byte.
pub const CAPABILITIES: u64 = 0x34;

/// Capability: message-signaled interrupts, extended.
pub const MSIX: u8 = 0x11;
/// Capability: PCI Express.
pub const EXPRESS: u8 = 0x10;
/// In [`EXPRESS`]: what the device can, 4 bytes.
pub const EXPRESS_DEVICE: u64 = 0x04;
/// Of [`EXPRESS_DEVICE`]: function-level reset.
pub const EXPRESS_HAS_FLR: u32 = 1 << 28;
/// In [`EXPRESS`]: device control, 2 bytes.
pub const EXPRESS_CONTROL: u64 = 0x08;
/// Of [`EXPRESS_CONTROL`]: reset the function.
pub const EXPRESS_CONTROL_FLR: u16 = 1 << 15;

/// Bytes of the space in which the first chain of capabilities lies.
const PLAIN_BYTES: u64 = 256;
/// Room for capabilities: 48 of four bytes.
const MAX_CAPABILITIES: usize = 48;

/// Reads a number of 2 bytes.
pub(crate) fn read_u16(bus: &dyn Bus, offset: u64) -> Result<u16, BusError> {
    let mut bytes = [0; 2];
    bus.read(Space::Config, offset, &mut bytes)?;
    Ok(u16::from_le_bytes(bytes))
}

/// Where a capability is; `None` if the function does not have it. A chain that runs in a circle ends.
///
/// # Errors
///
/// What the bus says.
pub fn find_capability(bus: &dyn Bus, id: u8) -> Result<Option<u64>, BusError> {
    if read_u16(bus, STATUS)? & STATUS_CAPABILITIES == 0 {
        return Ok(None);
    }
    let mut next = [0];
    bus.read(Space::Config, CAPABILITIES, &mut next)?;
    for _ in 0..MAX_CAPABILITIES {
        let at = u64::from(next[0] & !3);
        if at < 0x40 || at + 2 > PLAIN_BYTES {
            return Ok(None);
        }
        let mut head = [0; 2];
        bus.read(Space::Config, at, &mut head)?;
        if head[0] == id {
            return Ok(Some(at));
        }
        next[0] = head[1];
    }
    Ok(None)
}

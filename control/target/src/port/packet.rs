//! Network interfaces, by AF_PACKET.
//!
//! An interface without an address belongs to the broker: it answers no ARP and speaks no IPv6, so that the host's own network stack sends nothing by it: nothing into a
//! network, and nothing but copies to a tool. A network port has to be such an interface; it takes every frame (promiscuous), as it was on the wire (no merging by the driver
//! or the kernel). Copies may also leave by an interface that the host uses, which is left as it is.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::{Device, Loss, MAX_FRAME, Port, Receive, Received, Role, Transmit};
use crate::sys::{RawFrame, ReceiveFrames, Setting, System, TransmitFrames};

/// Bytes of a VLAN tag.
const TAG_BYTES: usize = 4;
/// Where a tag stands: behind both MAC addresses.
const TAG_AT: usize = 12;

/// The receiving side, over whatever gives frames.
pub(super) struct Reader {
    frames: Arc<dyn ReceiveFrames>,
    buffer: Vec<u8>,
}

impl Reader {
    pub(super) fn new(frames: Arc<dyn ReceiveFrames>) -> Self {
        Self { frames, buffer: vec![0; MAX_FRAME + TAG_BYTES] }
    }
}

impl Receive for Reader {
    fn receive(&mut self, timeout: Duration) -> io::Result<Option<Received<'_>>> {
        // Room for a tag in front: the kernel takes the outermost tag out of every frame and tells it apart.
        let Some(frame) = self.frames.receive(&mut self.buffer[TAG_BYTES..], timeout)? else {
            return Ok(None);
        };
        let RawFrame { captured, wire_length, time_ns, tag } = frame;
        let end = TAG_BYTES + captured;
        let (start, added) = match tag {
            Some(tag) if captured >= TAG_AT => {
                self.buffer.copy_within(TAG_BYTES..TAG_BYTES + TAG_AT, 0);
                self.buffer[TAG_AT..TAG_AT + TAG_BYTES].copy_from_slice(&tag);
                (0, TAG_BYTES as u32)
            }
            _ => (TAG_BYTES, 0),
        };
        Ok(Some(Received { data: &self.buffer[start..end], wire_length: wire_length + added, time_ns }))
    }
}

/// The sending side.
pub(super) struct Writer(pub(super) Box<dyn TransmitFrames>);

impl Transmit for Writer {
    fn queue(&self) -> Option<(u64, u64)> {
        self.0.queue()
    }

    fn send(&self, frame: &[u8]) -> Result<(), Loss> {
        self.0.transmit(frame).map_err(|error| match error.kind() {
            io::ErrorKind::NetworkDown | io::ErrorKind::NotFound => Loss::Down,
            io::ErrorKind::WouldBlock => Loss::QueueFull,
            // The interface is gone; its queue is full; everything else it does not take.
            _ => match error.raw_os_error() {
                Some(libc::ENXIO | libc::ENODEV) => Loss::Down,
                Some(libc::ENOBUFS) => Loss::QueueFull,
                _ => Loss::Refused,
            },
        })
    }
}

/// An interface, as a device.
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) system: Arc<dyn System>,
    pub(super) frames: Option<Arc<dyn ReceiveFrames>>,
}

impl Device for Interface {
    fn is_up(&self) -> bool {
        self.system.is_up(&self.name)
    }

    fn missed(&self) -> u64 {
        self.frames.as_ref().map_or(0, |frames| frames.missed())
    }
}

/// Opens an interface, prepares it as the module says, and brings it up; that stays when the port is closed, so that it does not begin to speak then.
///
/// # Errors
///
/// What the system says; an interface that receives and has an address: the host uses it.
pub fn packet(name: &str, interface: &str, role: Role, system: &Arc<dyn System>) -> io::Result<Port> {
    prepare(interface, role, system)?;
    let receive = if role.receives() { Some(system.open_receive(interface)?) } else { None };
    let transmit = if role.sends() { Some(system.open_transmit(interface)?) } else { None };
    system.set(interface, Setting::Up)?;
    Ok(Port {
        name: name.to_string(),
        receive: receive.clone().map(|frames| Box::new(Reader::new(frames)) as Box<dyn Receive>),
        transmit: transmit.map(|frames| Box::new(Writer(frames)) as Box<dyn Transmit>),
        device: Arc::new(Interface { name: interface.to_string(), system: system.clone(), frames: receive }),
    })
}

/// Prepares an interface as the module says, without opening it or bringing it up.
///
/// # Errors
///
/// As [`packet`].
pub fn prepare(interface: &str, role: Role, system: &Arc<dyn System>) -> io::Result<()> {
    let is_used = system.has_address(interface)?;
    if is_used && role.receives() {
        let why = format!(
            "`{interface}` has an address, so that this host uses it: take the address away, or take another interface"
        );
        return Err(io::Error::new(io::ErrorKind::AddrInUse, why));
    }
    if !is_used {
        system.set(interface, Setting::NoIpv6)?;
        system.set(interface, Setting::NoArp)?;
    }
    if role.receives() {
        system.set(interface, Setting::NoReceiveOffload)?;
    }
    Ok(())
}

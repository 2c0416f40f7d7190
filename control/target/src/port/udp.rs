//! Frames as the payload of datagrams: a port across any network. One frame a datagram, nothing in front of it.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use super::{Device, Loss, MAX_FRAME, Port, Receive, Received, Role, Transmit};
use crate::sys::System;

struct Reader {
    socket: UdpSocket,
    system: Arc<dyn System>,
    buffer: Vec<u8>,
}

impl Receive for Reader {
    fn receive(&mut self, timeout: Duration) -> io::Result<Option<Received<'_>>> {
        // A time-out of zero would wait for ever.
        self.socket.set_read_timeout(Some(timeout.max(Duration::from_millis(1))))?;
        match self.socket.recv(&mut self.buffer) {
            Ok(length) => {
                let time_ns = self.system.now_ns();
                Ok(Some(Received { data: &self.buffer[..length], wire_length: length as u32, time_ns }))
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut
                | io::ErrorKind::Interrupted
                // Nobody listened there when something was sent.
                | io::ErrorKind::ConnectionRefused => Ok(None),
                _ => Err(error),
            },
        }
    }
}

struct Writer(UdpSocket);

impl Transmit for Writer {
    fn send(&self, frame: &[u8]) -> Result<(), Loss> {
        match self.0.send(frame) {
            Ok(_) => Ok(()),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::WouldBlock => Loss::QueueFull,
                // The answer to an earlier datagram; this one was not sent.
                io::ErrorKind::ConnectionRefused
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkDown => Loss::Down,
                _ => Loss::Refused,
            }),
        }
    }
}

/// Datagrams come without being asked for: there is no cable.
struct Wireless;

impl Device for Wireless {
    fn is_up(&self) -> bool {
        true
    }
}

/// A port of datagrams between two addresses. What comes from other addresses is not taken.
///
/// # Errors
///
/// What the system says.
pub fn udp(
    name: &str,
    local: SocketAddr,
    peer: SocketAddr,
    role: Role,
    system: &Arc<dyn System>,
) -> io::Result<Port> {
    let socket = UdpSocket::bind(local)?;
    socket.connect(peer)?;
    let reader = Reader { socket: socket.try_clone()?, system: system.clone(), buffer: vec![0; MAX_FRAME] };
    Ok(Port {
        name: name.to_string(),
        receive: role.receives().then(|| Box::new(reader) as Box<dyn Receive>),
        transmit: role.sends().then(|| Box::new(Writer(socket)) as Box<dyn Transmit>),
        device: Arc::new(Wireless),
    })
}

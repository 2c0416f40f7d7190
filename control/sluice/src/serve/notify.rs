//! What the service manager is told (`sd_notify(3)`): datagrams to the socket that `NOTIFY_SOCKET` names. Without one nothing is told.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Tells it; says why it could not be told.
fn send(socket: &str, state: &str) -> std::io::Result<()> {
    // A name that begins with `@` is not in the file system.
    let address = match socket.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(|_| ())
}

fn tell(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let told = socket
        .to_str()
        .map_or_else(|| Err(std::io::ErrorKind::InvalidInput.into()), |name| send(name, state));
    if let Err(error) = told {
        eprintln!("note: the service manager cannot be told `{}`: {error}", state.trim_end());
    }
}

/// It serves.
pub(super) fn ready(status: &str) {
    tell(&format!("READY=1\nSTATUS={status}\n"));
}

/// It ends.
pub(super) fn stopping() {
    tell("STOPPING=1\nSTATUS=taking through what came in\n");
}

/// What it is about, for people.
pub(super) fn status(status: &str) {
    tell(&format!("STATUS={status}\n"));
}

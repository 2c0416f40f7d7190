//! Copies that go no further: who observes the port sees them.

use std::io;
use std::sync::Arc;

use super::{Device, Loss, Port, Role, Transmit};

/// Takes everything.
struct End;

impl Transmit for End {
    fn send(&self, _frame: &[u8]) -> Result<(), Loss> {
        Ok(())
    }
}

/// It is always there.
struct Here;

impl Device for Here {
    fn is_up(&self) -> bool {
        true
    }
}

/// Opens a port whose copies are for who observes it ([`crate::ObserveSent`]), and for nobody else.
///
/// # Errors
///
/// A port that only receives.
pub fn watch(name: &str, role: Role) -> io::Result<Port> {
    check_watched(role)?;
    Ok(Port { name: name.to_string(), receive: None, transmit: Some(Box::new(End)), device: Arc::new(Here) })
}

/// Nothing comes in by a port of which copies are watched.
///
/// # Errors
///
/// A port that only receives.
pub fn check_watched(role: Role) -> io::Result<()> {
    if role.sends() {
        return Ok(());
    }
    let why = "copies are watched, so that it is a tool's: nothing comes in by `watch:`";
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

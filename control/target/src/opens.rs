//! Data paths whose ports this process opens.

use std::io;

use crate::port::{PortSpec, Role};
use crate::soft::{Observe, SoftTarget};
use crate::target::Target;

/// Puts an opened port at its data path, at that number; somebody may see the frames that come in, where the data path shows them.
pub type Opened<'t> = Box<dyn FnOnce(u16, Option<Box<dyn Observe>>) -> io::Result<()> + 't>;

/// A data path whose ports this process opens.
pub trait OpensPorts: Target {
    /// Opens a port, not yet at the data path.
    ///
    /// # Errors
    ///
    /// What the system says; a kind of port that this data path does not have.
    fn open_port(&self, name: &str, role: Role, spec: &PortSpec) -> io::Result<Opened<'_>>;

    /// All ports that are wanted at the start were put there: what an earlier process has left of others goes.
    fn ports_are_there(&self) {}

    /// Takes a port away: frames that came in are taken through, and no further ones. Says whether there was one.
    fn detach_port(&self, number: u16) -> bool;

    /// Takes all ports away, those that receive first.
    fn detach_ports(&self);
}

impl OpensPorts for SoftTarget {
    fn open_port(&self, name: &str, role: Role, spec: &PortSpec) -> io::Result<Opened<'_>> {
        let port = self.open(name, role, spec)?;
        Ok(Box::new(move |number, observer| self.attach_observed(number, port, observer)))
    }

    fn detach_port(&self, number: u16) -> bool {
        self.detach(number)
    }

    fn detach_ports(&self) {
        self.detach_all();
    }
}

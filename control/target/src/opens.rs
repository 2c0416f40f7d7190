//! Data paths whose ports this process opens.

use std::io;
use std::sync::Arc;

use sluice_entities::Update;

use crate::port::{PortSpec, Role};
use crate::soft::{Observers, SoftTarget};
use crate::target::{Program, Target};

/// Puts an opened port at its data path, at that number.
pub type Opened<'t> = Box<dyn FnOnce(u16) -> io::Result<()> + 't>;

/// A data path whose ports this process opens.
pub trait OpensPorts: Target {
    /// From now on, those who are asked for see the frames of ports that are put there, where the data path shows them.
    fn observe(&self, _observers: Arc<dyn Observers>) {}

    /// Opens a port, not yet at the data path.
    ///
    /// # Errors
    ///
    /// What the system says; a kind of port that this data path does not have.
    fn open_port(&self, name: &str, role: Role, spec: &PortSpec) -> io::Result<Opened<'_>>;

    /// All ports that are wanted at the start were put there: what an earlier process has left of others goes.
    fn ports_are_there(&self) {}

    /// What is in force has been written to a data path that took the place of another one ([`crate::Standby`]): its ports open.
    fn is_given(&self) {}

    /// The program and what was written to it, where that is kept here and no device needs to be asked: the updates that a data path takes after the program was put into place there.
    fn written(&self) -> Option<(Arc<Program>, Vec<Update>)> {
        None
    }

    /// Takes a port away: frames that came in are taken through, and no further ones. Says whether there was one.
    fn detach_port(&self, number: u16) -> bool;

    /// Takes all ports away, those that receive first.
    fn detach_ports(&self);
}

impl OpensPorts for SoftTarget {
    fn observe(&self, observers: Arc<dyn Observers>) {
        self.set_observers(observers);
    }

    fn open_port(&self, name: &str, role: Role, spec: &PortSpec) -> io::Result<Opened<'_>> {
        let port = self.open(name, role, spec)?;
        Ok(Box::new(move |number| self.attach(number, port)))
    }

    fn detach_port(&self, number: u16) -> bool {
        self.detach(number)
    }

    fn detach_ports(&self) {
        self.detach_all();
    }
}

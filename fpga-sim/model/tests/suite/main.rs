//! The driver against the model: in this process, and over vfio-user.

mod capture;
mod clock;
mod faults;
mod lab;
#[cfg(not(miri))]
mod protocol;
mod registers;
mod send;

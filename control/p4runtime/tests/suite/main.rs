//! The server, driven by a client of the same messages, and by the Python packages `p4runtime` and `p4runtime-shell`.

mod access;
mod arbitration;
mod bench;
mod descriptors;
mod device;
mod entities;
mod fuzz;
mod hostile;
mod pipeline;
mod python;
mod stream;

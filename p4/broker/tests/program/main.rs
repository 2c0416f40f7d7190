//! The broker's program on the soft switch: what the control plane sees of it, what it reads of a frame, which copies it
//! makes, what it does to them.

mod bench;
mod contract;
mod edits;
mod parsing;
mod selection;

//! Tests of the public interface, against real captures and other tools where they are there.

mod common;
mod real_captures;
mod writing;

//! Tests of the public interface, against real captures and other tools where they are there.

mod common;
mod frames;
mod real_captures;
mod sample;
mod writing;

//! Tests of the public interface, against real captures and other tools where they are there.

mod common;
mod damage;
mod frames;
mod merging;
mod raw;
mod reading;
mod real_captures;
mod ring;
mod sample;
mod writing;

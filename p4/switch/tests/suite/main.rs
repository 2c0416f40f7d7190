//! The soft switch from outside: modules in the IR's text form, packets in, frames out.

mod common;
mod expressions;
mod externs;
mod parsing;
mod replication;
mod robustness;
mod statements;
mod tables;
mod threads;
mod traces;
mod writes;

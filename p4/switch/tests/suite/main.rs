//! The soft switch from outside: modules in the IR's text form, packets in, frames out.

mod common;
mod expressions;
mod externs;
mod model;
mod parsing;
mod profiles;
mod replication;
mod robustness;
mod stateful;
mod statements;
mod tables;
mod threads;
mod traces;
mod writes;

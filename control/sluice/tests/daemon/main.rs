//! `sluice serve` with a store, over loopback: commands that ask it, policies that outlive it, a `kill -9` at any point of a change, data paths in other processes, cables that are drawn, a disk
//! that is full, and what a service manager says and hears.

mod cable;
mod commands;
mod described;
mod full;
mod killed;
mod lab;
mod record;
mod remote;
mod service;
mod tenants;

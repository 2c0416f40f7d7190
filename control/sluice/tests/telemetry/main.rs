//! What a broker that runs tells of itself and of its traffic, read by those who wait for it.

mod alerts;
mod ipfix;
mod lab;
mod latency;
mod log;
mod prometheus;
mod sflow;
mod traffic;

//! What a broker that runs tells of itself and of its traffic, read by those who wait for it.

mod alerts;
#[path = "../shared/http.rs"]
mod http;
mod ipfix;
mod lab;
mod latency;
mod log;
mod prometheus;
mod sflow;
mod traffic;

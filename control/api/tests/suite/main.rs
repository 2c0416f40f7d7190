//! The ways to a broker, driven over loopback.

mod access;
mod content;
mod description;
mod lab;
mod limits;
mod policy;
mod streams;
mod tenants;
mod tls;

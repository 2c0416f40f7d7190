//! The soft switch as a data path, its ports, and what reaches the system.

mod capture;
mod conformance;
mod devices;
mod ports;
mod ptp;

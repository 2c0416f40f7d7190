//! Figures against the truth, known because the captures are made here.

mod bounds;
mod bursts;
mod dice;
mod oracle;
mod profiles;
mod rtt;
mod scenario;
mod stamps;

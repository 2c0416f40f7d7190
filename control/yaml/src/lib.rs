//! Configurations in YAML: read as a tree of located nodes ([`parse`]), then by kind ([`Reader`]), every mistake reported at its place.
//!
//! What the keys mean is not known here: the policy and the telemetry of a broker both read theirs by it, and so look the same where they are wrong.

mod reader;
mod tree;
mod units;

pub use reader::{Fields, Reader, listed};
pub use tree::{Document, Key, Node, Value, parse, parse_documents, places};
pub use units::with_unit;

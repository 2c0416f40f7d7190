//! JSON as this crate needs it: written with keys in a given order.

mod print;

pub(crate) use print::Json;

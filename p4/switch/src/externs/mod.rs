//! What externs compute, apart from the packets that they are called for.

pub(crate) mod checksums;
pub(crate) mod digest64;
pub(crate) mod hash;
pub(crate) mod meter;
pub(crate) mod random;
pub(crate) mod register;

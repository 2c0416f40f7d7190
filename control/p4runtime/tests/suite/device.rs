//! What is served here: the soft switch. `tests/remote/` serves something else, and runs the same tests.

use crate::bench::{Device, soft};

pub(crate) fn device() -> Device {
    soft()
}

//! A progress bar for long inputs, on standard error, only where somebody looks.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Packets between two looks at the bar.
const STEP_PACKETS: u64 = 4_096;

/// Shows how much of the inputs is read. Nothing where standard error is not a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    packets: u64,
}

impl Progress {
    /// Of inputs of that many bytes, where known.
    pub(crate) fn new(total_bytes: Option<u64>) -> Self {
        let bar = match total_bytes {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::no_length(),
        };
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
        let template = "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_secs(1));
        Self { bar, packets: 0 }
    }

    /// One more packet; `consumed_bytes` is asked for now and then.
    pub(crate) fn packet(&mut self, consumed_bytes: impl FnOnce() -> u64) {
        self.packets += 1;
        if self.packets.is_multiple_of(STEP_PACKETS) {
            self.bar.set_position(consumed_bytes());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

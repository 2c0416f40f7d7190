//! Who sees the frames that come in at a port, besides the pipeline.

use crate::port::Received;

/// Sees what comes in at one port, before the pipeline does. The port's thread has it, and waits for it: it should be quick, and wait for nobody. It goes with the thread.
pub trait Observe: Send {
    /// A frame came in.
    fn frame(&mut self, frame: &Received<'_>);

    /// None came in for a while (some milliseconds): it is that late, nanoseconds since the UNIX epoch.
    fn idle(&mut self, now_ns: u64);
}

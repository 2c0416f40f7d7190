//! Who sees the frames of ports, besides the pipeline.

use crate::port::Received;

/// Sees what comes in at one port, before the pipeline does. The port's thread has it, and waits for it: it should be quick, and wait for nobody. It goes with the thread.
pub trait Observe: Send {
    /// A frame came in.
    fn frame(&mut self, frame: &Received<'_>);

    /// None came in for a while (some milliseconds): it is that late, nanoseconds since the UNIX epoch.
    fn idle(&mut self, now_ns: u64);
}

/// Sees what leaves by one port, as soon as its device has taken it. Any thread may call it, several at once, and waits for it. It goes with the port.
pub trait ObserveSent: Send + Sync {
    /// A frame left.
    fn frame(&self, data: &[u8]);
}

/// Says who is to see the frames of a port that is attached, whenever that is.
pub trait Observers: Send + Sync {
    /// Who is to see what comes in there.
    fn receiving(&self, port: u16, name: &str) -> Option<Box<dyn Observe>>;

    /// Who is to see what leaves there.
    fn sending(&self, port: u16, name: &str) -> Option<Box<dyn ObserveSent>>;
}

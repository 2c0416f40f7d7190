//! What can be wrong with a card.

/// A defect of the card, for as long as it has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Completions say that they are of another queue.
    OtherQueue,
    /// Completions say that they are of a descriptor that the driver has not given.
    OtherDescriptor,
    /// Completions say that the frame has 60,000 bytes.
    TooLong,
    /// Completions are written to an address that the card was never given.
    CompletionsNowhere,
    /// Interrupts come all the time, with nothing behind them: so many with each access to a register.
    Storm(u32),
    /// Queues do not start.
    NoStart,
    /// The chain of register blocks runs in a circle.
    CircularChain,
    /// The queues are said to be behind the end of the registers.
    QueuesOutside,
    /// The event queues are of a version that is not known.
    NewerQueues,
}

//! Two policies that change places, each known by what it leaves of a frame, and frames that are known by a number.

/// Bytes that the two policies leave of a frame.
pub const LEFT: [usize; 2] = [64, 100];

/// Where a frame has its number, eight bytes, the highest first.
pub const NUMBER_AT: usize = 42;

/// The policy of a turn: its filter takes all of the frames, by another condition and name than the one before, to the tools `left` (11) and `right` (12).
pub fn policy(turn: usize) -> String {
    let matched = ["udp port 4000 or udp port 5000", "ip proto 17"][turn % 2];
    format!(
        "ports:\n  tap: {{ role: network, id: 1 }}\n  left: {{ role: tool, id: 11 }}\n  right: {{ role: tool, id: 12 }}\n\
         filters:\n  - {{ name: all-{}, match: {matched}, to: [left, right], edits: {{ slice: {{ bytes: {} }} }} }}\n",
        turn % 3,
        LEFT[turn % 2]
    )
}

/// An UDP packet of 200 bytes with that number.
pub fn frame(number: u64) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0, 0, 186, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend([0x0f, 0xa0, 0x0f, 0xa0, 0, 166, 0, 0]);
    frame.extend(number.to_be_bytes());
    frame.resize(200, 0xaa);
    frame
}

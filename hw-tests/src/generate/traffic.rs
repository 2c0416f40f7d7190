//! Policies and frames that two data paths are compared on.

use super::{Frames, PolicyShape, Values, damage, policy};
use crate::captures::Captured;
use crate::trial::{self, Dice};

/// Frames sent through each policy.
const FRAMES: u64 = 120;

const PLAIN: PolicyShape =
    PolicyShape { filters: 40, edits: 0, sampling: false, dedup: false, groups: false };

/// What kinds of policies there are.
pub const SHAPES: [PolicyShape; 4] = [
    PLAIN,
    PolicyShape { edits: 60, ..PLAIN },
    PolicyShape { filters: 20, edits: 40, sampling: true, groups: true, ..PLAIN },
    PolicyShape { filters: 20, edits: 40, dedup: true, groups: true, ..PLAIN },
];

/// Two data paths, or one on two engines, that have to do the same.
pub trait Compared {
    /// Makes a policy alive on both; says whether it fits.
    fn apply(&mut self, yaml: &str) -> bool;
    /// Sends a frame through both, and compares what comes out.
    fn send(&mut self, port: u16, frame: &Captured, bad_frame: bool);
    /// Frames that were sent.
    fn packets(&self) -> u64;
    /// Compares what entries have counted.
    fn check(&mut self);
}

/// One random policy and its frames, some of them again, some damaged.
pub fn random_policy(pair: &mut impl Compared, dice: &mut Dice, shape: PolicyShape) {
    let many = dice.percent(30);
    let values = Values::new(dice, many);
    let model = policy(dice, &values, shape);
    if !pair.apply(&model.to_string()) {
        return;
    }
    let frames = Frames::new(&values, 15);
    let mut earlier: Vec<Captured> = Vec::new();
    for number in 0..FRAMES {
        let repeat = !earlier.is_empty() && dice.percent(30);
        let mut frame = if repeat { dice.pick(&earlier).clone() } else { frames.next(dice) };
        frame.time_ns = 1_700_000_000_000_000_000 + pair.packets() * 1_000_000;
        earlier.push(frame.clone());
        if number % 3 == 0 {
            damage(dice, &mut frame);
        }
        let port = if dice.percent(3) { 100 } else { dice.between(1, model.network.len() as u64) as u16 };
        pair.send(port, &frame, dice.percent(2));
    }
    pair.check();
}

/// Captured frames at two taps in turn: as they are, with bytes flipped, cut short.
pub fn damaged_captures(pair: &mut impl Compared, dice: &mut Dice, captured: &[Captured]) {
    for frame in captured.iter().take(trial::count(20, 5_000) as usize) {
        let port = 1 + (pair.packets() % 2) as u16;
        pair.send(port, frame, false);
        for _ in 0..trial::count(2, 20) {
            let mut damaged = frame.clone();
            damage(dice, &mut damaged);
            pair.send(port, &damaged, false);
        }
        let mut short = frame.clone();
        short.data.truncate(dice.below(frame.data.len().min(200) + 1));
        pair.send(port, &short, false);
    }
}

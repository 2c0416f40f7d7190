//! Random policies and random packets: compiled tables do what a brute-force evaluation of the filters says.

use sluice_conformance::captures::Captured;
use sluice_conformance::generate::{Frames, PolicyShape, Values, policy};
use sluice_conformance::harness::{Broker, Checker};
use sluice_conformance::model::Model;
use sluice_conformance::trial::{self, Dice};

/// Frames sent through each policy.
const FRAMES: u64 = 60;
/// Policies of one trial, each a change of the one before: all of it is new, and what is free is used again.
const POLICIES: u64 = 10;

/// A broker and its checker, from policy to policy.
struct Trial {
    broker: Broker,
    checker: Checker,
    time_ns: u64,
    refused: u64,
}

impl Trial {
    fn new() -> Self {
        let (broker, checker) = (Broker::default(), Checker::new(&Model::with_ports(1, 1)));
        Self { broker, checker, time_ns: 1_700_000_000_000_000_000, refused: 0 }
    }

    /// Makes the policy alive. Where it does not fit beside the old one, on a broker of its own; where it does not fit at all, with
    /// half of its filters, and so on.
    fn apply(&mut self, model: &mut Model) {
        let mut is_fresh = false;
        while let Err(error) = self.broker.apply(&model.to_string()) {
            assert!(
                ["fit", "terms", "too many", "side by side"].iter().any(|word| error.contains(word)),
                "{error}\n{model}"
            );
            if is_fresh {
                self.refused += 1;
                assert!(model.filters.len() > 1, "{error}\n{model}");
                let half = model.filters.len() / 2;
                model.filters.truncate(half);
            } else {
                *self = Self { time_ns: self.time_ns, refused: self.refused, ..Self::new() };
                is_fresh = true;
            }
        }
        self.checker.change(model);
        // Duplicate removal has forgotten the frames of earlier policies.
        self.time_ns += 3_600_000_000_000;
    }

    fn policy(&mut self, dice: &mut Dice, shape: PolicyShape) {
        let many = dice.percent(30);
        let values = Values::new(dice, many);
        let mut model = policy(dice, &values, shape);
        self.apply(&mut model);
        let frames = Frames::new(&values, 15);
        let mut earlier: Vec<Captured> = Vec::new();
        let again = if shape.dedup || shape.sampling { 40 } else { 5 };
        for _ in 0..FRAMES {
            let repeat = !earlier.is_empty() && dice.percent(again);
            let frame = if repeat { dice.pick(&earlier).clone() } else { frames.next(dice) };
            self.time_ns += 1_000_000;
            let frame = Captured { time_ns: self.time_ns, ..frame };
            earlier.push(frame.clone());
            let port = if dice.percent(3) { 100 } else { dice.between(1, model.network.len() as u64) as u16 };
            if let Err(difference) = self.checker.send(&mut self.broker, port, &frame, dice.percent(2)) {
                panic!("{difference}");
            }
        }
        if let Err(difference) = self.checker.check_totals(&self.broker) {
            panic!("{difference}\n{model}");
        }
    }
}

/// `short` and `long` count policies.
fn trials(first: u64, short: u64, long: u64, shape: PolicyShape) {
    let count = trial::count(short, long);
    let mut refused = 0;
    trial::each(first, count / POLICIES, |dice| {
        let mut trial = Trial::new();
        for _ in 0..POLICIES {
            trial.policy(dice, shape);
        }
        refused += trial.refused;
    });
    println!("{count} policies, {refused} times one did not fit and was halved");
    assert!(refused <= count / 4, "too many random policies do not fit to prove anything");
}

const PLAIN: PolicyShape =
    PolicyShape { filters: 60, edits: 0, sampling: false, dedup: false, groups: false };

#[test]
fn filters_overlap() {
    trials(1_000, 300, 5_000, PLAIN);
}

#[test]
fn filters_edit() {
    trials(100_000, 120, 2_000, PolicyShape { edits: 60, ..PLAIN });
}

#[test]
fn filters_sample_and_balance() {
    trials(
        200_000,
        120,
        1_500,
        PolicyShape { filters: 20, edits: 30, sampling: true, groups: true, ..PLAIN },
    );
}

#[test]
fn filters_remove_duplicates() {
    trials(300_000, 120, 1_500, PolicyShape { filters: 20, edits: 30, dedup: true, groups: true, ..PLAIN });
}

/// Behind a test of one tag, `vlan` is of the next.
#[test]
fn tags_stack() {
    use sluice_capture::frame::{Ethernet, Frame, Vlan};
    let yaml = "ports: { a: { role: network, id: 1 }, t: { role: tool, id: 2 } }\nfilters: [ { name: x, match: vlan 5 and vlan 6, to: [t] } ]\n";
    let mut broker = Broker::with_policy(yaml);
    for (tags, copies) in [(vec![5, 6], 1), (vec![6, 5], 0), (vec![5], 0), (vec![5, 6, 7], 1), (vec![], 0)] {
        let macs = Ethernet::new([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        let frame = tags.iter().fold(Frame::new().then(macs), |frame, tag| frame.then(Vlan::new(*tag)));
        let data = frame.payload(&[0; 46]).build();
        let frame = Captured { time_ns: 0, wire_length: data.len() as u32, data };
        assert_eq!(broker.send(1, &frame, false).copies.len(), copies, "{tags:?}");
    }
}

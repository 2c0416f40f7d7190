//! Random policies and random packets: compiled tables do what a brute-force evaluation of the filters says.

use sluice_conformance::captures::Captured;
use sluice_conformance::generate::{Frames, PolicyShape, Values, policy};
use sluice_conformance::harness::{Broker, Checker};
use sluice_conformance::model::Model;
use sluice_conformance::trial::{self, Dice};

/// Frames sent through each policy.
const FRAMES: u64 = 60;

/// A broker with the policy; where the policy does not fit, with half of its filters, and so on.
fn broker_for(model: &mut Model, refused: &mut u64) -> Broker {
    loop {
        let mut broker = Broker::default();
        match broker.apply(&model.to_string()) {
            Ok(()) => return broker,
            Err(error) => {
                assert!(model.filters.len() > 1, "{error}\n{model}");
                assert!(
                    error.contains("fit") || error.contains("terms") || error.contains("too many"),
                    "{error}\n{model}"
                );
                *refused += 1;
                let half = model.filters.len() / 2;
                model.filters.truncate(half);
            }
        }
    }
}

fn run(dice: &mut Dice, shape: PolicyShape, refused: &mut u64) {
    let many = dice.percent(30);
    let values = Values::new(dice, many);
    let mut model = policy(dice, &values, shape);
    let mut broker = broker_for(&mut model, refused);
    let mut checker = Checker::new(&model);
    let frames = Frames::new(&values, 15);
    let mut earlier: Vec<Captured> = Vec::new();
    for number in 0..FRAMES {
        let again = !earlier.is_empty() && dice.percent(if shape.dedup || shape.sampling { 40 } else { 5 });
        let frame = if again { dice.pick(&earlier).clone() } else { frames.next(dice) };
        let time_ns = 1_700_000_000_000_000_000 + number * 1_000_000;
        let frame = Captured { time_ns, ..frame };
        earlier.push(frame.clone());
        let port = if dice.percent(3) { 100 } else { dice.between(1, model.network.len() as u64) as u16 };
        if let Err(difference) = checker.send(&mut broker, port, &frame, dice.percent(2)) {
            panic!("{difference}");
        }
    }
    if let Err(difference) = checker.check_totals(&broker) {
        panic!("{difference}\n{model}");
    }
}

fn trials(first: u64, short: u64, long: u64, shape: PolicyShape) {
    let count = trial::count(short, long);
    let mut refused = 0;
    trial::each(first, count, |dice| run(dice, shape, &mut refused));
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

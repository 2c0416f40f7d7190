//! The card's clock.

use sluice_nic::{CardTime, Discipline};
use sluice_nic_model::Options;

use crate::lab::{Lab, ways};

#[test]
fn a_clock_is_read_set_moved_and_said_to_be_locked() {
    for way in ways() {
        let lab = Lab::new(way, Options { start_ns: 1_700_000_000_123_456_789, ..Options::default() });
        let card = lab.card();
        let clock = card.clock().expect("it has one");
        assert_eq!(clock.read().expect("it is there"), CardTime { seconds: 1_700_000_000, ns: 123_456_789 });
        clock.shift(-123_456_790).expect("it can");
        assert_eq!(clock.read().expect("it is there"), CardTime { seconds: 1_699_999_999, ns: 999_999_999 });
        clock.shift(5_000_000_000).expect("it can");
        assert_eq!(clock.read().expect("it is there"), CardTime { seconds: 1_700_000_004, ns: 999_999_999 });
        let far = CardTime { seconds: (1 << 34) - 1, ns: 1 };
        clock.set(far).expect("it can");
        // What was written has arrived when something was read.
        assert_eq!(clock.read().expect("it is there"), far);
        lab.device.with(|model, _| {
            model.pass(2_000_000_000);
            model.set_locked(true);
        });
        let reading = clock.look().expect("it is there");
        assert_eq!(
            (reading.time, reading.is_locked),
            (CardTime { seconds: (1 << 34) + 1, ns: 1 }, true),
            "{way:?}"
        );
        let error = clock.set(CardTime { seconds: 1 << 48, ns: 0 }).expect_err("it has 48 bits");
        assert_eq!(error.to_string(), "the card's clock cannot be set to 281474976710656 s: it has 48 bits");
        let error = clock.set_rate(200_000_000).expect_err("it is too much");
        assert_eq!(
            error.to_string(),
            "the card's clock cannot be 200000000 parts in 10^9 faster: at most 100,000,000"
        );
    }
}

#[test]
fn a_rate_is_what_was_asked_for() {
    let lab = Lab::with(ways()[0], None);
    let card = lab.card();
    let clock = card.clock().expect("it has one");
    for ppb in [0, 1_000, -1_000, 100_000_000, -37] {
        clock.set_rate(ppb).expect("it can");
        let before = clock.read().expect("it is there").as_ns() as i64;
        lab.device.with(|model, _| model.pass(1_000_000_000_000));
        let passed = clock.read().expect("it is there").as_ns() as i64 - before;
        let wrong = passed - 1_000_000_000_000 - ppb * 1_000;
        assert!(wrong.abs() <= 40, "{ppb}: {wrong} ns in 1,000 s");
    }
}

/// An oscillator that is 50 parts in 10^6 wrong, and a start that is seconds off: the clock is within its bound soon and stays there.
#[test]
fn a_clock_that_runs_wrong_is_kept_beside_another_one() {
    for drift_ppb in [50_000, -50_000, 300, 0] {
        let options = Options { drift_ppb, start_ns: 3_000_000_000, ..Options::default() };
        let lab = Lab::new(ways()[0], options);
        let card = lab.card();
        let clock = card.clock().expect("it has one");
        let mut discipline = Discipline::new();
        let mut now_ns = 1_000_000_000_000_000_000u64;
        let mut offsets = Vec::new();
        for _ in 0..60 {
            // Reading takes between 2 and 10 microseconds, and is the slower the busier the machine is.
            let mut took = [10_000, 2_000, 6_000].into_iter().cycle();
            let mut is_after = false;
            let offset = clock.compare(3, || {
                if is_after {
                    let took = took.next().expect("it goes on for ever");
                    now_ns += took;
                    lab.device.with(|model, _| model.pass(took));
                }
                is_after = !is_after;
                now_ns
            });
            let offset = offset.expect("it is there");
            assert_eq!(offset.bound_ns, 1_000, "the quickest reading counts");
            discipline.act(&clock, offset).expect("it can");
            offsets.push(offset.ahead_ns);
            now_ns += 125_000_000;
            lab.device.with(|model, _| model.pass(125_000_000));
        }
        let settled = &offsets[30..];
        // The card's time is taken at the end of each reading: half of the time that it took is the bound.
        assert!(settled.iter().all(|ahead| ahead.abs() <= 1_100), "{drift_ppb}: {offsets:?}");
        let wrong = (discipline.rate_ppb() - drift_ppb).abs();
        assert!(wrong < 2_000, "{drift_ppb}: {} found", discipline.rate_ppb());
    }
}

//! Memory has a bound, and what it costs is counted.

use sluice_latency::{Arrival, Bounds, Correlator, Fate, Labels, Settings, Sighting};

use crate::oracle::analyze;
use crate::scenario::{Delay, Scenario, make};

fn settings(bounds: Bounds) -> Settings {
    Settings { bounds, ..Settings::new(vec!["a".to_string(), "b".to_string()]) }
}

/// The window is what bounds memory: ten times the packets take no more.
#[test]
fn memory_does_not_grow_with_the_capture() {
    let bounds = Bounds { window_ns: 1_000_000, ..Bounds::default() };
    let memory = |packets: usize| {
        let taps = make(&Scenario { packets, ..Scenario::default() });
        let (report, wrong) = analyze(&taps, settings(bounds));
        assert_eq!((wrong, report.settled_early), (0, 0));
        assert_eq!(report.segments[0].matched, packets as u64);
        report.memory_bytes
    };
    let (short, long) = (memory(5_000), memory(50_000));
    assert!(long <= short, "{short} bytes became {long}");
}

/// Where room is short, the oldest packets are settled early: some are unmatched, all are counted, none is wrong.
#[test]
fn the_bound_of_entries_holds() {
    let taps = make(&Scenario { delay: Delay::Constant(1_000_000), ..Scenario::default() });
    let (report, wrong) = analyze(&taps, settings(Bounds { entries: 100, ..Bounds::default() }));
    assert_eq!(wrong, 0);
    assert!(report.settled_early > 4_000);
    for tap in &report.taps {
        assert_eq!(tap.packets, tap.matched + tap.unmatched + tap.duplicates + tap.ambiguous + tap.no_key);
    }
    let generous = analyze(&taps, settings(Bounds { entries: 1_000, ..Bounds::default() })).0;
    assert_eq!((generous.settled_early > 0, generous.taps[0].unmatched), (true, 0));
}

/// A packet that comes later than the window is not found, and is counted at both taps.
#[test]
fn the_window_holds() {
    let taps = make(&Scenario { delay: Delay::Constant(3_000_000), packets: 2_000, ..Scenario::default() });
    let (report, wrong) = analyze(&taps, settings(Bounds { window_ns: 2_000_000, ..Bounds::default() }));
    assert_eq!((wrong, report.taps[0].unmatched, report.taps[1].unmatched), (0, 2_000, 2_000));
}

/// What one tap saw before the other listened, or after, is no loss.
#[test]
fn outside_is_not_lost() {
    let mut taps = make(&Scenario { packets: 3_000, ..Scenario::default() });
    taps[1].retain(|sight| (500..2_000).contains(&sight.uid) && sight.uid != 700);
    let (report, _) = analyze(&taps, settings(Bounds::default()));
    let segment = &report.segments[0];
    assert_eq!((segment.lost, segment.outside_from, segment.gap_count), (1, 1_500, 1));
}

/// A tap that is silent for longer than the window is still listening.
#[test]
fn a_long_silence_is_a_gap() {
    let mut taps = make(&Scenario { packets: 3_000, ..Scenario::default() });
    taps[1].retain(|sight| !(1_000..2_000).contains(&sight.uid));
    let bounds = Bounds { window_ns: 100_000, ..Bounds::default() };
    let (report, _) = analyze(&taps, settings(bounds));
    let segment = &report.segments[0];
    assert_eq!((segment.lost, segment.outside_from, segment.gap_count), (1_000, 0, 1));
    let gap = segment.gaps[0];
    let time = |uid: usize| taps[0].iter().find(|sight| sight.uid == uid).expect("it was sent").time_ns;
    assert_eq!(gap.length_ns, time(2_000) - time(999));
}

/// A hundred million packets (a million without `SLUICE_LONG`) take no more memory than the first of them, and each is told.
#[test]
fn a_long_run_does_not_grow() {
    let packets: u64 = if std::env::var_os("SLUICE_LONG").is_some() { 50_000_000 } else { 500_000 };
    let bounds = Bounds { window_ns: 1_000_000, ..Bounds::default() };
    let mut correlator: Correlator<2> = Correlator::new(2, bounds);
    let (mut matched, mut told) = (0_u64, 0_u64);
    let mut sink = |arrival: &Arrival| {
        told += 1;
        matched += u64::from(matches!(arrival.fate, Fate::Settled { previous: Some(_), .. }));
    };
    let mut early_bytes = 0;
    let (spacing, delay) = (100, 50_000);
    let start = 1_700_000_000_000_000_000;
    for number in 0..packets + delay / spacing {
        let sighting = |tap: usize, number: u64| Sighting {
            tap,
            time_ns: start + number * spacing + delay * tap as u64,
            key: Some((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            exact: number as u32,
            bytes: 100,
            labels: Labels::default(),
        };
        if number < packets {
            correlator.push(&sighting(0, number), &mut sink);
        }
        // Every tenth is lost.
        if let Some(arrived) = number.checked_sub(delay / spacing).filter(|arrived| arrived % 10 != 0) {
            correlator.push(&sighting(1, arrived), &mut sink);
        }
        if number == packets / 10 {
            early_bytes = correlator.memory_bytes();
        }
    }
    assert_eq!(correlator.memory_bytes(), early_bytes);
    correlator.finish(&mut sink);
    println!("{packets} packets at each tap, {early_bytes} bytes");
    assert_eq!((told, matched, correlator.early()), (packets + packets * 9 / 10, packets * 9 / 10, 0));
}

/// The time that a frame takes to come in is taken off on request, once for each device on the way: what is left is the device's own.
#[test]
fn serialization_is_taken_off() {
    let scenario = Scenario { delay: Delay::Constant(50_000), packets: 2_000, ..Scenario::default() };
    let taps = make(&scenario);
    let changes = vec![scenario.changes[0]; 2];
    let three = make(&Scenario { changes, ..scenario });
    // At a gigabit a byte takes 8 ns; the check sequence comes in, too.
    let store = |names: &[&str]| Settings {
        store_bits_per_second: Some(1_000_000_000),
        ..Settings::new(names.iter().map(|name| name.to_string()).collect())
    };
    let (report, _) = analyze(&taps, store(&["a", "b"]));
    let times: Vec<i64> = taps[1].iter().map(|sight| 50_000 - 8 * (sight.bytes.len() as i64 + 4)).collect();
    let delays = report.segments[0].delays.expect("they match");
    assert_eq!(Some(delays.min_ns), times.iter().min().copied());
    assert_eq!(Some(delays.max_ns), times.iter().max().copied());
    let (report, _) = analyze(&three, store(&["a", "b", "c"]));
    let mean = |segment: &sluice_latency::SegmentReport| segment.delays.expect("they match").mean_ns;
    let parts: f64 = report.segments.iter().map(mean).sum();
    let whole = mean(report.whole.as_ref().expect("there are three taps"));
    assert!((whole - parts).abs() < 1.0, "{whole} is not {parts}");
}

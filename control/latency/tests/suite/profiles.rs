//! Each key profile over what it is for: every figure is the truth, within the stated error, and no packet is taken for another.

use sluice_latency::{Bounds, KeyOptions, Profile, Settings};

use crate::oracle::{analyze, check_segment, check_taps};
use crate::scenario::{Change, Delay, Scenario, make};

fn settings(taps: usize, profile: Profile) -> Settings {
    let mut settings = Settings::new((0..taps).map(|tap| format!("tap-{tap}")).collect());
    settings.keys = KeyOptions { profile, ..KeyOptions::default() };
    settings.bounds = Bounds { window_ns: 200_000_000, duplicate_ns: 1_000, ..Bounds::default() };
    settings
}

/// Runs a scenario, and compares all there is.
fn check(profile: Profile, scenario: &Scenario) {
    let taps = make(scenario);
    let (report, wrong) = analyze(&taps, settings(taps.len(), profile));
    assert_eq!(wrong, 0, "false matches of {} in {scenario:?}", profile.name());
    check_taps(&report, &taps);
    assert_eq!(report.segments.len(), taps.len() - 1);
    for (segment, ends) in report.segments.iter().zip(taps.windows(2)) {
        check_segment(segment, &ends[0], &ends[1], report.percentile_error);
    }
    if taps.len() > 2 {
        let whole = report.whole.as_ref().expect("there is a way from end to end");
        check_segment_delays_add_up(&report.segments, whole);
    }
}

/// Where nothing is lost, the mean of the whole way is the sum of the means of its parts.
fn check_segment_delays_add_up(
    parts: &[sluice_latency::SegmentReport],
    whole: &sluice_latency::SegmentReport,
) {
    let Some(total) = whole.delays else { panic!("nothing came through") };
    if parts.iter().all(|part| part.matched == whole.matched) {
        let sum: f64 = parts.iter().filter_map(|part| part.delays).map(|delays| delays.mean_ns).sum();
        assert!((sum - total.mean_ns).abs() < 1e-3, "{sum} is not {}", total.mean_ns);
    }
}

const DELAYS: [Delay; 5] =
    [Delay::Constant(10_000), Delay::Bimodal, Delay::Heavy, Delay::Drifting, Delay::Spread];

fn check_all_delays(profile: Profile, change: Change, payloads: bool) {
    for (seed, delay) in (1..).zip(DELAYS) {
        let scenario = Scenario { seed, delay, changes: vec![change], payloads, ..Scenario::default() };
        check(profile, &scenario);
        check(profile, &Scenario { loss: 0.02, twice: 0.01, seed: seed + 100, ..scenario });
    }
}

#[test]
fn routed() {
    check_all_delays(Profile::Routed, Change::Routed, false);
}

#[test]
fn routed_between_vlans() {
    check_all_delays(Profile::Routed, Change::Vlan, false);
}

#[test]
fn translated() {
    check_all_delays(Profile::Nat, Change::Nat, true);
}

#[test]
fn into_tunnels() {
    for change in [Change::Vxlan, Change::Gre, Change::Gtp] {
        check_all_delays(Profile::Tunnel, change, false);
    }
}

#[test]
fn by_payload() {
    check_all_delays(Profile::Payload, Change::Nat, true);
}

/// A profile that ignores more finds the packets of one that ignores less.
#[test]
fn wider_profiles_find_what_narrower_ones_find() {
    for profile in Profile::ALL {
        let scenario = Scenario { changes: vec![Change::Routed], payloads: true, ..Scenario::default() };
        check(profile, &scenario);
    }
}

/// The same message again and again: nobody can tell which of them arrived, so none is counted as matched.
#[test]
fn identical_packets_are_left_out() {
    for (profile, change) in
        [(Profile::Routed, Change::Routed), (Profile::Nat, Change::Nat), (Profile::Tunnel, Change::Vxlan)]
    {
        let scenario = Scenario {
            heartbeats: 0.05,
            loss: 0.01,
            payloads: true,
            delay: Delay::Bimodal,
            changes: vec![change],
            ..Scenario::default()
        };
        check(profile, &scenario);
    }
}

/// Clocks that are apart by more than the delay: it is negative, and shown so.
#[test]
fn negative_delays_are_shown() {
    let scenario = Scenario { delay: Delay::Constant(-25_000), loss: 0.01, ..Scenario::default() };
    check(Profile::Routed, &scenario);
    let taps = make(&scenario);
    let (report, _) = analyze(&taps, settings(2, Profile::Routed));
    let delays = report.segments[0].delays.expect("some are matched");
    assert_eq!((delays.min_ns, delays.max_ns), (-25_000, -25_000));
    assert!((-25_025..=-24_975).contains(&delays.p50_ns));
}

#[test]
fn several_hops() {
    use Change::{Nothing, Routed, Vlan, Vxlan};
    for (profile, changes) in [
        (Profile::Routed, vec![Routed, Vlan]),
        (Profile::Routed, vec![Routed, Nothing, Routed]),
        (Profile::Tunnel, vec![Routed, Vxlan]),
        (Profile::Routed, vec![Routed; 7]),
    ] {
        for loss in [0.0, 0.03] {
            for delay in [Delay::Bimodal, Delay::Spread] {
                let changes = changes.clone();
                check(profile, &Scenario { packets: 5_000, changes, delay, loss, ..Scenario::default() });
            }
        }
    }
}

/// Jitter as RFC 3550 has it, of one flow, by its formula written out.
#[test]
fn jitter() {
    let scenario = Scenario { delay: Delay::Bimodal, ..Scenario::default() };
    let taps = make(&scenario);
    let (report, _) = analyze(&taps, settings(2, Profile::Routed));
    // The only flow over IPv6.
    let flow =
        report.segments[0].flows.iter().find(|flow| flow.name.starts_with("tcp [fdfd")).expect("it is there");
    let sent: std::collections::HashMap<usize, u64> =
        taps[0].iter().map(|sight| (sight.uid, sight.time_ns)).collect();
    let mut jitter = 0.0;
    let mut before: Option<(u64, u64)> = None;
    for sight in taps[1].iter().filter(|sight| sight.uid % 5 == 3) {
        let (s, r) = (sent[&sight.uid], sight.time_ns);
        if let Some((s0, r0)) = before {
            let d = (r as i64 - r0 as i64) - (s as i64 - s0 as i64);
            jitter += (d.abs() as f64 - jitter) / 16.0;
        }
        before = Some((s, r));
    }
    assert!((flow.jitter_ns - jitter).abs() < 1e-3, "{} is not {jitter}", flow.jitter_ns);
}

//! Microbursts against a count of all windows.

use std::collections::BTreeMap;

use sluice_latency::{OVERHEAD_BYTES, Settings, WINDOWS_NS};

use crate::oracle::analyze;
use crate::scenario::{Scenario, Sight, make};

fn on_link(sight: &Sight) -> u64 {
    sight.bytes.len().max(60) as u64 + u64::from(OVERHEAD_BYTES)
}

/// First packet, and bytes without those of the last, of the window of that length which ends with packet `last`.
fn window(tap: &[Sight], last: usize, length_ns: u64) -> (usize, u64) {
    let mut first = last;
    while first > 0 && tap[first - 1].time_ns + length_ns > tap[last].time_ns {
        first -= 1;
    }
    (first, tap[first..last].iter().map(on_link).sum())
}

#[test]
fn peaks_and_bursts_are_those_of_all_windows() {
    let taps = make(&Scenario { packets: 4_000, ..Scenario::default() });
    let mut settings = Settings::new(vec!["a".to_string(), "b".to_string()]);
    let (rate, share) = (1_000_000_000_u64, 0.7);
    (settings.link_bits_per_second, settings.burst_share) = (Some(rate), share);
    let (report, _) = analyze(&taps, settings);
    let (tap, told) = (&taps[0], &report.taps[0]);
    for (length_ns, told) in WINDOWS_NS.into_iter().zip(&told.bursts) {
        assert_eq!(told.window_ns, length_ns);
        let windows: Vec<(usize, u64)> = (0..tap.len()).map(|last| window(tap, last, length_ns)).collect();
        let most = windows.iter().map(|window| window.1).max().expect("some");
        let peak = told.peak.as_ref().expect("there is one");
        assert!((peak.peak_bits_per_second - most as f64 * 8e9 / length_ns as f64).abs() < 1.0);
        // Bursts: runs of windows over the bound.
        let bound = (rate as f64 * share * length_ns as f64 / 8e9) as u64;
        let over = |at: usize| windows[at].1 > bound;
        let starts: Vec<u64> = (0..tap.len())
            .filter(|at| over(*at) && (*at == 0 || !over(at - 1)))
            .map(|at| tap[windows[at].0].time_ns)
            .collect();
        assert_eq!(told.count, starts.len() as u64, "{length_ns} ns");
        if starts.len() <= 100 {
            assert_eq!(told.bursts.iter().map(|burst| burst.start_ns).collect::<Vec<_>>(), starts);
        }
        for burst in &told.bursts {
            let inside = tap.iter().filter(|sight| (burst.start_ns..=burst.end_ns).contains(&sight.time_ns));
            assert_eq!(burst.bytes, inside.map(on_link).sum::<u64>());
            assert!(burst.top.windows(2).all(|pair| pair[0].1 >= pair[1].1) && !burst.top.is_empty());
        }
    }
    assert!(told.bursts.iter().map(|window| window.count).sum::<u64>() > 10, "there are bursts to find");
}

/// The top contributors of a peak are who sent most in it.
#[test]
fn contributors() {
    let mut taps = make(&Scenario { packets: 2_000, ..Scenario::default() });
    // One host sends 40 packets at once.
    let loud = taps[0].iter().find(|sight| sight.uid % 5 == 0).expect("there is one").clone();
    let at = taps[0][1_000].time_ns;
    for n in 0..40_u64 {
        let mut bytes = loud.bytes.clone();
        // Another identification, as if each were a packet of its own; the checksum is not looked at.
        bytes[18..20].copy_from_slice(&(20_000 + n as u16).to_be_bytes());
        taps[0].push(Sight {
            time_ns: at + n * 10,
            bytes,
            uid: 100_000 + n as usize,
            copy: false,
            heartbeat: false,
        });
    }
    taps[0].sort_by_key(|sight| sight.time_ns);
    let (report, _) = analyze(&taps, Settings::new(vec!["a".to_string(), "b".to_string()]));
    let peak = report.taps[0].bursts[0].peak.as_ref().expect("there is one");
    let inside = taps[0].iter().filter(|sight| (peak.start_ns..=peak.end_ns).contains(&sight.time_ns));
    let mut by_sender: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for sight in inside {
        *by_sender.entry(sight.bytes[26..38].to_vec()).or_default() += on_link(sight);
    }
    let most = by_sender.values().max().expect("some");
    assert_eq!(peak.top[0].1, *most);
    assert!(peak.top[0].0.starts_with("tcp 10.0.0."), "{}", peak.top[0].0);
}

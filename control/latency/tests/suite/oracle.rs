//! What a report has to say, by who knows which packet is which. It shares no line with what it judges.

use std::collections::HashMap;

use sluice_latency::{
    Analysis, Arrival, Fate, Figures, Format, Report, SegmentReport, Settings, StampReader,
};

use crate::scenario::Sight;

/// Runs an analysis over taps; the report, and how many packets were matched with another packet.
pub(crate) fn analyze(taps: &[Vec<Sight>], settings: Settings) -> (Report, usize) {
    let mut order: Vec<(u64, usize, usize)> = Vec::new();
    for (tap, sights) in taps.iter().enumerate() {
        order.extend(sights.iter().enumerate().map(|(number, sight)| (sight.time_ns, tap, number)));
    }
    order.sort_unstable();
    let mut ids: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
    let mut told = vec![0; taps.len()];
    let mut sink = |arrival: &Arrival| {
        assert_eq!(arrival.number, told[arrival.tap], "a tap's packets are told in their order");
        told[arrival.tap] += 1;
        if let Fate::Settled { id: Some(id), .. } = arrival.fate {
            ids.entry(id).or_default().push((arrival.tap, arrival.number as usize));
        }
    };
    let reader = StampReader::new(Format::Capture);
    let mut analysis = Analysis::new(settings);
    for (_, tap, number) in order {
        let sight = &taps[tap][number];
        let stamped =
            reader.read(&sight.bytes, sight.time_ns, sight.bytes.len() as u32).expect("it is a frame");
        assert!(Analysis::takes(&stamped));
        analysis.push(tap, &stamped, &mut sink);
    }
    let report = analysis.finish(&mut sink);
    for (tap, sights) in taps.iter().enumerate() {
        assert_eq!(told[tap], sights.len() as u64, "every packet is told");
    }
    let wrong = |seen: &&Vec<(usize, usize)>| {
        let uid = |(tap, number): &(usize, usize)| taps[*tap][*number].uid;
        seen.len() < 2 || seen.iter().any(|one| uid(one) != uid(&seen[0]))
    };
    let wrong = ids.values().filter(wrong).count();
    (report, wrong)
}

/// Packets of a tap that count: no copies, no heartbeats.
fn plain(tap: &[Sight]) -> impl Iterator<Item = &Sight> {
    tap.iter().filter(|sight| !sight.copy && !sight.heartbeat)
}

fn close(told: i64, truth: i64, error: f64, what: &str) {
    let bound = truth.unsigned_abs() as f64 * error + 1.0;
    assert!(told.abs_diff(truth) as f64 <= bound, "{what}: told {told}, truth {truth}, bound {bound}");
}

fn check_figures(told: &Figures, delays: &mut [i64], error: f64) {
    delays.sort_unstable();
    let rank = |share: f64| delays[((share * delays.len() as f64).ceil() as usize).max(1) - 1];
    assert_eq!(told.count, delays.len() as u64);
    assert_eq!((told.min_ns, told.max_ns), (delays[0], delays[delays.len() - 1]));
    let mean = delays.iter().map(|delay| *delay as f64).sum::<f64>() / delays.len() as f64;
    assert!((told.mean_ns - mean).abs() < 1e-3, "mean {} is {mean}", told.mean_ns);
    close(told.p50_ns, rank(0.5), error, "p50");
    close(told.p90_ns, rank(0.9), error, "p90");
    close(told.p99_ns, rank(0.99), error, "p99");
    close(told.p99_9_ns, rank(0.999), error, "p99.9");
    close(told.p99_99_ns, rank(0.9999), error, "p99.99");
}

/// Arrivals behind a packet that was sent later: by looking at all of them before.
fn reordered(pairs: &[(usize, i64)]) -> u64 {
    let mut latest = 0;
    let mut count = 0;
    for (number, _) in pairs {
        if *number < latest {
            count += 1;
        }
        latest = latest.max(*number);
    }
    count
}

/// Runs of packets of `from` that did not arrive: packets, first and last time. Without a run at the begin if `to` saw nothing before the first packet that
/// arrived, and without one at the end if it saw nothing behind the last.
fn gaps(from: &[Sight], arrived: &HashMap<usize, u64>, to: &[Sight]) -> Vec<(u64, u64, u64)> {
    let mut runs: Vec<(u64, u64, u64)> = Vec::new();
    let mut open = false;
    for sight in plain(from) {
        if arrived.contains_key(&sight.uid) {
            open = false;
        } else if open {
            let run = runs.last_mut().expect("one is open");
            *run = (run.0 + 1, run.1, sight.time_ns);
        } else {
            runs.push((1, sight.time_ns, sight.time_ns));
            open = true;
        }
    }
    let there = || plain(from).filter_map(|sight| arrived.get(&sight.uid));
    let (first, last) = (*there().next().expect("some"), *there().max().expect("some"));
    let plain_first = plain(from).next().expect("some").time_ns;
    if runs.first().is_some_and(|run| run.1 == plain_first) && to.iter().all(|sight| sight.time_ns >= first) {
        runs.remove(0);
    }
    if open && to.iter().all(|sight| sight.time_ns <= last) {
        runs.pop();
    }
    runs
}

/// A segment's report against the truth.
pub(crate) fn check_segment(told: &SegmentReport, from: &[Sight], to: &[Sight], error: f64) {
    let sent: HashMap<usize, (usize, u64)> = from
        .iter()
        .enumerate()
        .filter(|(_, sight)| !sight.copy && !sight.heartbeat)
        .map(|(number, sight)| (sight.uid, (number, sight.time_ns)))
        .collect();
    let arrived: HashMap<usize, u64> = plain(to).map(|sight| (sight.uid, sight.time_ns)).collect();
    let pairs: Vec<(usize, i64)> = plain(to)
        .filter_map(|sight| {
            let (number, time_ns) = sent.get(&sight.uid)?;
            Some((*number, sight.time_ns as i64 - *time_ns as i64))
        })
        .collect();
    let mut delays: Vec<i64> = pairs.iter().map(|(_, delay)| *delay).collect();
    assert_eq!(told.matched, delays.len() as u64, "matched");
    check_figures(&told.delays.expect("some are matched"), &mut delays, error);
    assert_eq!(told.reordered, reordered(&pairs), "reordered");

    let truth = gaps(from, &arrived, to);
    assert_eq!(told.lost, truth.iter().map(|gap| gap.0).sum::<u64>(), "lost");
    assert_eq!(told.gap_count, truth.len() as u64, "gaps");
    if truth.len() <= told.gaps.len() {
        let gaps: Vec<_> =
            told.gaps.iter().map(|gap| (gap.gap.packets, gap.gap.start_ns, gap.gap.end_ns)).collect();
        assert_eq!(gaps, truth);
    }
    let unmatched = plain(from).filter(|sight| !arrived.contains_key(&sight.uid)).count() as u64;
    assert_eq!(told.lost + told.outside_from, unmatched);
    assert_eq!(told.gained + told.outside_to, 0);
    assert_eq!(told.histogram.iter().map(|bin| bin.count).sum::<u64>(), told.matched);
    let in_heat: u64 = told.heat.columns.iter().flatten().map(|(_, count)| u64::from(*count)).sum();
    assert_eq!(in_heat, told.matched);
    for groups in [&told.flows, &told.vlans, &told.applications] {
        let sum: u64 = groups.iter().filter_map(|group| group.delays).map(|delays| delays.count).sum();
        assert_eq!(sum, told.matched, "groups share what is matched");
        assert_eq!(groups.iter().map(|group| group.lost).sum::<u64>(), unmatched);
    }
}

/// The counts of all taps.
pub(crate) fn check_taps(report: &Report, taps: &[Vec<Sight>]) {
    for (told, tap) in report.taps.iter().zip(taps) {
        assert_eq!(told.packets, tap.len() as u64);
        let sum = told.matched + told.unmatched + told.duplicates + told.ambiguous + told.no_key;
        assert_eq!(told.packets, sum, "every packet is accounted for: {told:?}");
        let copies = tap.iter().filter(|sight| sight.copy && !sight.heartbeat).count() as u64;
        assert_eq!(told.duplicates, copies, "duplicates");
        assert_eq!(told.ambiguous, tap.iter().filter(|sight| sight.heartbeat).count() as u64, "ambiguous");
    }
}

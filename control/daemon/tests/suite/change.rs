//! Policies change, and no packet notices more than that.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sluice_daemon::{Change, Refusal, Source, What};
use sluice_store::{Progress, Store, StoreOptions, Version};
use sluice_target::Target;

use crate::lab::{Lab, all_to, frame, number};

#[test]
fn policies_change_under_traffic_and_nothing_is_lost_or_mixed() {
    const CHANGES: u32 = 20;
    let lab = Lab::new();
    let stop = AtomicBool::new(false);
    let sent = std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut sent = 0u32;
            while !stop.load(Ordering::Acquire) {
                assert!(lab.tap.send(u64::from(sent), &frame(sent)), "there is room");
                sent += 1;
                if sent.is_multiple_of(64) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            sent
        });
        for change in 0..CHANGES {
            let tool = if change.is_multiple_of(2) { "right" } else { "left" };
            let applied = lab.apply(&all_to(tool)).expect("the policy is right");
            assert_eq!((applied.is_changed, applied.version), (true, Version(u64::from(change) + 2)));
            // Readings in the middle of traffic are of one version, and have nothing that must not be.
            let reading = lab.broker.reading().expect("it can be read");
            assert_eq!(reading.version, applied.version);
            assert_eq!(reading.account.violations, Vec::<String>::new());
            std::thread::sleep(Duration::from_millis(10));
        }
        stop.store(true, Ordering::Release);
        sender.join().expect("it does not panic")
    });
    lab.target.detach(1);
    let drained = |end: &sluice_target::port::PairEnd| {
        let next = || end.receive(Duration::ZERO).map(|frame| number(&frame));
        std::iter::from_fn(next).collect::<Vec<u32>>()
    };
    let (left, right) = (drained(&lab.left), drained(&lab.right));
    assert!(left.len() > 100 && right.len() > 100, "{} and {}: too few", left.len(), right.len());
    assert_eq!(left.len() + right.len(), sent as usize, "each went to one tool, once");
    let all: BTreeSet<u32> = left.iter().chain(&right).copied().collect();
    assert_eq!(all.len(), sent as usize, "each one");
    lab.target.drain();
    let reading = lab.broker.reading_now().expect("it can be read");
    assert_eq!((reading.under_way, reading.account.violations.len()), (0, 0));
    assert_eq!(reading.account.ports[0].received, u64::from(sent));
    let sent_to =
        |name: &str| reading.account.tools.iter().find(|tool| tool.name == name).map(|tool| tool.sent);
    assert_eq!((sent_to("left"), sent_to("right")), (Some(left.len() as u64), Some(right.len() as u64)));
    // Filters that are gone are counted still.
    let hits: u64 = reading.account.filters.iter().map(|filter| filter.hits).sum();
    assert_eq!(hits, u64::from(sent));
}

#[test]
fn versions_that_are_not_in_force_any_more_are_refused() {
    let lab = Lab::new();
    let change = |expected, dry_run| {
        let text = all_to("right");
        let source = Source::Text(&text);
        lab.broker.apply(&Change { source, author: "ann", tenant: None, reason: "", expected, dry_run })
    };
    let planned = change(Some(Version(1)), true).expect("version 1 is in force");
    assert!(!planned.is_changed);
    assert_eq!(lab.broker.version(), Version(1));
    assert_eq!(lab.who_gets(1), ["left"]);
    assert_eq!(change(Some(Version(1)), false).expect("it is still").version, Version(2));
    let stale = change(Some(Version(1)), false);
    let expected = (Version(1), Version(2));
    assert!(
        matches!(stale, Err(Refusal::Stale { expected: e, current: c }) if (e, c) == expected),
        "{stale:?}"
    );
    // What is in force already is not applied again.
    let same = change(Some(Version(2)), false).expect("it is in force");
    assert_eq!((same.is_changed, same.version), (false, Version(2)));
    assert_eq!(lab.broker.history(None, 10, None).expect("it can be read").len(), 2);
}

#[test]
fn wrong_policies_are_refused_at_their_places() {
    let lab = Lab::new();
    let mut events = lab.broker.subscribe(None).receiver;
    let text = all_to("left").replace("to-left,", "to-left, match: tcp prot 80,");
    let Err(Refusal::Invalid { findings, rendered }) = lab.apply(&text) else { panic!("it is wrong") };
    assert_eq!(findings.len(), 1, "{rendered}");
    let place = &findings[0].places[0];
    assert_eq!((place.line, place.text.as_str()), (6, "prot"), "{rendered}");
    assert!(rendered.contains("policy:6:"), "{rendered}");
    let refused = events.try_recv().expect("it is told");
    assert!(matches!(&refused.what, What::Refused { author, .. } if author == "ann"), "{refused:?}");
    let audits = lab.broker.audits(None, 10).expect("it can be read");
    assert!(audits[0].outcome.starts_with("refused: 1 findings"), "{audits:?}");
    assert_eq!(lab.who_gets(1), ["left"]);

    let long = "#".repeat(sluice_daemon::MAX_POLICY_BYTES + 1);
    assert!(matches!(lab.apply(&long), Err(Refusal::TooLarge { .. })));
}

#[test]
fn ports_stay_what_they_are() {
    let lab = Lab::new();
    let right = all_to("right");
    for (old, new, told) in [
        (
            "tap: { role: network, id: 1 }",
            "tap: { role: tool, id: 1 }",
            "port `tap` is attached as a network port",
        ),
        (
            "left: { role: tool, id: 11 }",
            "left: { role: network, id: 11 }",
            "port `left` is attached as a tool port",
        ),
        (
            "tap: { role: network, id: 1 }",
            "tap: { role: network, id: 2 }",
            "port `tap` is attached as number 1",
        ),
        ("tap: { role: network, id: 1 }", "tip: { role: network, id: 1 }", "port 1 is attached as `tap`"),
    ] {
        let text = right.replace(old, new);
        assert_ne!(text, right);
        let Err(Refusal::Invalid { findings, rendered }) = lab.apply(&text) else { panic!("{new}") };
        assert!(findings.iter().any(|one| one.message == told), "{rendered}");
    }
    // Others may come and go.
    let text = right
        .replace("filters:", "  new: { role: tool, id: 13 }\nfilters:")
        .replace("[right]", "[right, new]");
    lab.apply(&text).expect("a port without a device is none's business");
    assert_eq!(lab.who_gets(1), ["right"]);
}

#[test]
fn any_version_can_be_had_back() {
    let lab = Lab::new();
    lab.apply(&all_to("right")).expect("the policy is right");
    assert_eq!(lab.who_gets(1), ["right"]);
    let applied = lab.rollback(1).expect("it was in force");
    assert_eq!((applied.version, applied.is_changed), (Version(3), true));
    assert_eq!(lab.who_gets(2), ["left"]);
    let past = lab.broker.past(Version(3), None).expect("it is there");
    assert_eq!(past.record.summary.restores, Some(Version(1)));
    assert_eq!(past.record.summary.author, "bob");
    assert!(past.diff.contains("-  - { name: to-right, to: [right] }"), "{}", past.diff);
    assert!(past.diff.contains("+  - { name: to-left, to: [left] }"), "{}", past.diff);
    assert!(past.record.summary.summary.contains("to-left"), "{}", past.record.summary.summary);
    assert!(matches!(lab.rollback(9), Err(Refusal::NotFound(_))));
    let actions: Vec<_> = lab
        .broker
        .audits(None, 9)
        .expect("it can be read")
        .into_iter()
        .map(|one| (one.action, one.subject))
        .collect();
    let expected = [("rollback", "9"), ("rollback", "3"), ("apply", "2"), ("apply", "1")];
    assert_eq!(actions, expected.map(|(action, subject)| (action.to_string(), subject.to_string())));
}

#[test]
fn what_was_applied_last_is_in_force_after_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let open = || Arc::new(Store::open(folder.path(), StoreOptions::default()).expect("it can be opened"));
    let lab = Lab::start(open(), &all_to("left")).expect("the policy is right");
    lab.apply(&all_to("right")).expect("the policy is right");
    drop(lab);
    // The first policy is for a store without one.
    let lab = Lab::start(open(), &all_to("left")).expect("it was taken before");
    assert_eq!(lab.broker.version(), Version(2));
    assert_eq!(lab.who_gets(1), ["right"]);
    let history = lab.broker.history(None, 10, None).expect("it can be read");
    assert!(history.iter().all(|one| one.progress == Progress::Committed));
    assert_eq!(history.iter().map(|one| one.author.as_str()).collect::<Vec<_>>(), ["ann", "serve"]);
    assert_eq!(lab.apply(&all_to("left")).expect("it is right").version, Version(3));
}

//! `latency:` of the configuration, and copies that leave by a port, taken for what they are.

use std::time::{Duration, Instant};

use sluice_diagnostics::Sources;
use sluice_latency::Profile;
use sluice_telemetry::alerts::Threshold;
use sluice_telemetry::{Config, Exports, parse};

fn read(text: &str) -> Result<Config, String> {
    let mut sources = Sources::new();
    let source = sources.add("telemetry.yaml", text);
    parse(&mut sources, source, Some(&["tap-a", "ids"])).map_err(|found| found.render(&sources))
}

#[test]
fn ways_are_read_and_mistakes_told() {
    let config = read(
        "latency:\n  - { name: wan, tool: ids, from: 101, to: 102 }\n  - { name: nat, tool: ids, from: 101, to: 103, key: nat, depth: 8, window: 2s, every: 1s, json: x, p99: { raise: 50us, clear: 20us }, loss: { raise: 0.1% } }\n",
    );
    let config = config.expect("it is right");
    let [wan, nat] = &config.latency[..] else { panic!("{:?}", config.latency) };
    assert_eq!((wan.key, wan.depth, wan.every), (Profile::Routed, 32, Duration::from_secs(10)));
    assert_eq!((wan.window, wan.p99, wan.loss, &wan.json), (Duration::from_millis(100), None, None, &None));
    assert_eq!((nat.key, nat.from, nat.to, nat.window), (Profile::Nat, 101, 103, Duration::from_secs(2)));
    assert_eq!(nat.p99, Some(Threshold { raise: 50_000, clear: 20_000 }));
    assert_eq!(nat.loss.map(|loss| loss.raise), Some(1_000));
    assert_eq!(config.alerts.rules.latency["nat"], (nat.p99, nat.loss));
    let wrong = [
        ("{ name: a, tool: idx, from: 1, to: 2 }", "did you mean `ids`?"),
        ("{ name: a, tool: ids, from: 1 }", "`to`"),
        ("{ name: a, tool: ids, from: 7, to: 7 }", "a way from a tap to itself"),
        ("{ name: a, tool: ids, from: 1, to: 4095 }", "4094"),
        ("{ name: a, tool: ids, from: 1, to: 2, key: routes }", "did you mean `routed`?"),
        ("{ name: a, tool: ids, from: 1, to: 2, p99: { raise: 1us, clear: 2us } }", "do not fit together"),
        ("{ name: a, tool: ids, from: 1, to: 2 }\n  - { name: a, tool: ids, from: 2, to: 3 }", "two ways"),
    ];
    for (way, expected) in wrong {
        let told = read(&format!("latency:\n  - {way}\n")).expect_err(way);
        assert!(told.contains(expected), "{way}\n{told}");
    }
}

/// A copy as a tool gets it: stamp, then label, then what the slice left.
fn copy(number: u32, time_ns: u64, label: u16, ttl: u8) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend([0xd2, 0x8b, 0, 1, 1, 0x10]);
    frame.extend(((time_ns / 1_000_000_000) as u32).to_be_bytes());
    frame.extend(((time_ns % 1_000_000_000) as u32).to_be_bytes());
    frame.extend([0x81, 0]);
    frame.extend(label.to_be_bytes());
    frame.extend([
        8,
        0,
        0x45,
        0,
        5,
        0,
        (number >> 8) as u8,
        number as u8,
        0,
        0,
        ttl,
        17,
        0,
        0,
        10,
        0,
        0,
        1,
        10,
        0,
        0,
        2,
    ]);
    frame.extend([19, 136, 23, 112, 4, 236, 0, 0]);
    frame.extend(number.to_be_bytes());
    frame.extend([7; 20]);
    frame
}

#[test]
fn copies_are_told_apart_by_label_and_stamp() {
    let config =
        read("latency:\n  - { name: wan, tool: ids, from: 101, to: 102, every: 1s }\n").expect("it is right");
    let exports = Exports::start(&config, Box::new(Vec::new)).expect("threads begin");
    let ways = exports.ways();
    assert!(exports.sent_tap(3, "tap-a").is_none(), "nobody asked for that port");
    let tap = exports.sent_tap(9, "ids").expect("its copies are looked at");
    let start_ns = 1_700_000_000_000_000_000;
    for number in 0..1_000_u32 {
        let time_ns = start_ns + u64::from(number) * 1_000_000;
        tap.frame(&copy(number, time_ns, 101, 64));
        if number % 4 != 0 {
            // A hop further, 250 us later.
            tap.frame(&copy(number, time_ns + 250_000, 102, 63));
        }
        // Another port's copy, and one without a stamp.
        tap.frame(&copy(number, time_ns, 103, 64));
    }
    let mut plain = copy(0, start_ns, 101, 64);
    plain.drain(12..26);
    tap.frame(&plain);
    // What is under way is told when the threads end.
    drop(tap);
    drop(exports);
    let view = ways.views().remove(0);
    assert_eq!((view.name.as_str(), view.unstamped, view.overrun), ("wan", 1, 0));
    let totals = &view.totals;
    assert_eq!((totals.matched, totals.gained, totals.duplicates, totals.ambiguous), (750, 0, 0, 0));
    // The first packet was seen before the second tap was there.
    assert_eq!(totals.lost, 249);
    assert_eq!(totals.sum_ns, 750 * 250_000);
    assert!(view.memory_bytes > 0);
}

/// Intervals are closed while copies come, and a full queue loses sightings, not time.
#[test]
fn a_full_queue_is_counted() {
    let config =
        read("latency:\n  - { name: wan, tool: ids, from: 101, to: 102, every: 1s }\n").expect("it is right");
    let exports = Exports::start(&config, Box::new(Vec::new)).expect("threads begin");
    let (ways, tap) = (exports.ways(), exports.sent_tap(9, "ids").expect("its copies are looked at"));
    let mut sent = 0_u32;
    let begun = Instant::now();
    while ways.views()[0].last.is_none() {
        assert!(begun.elapsed() < Duration::from_secs(30), "an interval is closed");
        for _ in 0..100 {
            let time_ns = 1_700_000_000_000_000_000 + u64::from(sent) * 1_000_000;
            tap.frame(&copy(sent, time_ns, 101, 64));
            tap.frame(&copy(sent, time_ns + 5_000, 102, 63));
            sent += 1;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    drop((tap, exports));
    let view = ways.views().remove(0);
    let totals = &view.totals;
    let counted = 2 * totals.matched + totals.lost + totals.gained;
    assert_eq!(counted + view.overrun, 2 * u64::from(sent), "{view:?}");
}

//! Policies change in the kernel while packets come as fast as they are taken: none is lost, and both copies of each are of one policy.
//!
//! 50 changes, 1,000 with `SLUICE_LONG=1`. Needs root, clang, `ip`, `ethtool` and tcpdump; skipped, saying so, where one is missing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sluice_broker::Build;
use sluice_conformance::harness::alternating::{LEFT, NUMBER_AT, frame, policy};
use sluice_conformance::harness::lab::{FarEnd, Lab};
use sluice_conformance::harness::module;
use sluice_conformance::programs::has_xdp;
use sluice_diagnostics::Sources;
use sluice_policy::State;
use sluice_target::port::{Port, Receive, Role, Transmit, packet};
use sluice_target::sys::{Linux, System};
use sluice_target::{Target, carry_out};
use sluice_xdp::{XdpOptions, XdpTarget};

/// Frames that are under way at most: what a cable's far end has room for.
const WINDOW: u64 = 64;

const PATIENCE: Duration = Duration::from_secs(20);

fn end(name: &str, role: Role) -> Port {
    let system: Arc<dyn System> = Arc::new(Linux);
    let end = format!("{name}-end");
    packet(&end, &end, role, &system).expect("it is there")
}

/// The next copy: its number, and how long it is.
fn next(receive: &mut dyn Receive) -> Option<(u64, usize)> {
    let frame = receive.receive(Duration::from_millis(1)).expect("the cable is in")?;
    let number = frame.data.get(NUMBER_AT..NUMBER_AT + 8)?.try_into().ok()?;
    Some((u64::from_be_bytes(number), frame.data.len()))
}

/// Copies of one frame at the two tools.
#[derive(Default)]
struct Met {
    lengths: BTreeMap<u64, [Option<usize>; 2]>,
    whole: u64,
    of: [u64; 2],
}

impl Met {
    fn take(&mut self, tool: usize, (number, length): (u64, usize)) {
        let lengths = self.lengths.entry(number).or_default();
        assert!(lengths[tool].replace(length).is_none(), "frame {number} came twice");
        if let [Some(left), Some(right)] = *lengths {
            assert_eq!(left, right, "frame {number} met two policies");
            let policy = LEFT.iter().position(|bytes| *bytes == left);
            self.of[policy.unwrap_or_else(|| panic!("frame {number} has {left} bytes"))] += 1;
            self.lengths.remove(&number);
            self.whole += 1;
        }
    }
}

/// Sends until it is told to end, and takes all copies; says how many frames there were.
fn traffic(stop: &AtomicBool, sent: &AtomicU64) -> Met {
    let tap: Box<dyn Transmit> = end("tap", Role::Tool).transmit.expect("it sends");
    let mut tools = ["left", "right"].map(|name| end(name, Role::Network).receive.expect("it receives"));
    let mut met = Met::default();
    let mut number = 0;
    while !stop.load(Ordering::Acquire) {
        let begun = Instant::now();
        for _ in 0..WINDOW {
            tap.send(&frame(number)).expect("the cable is in");
            number += 1;
        }
        while met.whole < number {
            for (tool, receive) in tools.iter_mut().enumerate() {
                while let Some(copy) = next(&mut **receive) {
                    met.take(tool, copy);
                }
            }
            let missing = || met.lengths.iter().take(3).collect::<Vec<_>>();
            assert!(
                begun.elapsed() < PATIENCE,
                "{} of {number} frames came, then {:?}",
                met.whole,
                missing()
            );
        }
        sent.store(number, Ordering::Release);
    }
    met
}

#[test]
fn no_packet_is_lost_by_a_change_and_each_meets_one_policy() {
    if !has_xdp() {
        return;
    }
    let Some(_lab) = Lab::new(["tap", "left", "right"], FarEnd::Pass) else { return };
    let target = XdpTarget::with_module(module(Build::default()), XdpOptions::default())
        .expect("the kernel takes the broker");
    for (number, name, role) in
        [(11, "left", Role::Tool), (12, "right", Role::Tool), (1, "tap", Role::Network)]
    {
        target.attach(number, name, name, role).expect("the device takes the program");
    }
    let info = target.info();
    let mut state = State::empty(&info).expect("it is the broker");
    let mut change = |turn: usize| {
        let mut sources = Sources::new();
        let source = sources.add("policy", policy(turn));
        let policy = sluice_policy::parse_policy(&mut sources, source).expect("it is right");
        let plan = sluice_policy::plan(&state, &policy, &info).expect("it fits");
        state = carry_out(&target, plan).expect("the kernel takes it");
    };
    change(0);
    let changes = if std::env::var_os("SLUICE_LONG").is_some() { 1_000 } else { 50 };
    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let met = std::thread::scope(|scope| {
        let (stop_here, sent_here) = (stop.clone(), sent.clone());
        let traffic = scope.spawn(move || traffic(&stop_here, &sent_here));
        let begun = Instant::now();
        for turn in 1..=changes {
            // Some frames meet each policy.
            let before = sent.load(Ordering::Acquire);
            change(turn);
            while sent.load(Ordering::Acquire) < before + WINDOW && !traffic.is_finished() {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        println!("{changes} changes in {:?}", begun.elapsed());
        stop.store(true, Ordering::Release);
        traffic.join().expect("nothing was lost or mixed")
    });
    println!("{} frames, of the policies {:?}; drops {:?}", met.whole, met.of, target.drops());
    assert!(met.of.iter().all(|frames| *frames > WINDOW), "one policy met {:?} frames", met.of);
    let ports = target.ports();
    let counted = |number: u16| ports.iter().find(|port| port.port == number).expect("it is there");
    assert_eq!(counted(1).counters.received.packets, met.whole);
    for tool in [11, 12] {
        assert_eq!(counted(tool).counters.sent.packets, met.whole);
        assert_eq!(counted(tool).lost, sluice_target::LossCounters::default());
    }
}

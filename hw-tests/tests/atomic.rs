//! A policy changes as a whole: after every single update each packet's fate is that of the policy that is alive.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use sluice_conformance::captures::Captured;
use sluice_conformance::generate::{Frames, PolicyShape, Values, policy, vary};
use sluice_conformance::harness::{Broker, Checker, Copy};
use sluice_conformance::model::{Edits, Filter, Model};
use sluice_conformance::oracle::edits::apply;
use sluice_conformance::trial::{self, Dice};
use sluice_entities::Update;
use sluice_policy::PhaseKind;
use sluice_switch::{Ingress, Output, Sink};

const START: u64 = 1_700_000_000_000_000_000;
const SHAPE: PolicyShape = PolicyShape { filters: 10, edits: 50, sampling: true, dedup: true, groups: true };
/// Frames sent after every update.
const PROBES: usize = 6;

/// Sends probes and checks them; times go on so far that duplicate removal forgets.
struct Probes<'a> {
    frames: Vec<Captured>,
    time_ns: u64,
    checker: Checker,
    dice: &'a mut Dice,
}

impl Probes<'_> {
    fn run(&mut self, broker: &mut Broker, what: &str) {
        for _ in 0..PROBES {
            self.time_ns += 1_000_000_000;
            let frame = Captured { time_ns: self.time_ns, ..self.dice.pick(&self.frames).clone() };
            let port = self.dice.between(1, self.checker.model().network.len() as u64) as u16;
            if let Err(difference) = self.checker.send(broker, port, &frame, false) {
                panic!("{what}: {difference}");
            }
        }
    }
}

/// A policy that fits.
fn fitting(dice: &mut Dice, values: &Values, broker: &mut Broker) -> Model {
    loop {
        let model = policy(dice, values, SHAPE);
        if broker.apply(&model.to_string()).is_ok() {
            return model;
        }
    }
}

#[test]
fn after_every_update_the_alive_policy_holds() {
    let (mut changes, mut updates, mut refused) = (0, 0, 0);
    trial::each(500, trial::count(40, 400), |dice| {
        let values = Values::new(dice, false);
        let mut broker = Broker::default();
        let mut old = fitting(dice, &values, &mut broker);
        let frames = Frames::new(&values, 5);
        let frames = (0..40).map(|_| frames.next(dice)).collect();
        let mut order = dice.clone();
        let checker = Checker::new(&old);
        let mut probes = Probes { frames, time_ns: START, checker, dice: &mut order };
        for _ in 0..3 {
            let new = vary(dice, &values, SHAPE, &old);
            let plan = match broker.plan(&new.to_string()) {
                Ok(plan) => plan,
                Err(error) => {
                    let expected = ["too many", "fit", "side by side"];
                    assert!(expected.iter().any(|word| error.contains(word)), "{error}\n{new}");
                    refused += 1;
                    continue;
                }
            };
            changes += 1;
            let singly = |_: PhaseKind, mut all: Vec<Update>, _: &mut Broker| {
                dice.shuffle(&mut all);
                all.into_iter().map(|update| vec![update]).collect()
            };
            broker.carry_out(plan, singly, |kind, broker| {
                updates += 1;
                if kind == PhaseKind::Switch {
                    probes.checker.change(&new);
                }
                probes.run(broker, &format!("in {kind:?}, from\n{old}to\n{new}"));
            });
            probes.run(&mut broker, "after the change");
            if let Err(difference) = probes.checker.check_totals(&broker) {
                panic!("{difference}, from\n{old}to\n{new}");
            }
            old = new;
        }
    });
    println!("{changes} changes, {updates} updates, {refused} changes did not fit");
    assert!(refused * 3 <= changes, "too few changes fit to prove anything");
}

/// Two policies that differ in tools, edits, labels, order and `otherwise`; every packet goes to tool 0 in both.
fn pair() -> (Model, Model) {
    let all = |name: &str, to: &[usize], edits: Edits| Filter { edits, ..Filter::new(name, None, to) };
    let sliced = Edits { slice: Some((sluice_conformance::model::Anchor::Frame, 40)), ..Edits::default() };
    let labeled = Edits { label: true, ..Edits::default() };
    let first = Model::with_ports(1, 3).filter(all("web", &[0, 1], Edits::default())).filter(all(
        "rest",
        &[0, 2],
        sliced.clone(),
    ));
    let mut second =
        Model::with_ports(1, 3).filter(all("rest", &[2], labeled.clone())).filter(all("web", &[0], labeled));
    second.otherwise = Some(all("otherwise", &[1], sliced));
    second.network[0].label = 77;
    (first, second)
}

/// What each tool gets of a frame, by port.
fn fates(model: &Model, frame: &Captured) -> BTreeMap<u16, Vec<u8>> {
    let mut copies = BTreeMap::new();
    for filter in &model.filters {
        for target in &filter.to {
            let sluice_conformance::model::Target::Tool(tool) = target else { continue };
            let edited = || apply(frame, &filter.edits, model.network[0].label).data;
            copies.entry(model.tools[*tool].id).or_insert_with(edited);
        }
    }
    copies
}

#[derive(Default)]
struct Collect(BTreeMap<u16, Vec<u8>>);

impl Sink for Collect {
    fn send(&mut self, output: Output<'_>) {
        let before = self.0.insert(output.port, output.data.to_vec());
        assert!(before.is_none(), "a tool got a packet twice");
    }
}

/// Frames whose last bytes count up.
fn numbered(number: u32) -> Captured {
    let mut data = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5];
    data.extend([0; 20]);
    data.extend(number.to_be_bytes());
    data.extend([0; 20]);
    Captured { time_ns: START, wire_length: data.len() as u32, data }
}

#[test]
fn live_changes_lose_nothing_and_mix_nothing() {
    let (first, second) = pair();
    let texts = [second.to_string(), first.to_string()];
    let mut broker = Broker::with_policy(&texts[1]);
    let done = AtomicBool::new(false);
    let changes = trial::count(300, 10_000);
    let switch = broker.switch().clone();
    thread::scope(|scope| {
        let traffic = scope.spawn(|| {
            let mut worker = switch.worker();
            let (mut sent, mut of_first) = (0_u32, 0_u32);
            while !done.load(Ordering::Relaxed) || sent < 1_000 {
                let frame = numbered(sent);
                let mut copies = Collect::default();
                worker.process(&Ingress::new(1, frame.time_ns, &frame.data), &mut copies);
                // The number is in what each tool got, so that nothing of another packet can pass for it.
                let (by_first, by_second) = (fates(&first, &frame), fates(&second, &frame));
                assert!(copies.0 == by_first || copies.0 == by_second, "packet {sent}: {:02x?}", copies.0);
                of_first += u32::from(copies.0 == by_first);
                sent += 1;
            }
            (sent, of_first)
        });
        for change in 0..changes {
            broker.apply(&texts[change as usize % 2]).unwrap_or_else(|error| panic!("{error}"));
        }
        done.store(true, Ordering::Relaxed);
        let (sent, of_first) = traffic.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        println!("{changes} changes while {sent} packets passed, {of_first} of them under the first policy");
        assert!(of_first > 0 && of_first < sent, "the changes did not meet the traffic");
        let account = broker.account();
        assert!(account.violations.is_empty(), "{:?}", account.violations);
        assert_eq!((account.ports[0].received, account.ports[0].delivered), (sent.into(), sent.into()));
        assert_eq!(account.tools[0].sent, u64::from(sent), "every packet goes to tool 0");
    });
}

#[test]
fn the_copies_of_a_packet_leave_in_one_order() {
    let (first, _) = pair();
    let mut broker = Broker::with_policy(&first.to_string());
    for number in 0..100 {
        let ports: Vec<u16> =
            broker.send(1, &numbered(number), false).copies.iter().map(|copy: &Copy| copy.port).collect();
        assert_eq!(ports, [100, 101, 102]);
    }
}

//! What the broker in the kernel forwards from one tap to one tool or three, beside the floor of the same and beside what else a Linux machine copies frames
//! with. One processor sends and forwards; the far ends drop everything as early as can be, for all contenders. Ratios are of one run.
//!
//! Words behind `--` choose tables: `one`, `p100`, `wide`, `stages`; none is all.

mod floor;
mod loads;
mod peers;
mod stages;

use std::any::Any;
use std::time::{Duration, Instant};

use floor::{Floor, LONG, SHORT, TOOLS, Traffic};
use loads::{filters, p100};
use peers::Peer;
use sluice_broker::Build;
use sluice_conformance::harness::lab::{FarEnd, Lab, device_number};
use sluice_conformance::harness::{self, Broker};
use sluice_conformance::programs::{has_xdp, stay_on_processor};
use sluice_entities::Update;
use sluice_switch::Engine;
use sluice_target::port::Role;
use sluice_xdp::{Device, Freeze, Purpose};

/// Turns of each contender.
const ROUNDS: usize = 3;

/// Measurements in a turn; of all, the quickest counts.
const MEASUREMENTS: usize = 6;

/// A broker that does what a policy says, by the program that is left of the whole one for it.
pub(crate) fn broker(build: Build, yaml: &str, purpose: Purpose) -> Device {
    let module = harness::module(build);
    let mut soft = Broker::on(build, Engine::Interpreter);
    let mut xdp = Device::new(&module, "broker.p4", purpose).expect("the kernel takes the broker");
    if matches!(purpose, Purpose::Live) {
        xdp.attach(1, device_number("tap"), Role::Network).expect("the tap takes the program");
        for (name, port) in TOOLS {
            xdp.attach(port, device_number(name), Role::Tool).expect("a tool");
        }
    }
    let plan = soft.plan(yaml).unwrap_or_else(|why| panic!("{why}"));
    let both = |_, updates: Vec<Update>, _: &mut Broker| {
        xdp.write(&updates).expect("the kernel takes it");
        vec![updates]
    };
    soft.carry_out(plan, both, |_, _| {});
    specialize(&mut xdp);
    xdp
}

/// Lets the program run that the policy needs; how long text, object and loading took.
fn specialize(xdp: &mut Device) -> [Duration; 3] {
    xdp.specialize(Freeze::Nothing).expect("the kernel takes it");
    let begin = Instant::now();
    let source = xdp.lean_source(Freeze::Contents).expect("XDP has it").expect("some tables have entries");
    let made = begin.elapsed();
    let object = source.compile().expect("clang takes it");
    let compiled = begin.elapsed();
    assert!(xdp.run_lean(&object).expect("the kernel takes it"));
    [made, compiled - made, begin.elapsed() - compiled]
}

/// Who forwards; what is put on the tap stays as long as what is given.
struct Contender<'c> {
    name: String,
    /// Whether frames leave in another process than the one that sends.
    is_elsewhere: bool,
    put: Box<dyn Fn() -> Option<Box<dyn Any>> + 'c>,
}

impl<'c> Contender<'c> {
    fn new<T: Any>(name: impl Into<String>, put: impl Fn() -> Option<T> + 'c) -> Self {
        let boxed = move || put().map(|it| Box::new(it) as Box<dyn Any>);
        Self { name: name.into(), is_elsewhere: false, put: Box::new(boxed) }
    }

    fn broker(name: impl Into<String>, build: Build, yaml: String) -> Self {
        Self::new(name, move || Some(broker(build, &yaml, Purpose::Live)))
    }
}

/// Measures all in turn; the first is the floor.
fn measure(title: &str, floor: &Floor, traffic: Traffic, contenders: &[Contender<'_>]) {
    let mut best = vec![None::<f64>; contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, best) in contenders.iter().zip(&mut best) {
            let Some(_there) = (contender.put)() else { continue };
            let rate = if contender.is_elsewhere {
                floor.rate(traffic, LONG)
            } else {
                (0..MEASUREMENTS).map(|_| floor.rate(traffic, SHORT)).fold(0.0, f64::max)
            };
            *best = Some(best.map_or(rate, |before| before.max(rate)));
        }
    }
    println!("\n{title}");
    let first = best[0].expect("the floor is always there");
    for (contender, best) in contenders.iter().zip(&best) {
        match best {
            Some(rate) => println!("  {:<46} {rate:6.2}  {:5.2}", contender.name, rate / first),
            None => println!("  {:<46} is not here", contender.name),
        }
    }
}

/// The members of its group are kept by the caller.
fn floor_of(floor: &Floor) -> Contender<'_> {
    Contender::new("floor", || Some(floor.on_tap("forward")))
}

/// Puts a peer between the tap and tools; none where it is not there.
type Start = fn(&[(&str, u16)]) -> Option<Peer>;

/// Frames of one flow.
fn one_flow(floor: &Floor) {
    for (tools, list) in [(&TOOLS[..1], "one"), (&TOOLS[..], "one, two, three")] {
        let _members = floor.members(tools);
        let mut contenders = vec![floor_of(floor)];
        if tools.len() == 1 {
            contenders.push(Contender::new("a bare redirection", || Some(floor.on_tap("bare"))));
        }
        for number in [1, 10, 100] {
            let name = format!("broker, {number} filters");
            contenders.push(Contender::broker(name, Build::default(), filters(number, list)));
        }
        let peers: [(&str, Start); 3] = [
            ("tc u32 and mirred", Peer::tc),
            ("nftables dup and fwd", Peer::nftables),
            ("Open vSwitch, its own data path", Peer::open_vswitch),
        ];
        for (name, peer) in peers {
            // The frames come to the kernel's network by a program that passes them on.
            let contender = Contender::new(name, move || Some((floor.on_tap("pass"), peer(tools)?)));
            contenders.push(Contender { is_elsewhere: name.starts_with("Open vSwitch"), ..contender });
        }
        measure(&format!("{} tools, frames of one flow", tools.len()), floor, Traffic::One, &contenders);
    }
}

/// The load P100.
fn load(floor: &Floor) {
    for (tools, list) in [(&TOOLS[..1], "one"), (&TOOLS[..], "one, two, three")] {
        let _members = floor.members(tools);
        let stamped = ", edits: { slice: { after: frame, bytes: 48 }, stamp: { format: d28b } }";
        let contenders = [
            floor_of(floor),
            Contender::broker("broker, P100", Build::default(), p100(list, "")),
            Contender::broker("broker, P100, dedup", Build::default(), p100(list, ", dedup: true")),
            Contender::broker("broker, P100, sliced and stamped", Build::default(), p100(list, stamped)),
        ];
        measure(&format!("{} tools, P100", tools.len()), floor, Traffic::Flows, &contenders);
    }
}

/// The widest build, and the smallest that holds a policy.
fn wide(floor: &Floor) {
    let _members = floor.members(&TOOLS[..1]);
    let build = |terms| Build { terms, ..Build::default() };
    let contenders = [
        floor_of(floor),
        Contender::broker("broker of 64 terms, 10 filters", build(64), filters(10, "one")),
        Contender::broker("broker of 1,024 terms, 10 filters", build(1_024), filters(10, "one")),
        Contender::broker("broker of 1,024 terms, 500 filters", build(1_024), filters(500, "one")),
    ];
    measure("1 tool, frames of one flow", floor, Traffic::One, &contenders);
}

/// Sends through one contender for long: `SLUICE_PROFILE=one|three:FILTERS`, with `perf record -a` beside it; 0 filters are the floor, `p100` is that load.
fn profile(floor: &Floor, asked: &str) {
    let (tools, what) = asked.split_once(':').expect("SLUICE_PROFILE is one:10, three:p100, or the like");
    let (tools, list) = if tools == "one" { (&TOOLS[..1], "one") } else { (&TOOLS[..], "one, two, three") };
    let _members = floor.members(tools);
    let yaml =
        if what == "p100" { p100(list, "") } else { filters(what.parse().expect("so many filters"), list) };
    let traffic = if what == "p100" { Traffic::Flows } else { Traffic::One };
    let _link = (what == "0").then(|| floor.on_tap("forward"));
    let _broker = (what != "0").then(|| broker(Build::default(), &yaml, Purpose::Live));
    println!("ready");
    let rates: Vec<f64> = (0..40).map(|_| floor.rate(traffic, SHORT)).collect();
    println!("{asked}: {:.2} millions a second", rates.iter().copied().fold(0.0, f64::max));
}

fn main() {
    if !has_xdp() {
        return;
    }
    stay_on_processor();
    let names = ["tap"].into_iter().chain(TOOLS.iter().map(|(name, _)| *name));
    let Some(_lab) = Lab::new(names, FarEnd::Drop) else { return };
    let floor = Floor::new();
    if let Ok(asked) = std::env::var("SLUICE_PROFILE") {
        return profile(&floor, &asked);
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_asked = |table: &str| words.is_empty() || words.iter().any(|word| word == table);
    println!(
        "millions of frames of 64 bytes a second out of the far ends, and the part of the floor; one processor, the quickest of {ROUNDS} times {MEASUREMENTS}"
    );
    for (table, print) in
        [("one", one_flow as fn(&Floor)), ("p100", load), ("wide", wide), ("stages", stages::print)]
    {
        if is_asked(table) {
            print(&floor);
        }
    }
}

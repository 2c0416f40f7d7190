//! A data path that goes, and another one that stands in for it: it has what is in force, wherever a change was cut off, and its ports open then.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sluice_daemon::{Binding, Broker, BrokerOptions, Change, Refusal, Source, What};
use sluice_entities::Update;
use sluice_store::{History, Progress, Store};
use sluice_switch::Engine;
use sluice_target::port::{PairEnd, PortSpec, Role, pair};
use sluice_target::{Giver, Opened, OpensPorts, Program, StandIn, Standby};

use crate::lab::{all_to, frame, module, with_engine};
use crate::reach::Far;

impl OpensPorts for Far {
    fn open_port(&self, _name: &str, _role: Role, _spec: &PortSpec) -> io::Result<Opened<'_>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn written(&self) -> Option<(Arc<Program>, Vec<Update>)> {
        None
    }

    fn detach_port(&self, number: u16) -> bool {
        self.soft.detach_port(number)
    }

    fn detach_ports(&self) {
        self.soft.detach_ports();
    }
}

const PORTS: [(u16, &str, Role); 3] =
    [(11, "left", Role::Tool), (12, "right", Role::Tool), (1, "tap", Role::Network)];

/// What becomes of the data paths of a test.
#[derive(Default)]
struct Seen {
    /// How often another one was to begin, and how often it could not.
    asked: u32,
    refusals: u32,
    /// The other ends of its ports, once they are open, by name.
    ends: Vec<(&'static str, PairEnd)>,
}

struct Scene {
    broker: Broker,
    far: Arc<Far>,
    store: Arc<Store>,
    seen: Arc<Mutex<Seen>>,
}

impl Scene {
    /// A broker whose first data path can be cut off; what stands in cannot begin for so often.
    fn new(refusals: u32) -> Self {
        let far = Far::new();
        for (number, name, role) in PORTS {
            let (port, _) = pair(name, role, 10);
            far.soft.attach(number, port).expect("the number is free");
        }
        let seen = Arc::new(Mutex::new(Seen { refusals, ..Seen::default() }));
        let of_standby = seen.clone();
        let begin = move || {
            let mut seen = of_standby.lock().expect("nobody panicked");
            seen.asked += 1;
            if seen.refusals > 0 {
                seen.refusals -= 1;
                return Err("there is no cable yet".to_string());
            }
            let target = with_engine(Engine::Interpreter);
            let (opened, seen) = (target.clone(), of_standby.clone());
            let open = Box::new(move |numbers: &[u16]| {
                assert_eq!(numbers, [1, 11, 12]);
                for (number, name, role) in PORTS {
                    let (port, end) = pair(name, role, 1000);
                    opened.attach(number, port).expect("the number is free");
                    seen.lock().expect("nobody panicked").ends.push((name, end));
                }
                vec!["port 13".to_string()]
            });
            Ok(StandIn { target, why: "it is a test".to_string(), open })
        };
        let standby = Arc::new(Standby::new(far.clone(), Giver::Owner, begin));
        let store = Arc::new(Store::in_memory().expect("there is memory"));
        let options = BrokerOptions {
            explainer: Some(module()),
            can_change: true,
            ports: Some(standby.clone()),
            why: "asked for".to_string(),
            ..BrokerOptions::default()
        };
        let broker = Broker::start(standby, store.clone(), Some(&all_to("left")), options);
        let broker = broker.expect("the policy is right");
        let binding =
            |(number, name, role): (u16, &str, Role)| Binding { number, name: name.to_string(), role };
        broker.bind(PORTS.map(binding).to_vec());
        Self { broker, far, store, seen }
    }

    fn apply(&self, text: &str) -> Result<(), Refusal> {
        let change = Change {
            source: Source::Text(text),
            author: "ann",
            tenant: None,
            reason: "a test",
            expected: None,
            dry_run: false,
        };
        self.broker.apply(&change).map(drop)
    }

    /// Waits until what stands in has what is in force, and its ports.
    fn stands_in(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        while self.broker.target_stands_in().is_none() || self.broker.out_of_reach().is_some() {
            assert!(Instant::now() < end, "{:?}", self.broker.out_of_reach());
            std::thread::sleep(Duration::from_millis(5));
        }
        while self.seen.lock().expect("nobody panicked").ends.len() < PORTS.len() {
            assert!(Instant::now() < end, "its ports are not open");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn who_gets(&self, number: u32) -> &'static str {
        let seen = self.seen.lock().expect("nobody panicked");
        let end = |name: &str| seen.ends.iter().find(|(known, _)| *known == name).map(|(_, end)| end);
        let [tap, left, right] = ["tap", "left", "right"].map(|name| end(name).expect("its ports are open"));
        assert!(tap.send(u64::from(number) * 1_000_000_000, &frame(number)));
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            for (name, end) in [("left", left), ("right", right)] {
                if end.receive(Duration::from_millis(20)).is_some() {
                    return name;
                }
            }
            // Nothing is ever sent to a tap.
            assert_eq!(tap.receive(Duration::ZERO), None);
        }
        "nobody"
    }
}

#[test]
fn what_stands_in_has_what_is_in_force_and_says_so() {
    let scene = Scene::new(0);
    assert_eq!(scene.broker.target_name(), "switch far away");
    assert_eq!(scene.broker.target_reason(), "asked for");
    scene.apply(&all_to("right")).expect("it is in reach");
    scene.far.cut_after(0);
    scene.stands_in();
    assert_eq!(scene.who_gets(1), "right");
    let why = "the way is cut; the soft switch stands in (it is a test) until the broker is begun again; without port 13";
    assert_eq!(scene.broker.target_reason(), why);
    assert_eq!(scene.broker.target_name(), "soft switch");
    scene.apply(&all_to("left")).expect("it is in reach");
    assert_eq!(scene.who_gets(2), "left");
    // It stays, also where the first one is back.
    scene.far.mend();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(scene.who_gets(3), "left");
    let reading = scene.broker.reading_now().expect("it answers");
    assert_eq!(reading.account.violations, Vec::<String>::new());
    let received: u64 = reading.account.ports.iter().map(|port| port.received).sum();
    assert_eq!(received, 3, "it counts anew");
    let told = scene.broker.subscribe(Some(0)).missed;
    let stands: Vec<_> =
        told.iter().filter(|one| matches!(&one.what, What::StandsIn { why: said } if *said == why)).collect();
    assert_eq!(stands.len(), 1, "{told:?}");
    assert_eq!(scene.seen.lock().expect("nobody panicked").asked, 1);
}

#[test]
fn what_cannot_begin_is_said_and_tried_again() {
    let scene = Scene::new(2);
    scene.far.cut_after(0);
    let end = Instant::now() + Duration::from_secs(20);
    let said = "the way is cut; nothing can stand in: there is no cable yet";
    while scene.broker.out_of_reach().as_deref() != Some(said) {
        assert!(Instant::now() < end, "{:?}", scene.broker.out_of_reach());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(matches!(scene.apply(&all_to("right")), Err(Refusal::OutOfReach(_))));
    scene.stands_in();
    assert_eq!(scene.who_gets(1), "left");
    assert_eq!(scene.seen.lock().expect("nobody panicked").asked, 3);
}

/// A change that is cut off after each of its calls: the old policy or the new one is in force on what stands in, and the store says which.
#[test]
fn a_change_that_is_cut_off_is_whole_on_what_stands_in() {
    let (mut old, mut new) = (0, 0);
    for calls in 0.. {
        let scene = Scene::new(0);
        scene.far.cut_after(calls);
        let applied = scene.apply(&all_to("right"));
        let is_whole = scene.far.is_in_reach();
        scene.far.cut_after(0);
        let expected = match applied {
            Ok(()) => {
                new += 1;
                "right"
            }
            Err(Refusal::OutOfReach(_)) => {
                old += 1;
                "left"
            }
            Err(other) => panic!("{calls}: {other}"),
        };
        scene.stands_in();
        assert_eq!(scene.who_gets(1), expected, "{calls}");
        assert_eq!(*scene.broker.in_force().text, all_to(expected), "{calls}");
        let last = scene.store.last().expect("it can be read").expect("there is one");
        assert_eq!((last.text, last.summary.progress), (all_to(expected), Progress::Committed), "{calls}");
        assert_eq!(scene.broker.defect(), None);
        if is_whole {
            break;
        }
    }
    assert!(old >= 3 && new >= 3, "{old} times the old policy, {new} times the new one");
}

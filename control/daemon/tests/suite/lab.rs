//! A broker with a tap and two tools, in memory.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sluice_daemon::{Applied, Binding, Broker, BrokerOptions, Change, Refusal, Source};
use sluice_ir::Module;
use sluice_store::{History, Store, Version};
use sluice_switch::Engine;
use sluice_target::port::{PairEnd, Role, pair};
use sluice_target::{OpensPorts, SoftOptions, SoftTarget, Target};

/// Frames that wait in a port of the laboratory.
const ROOM: usize = 1 << 20;

pub(crate) fn module() -> Arc<Module> {
    static MODULE: OnceLock<Arc<Module>> = OnceLock::new();
    let make = || {
        let module = sluice_broker::compile(sluice_broker::Build::default());
        Arc::new(module.map_err(|(found, _)| found).expect("the program compiles"))
    };
    MODULE.get_or_init(make).clone()
}

/// A policy that sends everything to that tool.
pub(crate) fn all_to(tool: &str) -> String {
    format!(
        "ports:\n  tap: {{ role: network, id: 1 }}\n  left: {{ role: tool, id: 11 }}\n  right: {{ role: tool, id: 12 }}\n\
         filters:\n  - {{ name: to-{tool}, to: [{tool}] }}\n"
    )
}

/// A switch that runs the program.
pub(crate) fn soft() -> Arc<SoftTarget> {
    with_engine(Engine::default())
}

/// The same, run by an engine.
pub(crate) fn with_engine(engine: Engine) -> Arc<SoftTarget> {
    let options = SoftOptions { cpu_port: 0, engine, ..SoftOptions::default() };
    Arc::new(SoftTarget::with_module(module(), options).expect("it is a program"))
}

pub(crate) struct Lab {
    pub(crate) broker: Broker,
    pub(crate) target: Arc<SoftTarget>,
    pub(crate) tap: PairEnd,
    pub(crate) left: PairEnd,
    pub(crate) right: PairEnd,
}

impl Lab {
    /// A broker that begins with that policy, if the store has none.
    pub(crate) fn start(history: Arc<dyn History>, first: &str) -> Result<Self, Refusal> {
        let target = soft();
        Self::behind(target.clone(), target, history, first)
    }

    /// The same, with something between the broker and the switch; if that is not the switch itself, it is given its program.
    pub(crate) fn behind(
        between: Arc<dyn Target>,
        target: Arc<SoftTarget>,
        history: Arc<dyn History>,
        first: &str,
    ) -> Result<Self, Refusal> {
        let is_far = between.session().is_ok_and(|session| session > 0);
        let program = if is_far { target.program() } else { None };
        let ports = program.is_none().then(|| target.clone());
        let options = BrokerOptions {
            explainer: Some(module()),
            program,
            ports: ports.map(|soft| soft as Arc<dyn OpensPorts>),
            ..BrokerOptions::default()
        };
        let broker = Broker::start(between, history, Some(first), options)?;
        let attach = |number, name: &str, role| {
            let (port, end) = pair(name, role, ROOM);
            target.attach(number, port).expect("the number is free");
            (end, Binding { number, name: name.to_string(), role })
        };
        let (left, of_left) = attach(11, "left", Role::Tool);
        let (right, of_right) = attach(12, "right", Role::Tool);
        let (tap, of_tap) = attach(1, "tap", Role::Network);
        broker.bind(vec![of_tap, of_left, of_right]);
        Ok(Self { broker, target, tap, left, right })
    }

    pub(crate) fn new() -> Self {
        let store = Store::in_memory().expect("there is memory");
        Self::start(Arc::new(store), &all_to("left")).expect("the policy is right")
    }

    pub(crate) fn apply(&self, text: &str) -> Result<Applied, Refusal> {
        self.broker.apply(&Change {
            source: Source::Text(text),
            author: "ann",
            tenant: None,
            reason: "a test",
            expected: None,
            dry_run: false,
        })
    }

    pub(crate) fn rollback(&self, version: u64) -> Result<Applied, Refusal> {
        self.broker.apply(&Change {
            source: Source::Version(Version(version)),
            author: "bob",
            tenant: None,
            reason: "",
            expected: None,
            dry_run: false,
        })
    }

    /// Sends a frame, and says which tools get it.
    pub(crate) fn who_gets(&self, number: u32) -> Vec<&'static str> {
        let sent = frame(number);
        assert!(self.tap.send(u64::from(number) * 1_000_000_000, &sent));
        let mut who = Vec::new();
        let tools = [("left", &self.left), ("right", &self.right)];
        // Whoever gets it gets it soon; nobody else gets it later, since one thread sends all copies.
        let wait = |who: &Vec<&str>| Duration::from_millis(if who.is_empty() { 500 } else { 0 });
        for _ in 0..2 {
            for (name, end) in &tools {
                if let Some(frame) = end.receive(wait(&who).min(Duration::from_millis(250))) {
                    assert_eq!(frame, sent);
                    who.push(*name);
                }
            }
        }
        who
    }
}

/// An IPv4 packet with UDP that carries a number.
pub(crate) fn frame(number: u32) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend([0, 53, 0, 53, 0, 26, 0, 0]);
    frame.extend(number.to_be_bytes());
    frame.resize(60, 0);
    frame
}

/// The number of a frame.
pub(crate) fn number(frame: &[u8]) -> u32 {
    u32::from_be_bytes(frame[42..46].try_into().expect("four bytes"))
}

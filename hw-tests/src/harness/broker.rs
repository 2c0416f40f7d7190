//! One broker: compiled once a build, its policy changed through plans.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sluice_broker::Build;
use sluice_diagnostics::Sources;
use sluice_entities::Update;
use sluice_ir::Module;
use sluice_policy::{Account, PhaseKind, Plan, Policy, State, parse_policy, plan};
use sluice_switch::{Engine, Ingress, Output, Profile, Sink, Switch, Verdict, Worker};
use sluice_target::{Counters, SoftOptions, SoftTarget};

use crate::captures::Captured;
use crate::oracle::policy::Outcome;

/// A policy with every feature.
pub const EVERYTHING: &str = "
ports:
  tap-a: { role: network, id: 1, label: 101 }
  tap-b: { role: network, id: 2, label: 102, bad_fcs: keep }
  one: { role: tool, id: 10 }
  two: { role: tool, id: 11, max_frame: 1000 }
  three: { role: tool, id: 12 }
  four: { role: tool, id: 13 }
  wan: { role: tool, id: 14 }
tools:
  vxlan: { port: wan, encapsulate: { vxlan: { dst_mac: 02:00:00:00:00:09, src_mac: 02:00:00:00:00:08, src_ip: 192.0.2.1, dst_ip: 192.0.2.2, vni: 7 } } }
  gre: { port: wan, encapsulate: { gre: { dst_mac: 02:00:00:00:00:09, src_mac: 02:00:00:00:00:08, src_ip: 192.0.2.1, dst_ip: 192.0.2.2, key: 7 } } }
  erspan2: { port: wan, encapsulate: { erspan2: { dst_mac: 02:00:00:00:00:09, src_mac: 02:00:00:00:00:08, src_ip: 192.0.2.1, dst_ip: 192.0.2.2, session: 7 } } }
  erspan3: { port: wan, encapsulate: { erspan3: { dst_mac: 02:00:00:00:00:09, src_mac: 02:00:00:00:00:08, src_ip: 192.0.2.1, dst_ip: 192.0.2.2, session: 8, granularity: 100ns } } }
groups:
  farm: { members: [three, four], balance: flows }
filters:
  - name: everything
    to: [one]
    edits:
      strip: [vlan, mpls, pbb, vxlan, geneve, gre, nvgre, erspan, gtpu, ipip]
      mask: [ { at: l3, offset: 4, length: 2 }, { at: payload, offset: 0, length: 32, value: 7 }, { at: inner_payload, length: 4 } ]
      slice: { after: l4, bytes: 32 }
      label: true
      stamp: { format: d28b, bits: 64, clock: tai }
      fix_checksums: true
  - { name: fixed, to: [two], edits: { mask: [ { at: l4, length: 256 } ], stamp: { format: vss, port: 3 }, fix_checksums: true } }
  - { name: balanced, match: ip or ip6, to: [farm], dedup: true }
  - { name: sampled, match: not tcp, to: [vxlan], sample: 50%, edits: { slice: { after: inner_l4, bytes: 0 } } }
  - { name: inside, match: inner (ip or ip6), to: [gre], edits: { strip: [vlan], fix_checksums: true } }
  - { name: tagged, match: vlan or mpls, to: [erspan2, erspan3], edits: { strip: [mpls], label: true, stamp: { format: d28b, bits: 48, clock: utc } } }
otherwise: { to: [four] }
";

/// One copy that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Port that it left by.
    pub port: u16,
    /// Its instance.
    pub instance: u16,
    /// Its bytes.
    pub data: Vec<u8>,
    /// Its length uncut.
    pub original_length: u32,
}

/// What became of one packet.
#[derive(Clone, Debug)]
pub struct Sent {
    /// What the switch says.
    pub verdict: Verdict,
    /// What the program's counters say.
    pub outcome: Outcome,
    /// What left.
    pub copies: Vec<Copy>,
}

#[derive(Default)]
struct Collect(Vec<Copy>);

impl Sink for Collect {
    fn send(&mut self, output: Output<'_>) {
        self.0.push(Copy {
            port: output.port,
            instance: output.instance,
            data: output.data.to_vec(),
            original_length: output.original_length,
        });
    }
}

/// Program, switch and the state of its tables.
#[derive(Debug)]
pub struct Broker {
    target: SoftTarget,
    switch: Switch,
    worker: Worker,
    state: State,
}

/// The compiled program of a build, compiled once in a process.
///
/// # Panics
/// Where the program does not compile.
pub fn module(build: Build) -> Arc<Module> {
    static MODULES: OnceLock<Mutex<HashMap<String, Arc<Module>>>> = OnceLock::new();
    let modules = MODULES.get_or_init(Mutex::default);
    let mut modules = modules.lock().unwrap_or_else(PoisonError::into_inner);
    let compiled =
        modules.entry(format!("{build:?}")).or_insert_with(|| match sluice_broker::compile(build) {
            Ok(module) => Arc::new(module),
            Err((diagnostics, sources)) => panic!("{}", diagnostics.render(&sources)),
        });
    Arc::clone(compiled)
}

/// Reads a configuration.
///
/// # Errors
/// What is wrong with it, as a user sees it.
pub fn parse(yaml: &str) -> Result<Policy, String> {
    let mut sources = Sources::new();
    let source = sources.add("broker.yaml", yaml);
    parse_policy(&mut sources, source).map_err(|found| found.render(&sources))
}

impl Default for Broker {
    fn default() -> Self {
        Self::new(Build::default())
    }
}

impl Broker {
    /// A broker of that build, without a policy.
    ///
    /// # Panics
    /// Where the program does not compile or does not run.
    pub fn new(build: Build) -> Self {
        Self::on(build, Engine::default())
    }

    /// The same on one of the engines.
    ///
    /// # Panics
    /// Where the program does not compile or does not run on it.
    pub fn on(build: Build, engine: Engine) -> Self {
        Self::running(module(build), engine)
    }

    /// A broker that runs that module on that engine, without a policy.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn running(module: Arc<Module>, engine: Engine) -> Self {
        let options = SoftOptions { engine, ..SoftOptions::default() };
        let target = SoftTarget::with_module(module, options).expect("the program runs");
        let switch = target.switch().expect("the program was just put there");
        assert_eq!(switch.engine(), engine, "{:?}", switch.no_native_code());
        let state = State::empty(switch.info()).expect("the policy knows the program");
        let worker = switch.worker();
        Self { target, switch, worker, state }
    }

    /// A broker with that policy.
    ///
    /// # Panics
    /// Where the policy is refused.
    pub fn with_policy(yaml: &str) -> Self {
        let mut broker = Self::default();
        if let Err(refused) = broker.apply(yaml) {
            panic!("{refused}\n{yaml}");
        }
        broker
    }

    /// The switch.
    pub fn switch(&self) -> &Switch {
        &self.switch
    }

    /// What the policy thinks is in the tables.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What changes to get to that configuration.
    ///
    /// # Errors
    /// What is wrong with it, or why it does not fit.
    pub fn plan(&self, yaml: &str) -> Result<Plan, String> {
        let mut sources = Sources::new();
        let source = sources.add("broker.yaml", yaml);
        let policy = parse_policy(&mut sources, source).map_err(|found| found.render(&sources))?;
        plan(&self.state, &policy, self.switch.info()).map_err(|found| found.render(&sources))
    }

    /// Changes the policy.
    ///
    /// # Errors
    /// What is wrong with it, or why it does not fit; nothing is changed then.
    ///
    /// # Panics
    /// Where the switch refuses an update of the plan.
    pub fn apply(&mut self, yaml: &str) -> Result<(), String> {
        let plan = self.plan(yaml)?;
        self.carry_out(plan, |_, updates, _| vec![updates], |_, _| {});
        Ok(())
    }

    /// Carries a plan out: `batches` cuts each phase's updates into writes, `after` runs after every one of them.
    ///
    /// # Panics
    /// Where the switch refuses an update.
    pub fn carry_out(
        &mut self,
        mut plan: Plan,
        mut batches: impl FnMut(PhaseKind, Vec<Update>, &mut Self) -> Vec<Vec<Update>>,
        mut after: impl FnMut(PhaseKind, &mut Self),
    ) {
        for phase in std::mem::take(&mut plan.phases) {
            match phase.kind {
                PhaseKind::Drain => self.switch.drain(),
                PhaseKind::Harvest => plan.harvest(&self.counters()),
                PhaseKind::Prepare | PhaseKind::Switch | PhaseKind::Remove => {
                    for updates in batches(phase.kind, phase.updates, self) {
                        if let Err(refused) = self.switch.write(&updates) {
                            panic!("{:?}: {refused}", phase.kind);
                        }
                        after(phase.kind, self);
                    }
                }
            }
        }
        self.state = plan.next;
    }

    /// Takes a frame through.
    ///
    /// # Panics
    /// Where the program counts a packet other than once.
    pub fn send(&mut self, port: u16, frame: &Captured, bad_frame: bool) -> Sent {
        let ingress = Ingress {
            port,
            time_ns: frame.time_ns,
            data: &frame.data,
            wire_length: frame.wire_length,
            bad_frame,
        };
        let before = self.outcomes(port);
        let mut copies = Collect::default();
        let verdict = self.worker.process(&ingress, &mut copies);
        let after = self.outcomes(port);
        assert_eq!(after[0], before[0] + 1, "received");
        let rose: Vec<usize> = (1..8).filter(|reason| after[*reason] != before[*reason]).collect();
        let outcome = match rose[..] {
            [reason] if after[reason] == before[reason] + 1 => outcome(reason),
            _ => panic!("a packet is counted other than once: {before:?} {after:?}"),
        };
        Sent { verdict, outcome, copies: copies.0 }
    }

    /// Takes a frame through, and nothing more.
    pub fn process(&mut self, ingress: &Ingress<'_>, sink: &mut dyn Sink) -> Verdict {
        self.worker.process(ingress, sink)
    }

    /// The same, and measures what each part of the pipeline takes.
    pub fn process_profiled(&mut self, ingress: &Ingress<'_>, sink: &mut dyn Sink) -> Verdict {
        self.worker.process_profiled(ingress, sink)
    }

    /// What was measured.
    pub fn profile(&self) -> Profile {
        self.worker.profile()
    }

    /// Cells of the counter `outcome`, of one port.
    fn outcomes(&self, port: u16) -> [u64; 8] {
        std::array::from_fn(|reason| {
            let cell = u64::from(port) * 8 + reason as u64;
            self.switch.counter("ingress.outcome", cell).map_or(0, |data| data.packets)
        })
    }

    fn counters(&self) -> Counters<'_> {
        Counters::read(&self.target).expect("there is a program")
    }

    /// The totals, as the policy works them out.
    pub fn account(&self) -> Account {
        self.state.account(&self.counters())
    }
}

/// By the number of its counter cell.
fn outcome(reason: usize) -> Outcome {
    match reason {
        1 => Outcome::BadFrame,
        2 => Outcome::Refused,
        3 => Outcome::MatchedNothing,
        4 => Outcome::Discarded,
        5 => Outcome::TableMiss,
        6 => Outcome::NoCopyLeft,
        _ => Outcome::Delivered,
    }
}

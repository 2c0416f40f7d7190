//! A data path that goes out of reach: changes are refused meanwhile, and when it is back it has what is in force, whatever it forgot and wherever a change was cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sluice_daemon::{Refusal, What};
use sluice_entities::{Atomicity, Code, Entity, PipelineInfo, Query, Replica, Update};
use sluice_store::{History, Progress, Store, Version};
use sluice_switch::Engine;
use sluice_target::{
    BatchFault, Capabilities, Event, Fault, Install, LossCounters, PortStatus, Program, SoftTarget, Target,
};

use crate::lab::{Lab, all_to, with_engine};

/// A switch behind a way that can be cut.
pub(crate) struct Far {
    pub(crate) soft: Arc<SoftTarget>,
    /// Calls that still get through; negative: all do.
    left: AtomicI64,
    session: AtomicU64,
    installs: AtomicU32,
}

fn cut() -> Fault {
    Fault::new(Code::Unavailable, "the way is cut")
}

impl Far {
    pub(crate) fn new() -> Arc<Self> {
        let (left, session, installs) = (AtomicI64::new(-1), AtomicU64::new(1), AtomicU32::new(0));
        // It is installed again and again: making native code of it each time takes longer than the few packets.
        Arc::new(Self { soft: with_engine(Engine::Interpreter), left, session, installs })
    }

    /// So many calls get through from now on.
    pub(crate) fn cut_after(&self, calls: i64) {
        self.left.store(calls, Ordering::Release);
    }

    /// In reach again, as another session.
    pub(crate) fn mend(&self) {
        self.session.fetch_add(1, Ordering::AcqRel);
        self.left.store(-1, Ordering::Release);
    }

    /// What was written goes.
    fn forget(&self) {
        let program = self.soft.program().expect("it runs one");
        self.soft.install(&program, Install::Anew).expect("it is the same");
    }

    /// Whether calls get through.
    pub(crate) fn is_in_reach(&self) -> bool {
        self.left.load(Ordering::Acquire) != 0
    }

    fn installs(&self) -> u32 {
        self.installs.load(Ordering::Acquire)
    }

    fn through(&self) -> Result<(), Fault> {
        let less = |left: i64| (left != 0).then_some(if left > 0 { left - 1 } else { left });
        self.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).map(|_| ()).map_err(|_| cut())
    }
}

impl Target for Far {
    fn capabilities(&self) -> Capabilities {
        Capabilities { name: "switch far away", ..self.soft.capabilities() }
    }

    fn program(&self) -> Option<Arc<Program>> {
        self.through().ok()?;
        self.soft.program()
    }

    fn info(&self) -> Arc<PipelineInfo> {
        self.through().map(|()| self.soft.info()).unwrap_or_default()
    }

    fn verify(&self, program: &Program) -> Result<(), Fault> {
        self.soft.verify(program)
    }

    fn shadow(&self, program: &Program) -> Result<Arc<dyn Target>, Fault> {
        self.soft.shadow(program)
    }

    fn install(&self, program: &Program, install: Install) -> Result<(), Fault> {
        self.through()?;
        self.installs.fetch_add(1, Ordering::AcqRel);
        self.soft.install(program, install)
    }

    fn write(&self, updates: &[Update], atomicity: Atomicity) -> Result<(), BatchFault> {
        self.through().map_err(|fault| BatchFault::whole(updates.len(), &fault))?;
        let written = self.soft.write(updates, atomicity);
        // It may be done although nobody hears of it.
        self.through().map_err(|fault| BatchFault::whole(updates.len(), &fault))?;
        written
    }

    fn read_each(&self, query: &Query, take: &mut dyn FnMut(Entity)) -> Result<(), Fault> {
        self.through()?;
        self.soft.read_each(query, take)
    }

    fn drain(&self) {
        self.soft.drain();
    }

    fn ports(&self) -> Vec<PortStatus> {
        self.soft.ports()
    }

    fn lost(&self, replica: Replica) -> LossCounters {
        self.soft.lost(replica)
    }

    fn packet_out(&self, frame: &[u8]) -> Result<(), Fault> {
        self.soft.packet_out(frame)
    }

    fn acknowledge_digests(&self, digest: &str, list: u64) -> bool {
        self.soft.acknowledge_digests(digest, list)
    }

    fn poll(&self, timeout: Duration) -> Vec<Event> {
        self.soft.poll(timeout)
    }

    fn session(&self) -> Result<u64, Fault> {
        if self.left.load(Ordering::Acquire) == 0 {
            Err(cut())
        } else {
            Ok(self.session.load(Ordering::Acquire))
        }
    }
}

fn lab(far: &Arc<Far>) -> (Lab, Arc<Store>) {
    let store = Arc::new(Store::in_memory().expect("there is memory"));
    let lab = Lab::behind(far.clone(), far.soft.clone(), store.clone(), &all_to("left"));
    (lab.expect("the policy is right"), store)
}

/// Waits until the broker has looked at a data path that is back.
fn wait(lab: &Lab) {
    let end = Instant::now() + Duration::from_secs(20);
    while let Some(why) = lab.broker.out_of_reach() {
        assert!(Instant::now() < end, "{why}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn kinds(lab: &Lab) -> Vec<String> {
    let told = |what: &What| match what {
        What::OutOfReach { why } => Some(format!("out of reach: {why}")),
        What::BackInReach { is_rewritten } => Some(format!("back, rewritten: {is_rewritten}")),
        _ => None,
    };
    lab.broker.subscribe(Some(0)).missed.iter().filter_map(|one| told(&one.what)).collect()
}

#[test]
fn a_data_path_that_kept_everything_is_left_as_it_is() {
    let far = Far::new();
    let (lab, _) = lab(&far);
    assert_eq!(far.installs(), 1);
    assert_eq!(lab.who_gets(1), ["left"]);
    far.cut_after(0);
    let refused = lab.apply(&all_to("right"));
    assert!(matches!(&refused, Err(Refusal::OutOfReach(why)) if why == "the way is cut"), "{refused:?}");
    let refused = lab.broker.reading_now().map(|_| ());
    assert!(matches!(refused, Err(Refusal::OutOfReach(_))), "{refused:?}");
    // Nobody stops the traffic.
    assert_eq!(lab.who_gets(2), ["left"]);
    std::thread::sleep(Duration::from_millis(250));
    far.mend();
    wait(&lab);
    assert_eq!(far.installs(), 1, "nothing was to be done");
    assert_eq!(kinds(&lab), ["out of reach: the way is cut", "back, rewritten: false"]);
    let reading = lab.broker.reading_now().expect("it answers");
    assert_eq!(reading.account.ports[0].received, 2, "counters go on");
    assert_eq!(lab.apply(&all_to("right")).expect("it is in reach").version, Version(2));
    assert_eq!(lab.who_gets(3), ["right"]);
}

#[test]
fn a_data_path_that_forgot_is_given_what_is_in_force() {
    let far = Far::new();
    let (lab, _) = lab(&far);
    lab.apply(&all_to("right")).expect("it is in reach");
    far.cut_after(0);
    far.forget();
    assert_eq!(lab.who_gets(1), Vec::<&str>::new());
    std::thread::sleep(Duration::from_millis(250));
    far.mend();
    wait(&lab);
    assert_eq!(far.installs(), 2);
    assert_eq!(kinds(&lab), ["out of reach: the way is cut", "back, rewritten: true"]);
    assert_eq!(lab.broker.version(), Version(2));
    assert_eq!(lab.who_gets(2), ["right"]);
    lab.apply(&all_to("left")).expect("it is in reach");
    assert_eq!(lab.who_gets(3), ["left"]);
    let reading = lab.broker.reading_now().expect("it answers");
    assert_eq!(reading.account.violations, Vec::<String>::new());
}

/// A change that is cut off after each of its calls: store, broker and data path agree when it is back.
#[test]
fn a_change_that_is_cut_off_leaves_the_old_policy_or_the_new_one() {
    let (mut old, mut new) = (0, 0);
    for calls in 0.. {
        let far = Far::new();
        let (lab, store) = lab(&far);
        far.cut_after(calls);
        let applied = lab.apply(&all_to("right"));
        let is_whole = far.left.load(Ordering::Acquire) > 0;
        let expected = match &applied {
            Ok(applied) => {
                assert_eq!(applied.version, Version(2));
                new += 1;
                "right"
            }
            Err(Refusal::OutOfReach(_)) => {
                old += 1;
                "left"
            }
            Err(other) => panic!("{calls}: {other}"),
        };
        far.mend();
        wait(&lab);
        assert_eq!(lab.who_gets(1), [expected], "{calls}");
        assert_eq!(*lab.broker.in_force().text, all_to(expected), "{calls}");
        let last = store.last().expect("it can be read").expect("there is one");
        assert_eq!((last.text, last.summary.progress), (all_to(expected), Progress::Committed), "{calls}");
        assert_eq!(lab.broker.defect(), None);
        if is_whole {
            break;
        }
    }
    assert!(old >= 4 && new >= 4, "{old} times the old policy, {new} times the new one");
}

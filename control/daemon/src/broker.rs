//! The broker: what it owns, and how it begins.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sluice_ir::Module;
use sluice_policy::State;
use sluice_store::{History, Record};
use sluice_target::{Event, Install, OpensPorts, Program, Target, carry_out};

use crate::alerts::Raised;
use crate::bindings::Binding;
use crate::change::{self, Change, Source};
use crate::events::{Events, Subscription, What};
use crate::explain::Model;
use crate::health::{Health, HealthOptions};
use crate::heard::Heard;
use crate::policy::Current;
use crate::ports::Baselines;
use crate::reach::{self, Known, Watch};
use crate::reading::Reading;
use crate::refusal::Refusal;

/// Who applies the policy that a broker begins with.
const FIRST_AUTHOR: &str = "serve";

/// How long the data path is waited for before it is looked whether to end.
const WAIT: Duration = Duration::from_millis(100);

/// Nanoseconds since the UNIX epoch.
pub(crate) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// How a broker runs.
#[derive(Clone, Default)]
pub struct BrokerOptions {
    /// The program of the data path, if it is a soft switch's: packets can be explained then.
    pub explainer: Option<Arc<Module>>,
    /// What a data path that is not in this process is to run: it is installed at the start, and again where the data path has forgotten it. A data path in this process runs its program
    /// already.
    pub program: Option<Arc<Program>>,
    /// Whether another data path may stand in for this one while the broker runs ([`sluice_target::Standby`]): it is given what is in force then.
    pub can_change: bool,
    /// The data path, if its ports are opened by this process: they can be attached and detached while it runs.
    pub ports: Option<Arc<dyn OpensPorts>>,
    /// For people: why this data path and no other one; empty where nobody chose.
    pub why: String,
    /// When a tool port that was down gets its shares of groups again.
    pub health: HealthOptions,
}

impl std::fmt::Debug for BrokerOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrokerOptions")
            .field("explains", &self.explainer.is_some())
            .field("installs", &self.program.is_some())
            .finish()
    }
}

pub(crate) struct Inner {
    pub(crate) target: Arc<dyn Target>,
    pub(crate) history: Arc<dyn History>,
    pub(crate) options: BrokerOptions,
    /// Who changes the policy holds it from looking to having changed.
    pub(crate) changing: Mutex<()>,
    /// Held for writing while the data path changes, so that nobody counts by the wrong state.
    pub(crate) current: RwLock<Current>,
    /// `None` until it was said which there are.
    bindings: Mutex<Option<Vec<Binding>>>,
    pub(crate) events: Events,
    pub(crate) alerts: Mutex<Raised>,
    pub(crate) reading: Mutex<Option<(Instant, Arc<Reading>)>>,
    pub(crate) baselines: Mutex<Baselines>,
    pub(crate) model: Mutex<Option<Model>>,
    /// What went wrong with the data path; nothing is changed any more then.
    defect: Mutex<Option<String>>,
    pub(crate) known: Mutex<Known>,
    pub(crate) health: Mutex<Health>,
    heard: Arc<dyn Target>,
    stop: AtomicBool,
}

impl Inner {
    /// Which ports have a device, once that was said.
    pub(crate) fn bound(&self) -> Option<Vec<Binding>> {
        self.bindings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn defect(&self) -> Option<String> {
        self.defect.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_defect(&self, what: &str) {
        tracing::error!(why = what, "defect of the data path: changes are refused from now on");
        *self.defect.lock().unwrap_or_else(PoisonError::into_inner) = Some(what.to_string());
    }
}

/// See the crate. Clones are the same broker; when the last one goes, its thread ends.
#[derive(Clone)]
pub struct Broker {
    pub(crate) inner: Arc<Inner>,
    _thread: Arc<EventThread>,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").field("version", &self.version()).finish_non_exhaustive()
    }
}

struct EventThread {
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for EventThread {
    fn drop(&mut self) {
        self.inner.stop.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
    }
}

/// The policy that was in force when the store was last written, on a data path that has nothing yet.
fn restore(target: &dyn Target, record: Record) -> Result<Current, Refusal> {
    let info = target.info();
    let loaded = change::parse(&record.text)?;
    let refused = |found| Refusal::invalid(&found, &loaded.sources);
    let empty = State::empty(&info).map_err(refused)?;
    let plan = sluice_policy::plan(&empty, &loaded.policy, &info).map_err(refused)?;
    let tables = plan.report.tables.clone();
    let state = carry_out(target, plan).map_err(|error| Refusal::Defect(error.to_string()))?;
    let Record { summary, text } = record;
    Ok(Current { summary, text: text.into(), sources: Arc::new(loaded.sources), state, tables })
}

/// A data path without a policy, which the first one is applied to.
fn nothing(target: &dyn Target) -> Result<Current, Refusal> {
    let state = State::empty(&target.info())
        .map_err(|found| Refusal::invalid(&found, &sluice_diagnostics::Sources::new()))?;
    Ok(Current::nothing(state))
}

impl Broker {
    /// Takes over a data path that has nothing yet (one that is not in this process: whatever it has goes), and gives it what the store says is in force; where that is nothing, the first
    /// policy is applied.
    ///
    /// # Errors
    ///
    /// The policy is refused; there is none; the store cannot be read or written.
    pub fn start(
        target: Arc<dyn Target>,
        history: Arc<dyn History>,
        first: Option<&str>,
        options: BrokerOptions,
    ) -> Result<Self, Refusal> {
        let last = history.last()?;
        let is_new = last.is_none();
        if let Some(Record { summary, .. }) = &last {
            let (version, author) = (summary.version.0, summary.author.as_str());
            tracing::info!(version, author, "policy of the store comes into force again");
        }
        let session = target.session().map_err(|fault| reach::refused(&fault))?;
        if let Some(program) = &options.program {
            target.install(program, Install::Anew).map_err(|fault| reach::refused(&fault))?;
        }
        let current = match last {
            Some(record) => restore(&*target, record)?,
            None => nothing(&*target)?,
        };
        let (heard, events) = Heard::new(target.clone());
        let inner = Arc::new(Inner {
            target,
            history,
            options,
            changing: Mutex::new(()),
            current: RwLock::new(current),
            bindings: Mutex::default(),
            events: Events::default(),
            alerts: Mutex::default(),
            reading: Mutex::default(),
            baselines: Mutex::default(),
            model: Mutex::default(),
            defect: Mutex::default(),
            health: Mutex::default(),
            known: Mutex::new(Known::InForce { session, written: None }),
            heard: Arc::new(heard),
            stop: AtomicBool::new(false),
        });
        inner.note();
        let of_thread = inner.clone();
        let builder = std::thread::Builder::new().name("broker-events".to_string());
        let thread = builder
            .spawn(move || forward(&of_thread, &events))
            .map_err(|error| Refusal::Argument(format!("no thread can be made: {error}")))?;
        let thread = EventThread { inner: inner.clone(), thread: Mutex::new(Some(thread)) };
        let broker = Self { inner, _thread: Arc::new(thread) };
        if is_new {
            let text = first.ok_or_else(|| {
                Refusal::NotFound("the store has no policy yet: give one to begin with".to_string())
            })?;
            let reason = "the policy to begin with";
            let author = FIRST_AUTHOR;
            broker.apply(&Change {
                source: Source::Text(text),
                author,
                tenant: None,
                reason,
                expected: None,
                dry_run: false,
            })?;
        }
        Ok(broker)
    }

    /// Says which ports are attached: no policy may take them for something else.
    pub fn bind(&self, bindings: Vec<Binding>) {
        *self.inner.bindings.lock().unwrap_or_else(PoisonError::into_inner) = Some(bindings);
    }

    pub(crate) fn bindings(&self) -> Vec<Binding> {
        self.inner.bound().unwrap_or_default()
    }

    /// The data path, for a server of controllers: its events come by way of this broker.
    pub fn controllers(&self) -> Arc<dyn Target> {
        self.inner.heard.clone()
    }

    /// Listens to what happens; with the number of the last happening that is known, those since then are told first.
    pub fn subscribe(&self, since: Option<u64>) -> Subscription {
        self.inner.events.subscribe(since)
    }

    /// What is wrong with the data path, if something is: changes are refused then.
    pub fn defect(&self) -> Option<String> {
        self.inner.defect()
    }

    pub(crate) fn set_defect(&self, what: &str) {
        self.inner.set_defect(what);
    }

    /// Why this data path and no other one: [`BrokerOptions::why`], or why it stands in for the one that was chosen.
    pub fn target_reason(&self) -> String {
        self.target_stands_in().unwrap_or_else(|| self.inner.options.why.clone())
    }

    /// Why the data path stands in for the one that was chosen, if it does.
    pub fn target_stands_in(&self) -> Option<String> {
        self.inner.target.stands_in()
    }

    /// A short name of the data path, for people.
    pub fn target_name(&self) -> &'static str {
        self.inner.target.capabilities().name
    }

    pub(crate) fn current(&self) -> RwLockReadGuard<'_, Current> {
        self.inner.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn current_mut(&self) -> RwLockWriteGuard<'_, Current> {
        self.inner.current.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn baselines(&self) -> MutexGuard<'_, Baselines> {
        self.inner.baselines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn model(&self) -> MutexGuard<'_, Option<Model>> {
        self.inner.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the data path what happens until the broker ends.
fn forward(inner: &Inner, controllers: &SyncSender<Event>) {
    let mut watch = Watch::new();
    while !inner.stop.load(Ordering::Acquire) {
        watch.look(inner);
        inner.move_shares();
        for event in inner.target.poll(WAIT) {
            if let Event::Port { port, is_up } = &event {
                inner.health().hear(*port, *is_up, Instant::now(), &inner.options.health);
                let ports = inner.target.ports();
                let name = ports.into_iter().find(|one| one.port == *port).map(|one| one.name);
                let port = name.unwrap_or_else(|| port.to_string());
                match is_up {
                    true => tracing::info!(port, "port up"),
                    false => tracing::warn!(port, "port down"),
                }
                inner.events.push(now_ns(), What::Port { port, is_up: *is_up });
                inner.move_shares();
            }
            // Controllers that do not listen lose it, as they may.
            let _ = controllers.try_send(event);
        }
    }
}

//! Data paths that are not in this process: out of reach at times, and back with nothing of what was written, or with a part of it.
//!
//! The broker knows of the data path what was read when the last change was done. Where another session begins it looks whether the data path still has that; if it does not, the program is
//! installed and what is in force is written anew, and counters begin anew.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use sluice_entities::{Code, Details, Query, TableQuery};
use sluice_policy::State;
use sluice_target::{CarryOutError, Fault, Install, Program, Target, carry_out};

use crate::broker::{Broker, Inner, now_ns};
use crate::events::What;
use crate::refusal::Refusal;

/// How long is waited before a data path that did not take what is in force is given it again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What is known of what the data path has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// What is in force, as of a session; and what was read there then, as [`written`] tells it.
    InForce { session: u64, written: Option<u64> },
    /// It may have a part of a change: why.
    Unknown(String),
}

/// What a data path has, as one number: its entries, default actions and groups without counters.
fn written(target: &dyn Target) -> Result<u64, Fault> {
    let mut hasher = DefaultHasher::new();
    let queries = [
        Query::Table(TableQuery::default()),
        Query::Default { table: None, details: Details::default() },
        Query::Multicast { id: None },
    ];
    for query in queries {
        target.read_each(&query, &mut |entity| entity.hash(&mut hasher))?;
    }
    Ok(hasher.finish())
}

/// Whether a fault is of the way to the data path, not of what was asked of it: nobody answers, or this side's token is not taken any more.
fn is_away(fault: &Fault) -> bool {
    matches!(fault.code, Code::Unavailable | Code::Unauthenticated)
}

/// Whether a plan failed since the data path is out of reach.
pub(crate) fn is_cut_off(error: &CarryOutError) -> bool {
    match error {
        CarryOutError::Write { fault, .. } => fault.errors.iter().any(|(_, fault)| is_away(fault)),
        CarryOutError::Read(fault) => is_away(fault),
    }
}

/// What a caller is told whose question was answered with that.
pub(crate) fn refused(fault: &Fault) -> Refusal {
    if is_away(fault) {
        Refusal::OutOfReach(fault.message.clone())
    } else {
        Refusal::Defect(fault.to_string())
    }
}

impl Inner {
    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn know(&self, known: Known) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// Why the data path does not do what is in force, if that is so.
    pub(crate) fn out_of_reach(&self) -> Option<String> {
        let session = match self.target.session() {
            Ok(session) => session,
            Err(fault) => return Some(fault.message),
        };
        match self.known() {
            Known::Unknown(why) => Some(why),
            Known::InForce { session: known, .. } if known != session => {
                Some("it is back, and not looked at yet".to_string())
            }
            Known::InForce { .. } => None,
        }
    }

    /// A change did not come to its end: the data path may have any part of it.
    pub(crate) fn lose(&self, why: &str) {
        self.know(Known::Unknown(why.to_string()));
    }

    /// A change is done: what the data path has now is what is in force. Nothing has to be known of one in this process, but which one it is.
    pub(crate) fn note(&self) {
        if self.options.program.is_none() {
            if self.options.can_change
                && let Ok(session) = self.target.session()
            {
                self.know(Known::InForce { session, written: None });
            }
            return;
        }
        let read = self.target.session().and_then(|session| Ok((session, written(&*self.target)?)));
        match read {
            Ok((session, written)) => self.know(Known::InForce { session, written: Some(written) }),
            Err(fault) => self.lose(&fault.message),
        }
    }

    /// Whether it still has all of it.
    fn has_all(&self, program: &Program) -> Result<bool, Fault> {
        let Known::InForce { written: Some(known), .. } = self.known() else { return Ok(false) };
        let runs = self.target.program().is_some_and(|running| *running == *program);
        Ok(runs && written(&*self.target)? == known)
    }

    /// Gives a data path that is back what is in force, if it does not have it; whether it had to be given. Without a program it is another one, which has its own, and nothing else the first
    /// time.
    fn reconcile(&self, program: Option<&Program>, session: u64) -> Result<bool, String> {
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let said = |fault: Fault| fault.to_string();
        if let Some(program) = program
            && self.has_all(program).map_err(said)?
        {
            let written = match self.known() {
                Known::InForce { written, .. } => written,
                Known::Unknown(_) => None,
            };
            self.know(Known::InForce { session, written });
            return Ok(false);
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = program.is_none() && matches!(self.known(), Known::InForce { .. });
        self.lose("it is being given what is in force");
        let own = if is_fresh { None } else { self.target.program() };
        if let Some(program) = program.or(own.as_deref()) {
            self.target.install(program, Install::Anew).map_err(said)?;
        }
        let info = self.target.info();
        let planned = State::empty(&info)
            .and_then(|empty| sluice_policy::plan(&empty, current.state.policy(), &info))
            .map_err(|found| found.render(&current.sources))?;
        let tables = planned.report.tables.clone();
        current.state = carry_out(&*self.target, planned).map_err(|error| error.to_string())?;
        current.tables = tables;
        drop(current);
        self.note();
        // It counts anew, and its ports are others.
        self.baselines.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(ports) = &self.options.ports {
            self.bound().into_iter().flatten().for_each(|binding| self.health().forget(binding.number));
            ports.is_given();
        }
        Ok(true)
    }
}

/// Watches whether a data path is in reach, and gives it what is in force when it is back.
pub(crate) struct Watch {
    was_in_reach: bool,
    next: Instant,
    pause: Duration,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self { was_in_reach: true, next: Instant::now(), pause: PAUSES.0 }
    }

    /// Looks once; tells what changed.
    pub(crate) fn look(&mut self, inner: &Inner) {
        let program = inner.options.program.clone();
        if program.is_none() && !inner.options.can_change {
            return;
        }
        let Some(mut why) = inner.out_of_reach() else { return };
        let mut is_rewritten = false;
        let mut is_back = false;
        if let Ok(session) = inner.target.session()
            && Instant::now() >= self.next
        {
            match inner.reconcile(program.as_deref(), session) {
                Ok(rewritten) => (is_back, is_rewritten) = (inner.out_of_reach().is_none(), rewritten),
                Err(error) => why = error,
            }
            if is_back {
                self.pause = PAUSES.0;
            } else {
                self.next = Instant::now() + self.pause;
                self.pause = (self.pause * 2).min(PAUSES.1);
            }
        }
        if self.was_in_reach && !is_back {
            self.was_in_reach = false;
            tracing::warn!(why, "data path out of reach");
            inner.events.push(now_ns(), What::OutOfReach { why });
        } else if is_back && (!self.was_in_reach || is_rewritten) {
            self.was_in_reach = true;
            if let Some(why) = inner.target.stands_in() {
                tracing::warn!(why, "another data path was given what is in force, and counts anew");
                inner.events.push(now_ns(), What::StandsIn { why });
            } else {
                tracing::info!(is_rewritten, "data path back in reach");
                inner.events.push(now_ns(), What::BackInReach { is_rewritten });
            }
        }
    }
}

impl Broker {
    /// Why the data path cannot be asked or changed now, if that is so. It is tried again and again; what is in force is in the store meanwhile.
    pub fn out_of_reach(&self) -> Option<String> {
        self.inner.out_of_reach()
    }

    pub(crate) fn in_reach(&self) -> Result<(), Refusal> {
        self.inner.out_of_reach().map_or(Ok(()), |why| Err(Refusal::OutOfReach(why)))
    }
}

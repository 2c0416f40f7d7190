//! Changes of the policy: from a text to the packets.

use std::sync::{Arc, PoisonError};

use sluice_diagnostics::{Diagnostics, SourceId, Sources};
use sluice_policy::{PhaseKind, Plan, PlanReport, Policy, State};
use sluice_store::{Audit, Intent, Progress, StoreError, Summary, Version};
use sluice_target::{CarryOutError, carry_out, carry_out_told};

use crate::bindings;
use crate::broker::{Broker, now_ns};
use crate::events::What;
use crate::finding::{Finding, findings};
use crate::policy::Current;
use crate::reach;
use crate::refusal::Refusal;
use crate::tenants::scoped;

/// Most bytes of a policy.
pub const MAX_POLICY_BYTES: usize = 4 << 20;

/// Most bytes of a reason.
pub const MAX_REASON_BYTES: usize = 4 << 10;

/// What messages call a policy that came as text.
pub(crate) const NAME: &str = "policy";

/// The policy to come.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// As text, in the form of `broker.yaml`.
    Text(&'a str),
    /// As it was in force once.
    Version(Version),
}

/// A change that somebody wants.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The policy to come.
    pub source: Source<'a>,
    /// Who.
    pub author: &'a str,
    /// The tenant whose part of the policy alone is changed: the source is that part then. `None`: the whole.
    pub tenant: Option<&'a str>,
    /// Why, in their words; may be empty.
    pub reason: &'a str,
    /// The version that they think is in force; `None`: whatever is. Of a tenant's part, what others changed since that version does not matter.
    pub expected: Option<Version>,
    /// Only say what it would do.
    pub dry_run: bool,
}

impl Change<'_> {
    fn restores(&self) -> Option<Version> {
        match self.source {
            Source::Text(_) => None,
            Source::Version(version) => Some(version),
        }
    }
}

/// What a change means.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The version that was in force when it was planned.
    pub base: Version,
    /// Filters, tools, tables, disagreements.
    pub report: PlanReport,
    /// What is probably not meant.
    pub warnings: Vec<Finding>,
    /// How many updates each phase has.
    pub updates: Vec<(PhaseKind, u64)>,
}

/// A change that was made, or would be.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The version in force now.
    pub version: Version,
    /// Whether something was changed: not by the text that is in force already, and not by a dry run.
    pub is_changed: bool,
    /// What it means.
    pub planned: Planned,
}

/// A policy with the text that it came from.
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    pub(crate) policy: Policy,
    /// Where a tenant's part is a text of its own: that.
    pub(crate) part: Option<SourceId>,
}

impl Loaded {
    /// What the one who asked is told of what was found.
    fn seen(&self, found: &Diagnostics) -> Diagnostics {
        self.part.map_or_else(|| found.clone(), |part| scoped(found, part))
    }
}

/// Reads a policy's text.
pub(crate) fn parse(text: &str) -> Result<Loaded, Refusal> {
    let mut sources = Sources::new();
    let source = sources.add(NAME, text);
    match sluice_policy::parse_policy(&mut sources, source) {
        Ok(policy) => Ok(Loaded { sources, policy, part: None }),
        Err(found) => Err(Refusal::invalid(&found, &sources)),
    }
}

/// What a change comes to.
struct Prepared {
    loaded: Loaded,
    /// The whole policy.
    text: String,
    plan: Plan,
    planned: Planned,
}

fn bounded(what: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.len() <= max { Ok(()) } else { Err(Refusal::TooLarge { what, bytes: text.len(), max }) }
}

impl Current {
    /// Before the first policy: version 0.
    pub(crate) fn nothing(state: State) -> Self {
        let summary = Summary {
            version: Version(0),
            progress: Progress::Committed,
            time_ns: 0,
            author: String::new(),
            reason: String::new(),
            summary: String::new(),
            restores: None,
            note: String::new(),
            tenant: String::new(),
        };
        Self { summary, text: "".into(), sources: Arc::default(), state, tables: Vec::new() }
    }
}

impl Broker {
    /// What a change from the policy in force to that one would do; or what another part of a tenant's would.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn plan(&self, text: &str, tenant: Option<&str>) -> Result<Planned, Refusal> {
        Ok(self.prepare(text, tenant)?.planned)
    }

    /// Makes a change, and records who did; or says what it would do.
    ///
    /// When it has returned, every packet that comes in sees the new policy; each packet before saw one of the two, whole.
    ///
    /// # Errors
    ///
    /// Why it was not made.
    pub fn apply(&self, change: &Change<'_>) -> Result<Applied, Refusal> {
        let done = self.change(change);
        if let Err(refusal) = &done
            && !change.dry_run
        {
            let (time_ns, outcome) = (now_ns(), refusal.brief());
            let subject = change.restores().map(|version| version.to_string()).unwrap_or_default();
            let audit = Audit {
                time_ns,
                user: change.author,
                tenant: change.tenant.unwrap_or_default(),
                action: action(change),
                subject: &subject,
                outcome: &outcome,
            };
            // A store that is full refuses this, too; the caller learns why.
            let _ = self.inner.history.audit(&audit);
            let (author, why) = (change.author, outcome.as_str());
            tracing::warn!(author, action = action(change), why, "policy refused");
            let tenant = change.tenant.map(str::to_string);
            let what = What::Refused { author: change.author.to_string(), tenant, why: outcome };
            self.inner.events.push(time_ns, what);
        }
        done
    }

    fn change(&self, change: &Change<'_>) -> Result<Applied, Refusal> {
        bounded("the reason", change.reason, MAX_REASON_BYTES)?;
        let restored;
        let text = match change.source {
            Source::Text(text) => text,
            Source::Version(version) => {
                restored = match change.tenant {
                    Some(tenant) => self.record_of_part(version, tenant)?,
                    None => self.record(version)?,
                };
                if restored.summary.progress != Progress::Committed {
                    let text = format!("version {version} was never in force: take one that was");
                    return Err(Refusal::NotFound(text));
                }
                &restored.text
            }
        };
        let _one = self.inner.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.version();
        if let Some(expected) = change.expected.filter(|expected| *expected != current)
            && !change
                .tenant
                .is_some_and(|tenant| self.is_part_unchanged(tenant, expected, &self.in_force().text))
        {
            return Err(Refusal::Stale { expected, current });
        }
        if let Some(defect) = self.defect() {
            return Err(Refusal::Defect(defect));
        }
        let prepared = self.prepare(text, change.tenant)?;
        let is_same = prepared.plan.is_empty() && *self.in_force().text == *prepared.text;
        if change.dry_run || is_same {
            return Ok(Applied { version: current, is_changed: false, planned: prepared.planned });
        }
        let planned = prepared.planned.clone();
        let version = self.carry(change, prepared)?;
        Ok(Applied { version, is_changed: true, planned })
    }

    fn prepare(&self, text: &str, tenant: Option<&str>) -> Result<Prepared, Refusal> {
        bounded("the policy", text, MAX_POLICY_BYTES)?;
        let (loaded, text) = match tenant {
            Some(tenant) => self.load_part(tenant, text)?,
            None => (parse(text)?, text.to_string()),
        };
        bounded("the whole policy", &text, MAX_POLICY_BYTES)?;
        self.in_reach()?;
        let refused = |found| Refusal::invalid(&loaded.seen(&found), &loaded.sources);
        bindings::check(&self.bindings(), &loaded.policy).map_err(refused)?;
        let (state, base) = {
            let current = self.current();
            (current.state.clone(), current.summary.version)
        };
        let plan = sluice_policy::plan(&state, &loaded.policy, &self.inner.target.info()).map_err(refused)?;
        if !self.inner.target.capabilities().copies_to_one_port {
            bindings::check_copies(&plan, &loaded.policy).map_err(refused)?;
        }
        let planned = Planned {
            base,
            report: plan.report.clone(),
            warnings: findings(&loaded.seen(&plan.report.warnings), &loaded.sources),
            updates: plan.phases.iter().map(|phase| (phase.kind, phase.updates.len() as u64)).collect(),
        };
        Ok(Prepared { loaded, text, plan, planned })
    }

    /// Intends, changes the data path, commits as soon as packets see it; the caller holds `changing`.
    fn carry(&self, change: &Change<'_>, prepared: Prepared) -> Result<Version, Refusal> {
        let history = &*self.inner.history;
        let Prepared { loaded, text, plan, planned } = prepared;
        let tenant = change.tenant.unwrap_or_default();
        let summary = planned.report.to_string();
        let intent = Intent {
            text: &text,
            author: change.author,
            reason: change.reason,
            time_ns: now_ns(),
            summary: &summary,
            restores: change.restores(),
            tenant,
        };
        let version = history.intend(&intent)?;
        let subject = version.to_string();
        let audit = Audit {
            time_ns: intent.time_ns,
            user: change.author,
            tenant,
            action: action(change),
            subject: &subject,
            outcome: "done",
        };
        let mut current = self.current_mut();
        let mut committed = None;
        let next = plan.next.clone();
        let session = self.inner.target.session().ok();
        let carried = carry_out_told(&*self.inner.target, plan, &mut |phase| {
            if phase == PhaseKind::Switch {
                committed = Some(history.commit(version, &audit));
            }
        });
        // Where another session began meanwhile, parts of the change went to what has nothing else of it.
        let is_cut_off = matches!(&carried, Err(error) if reach::is_cut_off(error))
            || self.inner.target.session().ok() != session;
        match (carried, committed) {
            // Packets saw it, and it was recorded: it is in force, even where the data path went out of reach before the last of it was done.
            (carried, Some(Ok(()))) if carried.is_ok() || is_cut_off => {
                if is_cut_off {
                    let why = carried.as_ref().err().map(ToString::to_string);
                    self.inner.lose(&why.unwrap_or_else(|| "another session began meanwhile".to_string()));
                }
                *current = Current {
                    summary: summary_of(version, &intent),
                    text: text.as_str().into(),
                    sources: Arc::new(loaded.sources),
                    state: carried.unwrap_or(next),
                    tables: planned.report.tables,
                };
            }
            (Ok(state), Some(Err(error))) => return Err(self.take_back(&mut current, state, version, error)),
            (Ok(_), _) => return Err(self.broken(version, "the plan has no switch")),
            (Err(error), _) if is_cut_off => return Err(self.cut_off(version, &error)),
            (Err(error), _) => return Err(self.failed(version, &error)),
        }
        if !is_cut_off {
            self.inner.note();
        }
        drop(current);
        let (author, restores) = (change.author.to_string(), change.restores());
        match restores {
            None => {
                tracing::info!(version = version.0, author, tenant, reason = change.reason, "policy applied");
            }
            Some(Version(of)) => {
                let reason = change.reason;
                tracing::info!(version = version.0, of, author, tenant, reason, "policy rolled back");
            }
        }
        let tenant = change.tenant.map(str::to_string);
        self.inner.events.push(intent.time_ns, What::Applied { version, author, tenant, restores });
        Ok(version)
    }

    /// Packets see a policy that the store has not recorded: they are given the one before.
    fn take_back(&self, current: &mut Current, state: State, version: Version, error: StoreError) -> Refusal {
        let back = sluice_policy::plan(&state, current.state.policy(), &self.inner.target.info())
            .map_err(|found| found.to_string())
            .and_then(|plan| carry_out(&*self.inner.target, plan).map_err(|error| error.to_string()));
        match back {
            Ok(state) => {
                current.state = state;
                let why = error.to_string();
                tracing::error!(version = version.0, why, "policy taken back: it could not be recorded");
                self.inner.note();
                // A store that could not be written to may be again by now.
                let _ = self.inner.history.abandon(version, &format!("taken back: {error}"));
                Refusal::Store(error)
            }
            // It is given what is in force when it is back.
            Err(why) if self.inner.options.program.is_some() || self.inner.options.can_change => {
                self.inner.lose(&why);
                let _ = self.inner.history.abandon(version, &format!("to be taken back: {error}"));
                Refusal::Store(error)
            }
            Err(why) => self.broken(version, &format!("a change could not be taken back: {why}")),
        }
    }

    /// The data path refused a phase. A phase is done whole or not at all, so that before the switch the old policy is as it was.
    fn failed(&self, version: Version, error: &CarryOutError) -> Refusal {
        self.broken(version, &error.to_string())
    }

    /// The data path went out of reach before the change was in force; what it has of it is not known.
    fn cut_off(&self, version: Version, error: &CarryOutError) -> Refusal {
        let why = error.to_string();
        self.inner.lose(&why);
        let _ = self.inner.history.abandon(version, &format!("the data path went out of reach: {why}"));
        Refusal::OutOfReach(why)
    }

    fn broken(&self, version: Version, why: &str) -> Refusal {
        self.set_defect(why);
        // Refused where the change was committed: it is in force then.
        let _ = self.inner.history.abandon(version, why);
        Refusal::Defect(why.to_string())
    }
}

fn action(change: &Change<'_>) -> &'static str {
    match change.source {
        Source::Text(_) => "apply",
        Source::Version(_) => "rollback",
    }
}

fn summary_of(version: Version, intent: &Intent<'_>) -> Summary {
    Summary {
        version,
        progress: Progress::Committed,
        time_ns: intent.time_ns,
        author: intent.author.to_string(),
        reason: intent.reason.to_string(),
        summary: intent.summary.to_string(),
        restores: intent.restores,
        note: String::new(),
        tenant: intent.tenant.to_string(),
    }
}

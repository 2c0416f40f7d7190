//! What can be asked. Both ways come here; what differs between them is how a request is read and an answer written.

use std::sync::Arc;

use sluice_daemon::{Broker, Change, Source, TenantView};
use sluice_store::{StoreError, Version};
use tokio::sync::Semaphore;

use crate::access::{Access, Caller, Role};
use crate::content;
use crate::metrics::{Family, Latencies, MoreMetrics};
use crate::problem::Problem;
use crate::{tenant, v1};

/// Lists: so many if nothing is said, and at most.
const LIST: (u32, u32) = (50, 500);

/// Most calls that work at a time; others wait.
const WORKING: usize = 16;

/// Most streams of counters and events.
const STREAMS: usize = 64;

struct Inner {
    broker: Broker,
    access: Arc<Access>,
    working: Semaphore,
    streams: Arc<Semaphore>,
    latencies: Latencies,
    more_metrics: Option<MoreMetrics>,
}

/// A broker, and who may do what with it. Clones are the same.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("broker", &self.inner.broker).finish_non_exhaustive()
    }
}

fn limit(asked: u32) -> Result<u32, Problem> {
    let (default, most) = LIST;
    match asked {
        0 => Ok(default),
        asked if asked <= most => Ok(asked),
        asked => Err(Problem::argument(format!("limit: {asked} is more than {most}"))),
    }
}

/// Where 0 stands for nothing.
fn some(asked: u64) -> Option<u64> {
    (asked > 0).then_some(asked)
}

/// In lists 0 is no bound; numbers do not reach beyond 63 bits.
fn before(asked: u64) -> Result<Option<u64>, Problem> {
    if i64::try_from(asked).is_err() {
        return Err(Problem::argument(format!("before: {asked} is more than {}", i64::MAX)));
    }
    Ok(some(asked))
}

/// Reads hexadecimal digits; blanks and colons are left out.
fn frame(digits: &str) -> Result<Vec<u8>, Problem> {
    let wrong =
        || Problem::argument("frame: hexadecimal digits are wanted, two a byte (02:00:00:00:00:01 ...)");
    let digits: Vec<u8> =
        digits.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b':').collect();
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() < MIN_FRAME {
        return Err(wrong());
    }
    pairs
        .iter()
        .map(|[high, low]| Some(value(*high)? << 4 | value(*low)?))
        .collect::<Option<_>>()
        .ok_or_else(wrong)
}

/// Shortest frame: two addresses and a type.
const MIN_FRAME: usize = 14;

fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric();
    let fits = (1..=64).contains(&name.len()) && name.bytes().next().is_some_and(is_letter);
    fits && name.bytes().all(|byte| is_letter(byte) || b"-_.".contains(&byte))
}

fn store(error: StoreError) -> Problem {
    sluice_daemon::Refusal::from(error).into()
}

/// A plan, without what is of others.
fn scoped(view: Option<&TenantView>, mut planned: sluice_daemon::Planned) -> sluice_daemon::Planned {
    if let Some(view) = view {
        planned.report = tenant::plan(view, planned.report);
    }
    planned
}

impl Api {
    /// The operations of a broker.
    pub fn new(broker: Broker, access: impl Into<Arc<Access>>) -> Self {
        Self::with_metrics(broker, access, None)
    }

    /// As [`Self::new`], with metrics of somebody else on the same page.
    pub fn with_metrics(
        broker: Broker,
        access: impl Into<Arc<Access>>,
        more_metrics: Option<MoreMetrics>,
    ) -> Self {
        let inner = Inner {
            broker,
            access: access.into(),
            working: Semaphore::new(WORKING),
            streams: Arc::new(Semaphore::new(STREAMS)),
            latencies: Latencies::default(),
            more_metrics,
        };
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn access(&self) -> &Access {
        &self.inner.access
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.inner.broker
    }

    pub(crate) fn streams(&self) -> Arc<Semaphore> {
        self.inner.streams.clone()
    }

    pub(crate) fn more_metrics(&self) -> Vec<Family> {
        self.inner.more_metrics.as_ref().map_or_else(Vec::new, |more| more())
    }

    pub(crate) fn latencies(&self) -> &Latencies {
        &self.inner.latencies
    }

    /// Does an operation where waiting holds up nobody else.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let _one = self.inner.working.acquire().await.map_err(|_| Problem::internal("the broker ends"))?;
        let api = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&api)).await;
        done.unwrap_or_else(|_| Err(Problem::internal("the work was ended")))
    }

    /// What a caller who is of a tenant may see; nothing for those who may see all.
    pub(crate) fn view(&self, caller: &Caller) -> Result<Option<TenantView>, Problem> {
        let view = caller.tenant.as_deref().map(|tenant| self.broker().tenant(tenant));
        Ok(view.transpose()?)
    }

    /// An answer, without what is of others where the caller is of a tenant.
    fn seen<T>(
        &self,
        caller: &Caller,
        scope: fn(&TenantView, T) -> T,
        work: impl FnOnce() -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let view = self.view(caller)?;
        let all = work()?;
        Ok(match view {
            Some(view) => scope(&view, all),
            None => all,
        })
    }

    pub(crate) fn status(&self, caller: &Caller) -> Result<v1::Status, Problem> {
        let mut summary = self.broker().in_force().summary;
        let mut defect = self.broker().defect().unwrap_or_default();
        if let Some(tenant) = &caller.tenant {
            if *summary.tenant != **tenant {
                summary.author.clear();
            }
            if !defect.is_empty() {
                defect = "there is one: whoever runs the broker is told of it".to_string();
            }
        }
        Ok(v1::Status {
            software: env!("CARGO_PKG_VERSION").to_string(),
            target: self.broker().target_name().to_string(),
            target_reason: self.broker().target_reason(),
            stands_in: self.broker().target_stands_in().is_some(),
            policy_version: summary.version.0,
            applied_ns: summary.time_ns,
            author: summary.author,
            defect,
            user: caller.name.to_string(),
            role: caller.role.name().to_string(),
            out_of_reach: self.broker().out_of_reach().unwrap_or_default(),
            tenant: caller.tenant.as_deref().unwrap_or_default().to_string(),
        })
    }

    pub(crate) fn policy(&self, caller: &Caller) -> Result<v1::Policy, Problem> {
        let Some(tenant) = caller.tenant.as_deref() else {
            return Ok(content::policy(self.broker().in_force()));
        };
        let mut part = self.broker().part_in_force(tenant)?;
        if part.summary.tenant != tenant {
            part.summary.author.clear();
            part.summary.reason.clear();
        }
        Ok(content::policy(part))
    }

    pub(crate) fn plan(&self, caller: &Caller, request: &v1::PlanRequest) -> Result<v1::Plan, Problem> {
        let view = self.view(caller)?;
        let planned = self.broker().plan(&request.text, caller.tenant.as_deref())?;
        Ok(content::plan(scoped(view.as_ref(), planned)))
    }

    pub(crate) fn apply(&self, caller: &Caller, request: &v1::ApplyRequest) -> Result<v1::Applied, Problem> {
        let change = Change {
            source: Source::Text(&request.text),
            author: &caller.name,
            tenant: caller.tenant.as_deref(),
            reason: &request.reason,
            expected: some(request.expected_version).map(Version),
            dry_run: request.dry_run,
        };
        self.change(caller, &change)
    }

    pub(crate) fn rollback(
        &self,
        caller: &Caller,
        request: &v1::RollbackRequest,
    ) -> Result<v1::Applied, Problem> {
        let change = Change {
            source: Source::Version(Version(request.version)),
            author: &caller.name,
            tenant: caller.tenant.as_deref(),
            reason: &request.reason,
            expected: some(request.expected_version).map(Version),
            dry_run: request.dry_run,
        };
        self.change(caller, &change)
    }

    fn change(&self, caller: &Caller, change: &Change<'_>) -> Result<v1::Applied, Problem> {
        self.access().may_change(caller)?;
        let view = self.view(caller)?;
        let mut applied = self.broker().apply(change)?;
        applied.planned = scoped(view.as_ref(), applied.planned);
        Ok(content::applied(applied))
    }

    pub(crate) fn versions(
        &self,
        caller: &Caller,
        request: &v1::ListVersionsRequest,
    ) -> Result<v1::Versions, Problem> {
        let (before, limit) = (before(request.before)?.map(Version), limit(request.limit)?);
        let list = self.broker().history(before, limit, caller.tenant.as_deref())?;
        Ok(v1::Versions { versions: list.into_iter().map(content::version).collect() })
    }

    pub(crate) fn version(
        &self,
        caller: &Caller,
        request: &v1::GetVersionRequest,
    ) -> Result<v1::VersionDetail, Problem> {
        Ok(content::past(self.broker().past(Version(request.version), caller.tenant.as_deref())?))
    }

    pub(crate) fn explain(
        &self,
        caller: &Caller,
        request: &v1::ExplainRequest,
    ) -> Result<v1::Explanation, Problem> {
        let view = self.view(caller)?;
        if view.as_ref().is_some_and(|view| !view.network_ports.contains(&request.port)) {
            return Err(Problem::not_found(format!("there is no network port `{}`", request.port)));
        }
        let mut explained = self.broker().explain(&request.port, &frame(&request.frame)?)?;
        if let Some(view) = view {
            explained = tenant::explained(&view, explained);
        }
        Ok(content::explanation(explained))
    }

    pub(crate) fn filters(&self, caller: &Caller) -> Result<v1::Filters, Problem> {
        self.seen(caller, tenant::filters, || {
            let reading = self.broker().reading()?;
            Ok(content::filters(self.broker().filters(), &reading))
        })
    }

    pub(crate) fn groups(&self, caller: &Caller) -> Result<v1::Groups, Problem> {
        self.seen(caller, tenant::groups, || Ok(content::groups(self.broker().groups())))
    }

    pub(crate) fn ports(&self, caller: &Caller) -> Result<v1::Ports, Problem> {
        self.seen(caller, tenant::ports, || {
            Ok(v1::Ports { ports: self.broker().ports().into_iter().map(content::port).collect() })
        })
    }

    pub(crate) fn clear_port(
        &self,
        caller: &Caller,
        request: &v1::ClearPortRequest,
    ) -> Result<v1::Port, Problem> {
        self.access().may_change(caller)?;
        if self.view(caller)?.is_some_and(|view| !view.tool_ports.contains(&request.port)) {
            let text = format!("your tenant has no tool port `{}`", request.port);
            return Err(Problem::not_found(text));
        }
        let tenant = caller.tenant.as_deref();
        Ok(content::port(self.broker().clear_port(&request.port, &caller.name, tenant)?))
    }

    pub(crate) fn alerts(&self, caller: &Caller) -> Result<v1::Alerts, Problem> {
        self.seen(caller, tenant::alerts, || Ok(content::alerts(self.broker().alerts())))
    }

    pub(crate) fn attach_port(
        &self,
        caller: &Caller,
        request: &v1::AttachPortRequest,
    ) -> Result<v1::Port, Problem> {
        caller.needs(Role::Admin)?;
        self.access().may_change(caller)?;
        Ok(content::port(self.broker().attach_port(&request.port, &request.device, &caller.name)?))
    }

    pub(crate) fn detach_port(
        &self,
        caller: &Caller,
        request: &v1::DetachPortRequest,
    ) -> Result<v1::Port, Problem> {
        caller.needs(Role::Admin)?;
        self.access().may_change(caller)?;
        Ok(content::port(self.broker().detach_port(&request.port, &caller.name)?))
    }

    pub(crate) fn counters(&self, caller: &Caller) -> Result<v1::Counters, Problem> {
        self.seen(caller, tenant::counters, || Ok(content::counters(&*self.broker().reading()?)))
    }

    pub(crate) fn audits(
        &self,
        caller: &Caller,
        request: &v1::ListAuditRequest,
    ) -> Result<v1::Audits, Problem> {
        caller.needs(Role::Admin)?;
        let list = self.broker().audits(before(request.before)?, limit(request.limit)?)?;
        Ok(v1::Audits { audits: list.into_iter().map(content::audit).collect() })
    }

    pub(crate) fn users(&self, caller: &Caller) -> Result<v1::Users, Problem> {
        caller.needs(Role::Admin)?;
        let list = self.access().list().map_err(store)?;
        Ok(v1::Users { users: list.into_iter().map(content::user).collect() })
    }

    pub(crate) fn add_user(
        &self,
        caller: &Caller,
        request: &v1::AddUserRequest,
    ) -> Result<v1::NewUser, Problem> {
        caller.needs(Role::Admin)?;
        self.access().may_change(caller)?;
        let v1::AddUserRequest { name, role, tenant } = request;
        if !is_name(name) {
            return Err(Problem::argument(
                "name: up to 64 letters, digits, `-`, `_` and `.` are wanted, a letter or digit first",
            ));
        }
        let role = Role::of(role)
            .ok_or_else(|| Problem::argument("role: `viewer`, `operator` or `admin` is wanted"))?;
        if !tenant.is_empty() {
            if role == Role::Admin {
                let text = "tenant: an admin changes the whole broker: a tenant has viewers and operators";
                return Err(Problem::argument(text));
            }
            self.broker().tenant(tenant)?;
        }
        let token = self.access().add(name, role, tenant, &caller.name).map_err(store)?;
        let (name, role, tenant) = (name.clone(), role.name().to_string(), tenant.clone());
        Ok(v1::NewUser { name, role, token, tenant })
    }

    pub(crate) fn remove_user(
        &self,
        caller: &Caller,
        request: &v1::RemoveUserRequest,
    ) -> Result<v1::RemovedUser, Problem> {
        caller.needs(Role::Admin)?;
        self.access().may_change(caller)?;
        self.access().remove(&request.name, &caller.name).map_err(store)?;
        Ok(v1::RemovedUser { name: request.name.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_hexadecimal() {
        let bytes = frame("02:00:00:00:00:01 0200 0000 0002 08 00 aB").expect("it is right");
        assert_eq!(bytes, [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0xab]);
        for wrong in [
            "",
            "0200000000010200000000020800a",
            "02000000000102000000000208",
            "0200000000010200000000020+0x",
        ] {
            assert!(frame(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_plain() {
        assert!(is_name("a") && is_name("ann.b-c_1"));
        assert!(!is_name("") && !is_name("-a") && !is_name("a b") && !is_name(&"a".repeat(65)));
    }
}

//! Who may call, and what.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use sha2::{Digest as _, Sha256};
use sluice_store::{Audit, Digest, StoreError, User, Users};

use crate::problem::Problem;
use crate::rates::Rates;

/// The user that is made at the first start.
const FIRST: &str = "admin";

/// What a token begins with, so that one that leaked is known for what it is.
const TOKEN_PREFIX: &str = "sluice_";

/// Calls of one user: so many at once, then so many a second.
const CALLS: (u32, u32) = (200, 100);
/// Changes of one user.
const CHANGES: (u32, u32) = (30, 10);
/// Wrong tokens of one address.
const WRONG: (u32, u32) = (20, 2);

/// What somebody may do; each may do what those before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees everything but audits and users.
    Viewer,
    /// Changes policies, clears counters.
    Operator,
    /// Adds and removes users.
    Admin,
}

impl Role {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The one of that name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Operator, Self::Admin].into_iter().find(|role| role.name() == name)
    }
}

/// Somebody whose token was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub name: Arc<str>,
    /// What they may do.
    pub role: Role,
    /// The tenant that they are of: what is not its own is not there for them.
    pub tenant: Option<Arc<str>>,
}

impl Caller {
    /// Whether they may do what needs that role.
    pub(crate) fn needs(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        tracing::warn!(user = &*self.name, role = self.role.name(), needs = role.name(), "call refused");
        Err(Problem::forbidden(format!(
            "this needs the role {}, and `{}` is {}",
            role.name(),
            self.name,
            self.role.name()
        )))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Put there by whoever checked the token; a route without that check has no callers.
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::unauthenticated)
    }
}

/// Users, their tokens, and how often they may call.
pub struct Access {
    users: Arc<dyn Users>,
    /// By digest of the token, as the store has them.
    known: RwLock<BTreeMap<Digest, Caller>>,
    calls: Rates<Arc<str>>,
    changes: Rates<Arc<str>>,
    wrong: Rates<IpAddr>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

pub(crate) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// A token that nobody can guess: 256 bits of the system's randomness.
fn new_token() -> Result<String, StoreError> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| StoreError::Unavailable(format!("no randomness for a token: {error}")))?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{TOKEN_PREFIX}{digits}"))
}

/// Tokens are as random as a digest is long: no salt and no slow hash would add anything.
fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

impl Access {
    /// Users of a store. If there is none, an admin is made, whose token is given: it is to be shown once, and cannot be had again.
    ///
    /// # Errors
    ///
    /// The store cannot be read or written; there is no randomness.
    pub fn new(users: Arc<dyn Users>) -> Result<(Self, Option<String>), StoreError> {
        let access = Self {
            users,
            known: RwLock::default(),
            calls: Rates::new(CALLS.0, CALLS.1),
            changes: Rates::new(CHANGES.0, CHANGES.1),
            wrong: Rates::new(WRONG.0, WRONG.1),
        };
        access.refresh()?;
        let is_first = access.known.read().unwrap_or_else(PoisonError::into_inner).is_empty();
        let token = if is_first { Some(access.add(FIRST, Role::Admin, "", "serve")?) } else { None };
        Ok((access, token))
    }

    fn refresh(&self) -> Result<(), StoreError> {
        let known = self.users.users()?.into_iter().filter_map(|user| {
            let role = Role::of(&user.role)?;
            let tenant = (!user.tenant.is_empty()).then(|| user.tenant.into());
            Some((user.token, Caller { name: user.name.into(), role, tenant }))
        });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known.collect();
        Ok(())
    }

    pub(crate) fn add(&self, name: &str, role: Role, tenant: &str, by: &str) -> Result<String, StoreError> {
        let token = new_token()?;
        let (time_ns, name) = (now_ns(), name.to_string());
        let (action, outcome) = ("add_user", "done");
        let audit = Audit { time_ns, user: by, tenant: "", action, subject: &name, outcome };
        let (role, tenant) = (role.name().to_string(), tenant.to_string());
        let user = User { name: name.clone(), role, tenant, token: digest(&token), time_ns };
        self.users.add_user(&user, &audit)?;
        tracing::info!(user = name, role = user.role, tenant = user.tenant, by, "user added");
        self.refresh()?;
        Ok(token)
    }

    pub(crate) fn remove(&self, name: &str, by: &str) -> Result<(), StoreError> {
        let audit = Audit {
            time_ns: now_ns(),
            user: by,
            tenant: "",
            action: "remove_user",
            subject: name,
            outcome: "done",
        };
        self.users.remove_user(name, Role::Admin.name(), &audit)?;
        tracing::info!(user = name, by, "user removed");
        self.refresh()
    }

    pub(crate) fn list(&self) -> Result<Vec<User>, StoreError> {
        self.users.users()
    }

    /// Whose token it is. Wrong ones of one address are few a second; how often somebody calls is not looked at.
    ///
    /// # Errors
    ///
    /// There is none, or it is not known; there were too many wrong ones.
    pub fn known(&self, token: Option<&str>, address: IpAddr) -> Result<Caller, Problem> {
        let known = token.and_then(|token| {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.get(&digest(token.trim())).cloned()
        });
        if let Some(caller) = known {
            return Ok(caller);
        }
        if !self.wrong.take(address, Instant::now()) {
            return Err(Problem::too_many("too many wrong tokens from this address: wait"));
        }
        // As often as an address may try: further ones are refused above.
        tracing::warn!(%address, "access refused: no token, or a wrong one");
        Err(Problem::unauthenticated())
    }

    /// Whose call it is.
    pub(crate) fn caller(&self, headers: &HeaderMap, address: IpAddr) -> Result<Caller, Problem> {
        let token = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let caller = self.known(token.map(|(_, token)| token), address)?;
        if !self.calls.take(caller.name.clone(), Instant::now()) {
            let (burst, rate) = CALLS;
            return Err(Problem::too_many(format!(
                "{rate} calls a second, {burst} at once, are the most: wait"
            )));
        }
        Ok(caller)
    }

    /// Whether somebody whose token was right then may still do the same.
    pub fn is_known(&self, caller: &Caller) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.values().any(|one| one == caller)
    }

    /// Somebody of that name, as they are now; nothing where there is nobody.
    pub fn of_name(&self, name: &str) -> Option<Caller> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.values().find(|one| &*one.name == name).cloned()
    }

    /// Whether somebody may change something now.
    pub(crate) fn may_change(&self, caller: &Caller) -> Result<(), Problem> {
        caller.needs(Role::Operator)?;
        if self.changes.take(caller.name.clone(), Instant::now()) {
            return Ok(());
        }
        let (burst, rate) = CHANGES;
        Err(Problem::too_many(format!("{rate} changes a second, {burst} at once, are the most: wait")))
    }
}

//! Who may speak P4Runtime: the users of the store, or where there is none those of a file.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use sluice_api::{Access, Role};
use sluice_diagnostics::{Diagnostic, Diagnostics, Sources, Span};
use sluice_entities::Code;
use sluice_p4runtime::{Caller, Guard, Refusal, Rights};
use sluice_store::{Audit, Digest, Store, User, Users};

use super::begin::Begun;
use crate::args;
use crate::failure::Failure;

/// Users of REST and gRPC, as controllers.
#[derive(Debug)]
struct Known(Arc<Access>);

fn rights(role: Role) -> Rights {
    match role {
        Role::Viewer => Rights::Read,
        Role::Operator | Role::Admin => Rights::Change,
    }
}

impl Guard for Known {
    fn admit(&self, token: Option<&str>, from: IpAddr) -> Result<Caller, Refusal> {
        let caller = self.0.known(token, from).map_err(|problem| {
            let code = match problem.code() {
                tonic::Code::ResourceExhausted => Code::ResourceExhausted,
                _ => Code::Unauthenticated,
            };
            Refusal::new(code, problem.to_string())
        })?;
        if let Some(tenant) = caller.tenant {
            let text = format!(
                "controllers see all tables, and `{}` is of tenant `{tenant}`: take the token of somebody who is of none",
                caller.name
            );
            return Err(Refusal::new(Code::PermissionDenied, text));
        }
        Ok(Caller { name: caller.name, rights: rights(caller.role) })
    }

    fn is_known(&self, caller: &Caller) -> bool {
        let now = self.0.of_name(&caller.name);
        now.is_some_and(|now| now.tenant.is_none() && rights(now.role) == caller.rights)
    }
}

/// The store that says who may call; none where everybody may.
pub(super) fn store(arguments: &args::Serve, begun: &Begun) -> Result<Option<Arc<Store>>, Failure> {
    match (&begun.brokered, &arguments.p4runtime_users) {
        (Some(brokered), _) => Ok(Some(brokered.store.clone())),
        (None, Some(path)) => Ok(Some(Arc::new(of_file(path)?))),
        (None, None) => Ok(None),
    }
}

/// Who may call; the token of the first one is made and shown where the store has none yet.
pub(super) fn access(store: Arc<Store>) -> Result<Arc<Access>, Failure> {
    let (access, token) = Access::new(store).map_err(|error| Failure::Broker(error.to_string()))?;
    if let Some(token) = token {
        eprintln!("token of admin, shown only now: {token}");
    }
    Ok(Arc::new(access))
}

/// The same, for controllers.
pub(super) fn guard(access: Arc<Access>) -> Arc<dyn Guard> {
    Arc::new(Known(access))
}

/// A store that has the users of a file, and ends with the process.
fn of_file(path: &Path) -> Result<Store, Failure> {
    let text = std::fs::read_to_string(path).map_err(Failure::read(path))?;
    let mut sources = Sources::new();
    let source = sources.add(path.display().to_string(), text.as_str());
    let mut found = Diagnostics::new();
    let store = Store::in_memory().map_err(|error| Failure::Broker(error.to_string()))?;
    let (mut at, mut count) = (0, 0);
    for line in text.split_inclusive('\n') {
        let (begin, words) = (at, line.trim_end());
        at += line.len();
        if words.trim().is_empty() || words.trim_start().starts_with('#') {
            continue;
        }
        let span = Span::new(source, begin, begin + words.len());
        let added = user(words).and_then(|user| {
            let audit = Audit {
                time_ns: 0,
                user: "serve",
                tenant: "",
                action: "add_user",
                subject: &user.name,
                outcome: "done",
            };
            store.add_user(&user, &audit).map_err(|error| error.to_string())
        });
        match added {
            Ok(()) => count += 1,
            Err(what) => {
                let help = "write `NAME ROLE SHA256`: a role is `viewer`, `operator` or `admin`; `printf %s TOKEN | sha256sum` prints the digest of a token";
                found.push(Diagnostic::error(what).at(span, "").help(help));
            }
        }
    }
    if count == 0 && !found.has_errors() {
        let help = "write a line `NAME ROLE SHA256` for each user";
        return Err(Failure::argument(format!("{} names no user", path.display()), help));
    }
    if found.has_errors() { Err(Failure::located(&found, &sources)) } else { Ok(store) }
}

fn user(line: &str) -> Result<User, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, role, digest] = words.as_slice() else {
        return Err(format!("there are {} words here, not three", words.len()));
    };
    let role = Role::of(role).ok_or_else(|| format!("`{role}` is no role"))?;
    let token = hexadecimal(digest).ok_or_else(|| format!("`{digest}` is no SHA-256 of a token"))?;
    let tenant = String::new();
    Ok(User { name: (*name).to_string(), role: role.name().to_string(), tenant, token, time_ns: 0 })
}

fn hexadecimal(digits: &str) -> Option<Digest> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect();
    if rest.is_empty() { bytes?.try_into().ok() } else { None }
}

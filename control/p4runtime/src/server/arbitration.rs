//! Who may write (section 5). Pure: it says who is to be told what.

use std::collections::BTreeMap;

use sluice_entities::Code;

use crate::proto::google::rpc;
use crate::refusal::Refusal;
use crate::v1;

/// An election id as a number.
pub(super) fn number(id: &v1::Uint128) -> u128 {
    u128::from(id.high) << 64 | u128::from(id.low)
}

fn message(id: u128) -> v1::Uint128 {
    v1::Uint128 { high: (id >> 64) as u64, low: id as u64 }
}

/// A stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClientId(u64);

#[derive(Debug)]
struct Client<R> {
    election_id: Option<u128>,
    responses: R,
}

/// All streams of one role.
#[derive(Debug)]
struct Role<R> {
    given: Option<v1::Role>,
    /// The highest election id ever seen.
    highest: Option<u128>,
    primary: Option<ClientId>,
    clients: BTreeMap<ClientId, Client<R>>,
}

impl<R> Default for Role<R> {
    fn default() -> Self {
        Self { given: None, highest: None, primary: None, clients: BTreeMap::new() }
    }
}

/// See the module. `R` is the way to a client.
#[derive(Debug)]
pub(super) struct Arbitration<R> {
    roles: BTreeMap<String, Role<R>>,
    clients: u64,
    max_streams: usize,
}

/// Who is to be told what.
pub(super) type Notices<R> = Vec<(ClientId, R, v1::MasterArbitrationUpdate)>;

/// The name of a role that a message means.
pub(super) fn role_name(role: Option<&v1::Role>) -> String {
    role.map(|role| role.name.clone()).unwrap_or_default()
}

impl<R: Clone> Arbitration<R> {
    pub(super) fn new(max_streams: usize) -> Self {
        // The default role is always there.
        Self { roles: BTreeMap::from([(String::new(), Role::default())]), clients: 0, max_streams }
    }

    fn check(&self, update: &v1::MasterArbitrationUpdate, client: Option<ClientId>) -> Result<(), Refusal> {
        if update.role.as_ref().is_some_and(|role| role.config.is_some()) {
            let text = "role.config: no scheme of configurations is agreed on here; without one a role has full access";
            return Err(Refusal::invalid(text));
        }
        if update.role.as_ref().is_some_and(|role| role.id != 0 && role.name.is_empty()) {
            return Err(Refusal::invalid("role.id: it is not used any more: roles have names"));
        }
        let Some(role) = self.roles.get(&role_name(update.role.as_ref())) else { return Ok(()) };
        if let Some(id) = update.election_id.as_ref().map(number) {
            let is_taken = |(other, known): (&ClientId, &Client<R>)| {
                Some(*other) != client && known.election_id == Some(id)
            };
            if role.clients.iter().any(is_taken) {
                return Err(Refusal::invalid(format!(
                    "election_id: another controller of the role has {id}"
                )));
            }
        }
        if client.is_none() && role.clients.len() >= self.max_streams {
            let text = format!("the role has {} streams, which is the most", self.max_streams);
            return Err(Refusal::new(Code::ResourceExhausted, text));
        }
        Ok(())
    }

    /// The first arbitration of a stream; the device was checked.
    pub(super) fn join(
        &mut self,
        update: &v1::MasterArbitrationUpdate,
        responses: R,
    ) -> Result<(ClientId, String), Refusal> {
        self.check(update, None)?;
        self.clients += 1;
        let (id, name) = (ClientId(self.clients), role_name(update.role.as_ref()));
        let role = self.roles.entry(name.clone()).or_default();
        role.given = update.role.clone();
        role.clients.insert(id, Client { election_id: None, responses });
        Ok((id, name))
    }

    /// An arbitration of a stream that has joined: who is primary now, and who is to be told.
    pub(super) fn arbitrate(
        &mut self,
        id: ClientId,
        joined: &str,
        update: &v1::MasterArbitrationUpdate,
        device_id: u64,
    ) -> Result<Notices<R>, Refusal> {
        if role_name(update.role.as_ref()) != joined {
            let text = format!("role: the stream is of role `{joined}`: open another one for another role");
            return Err(Refusal::new(Code::FailedPrecondition, text));
        }
        self.check(update, Some(id))?;
        let role = self.roles.entry(joined.to_string()).or_default();
        let election_id = update.election_id.as_ref().map(number);
        if let Some(client) = role.clients.get_mut(&id) {
            client.election_id = election_id;
        }
        let was_primary = role.primary == Some(id);
        if election_id.is_some() && election_id >= role.highest {
            role.highest = election_id;
            role.primary = Some(id);
            // The new primary is told last.
            let mut notices = role.notices(device_id);
            notices.sort_by_key(|(client, ..)| *client == id);
            return Ok(notices);
        }
        if was_primary {
            role.primary = None;
            return Ok(role.notices(device_id));
        }
        Ok(role.notices(device_id).into_iter().filter(|(client, ..)| *client == id).collect())
    }

    /// A stream has ended: who is to be told.
    pub(super) fn leave(&mut self, id: ClientId, joined: &str, device_id: u64) -> Notices<R> {
        let Some(role) = self.roles.get_mut(joined) else { return Vec::new() };
        role.clients.remove(&id);
        if role.primary == Some(id) {
            role.primary = None;
            return role.notices(device_id);
        }
        Vec::new()
    }

    /// Whether a request of that role and election id may change something.
    pub(super) fn may_change(&self, role: &str, election_id: Option<u128>) -> Result<(), Refusal> {
        let Some(known) = self.roles.get(role) else {
            return Err(Refusal::new(Code::NotFound, format!("role: no controller has taken role `{role}`")));
        };
        let primary = known.primary.and_then(|primary| known.clients.get(&primary)?.election_id);
        if primary.is_some() && primary == election_id {
            return Ok(());
        }
        let text = match (election_id, primary) {
            (_, None) => {
                "the role has no primary: arbitrate with an election id that is not lower than any before"
                    .to_string()
            }
            (None, _) => "election_id: it is missing; it says who is asking".to_string(),
            (Some(id), Some(primary)) => {
                format!("election_id: {id} is not the primary's, which is {primary}")
            }
        };
        Err(Refusal::new(Code::PermissionDenied, text))
    }

    pub(super) fn is_primary(&self, id: ClientId, joined: &str) -> bool {
        self.roles.get(joined).is_some_and(|role| role.primary == Some(id))
    }

    /// The ways to all primaries.
    pub(super) fn primaries(&self) -> Vec<R> {
        let primary = |role: &Role<R>| Some(role.clients.get(&role.primary?)?.responses.clone());
        self.roles.values().filter_map(primary).collect()
    }
}

impl<R: Clone> Role<R> {
    /// What everybody is told.
    fn notices(&self, device_id: u64) -> Notices<R> {
        let status = |client: ClientId| match self.primary {
            Some(primary) if primary == client => (0, "you are the primary"),
            Some(_) => (Code::AlreadyExists.number(), "another controller is the primary"),
            None => (Code::NotFound.number(), "there is no primary"),
        };
        let notice = |(id, client): (&ClientId, &Client<R>)| {
            let (code, text) = status(*id);
            let update = v1::MasterArbitrationUpdate {
                device_id,
                role: self.given.clone(),
                election_id: self.highest.map(message),
                status: Some(rpc::Status { code, message: text.to_string(), details: Vec::new() }),
            };
            (*id, client.responses.clone(), update)
        };
        self.clients.iter().map(notice).collect()
    }
}

//! Who may come in, and what they may do.
//!
//! Who is known is not for this crate: whoever serves gives a [`Guard`]. Without one everybody who reaches the server may do everything, which is for loopback alone.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use sluice_entities::Code;
use tonic::transport::server::Connected;
use tonic::{Request, Status};

use super::Inner;
use crate::refusal::Refusal;

/// What somebody may do; each may do what those before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rights {
    /// Reads entities and the program, and listens without an election id: a controller that is never primary.
    Read,
    /// Becomes primary, writes, sets programs.
    Change,
}

/// Somebody who is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub name: Arc<str>,
    /// What they may do.
    pub rights: Rights,
}

/// Says who somebody is.
pub trait Guard: std::fmt::Debug + Send + Sync {
    /// Whose token it is (`authorization: Bearer TOKEN`).
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED`: there is none, or it is not known; others where somebody who is known may not come in here. What is said is told to the client.
    fn admit(&self, token: Option<&str>, from: IpAddr) -> Result<Caller, Refusal>;

    /// Whether somebody who was admitted still would be.
    fn is_known(&self, caller: &Caller) -> bool;
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

impl Caller {
    fn needs(&self, rights: Rights) -> Result<(), Refusal> {
        if self.rights >= rights {
            return Ok(());
        }
        tracing::warn!(user = &*self.name, "P4Runtime call refused: it changes something");
        let text =
            format!("`{}` may read here, and change nothing: take the token of somebody who may", self.name);
        Err(Refusal::new(Code::PermissionDenied, text))
    }
}

/// The token of a request.
fn token<T>(request: &Request<T>) -> Option<&str> {
    let (scheme, token) = request.metadata().get("authorization")?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Inner {
    /// Lets somebody in who may do that; nobody in particular where there is no guard.
    pub(super) fn admit<T>(&self, request: &Request<T>, needed: Rights) -> Result<Option<Caller>, Status> {
        let Some(guard) = &self.options.guard else { return Ok(None) };
        let peer = request.extensions().get::<Peer>();
        // Whoever serves without a connection of its own is this machine.
        let from = peer.map_or(IpAddr::from([127, 0, 0, 1]), |Peer(address)| address.ip());
        let caller = guard.admit(token(request), from)?;
        caller.needs(needed)?;
        Ok(Some(caller))
    }

    /// Whether a stream may go on.
    pub(super) fn may_stay(&self, caller: Option<&Caller>) -> Result<(), Refusal> {
        let (Some(guard), Some(caller)) = (&self.options.guard, caller) else { return Ok(()) };
        if guard.is_known(caller) {
            return Ok(());
        }
        Err(Refusal::new(Code::Unauthenticated, format!("the token of `{}` was taken away", caller.name)))
    }
}

/// An arbitration with an election id is for those who may change something: with one, a controller may become primary.
pub(super) fn may_arbitrate(caller: Option<&Caller>, has_election_id: bool) -> Result<(), Refusal> {
    match caller {
        Some(caller) if has_election_id => caller.needs(Rights::Change).map_err(|refusal| {
            let text = format!("{}; or leave election_id out, and listen only", refusal.message);
            Refusal::new(refusal.code, text)
        }),
        _ => Ok(()),
    }
}

impl Connected for super::serve::Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        Peer(self.peer())
    }
}

//! Action profiles and selectors (P4Runtime specification, section 9.2).

use std::sync::Arc;

use crate::ActionCall;

/// An action that entries refer to by its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProfileMember {
    /// Name of the action profile or selector.
    pub profile: Arc<str>,
    /// Its number; not 0.
    pub id: u32,
    /// What it does.
    pub action: ActionCall,
}

/// One member's place in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupMember {
    /// The member.
    pub member: u32,
    /// Its share, at least 1.
    pub weight: u32,
    /// The port without which it is not chosen.
    pub watch_port: Option<u16>,
}

/// Members that an action selector chooses from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProfileGroup {
    /// Name of the action selector.
    pub profile: Arc<str>,
    /// Its number; not 0. Members and groups count apart.
    pub id: u32,
    /// Its members, each once.
    pub members: Vec<GroupMember>,
    /// Most that it is to hold, in the selector's terms ([`crate::SizeSemantics`]); fixed when it is inserted. 0: what the
    /// selector takes.
    pub max_size: u32,
}

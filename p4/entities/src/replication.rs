//! The packet replication engine (P4Runtime specification, section 9.5).

/// One copy that the packet replication engine makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Replica {
    /// Egress port.
    pub port: u16,
    /// `egress_rid` of the copy.
    pub instance: u16,
}

/// One copy, and what stands in for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Branch {
    /// The copy, as long as its port is up.
    pub replica: Replica,
    /// The first of these whose port is up is made in its place while it is down.
    pub backups: Vec<Replica>,
}

impl From<Replica> for Branch {
    fn from(replica: Replica) -> Self {
        Self { replica, backups: Vec::new() }
    }
}

/// A multicast group (PacketReplicationEngineEntry).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MulticastGroup {
    /// `mcast_grp`; not 0.
    pub id: u16,
    /// Copies, made in this order; (port, instance) is unique among all of them, backups included.
    pub branches: Vec<Branch>,
    /// The controller's own data, kept and given back.
    pub metadata: Vec<u8>,
}

impl MulticastGroup {
    /// A group of copies without backups.
    pub fn new(id: u16, replicas: impl IntoIterator<Item = Replica>) -> Self {
        Self { id, branches: replicas.into_iter().map(Branch::from).collect(), metadata: Vec::new() }
    }

    /// The copies, without their backups.
    pub fn replicas(&self) -> impl Iterator<Item = Replica> + '_ {
        self.branches.iter().map(|branch| branch.replica)
    }
}

/// A clone session (PacketReplicationEngineEntry).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CloneSession {
    /// Session id; not 0.
    pub id: u16,
    /// Copies, with backups as multicast groups have them.
    pub branches: Vec<Branch>,
    /// Class of service of the clones.
    pub class_of_service: u32,
    /// Bytes kept of each clone; 0 for all.
    pub packet_length_bytes: u16,
}

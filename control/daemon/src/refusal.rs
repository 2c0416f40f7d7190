//! Why something was not done.

use sluice_diagnostics::{Diagnostics, Sources};
use sluice_store::{StoreError, Version};

use crate::finding::{Finding, findings};

/// Why something was not done. The policy in force is the one from before.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The policy is wrong, or does not fit this broker.
    #[error("{rendered}")]
    Invalid {
        /// Every mistake.
        findings: Vec<Finding>,
        /// All of them as text, with carets.
        rendered: String,
    },
    /// The policy was changed meanwhile.
    #[error(
        "version {current} is in force, not {expected}: look at what was changed, and try again with {current}"
    )]
    Stale {
        /// What the caller thought is in force.
        expected: Version,
        /// What is.
        current: Version,
    },
    /// An input is too large.
    #[error("{what} has {bytes} bytes; {max} are the most")]
    TooLarge {
        /// Which.
        what: &'static str,
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        max: usize,
    },
    /// An argument is wrong.
    #[error("{0}")]
    Argument(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The store could not record the change, which was not made, or was taken back.
    #[error("nothing was changed: {0}")]
    Store(#[from] StoreError),
    /// The data path cannot be asked or changed now. It is tried again and again; what is in force is given to it when it is back.
    #[error(
        "the data path is out of reach ({0}): what is in force is kept, and given to it when it is back; try again then"
    )]
    OutOfReach(String),
    /// The data path is not what it should be: a defect. Traffic goes on; nothing is changed until the process begins anew.
    #[error(
        "the data path refused what was planned, which is a defect in sluice ({0}); traffic goes on as it is, changes are refused until the broker is started again"
    )]
    Defect(String),
}

impl Refusal {
    pub(crate) fn invalid(found: &Diagnostics, sources: &Sources) -> Self {
        let rendered = found.render(sources).trim_end().to_string();
        Self::Invalid { findings: findings(found, sources), rendered }
    }

    /// One line, for an audit: what kind of refusal, without the details of a policy's text.
    pub fn brief(&self) -> String {
        match self {
            Self::Invalid { findings, .. } => {
                let first = findings.first().map_or("", |finding| finding.message.as_str());
                format!("refused: {} findings, the first: {first}", findings.len())
            }
            other => format!("refused: {other}"),
        }
    }
}

//! What a broker keeps over a restart.
//!
//! Every policy that was applied, with its text as it was written, who applied it, when and why ([`History`]); every changing call, whatever became of it; and who
//! may do what ([`Users`]). It knows nothing of what a policy means. [`Store`] keeps all of it in one SQLite file.
//!
//! How a change is recorded: [`History::intend`] before the data path is touched, [`History::commit`] when packets see the new policy, [`History::abandon`] when they do not. The policy in
//! force is the one that was committed last; an intent that is found when the store is opened is of a process that ended, and is abandoned then
//! (`docs/decisions/0018`).

mod error;
mod history;
mod records;
mod schema;
mod store;
mod users;

pub use error::StoreError;
pub use history::{History, Users};
pub use records::{Audit, AuditRecord, Digest, Intent, Progress, Record, Summary, User, Version};
pub use store::{DEFAULT_MAX_BYTES, FILE, Store, StoreOptions};

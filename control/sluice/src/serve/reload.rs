//! SIGHUP: the policy's file is read again, and applied if it is right.

use std::path::{Path, PathBuf};

use sluice_daemon::{Broker, Change, Source};

use super::begin::Begun;
use super::notify;

/// What is applied, and to whom. Without both nothing is done, and that is said.
pub(super) struct Reload {
    what: Option<(Broker, PathBuf)>,
}

impl Reload {
    pub(super) fn of(begun: &Begun, policy: Option<&Path>) -> Self {
        let brokered = begun.brokered.as_ref();
        Self { what: brokered.zip(policy).map(|(one, path)| (one.broker.clone(), path.to_path_buf())) }
    }

    /// Applies the file. What came of it is told on standard error, and to the service manager.
    pub(super) async fn now(&self) {
        let Some((broker, path)) = self.what.clone() else {
            eprintln!("reload: there is no file to read again: `sluice serve` was begun without `--policy`");
            return;
        };
        let done = tokio::task::spawn_blocking(move || apply(&broker, &path)).await;
        let said = done.unwrap_or_else(|error| format!("it was ended: {error}"));
        eprintln!("reload: {said}");
        notify::status(said.lines().next().unwrap_or_default());
    }
}

fn apply(broker: &Broker, path: &Path) -> String {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return format!("cannot read {}: {error}; the policy in force stays", path.display()),
    };
    let change = Change {
        source: Source::Text(&text),
        author: "reload",
        tenant: None,
        reason: "the service was told to read its policy again",
        expected: None,
        dry_run: false,
    };
    match broker.apply(&change) {
        Ok(applied) if applied.is_changed => format!("policy version {} is in force", applied.version),
        Ok(applied) => format!("nothing changed: policy version {} is in force", applied.version),
        Err(refusal) => format!("refused, the policy in force stays: {refusal}"),
    }
}

//! Why a command stopped, as the user reads it.

use std::path::{Path, PathBuf};

use sluice_daemon::Refusal;
use sluice_diagnostics::{Diagnostics, Sources};

/// Exit code for input that is refused: nothing was written.
pub(crate) const EXIT_BAD_INPUT: u8 = 2;

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A text of the user's is wrong; rendered with its carets.
    #[error("{0}")]
    Located(String),
    /// A file cannot be read.
    #[error("error: cannot read {}: {source}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A file or folder cannot be written.
    #[error("error: cannot write {}: {source}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A capture is damaged, or of another link type.
    #[error("error: {}: {source}{}", path.display(), help(source))]
    Capture {
        path: PathBuf,
        #[source]
        source: sluice_capture::Error,
    },
    /// An argument does not fit the policy or the inputs.
    #[error("error: {message}\n  = help: {help}")]
    Argument { message: String, help: String },
    /// The system does not do what is needed.
    #[error("error: cannot {what}: {source}")]
    System {
        what: String,
        #[source]
        source: std::io::Error,
    },
    /// The broker, or its store, refuses.
    #[error("error: {0}")]
    Broker(String),
    /// The data path refused what the planner made: a defect of ours, said as such.
    #[error("error: the data path refused the plan, which is a defect in sluice; nothing was written: {0}")]
    Refused(String),
}

fn help(error: &sluice_capture::Error) -> String {
    error.help().map_or_else(String::new, |help| format!("\n  = help: {help}"))
}

impl Failure {
    /// Of diagnostics, rendered.
    pub(crate) fn located(diagnostics: &Diagnostics, sources: &Sources) -> Self {
        Self::Located(diagnostics.render(sources).trim_end().to_string())
    }

    /// Of what a broker says.
    pub(crate) fn refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Invalid { rendered, .. } => Self::Located(rendered.clone()),
            other => Self::Broker(other.to_string()),
        }
    }

    /// What went wrong, in a line of the log.
    pub(crate) fn brief(&self) -> String {
        self.to_string().lines().next().unwrap_or_default().to_string()
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Read { path: path.to_path_buf(), source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Write { path: path.to_path_buf(), source }
    }

    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }

    pub(crate) fn argument(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Argument { message: message.into(), help: help.into() }
    }
}

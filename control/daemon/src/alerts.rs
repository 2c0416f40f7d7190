//! Alerts: who watches tells the broker, and the broker everybody.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use crate::broker::Broker;
use crate::events::What;

/// An alert that is raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertView {
    /// What about.
    pub alert: String,
    /// Of which port, tool, table.
    pub subject: String,
    /// Since when, nanoseconds since the UNIX epoch.
    pub since_ns: u64,
    /// For people, as it was when it was raised.
    pub message: String,
}

/// Those that are raised, by what they are about.
pub(crate) type Raised = BTreeMap<(String, String), AlertView>;

impl Broker {
    /// Somebody who watches says that an alert is raised, or cleared.
    pub fn alert(&self, time_ns: u64, alert: &str, subject: &str, is_raised: bool, message: &str) {
        let [alert, subject, message] = [alert, subject, message].map(str::to_string);
        let mut raised = self.inner.alerts.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (alert.clone(), subject.clone());
        if is_raised {
            let (alert, subject, message) = (alert.clone(), subject.clone(), message.clone());
            raised.insert(key, AlertView { alert, subject, since_ns: time_ns, message });
        } else {
            raised.remove(&key);
        }
        drop(raised);
        self.inner.events.push(time_ns, What::Alert { alert, subject, is_raised, message });
    }

    /// Alerts that are raised, by what they are about.
    pub fn alerts(&self) -> Vec<AlertView> {
        self.inner.alerts.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

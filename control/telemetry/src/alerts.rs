//! Alerts: raised when something has been too high for a while, cleared when it has been low enough for a while.
//!
//! [`Watch`] is pure: it is shown what is observed, with the time, and says what changes. Between the two thresholds of a rule, and within its times, nothing does, so that what
//! swings around a threshold makes one alert and not hundreds.

use std::collections::BTreeMap;
use std::time::Duration;

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A tool's port sends nearly as much as it can.
    ToolRate,
    /// Packets or copies are lost, for one reason.
    Drops,
    /// A port that is attached is down.
    PortDown,
    /// A table is nearly full.
    TableSpace,
    /// The data path is not what it should be, or packets are not accounted for.
    TargetHealth,
}

impl Kind {
    /// The name that messages and configurations use.
    pub fn name(self) -> &'static str {
        match self {
            Self::ToolRate => "tool_rate",
            Self::Drops => "drops",
            Self::PortDown => "port_down",
            Self::TableSpace => "table_space",
            Self::TargetHealth => "target_health",
        }
    }

    /// Whether the broker does not do its work while it is raised.
    pub fn is_grave(self) -> bool {
        matches!(self, Self::PortDown | Self::TargetHealth)
    }
}

/// When an alert is raised and when it is cleared, in the unit of what is observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// Raised at this value and above.
    pub raise: u64,
    /// Cleared at this value and below; less than `raise`.
    pub clear: u64,
}

/// Yes or no: 1 or 0.
const YES: Threshold = Threshold { raise: 1, clear: 0 };

/// What is watched; what has no threshold is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Of a port's speed, in millionths.
    pub tool_rate: Option<Threshold>,
    /// Packets or copies a second.
    pub drops: Option<Threshold>,
    /// The reasons of drops that are watched.
    pub reasons: Vec<&'static str>,
    /// Ports that are down.
    pub port_down: bool,
    /// Of a table's size, in millionths.
    pub table_space: Option<Threshold>,
    /// The data path's health.
    pub target_health: bool,
    /// How long it has to be so before an alert is raised.
    pub raise_after: Duration,
    /// How long it has to be so before one is cleared.
    pub clear_after: Duration,
}

/// Reasons for drops that can be watched: those that nobody asked for, and the limits of tools.
pub const REASONS: [&str; 7] =
    ["missed", "queue_full", "port_down", "refused", "mtu", "rate_limit", "table_miss"];

impl Default for Rules {
    fn default() -> Self {
        let nearly_all = Threshold { raise: 900_000, clear: 800_000 };
        Self {
            tool_rate: Some(nearly_all),
            drops: Some(YES),
            reasons: REASONS.to_vec(),
            port_down: true,
            table_space: Some(nearly_all),
            target_health: true,
            raise_after: Duration::from_secs(3),
            clear_after: Duration::from_secs(10),
        }
    }
}

impl Rules {
    fn threshold(&self, kind: Kind) -> Option<Threshold> {
        match kind {
            Kind::ToolRate => self.tool_rate,
            Kind::Drops => self.drops,
            Kind::PortDown => self.port_down.then_some(YES),
            Kind::TableSpace => self.table_space,
            Kind::TargetHealth => self.target_health.then_some(YES),
        }
    }
}

/// How something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What it is about.
    pub kind: Kind,
    /// Of which port, tool, table; with the reason of drops behind a `/`.
    pub subject: String,
    /// How much, in the unit of its threshold.
    pub value: u64,
    /// The same for people.
    pub text: String,
}

/// An alert that was raised or cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What it is about.
    pub kind: Kind,
    /// Of which port, tool, table.
    pub subject: String,
    /// Raised, or else cleared.
    pub is_raised: bool,
    /// When, nanoseconds since the UNIX epoch.
    pub time_ns: u64,
    /// For people.
    pub text: String,
}

impl Alert {
    /// `raised` or `cleared`.
    pub fn state(&self) -> &'static str {
        if self.is_raised { "raised" } else { "cleared" }
    }
}

#[derive(Debug, Default)]
struct Level {
    is_raised: bool,
    /// Since when it has been so that it is to change.
    since_ns: Option<u64>,
}

/// See the module.
#[derive(Debug)]
pub struct Watch {
    rules: Rules,
    levels: BTreeMap<(Kind, String), Level>,
}

impl Watch {
    /// Nothing is raised.
    pub fn new(rules: Rules) -> Self {
        Self { rules, levels: BTreeMap::new() }
    }

    /// What is watched.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// How everything is at a time; what changes. What is not told of any more is as it is at its best.
    pub fn step(&mut self, time_ns: u64, observations: &[Observation]) -> Vec<Alert> {
        let mut changed = Vec::new();
        let all: BTreeMap<(Kind, &str), &Observation> =
            observations.iter().map(|one| ((one.kind, one.subject.as_str()), one)).collect();
        let gone: Vec<(Kind, String)> = self
            .levels
            .keys()
            .filter(|(kind, subject)| !all.contains_key(&(*kind, subject.as_str())))
            .cloned()
            .collect();
        for (kind, subject) in gone {
            let text = format!("{subject} is not there any more");
            self.look(time_ns, &Observation { kind, subject, value: 0, text }, &mut changed);
        }
        for one in all.values() {
            self.look(time_ns, one, &mut changed);
        }
        self.levels.retain(|_, level| level.is_raised || level.since_ns.is_some());
        changed
    }

    fn look(&mut self, time_ns: u64, one: &Observation, changed: &mut Vec<Alert>) {
        let Some(Threshold { raise, clear }) = self.rules.threshold(one.kind) else { return };
        let level = self.levels.entry((one.kind, one.subject.clone())).or_default();
        let (is_so, time) = match level.is_raised {
            false => (one.value >= raise, self.rules.raise_after),
            true => (one.value <= clear, self.rules.clear_after),
        };
        if !is_so {
            level.since_ns = None;
            return;
        }
        let since_ns = *level.since_ns.get_or_insert(time_ns);
        if u128::from(time_ns.saturating_sub(since_ns)) < time.as_nanos() {
            return;
        }
        level.is_raised = !level.is_raised;
        level.since_ns = None;
        let (kind, subject, text) = (one.kind, one.subject.clone(), one.text.clone());
        changed.push(Alert { kind, subject, is_raised: level.is_raised, time_ns, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn rate(value: u64) -> Observation {
        Observation { kind: Kind::ToolRate, subject: "ids".to_string(), value, text: format!("{value}") }
    }

    /// When something changes, if each second has that value.
    fn changes(values: &[u64]) -> Vec<(usize, bool)> {
        let mut watch = Watch::new(Rules::default());
        let mut all = Vec::new();
        for (second, value) in values.iter().enumerate() {
            for alert in watch.step(second as u64 * SECOND, &[rate(*value)]) {
                all.push((second, alert.is_raised));
            }
        }
        all
    }

    #[test]
    fn what_swings_is_raised_once_and_cleared_once() {
        let (low, between, high) = (100_000, 850_000, 950_000);
        assert_eq!(changes(&[high; 20]), [(3, true)]);
        assert_eq!(changes(&[low, high, high, low, high, high, low]), [], "never for three seconds");
        // Raised, then around the threshold, then low for ten seconds.
        let swings = [high, high, high, high, between, high, between, low, between, high];
        let values: Vec<u64> = swings.into_iter().chain([low; 12]).collect();
        assert_eq!(changes(&values), [(3, true), (20, false)]);
        assert_eq!(changes(&[between; 30]), [], "it has to be raised first");
    }

    #[test]
    fn what_goes_is_cleared_and_what_is_not_watched_is_not_raised() {
        let mut watch = Watch::new(Rules { raise_after: Duration::ZERO, ..Rules::default() });
        let raised = watch.step(0, &[rate(2_000_000)]);
        assert_eq!((raised.len(), raised[0].state(), raised[0].text.as_str()), (1, "raised", "2000000"));
        assert_eq!(watch.step(SECOND, &[]), []);
        let cleared = watch.step(11 * SECOND, &[]);
        assert_eq!((cleared.len(), cleared[0].state()), (1, "cleared"));
        assert!(watch.levels.is_empty(), "nothing is kept of what is well");
        let mut watch =
            Watch::new(Rules { tool_rate: None, raise_after: Duration::ZERO, ..Rules::default() });
        assert_eq!(watch.step(0, &[rate(2_000_000)]), []);
    }
}

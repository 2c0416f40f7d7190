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
    /// Nothing keeps the clock right.
    ClockUnlocked,
    /// The clock is far from what keeps it right.
    ClockOffset,
    /// The clock was set: it jumped.
    ClockStep,
    /// Packets are long under way from one tap to another.
    LatencyP99,
    /// Packets are lost from one tap to another.
    LatencyLoss,
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
            Self::ClockUnlocked => "clock_unlocked",
            Self::ClockOffset => "clock_offset",
            Self::ClockStep => "clock_step",
            Self::LatencyP99 => "latency_p99",
            Self::LatencyLoss => "latency_loss",
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
    /// A clock that nothing keeps right.
    pub clock_unlocked: bool,
    /// How far the clock is off, nanoseconds.
    pub clock_offset: Option<Threshold>,
    /// How far the clock jumped, nanoseconds.
    pub clock_step: Option<Threshold>,
    /// What is otherwise for single ports and tools, by name.
    pub ports: BTreeMap<String, PortRules>,
    /// Ways between taps, by name: the 99th percentile of delays in nanoseconds, and lost packets in millionths.
    pub latency: BTreeMap<String, (Option<Threshold>, Option<Threshold>)>,
    /// How long it has to be so before an alert is raised.
    pub raise_after: Duration,
    /// How long it has to be so before one is cleared.
    pub clear_after: Duration,
}

/// What is otherwise for one port or tool: where nothing is said it is as for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortRules {
    /// As [`Rules::tool_rate`].
    pub tool_rate: Option<Option<Threshold>>,
    /// As [`Rules::drops`].
    pub drops: Option<Option<Threshold>>,
    /// As [`Rules::port_down`].
    pub port_down: Option<bool>,
}

/// Reasons for drops that can be watched: those that nobody asked for, and the limits of tools.
pub const REASONS: [&str; 8] =
    ["missed", "queue_full", "port_down", "refused", "not_written", "mtu", "rate_limit", "table_miss"];

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
            clock_unlocked: true,
            // A millisecond is what a clock that is kept by the network comes to; steps are what is done once at a start.
            clock_offset: Some(Threshold { raise: 1_000_000, clear: 500_000 }),
            clock_step: Some(Threshold { raise: 100_000_000, clear: 50_000_000 }),
            ports: BTreeMap::new(),
            latency: BTreeMap::new(),
            raise_after: Duration::from_secs(3),
            clear_after: Duration::from_secs(10),
        }
    }
}

impl Rules {
    /// Subjects that are ports or tools begin with their names; those have no `/`.
    fn threshold(&self, kind: Kind, subject: &str) -> Option<Threshold> {
        let port = subject.split('/').next().and_then(|name| self.ports.get(name));
        match kind {
            Kind::ToolRate => port.and_then(|port| port.tool_rate).unwrap_or(self.tool_rate),
            Kind::Drops => port.and_then(|port| port.drops).unwrap_or(self.drops),
            Kind::PortDown => {
                let is_watched = port.and_then(|port| port.port_down).unwrap_or(self.port_down);
                is_watched.then_some(YES)
            }
            Kind::TableSpace => self.table_space,
            Kind::TargetHealth => self.target_health.then_some(YES),
            Kind::ClockUnlocked => self.clock_unlocked.then_some(YES),
            Kind::ClockOffset => self.clock_offset,
            Kind::ClockStep => self.clock_step,
            Kind::LatencyP99 => self.latency.get(subject)?.0,
            Kind::LatencyLoss => self.latency.get(subject)?.1,
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
    /// Since when it has been so that it is to change, by what had passed.
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

    /// How everything is at a time, when so much has passed whatever was done to the clock; what changes. What is not told of any more is as it is at its best.
    pub fn step(&mut self, time_ns: u64, passed_ns: u64, observations: &[Observation]) -> Vec<Alert> {
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
            self.look((time_ns, passed_ns), &Observation { kind, subject, value: 0, text }, &mut changed);
        }
        for one in all.values() {
            self.look((time_ns, passed_ns), one, &mut changed);
        }
        self.levels.retain(|_, level| level.is_raised || level.since_ns.is_some());
        changed
    }

    fn look(&mut self, (time_ns, passed_ns): (u64, u64), one: &Observation, changed: &mut Vec<Alert>) {
        let Some(Threshold { raise, clear }) = self.rules.threshold(one.kind, &one.subject) else { return };
        let level = self.levels.entry((one.kind, one.subject.clone())).or_default();
        let (is_so, time) = match level.is_raised {
            false => (one.value >= raise, self.rules.raise_after),
            true => (one.value <= clear, self.rules.clear_after),
        };
        if !is_so {
            level.since_ns = None;
            return;
        }
        let since_ns = *level.since_ns.get_or_insert(passed_ns);
        if u128::from(passed_ns.saturating_sub(since_ns)) < time.as_nanos() {
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

    /// A clock that is set again and again: what is raised when does not depend on it.
    fn jumping(second: usize) -> u64 {
        (second as u64 * 7_919 % 101) * 3_600 * SECOND
    }

    fn rate(value: u64) -> Observation {
        Observation { kind: Kind::ToolRate, subject: "ids".to_string(), value, text: format!("{value}") }
    }

    /// When something changes, if each second has that value.
    fn changes(values: &[u64]) -> Vec<(usize, bool)> {
        let mut watch = Watch::new(Rules::default());
        let mut all = Vec::new();
        for (second, value) in values.iter().enumerate() {
            for alert in watch.step(jumping(second), second as u64 * SECOND, &[rate(*value)]) {
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
    fn single_ports_have_thresholds_of_their_own() {
        let own = |raise| Threshold { raise, clear: raise / 2 };
        let ids = PortRules {
            tool_rate: Some(Some(own(500_000))),
            drops: Some(Some(own(100))),
            port_down: Some(false),
        };
        let quiet = PortRules { drops: Some(None), ..PortRules::default() };
        let ports = BTreeMap::from([("ids".to_string(), ids), ("quiet".to_string(), quiet)]);
        let mut watch = Watch::new(Rules { ports, raise_after: Duration::ZERO, ..Rules::default() });
        let one = |kind, subject: &str, value| Observation {
            kind,
            subject: subject.to_string(),
            value,
            text: String::new(),
        };
        let all = [
            one(Kind::ToolRate, "ids", 600_000),
            one(Kind::ToolRate, "recorder", 600_000),
            one(Kind::ToolRate, "quiet", 950_000),
            one(Kind::Drops, "ids/mtu", 99),
            one(Kind::Drops, "recorder/mtu", 1),
            one(Kind::Drops, "quiet/mtu", 1_000_000),
            one(Kind::PortDown, "ids", 1),
            one(Kind::PortDown, "quiet", 1),
        ];
        let raised = watch.step(0, 0, &all);
        let raised: Vec<_> = raised.iter().map(|alert| (alert.kind, alert.subject.as_str())).collect();
        let expected = [
            (Kind::ToolRate, "ids"),
            (Kind::ToolRate, "quiet"),
            (Kind::Drops, "recorder/mtu"),
            (Kind::PortDown, "quiet"),
        ];
        assert_eq!(raised, expected);
    }

    #[test]
    fn what_goes_is_cleared_and_what_is_not_watched_is_not_raised() {
        let mut watch = Watch::new(Rules { raise_after: Duration::ZERO, ..Rules::default() });
        let raised = watch.step(0, 0, &[rate(2_000_000)]);
        assert_eq!((raised.len(), raised[0].state(), raised[0].text.as_str()), (1, "raised", "2000000"));
        assert_eq!(watch.step(SECOND, SECOND, &[]), []);
        let cleared = watch.step(11 * SECOND, 11 * SECOND, &[]);
        assert_eq!((cleared.len(), cleared[0].state()), (1, "cleared"));
        assert!(watch.levels.is_empty(), "nothing is kept of what is well");
        let mut watch =
            Watch::new(Rules { tool_rate: None, raise_after: Duration::ZERO, ..Rules::default() });
        assert_eq!(watch.step(0, 0, &[rate(2_000_000)]), []);
    }
}

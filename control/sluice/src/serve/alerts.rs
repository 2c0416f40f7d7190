//! Alerts of a broker: what is watched is looked at every second; what changes is told as an event, and to receivers.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use sluice_daemon::{Broker, Reading};
use sluice_target::sys::System;
use sluice_target::{PortStatus, Target};
use sluice_telemetry::alerts::{Kind, Observation, Rules, Watch};
use sluice_telemetry::{AlertsConfig, Receivers, Ways};

use super::latency;

/// From one look to the next.
const LOOK: Duration = Duration::from_secs(1);

/// How long it is told that the clock was set.
const STEP_TOLD_NS: u64 = 30_000_000_000;

/// The clock and what has passed are read that close to each other, or it is not looked at.
const TOGETHER_NS: u64 = 5_000_000;

/// How often the thread looks whether it is to end.
const WAIT: Duration = Duration::from_millis(50);

/// Bytes on the wire of an Ethernet frame besides what the data path counts: FCS, preamble, and the gap behind it.
const WIRE_BYTES: u64 = 4 + 8 + 12;

/// Watches until it goes.
pub(super) struct Watching {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    receivers: Arc<Receivers>,
}

impl Watching {
    /// Who is told.
    pub(super) fn receivers(&self) -> Arc<Receivers> {
        self.receivers.clone()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that watches had panicked");
        }
    }
}

/// A count that only grows, as it was and as it is.
#[derive(Default)]
struct Growth {
    counts: BTreeMap<String, u64>,
    passed_ns: u64,
}

impl Growth {
    /// How much each grew a second since the last time; of those that are new, nothing is said.
    fn rates(&mut self, passed_ns: u64, counts: BTreeMap<String, u64>) -> BTreeMap<String, u64> {
        let before_ns = std::mem::replace(&mut self.passed_ns, passed_ns);
        let passed = u128::from(passed_ns.saturating_sub(before_ns).max(1));
        let before = std::mem::replace(&mut self.counts, counts);
        let rate = |(name, now): (&String, &u64)| {
            let grown = u128::from(now.saturating_sub(*before.get(name)?));
            Some((name.clone(), u64::try_from(grown * 1_000_000_000 / passed).unwrap_or(u64::MAX)))
        };
        self.counts.iter().filter_map(rate).collect()
    }
}

/// What is kept from one look to the next.
#[derive(Default)]
struct Looker {
    sent: Growth,
    dropped: Growth,
    clock: Clock,
}

/// What is seen of the clock.
#[derive(Default)]
struct Clock {
    /// The time less what had passed, when it was looked at last.
    ahead_ns: Option<i128>,
    /// The furthest that it jumped lately, and what had passed then.
    step: Option<(u64, u64)>,
}

impl Clock {
    /// How far it jumped, in the last seconds.
    fn step(&mut self, system: &dyn System) -> u64 {
        let before_ns = system.passed_ns();
        let time_ns = system.now_ns();
        let passed_ns = system.passed_ns();
        if passed_ns.saturating_sub(before_ns) <= TOGETHER_NS {
            let ahead_ns = i128::from(time_ns) - i128::from(passed_ns);
            let last_ns = self.ahead_ns.replace(ahead_ns).unwrap_or(ahead_ns);
            let step_ns = u64::try_from((ahead_ns - last_ns).unsigned_abs()).unwrap_or(u64::MAX);
            self.step = self.step.filter(|(_, then_ns)| passed_ns.saturating_sub(*then_ns) < STEP_TOLD_NS);
            if step_ns > self.step.map_or(0, |(furthest, _)| furthest) {
                self.step = Some((step_ns, passed_ns));
            }
        }
        self.step.map_or(0, |(step_ns, _)| step_ns)
    }

    fn look(&mut self, system: &dyn System, all: &mut Vec<Observation>) {
        let mut tell = |kind, value, text| {
            all.push(Observation { kind, subject: "clock".to_string(), value, text });
        };
        let step_ns = self.step(system);
        let text = match step_ns {
            0 => "the clock goes on as time passes".to_string(),
            _ => format!("the clock jumped by {:.3} s", step_ns as f64 / 1e9),
        };
        tell(Kind::ClockStep, step_ns, text);
        // Where the system does not say, nothing is known.
        let Ok(status) = system.clock() else { return };
        let locked = if status.is_locked { "is kept right" } else { "is kept right by nothing" };
        tell(Kind::ClockUnlocked, u64::from(!status.is_locked), format!("the clock {locked}"));
        let text = format!("the clock is {:.3} ms off", status.offset_ns as f64 / 1e6);
        tell(Kind::ClockOffset, status.offset_ns, text);
    }
}

/// Counts of drops by what alerts call them: `PORT/REASON` or `TOOL/REASON`.
fn drops(rules: &Rules, ports: &[PortStatus], reading: &Reading) -> BTreeMap<String, u64> {
    let of_ports = ports.iter().flat_map(|port| {
        [("missed", port.missed), ("refused", port.lost.refused), ("not_written", port.lost.not_written)]
            .map(|(reason, count)| (port.name.as_str(), reason, count))
    });
    let of_taps =
        reading.account.ports.iter().map(|port| (port.name.as_str(), "table_miss", port.table_miss));
    let of_tools = reading.account.tools.iter().flat_map(|tool| {
        let reasons = [
            ("queue_full", tool.queue_full),
            ("port_down", tool.port_down),
            ("mtu", tool.mtu),
            ("rate_limit", tool.rate_limit),
        ];
        reasons.map(|(reason, count)| (tool.name.as_str(), reason, count))
    });
    let all = of_ports.chain(of_taps).chain(of_tools);
    let watched = all.filter(|(_, reason, _)| rules.reasons.contains(reason));
    watched.map(|(name, reason, count)| (format!("{name}/{reason}"), count)).collect()
}

impl Looker {
    fn tool_rates(
        &mut self,
        passed_ns: u64,
        broker: &Broker,
        ports: &[PortStatus],
        all: &mut Vec<Observation>,
    ) {
        let bits = |port: &PortStatus| {
            let sent = port.counters.sent;
            (port.name.clone(), (sent.bytes + sent.packets * WIRE_BYTES) * 8)
        };
        let rates = self.sent.rates(passed_ns, ports.iter().map(bits).collect());
        for port in broker.ports().into_iter().filter(|port| port.role == "tool") {
            let (Some(rate), Some(speed)) = (rates.get(&port.name), port.speed.filter(|speed| *speed > 0))
            else {
                continue;
            };
            let share = u64::try_from(u128::from(*rate) * 1_000_000 / u128::from(speed)).unwrap_or(u64::MAX);
            let text = format!(
                "port {} sends {:.3} Mbit/s, {:.1}% of its speed",
                port.name,
                *rate as f64 / 1e6,
                share as f64 / 1e4
            );
            all.push(Observation { kind: Kind::ToolRate, subject: port.name, value: share, text });
        }
    }

    fn look(
        &mut self,
        passed_ns: u64,
        rules: &Rules,
        target: &dyn Target,
        broker: &Broker,
    ) -> Vec<Observation> {
        let mut all = Vec::new();
        let ports = target.ports();
        self.tool_rates(passed_ns, broker, &ports, &mut all);
        for port in &ports {
            let state = if port.is_up { "up" } else { "down" };
            let text = format!("port {} is {state}", port.name);
            let value = u64::from(!port.is_up);
            all.push(Observation { kind: Kind::PortDown, subject: port.name.clone(), value, text });
        }
        let mut defect = broker.defect();
        match broker.reading() {
            Err(refusal) => defect = defect.or(Some(refusal.to_string())),
            Ok(reading) => {
                defect = defect.or_else(|| reading.account.violations.first().cloned());
                for (subject, rate) in self.dropped.rates(passed_ns, drops(rules, &ports, &reading)) {
                    let text = format!("{subject}: {rate} a second are lost");
                    all.push(Observation { kind: Kind::Drops, subject, value: rate, text });
                }
                for table in reading.tables.iter().filter(|table| table.size > 0) {
                    let value = u64::try_from(u128::from(table.after) * 1_000_000 / u128::from(table.size));
                    let text = format!("{} of {} {} are taken", table.after, table.size, table.table);
                    let subject = table.table.clone();
                    all.push(Observation {
                        kind: Kind::TableSpace,
                        subject,
                        value: value.unwrap_or(u64::MAX),
                        text,
                    });
                }
            }
        }
        let defect = defect.or_else(|| broker.target_stands_in());
        let text = defect
            .as_ref()
            .map_or_else(|| "the data path is well".to_string(), |what| what.trim().to_string());
        let (subject, value) = (broker.target_name().to_string(), u64::from(defect.is_some()));
        all.push(Observation { kind: Kind::TargetHealth, subject, value, text });
        all
    }
}

/// Begins to watch.
pub(super) fn start(
    config: &AlertsConfig,
    target: Arc<dyn Target>,
    broker: Broker,
    system: Arc<dyn System>,
    ways: Ways,
) -> io::Result<Watching> {
    let receivers = Arc::new(Receivers::start(config)?);
    let stop = Arc::new(AtomicBool::new(false));
    let mut watch = Watch::new(config.rules.clone());
    let (told, of_thread) = (receivers.clone(), stop.clone());
    let thread = std::thread::Builder::new().name("alerts".to_string()).spawn(move || {
        let mut looker = Looker::default();
        let mut next_ns = 0;
        while !of_thread.load(Ordering::Acquire) {
            let (time_ns, passed_ns) = (system.now_ns(), system.passed_ns());
            if passed_ns < next_ns {
                std::thread::sleep(WAIT);
                continue;
            }
            next_ns = passed_ns + LOOK.as_nanos() as u64;
            let mut observations = looker.look(passed_ns, watch.rules(), &*target, &broker);
            looker.clock.look(&*system, &mut observations);
            latency::look(&ways, &mut observations);
            for alert in watch.step(time_ns, passed_ns, &observations) {
                let (kind, state, subject, text) =
                    (alert.kind.name(), alert.state(), &alert.subject, &alert.text);
                match alert.is_raised {
                    true => tracing::warn!(alert = kind, state, subject, "{text}"),
                    false => tracing::info!(alert = kind, state, subject, "{text}"),
                }
                broker.alert(time_ns, kind, subject, alert.is_raised, text);
                told.tell(&alert);
            }
        }
    })?;
    Ok(Watching { stop, thread: Some(thread), receivers })
}

#[cfg(test)]
mod tests {
    use sluice_daemon::BrokerOptions;
    use sluice_target::port::{Role, pair};
    use sluice_target::sys::{ClockStatus, Pretended};
    use sluice_target::{SoftOptions, SoftTarget};

    use super::*;

    #[test]
    fn growth_is_by_the_second_and_new_counts_say_nothing() {
        let mut growth = Growth::default();
        let counts =
            |list: &[(&str, u64)]| list.iter().map(|(name, count)| (name.to_string(), *count)).collect();
        assert!(growth.rates(5_000_000_000, counts(&[("a", 1_000_000)])).is_empty());
        let rates = growth.rates(7_000_000_000, counts(&[("a", 1_000_500), ("b", 9)]));
        assert_eq!(rates.into_iter().collect::<Vec<_>>(), [("a".to_string(), 250)]);
        // What begins anew has not grown.
        let rates = growth.rates(8_000_000_000, counts(&[("a", 3), ("b", 9)]));
        assert_eq!(rates.into_values().collect::<Vec<_>>(), [0, 0]);
    }

    #[test]
    fn a_clock_that_is_off_or_jumps_is_seen() {
        let system = Pretended::default();
        let mut clock = Clock::default();
        let mut look = |second: u64, ahead_ms: i64| {
            let passed_ns = second * 1_000_000_000;
            let time_ns = 1_700_000_000_000_000_000 + passed_ns;
            system.set_time(time_ns.saturating_add_signed(ahead_ms * 1_000_000), passed_ns);
            let mut all = Vec::new();
            clock.look(&system, &mut all);
            let of = |kind| all.iter().find(|one| one.kind == kind).map(|one| one.value);
            [Kind::ClockStep, Kind::ClockUnlocked, Kind::ClockOffset]
                .map(|kind| of(kind).expect("it is told"))
        };
        assert_eq!(look(5, 0), [0, 0, 0]);
        // It is slewed: a millisecond a second is no jump.
        assert_eq!(look(6, 1), [1_000_000, 0, 0]);
        assert_eq!(look(7, -2_499), [2_500_000_000, 0, 0], "it was set back");
        assert_eq!(look(36, -2_499), [2_500_000_000, 0, 0], "it is told for a while");
        system.keep_clock(ClockStatus { is_locked: false, offset_ns: 3_000_000 });
        assert_eq!(look(37, -2_499), [0, 1, 3_000_000]);
    }

    const POLICY: &str = "ports:
  tap: { role: network, id: 1 }
  ids: { role: tool, id: 11, speed: 1M, max_frame: 100 }
filters:
  - { name: everything, to: [ids] }
";

    /// What is seen, by kind and subject: its value.
    fn values(all: Vec<Observation>) -> BTreeMap<(Kind, String), u64> {
        all.into_iter().map(|one| ((one.kind, one.subject), one.value)).collect()
    }

    #[test]
    fn what_goes_wrong_at_a_broker_is_seen() {
        let module = sluice_broker::compile(sluice_broker::Build::default());
        let module = Arc::new(module.map_err(|(found, _)| found).expect("the program compiles"));
        let options = SoftOptions { cpu_port: 0, ..SoftOptions::default() };
        let target = SoftTarget::with_module(module, options).expect("it is a program");
        let target = Arc::new(target);
        let store = Arc::new(sluice_store::Store::in_memory().expect("there is memory"));
        let broker = Broker::start(target.clone(), store, Some(POLICY), BrokerOptions::default());
        let broker = broker.expect("the policy is right");
        let ends = [(1, "tap", Role::Network), (11, "ids", Role::Tool)].map(|(number, name, role)| {
            let (port, end) = pair(name, role, 1_000);
            target.attach(number, port).expect("the number is free");
            end
        });
        let (mut looker, rules) = (Looker::default(), Rules::default());
        let mut look = |second: u64| values(looker.look(second * 1_000_000_000, &rules, &*target, &broker));
        let of = |kind: Kind, subject: &str| (kind, subject.to_string());
        let first = look(1);
        assert_eq!(first.get(&of(Kind::PortDown, "ids")), Some(&0));
        assert_eq!(first.get(&of(Kind::TargetHealth, "soft switch")), Some(&0));
        assert!(
            first.get(&of(Kind::TableSpace, "deliver")).is_some_and(|share| (1..500_000).contains(share))
        );
        assert!(
            !first.keys().any(|(kind, _)| matches!(kind, Kind::ToolRate | Kind::Drops)),
            "two looks make a rate"
        );
        // 75 frames of 100 bytes and 24 more on the wire are 74,400 bits; three are too long.
        for number in 0..78u64 {
            let frame = vec![2; if number < 75 { 100 } else { 101 }];
            assert!(ends[0].send(number, &frame));
        }
        (0..75).for_each(|_| assert!(ends[1].receive(Duration::from_secs(5)).is_some()));
        ends[1].set_up(false);
        let end = std::time::Instant::now() + Duration::from_secs(5);
        while broker.reading_now().expect("it answers").account.tools.iter().map(|tool| tool.mtu).sum::<u64>()
            < 3
        {
            assert!(std::time::Instant::now() < end, "copies are too long");
        }
        // A reading is given to others for a while.
        std::thread::sleep(Duration::from_millis(300));
        let second = look(2);
        assert_eq!(second.get(&of(Kind::ToolRate, "ids")), Some(&74_400), "millionths of a megabit a second");
        assert_eq!(second.get(&of(Kind::Drops, "ids/mtu")), Some(&3));
        assert_eq!(second.get(&of(Kind::Drops, "ids/queue_full")), Some(&0));
        assert_eq!(second.get(&of(Kind::PortDown, "ids")), Some(&1));
        assert_eq!(second.get(&of(Kind::PortDown, "tap")), Some(&0));
    }
}

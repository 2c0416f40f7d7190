//! Which tool ports get their shares of groups.
//!
//! A port that goes down is out at once: the other members of its groups get its shares, and nothing else moves ([`sluice_policy::rebalance`]). It is back when it has been up for a while; one that
//! goes down again and again has to be up for longer. A tool of the policy that has no device is out, too, once it is known which ports have one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use sluice_policy::rebalance;
use sluice_store::Version;
use sluice_target::carry_out;

use crate::broker::{Inner, now_ns};
use crate::events::What;
use crate::reach;

/// When a port that was down is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthOptions {
    /// How long it has to be up.
    pub up_for: Duration,
    /// It flaps if it went down more often than that ...
    pub downs: u32,
    /// ... in that time;
    pub within: Duration,
    /// then it has to be up for so long.
    pub held_for: Duration,
}

impl Default for HealthOptions {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { up_for: Duration::from_secs(1), downs: 3, within: minute, held_for: minute }
    }
}

/// How a tool port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortHealth {
    /// It gets its shares.
    Serving,
    /// It is down: others get them.
    Out,
    /// It is up, and not yet for long enough.
    Waiting,
    /// It is up, went down too often, and has to be up for longer.
    Held,
}

impl PortHealth {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Out => "out",
            Self::Waiting => "waiting",
            Self::Held => "held",
        }
    }
}

/// One port that has been down.
#[derive(Debug)]
struct Seen {
    is_up: bool,
    /// Since when it is that.
    since: Instant,
    /// When it went down, the latest last.
    downs: VecDeque<Instant>,
    is_out: bool,
    flaps: bool,
}

/// All ports that have been down.
#[derive(Debug, Default)]
pub(crate) struct Health {
    ports: BTreeMap<u16, Seen>,
    /// What could not be done: it is not tried again before something changes.
    refused: Option<(BTreeSet<u16>, Version)>,
}

impl Health {
    /// A port went down, or came up.
    pub(crate) fn hear(&mut self, port: u16, is_up: bool, now: Instant, options: &HealthOptions) {
        let fresh = || Seen { is_up: true, since: now, downs: VecDeque::new(), is_out: false, flaps: false };
        let seen = self.ports.entry(port).or_insert_with(fresh);
        if seen.is_up != is_up {
            (seen.is_up, seen.since) = (is_up, now);
        }
        if is_up {
            return;
        }
        seen.downs.push_back(now);
        // Their number is what counts; more need not be kept.
        while seen.downs.len() > options.downs as usize + 1
            || seen.downs.front().is_some_and(|first| now.duration_since(*first) > options.within)
        {
            seen.downs.pop_front();
        }
        seen.is_out = true;
        seen.flaps |= seen.downs.len() > options.downs as usize;
    }

    /// A port is another one from now on.
    pub(crate) fn forget(&mut self, port: u16) {
        self.ports.remove(&port);
    }

    /// Lets back in what has been up for long enough; the ports that are out.
    pub(crate) fn out(&mut self, now: Instant, options: &HealthOptions) -> BTreeSet<u16> {
        for seen in self.ports.values_mut() {
            let wanted = if seen.flaps { options.held_for } else { options.up_for };
            if seen.is_out && seen.is_up && now.duration_since(seen.since) >= wanted {
                (seen.is_out, seen.flaps) = (false, false);
            }
        }
        self.ports.iter().filter(|(_, seen)| seen.is_out).map(|(port, _)| *port).collect()
    }

    /// Whether a port went down so often that it has to be up for longer.
    fn is_held(&self, port: u16) -> bool {
        self.ports.get(&port).is_some_and(|seen| seen.is_out && seen.flaps)
    }

    pub(crate) fn of(&self, port: u16) -> PortHealth {
        match self.ports.get(&port) {
            Some(seen) if seen.is_out && seen.is_up && seen.flaps => PortHealth::Held,
            Some(seen) if seen.is_out && seen.is_up => PortHealth::Waiting,
            Some(seen) if seen.is_out => PortHealth::Out,
            _ => PortHealth::Serving,
        }
    }
}

impl Inner {
    pub(crate) fn health(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ports of tools that are to be out now.
    fn wanted_out(&self) -> BTreeSet<u16> {
        let out = self.health().out(Instant::now(), &self.options.health);
        // A data path with ports of its own tells of none, and neither does one that was not asked yet.
        let bound = self.options.ports.as_ref().and_then(|_| self.bound());
        let has_device =
            |port: &u16| bound.as_ref().is_none_or(|all| all.iter().any(|binding| binding.number == *port));
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let tools = current.state.policy().tools.iter().map(|tool| tool.port);
        tools.filter(|port| out.contains(port) || !has_device(port)).collect()
    }

    /// Moves shares of groups to where they should be, if they are not there.
    pub(crate) fn move_shares(&self) {
        let is_there = |inner: &Self, wanted: &BTreeSet<u16>| {
            let current = inner.current.read().unwrap_or_else(PoisonError::into_inner);
            let asked = Some((wanted.clone(), current.summary.version));
            current.state.down() == wanted || inner.health().refused == asked
        };
        if is_there(self, &self.wanted_out()) || self.out_of_reach().is_some() {
            return;
        }
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        // A change may have come first.
        let wanted = self.wanted_out();
        if is_there(self, &wanted) || self.defect().is_some() {
            return;
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let planned = rebalance(&current.state, &wanted).map_err(|found| found.render(&current.sources));
        let had = current.state.down().clone();
        let session = self.target.session().ok();
        let mut done = match planned {
            // Nobody has a share there: nothing is waited for.
            Ok(plan) if plan.is_empty() => Ok(plan.next),
            Ok(plan) => carry_out(&*self.target, plan).map_err(|error| {
                if reach::is_cut_off(&error) {
                    self.lose(&error.to_string());
                } else {
                    self.set_defect(&error.to_string());
                }
                error.to_string()
            }),
            Err(why) => Err(why),
        };
        if self.target.session().ok() != session {
            let why = "another session began meanwhile";
            self.lose(why);
            done = Err(why.to_string());
        }
        match done {
            Ok(state) => {
                current.state = state;
                let policy = current.state.policy();
                let name = |port: &u16| {
                    policy.port(*port).map_or_else(|| port.to_string(), |one| one.name.to_string())
                };
                let left = wanted.difference(&had).map(|port| {
                    let (port, is_held) = (name(port), self.health().is_held(*port));
                    tracing::warn!(port, is_held, "port out: others have its shares");
                    What::Out { port, is_held }
                });
                let back = had.difference(&wanted).map(|port| {
                    let port = name(port);
                    tracing::info!(port, "port back: it has its shares");
                    What::Back { port }
                });
                let all: Vec<What> = left.chain(back).collect();
                drop(current);
                all.into_iter().for_each(|what| self.events.push(now_ns(), what));
                self.note();
            }
            Err(why) => {
                self.health().refused = Some((wanted, current.summary.version));
                drop(current);
                tracing::error!(why, "shares of groups could not be moved");
                self.events.push(now_ns(), What::SharesStay { why });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: HealthOptions = HealthOptions {
        up_for: Duration::from_secs(1),
        downs: 2,
        within: Duration::from_secs(60),
        held_for: Duration::from_secs(30),
    };

    #[test]
    fn a_port_is_out_at_once_and_back_after_a_while() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut health = Health::default();
        assert_eq!(health.of(7), PortHealth::Serving);
        health.hear(7, false, at(0), &OPTIONS);
        assert_eq!((health.out(at(0), &OPTIONS), health.of(7)), (BTreeSet::from([7]), PortHealth::Out));
        // However long it is down.
        assert_eq!(health.out(at(100_000), &OPTIONS), BTreeSet::from([7]));
        health.hear(7, true, at(100_000), &OPTIONS);
        assert_eq!(health.out(at(100_999), &OPTIONS), BTreeSet::from([7]));
        assert_eq!(health.of(7), PortHealth::Waiting);
        assert_eq!(health.out(at(101_000), &OPTIONS), BTreeSet::new());
        assert_eq!(health.of(7), PortHealth::Serving);
    }

    #[test]
    fn one_that_goes_down_too_often_is_held() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut health = Health::default();
        for round in 0..3 {
            health.hear(7, false, at(round * 10_000), &OPTIONS);
            health.hear(7, true, at(round * 10_000 + 100), &OPTIONS);
            let is_held = round == 2;
            let expected = if is_held { PortHealth::Held } else { PortHealth::Waiting };
            assert_eq!(health.of(7), expected, "{round}");
            assert_eq!(health.out(at(round * 10_000 + 1_200), &OPTIONS).is_empty(), !is_held, "{round}");
        }
        assert_eq!(health.out(at(50_099), &OPTIONS), BTreeSet::from([7]));
        assert_eq!(health.out(at(50_100), &OPTIONS), BTreeSet::new());
        // Twice in a minute is what may be; what was longer ago does not count.
        health.hear(7, false, at(100_000), &OPTIONS);
        health.hear(7, true, at(100_100), &OPTIONS);
        assert_eq!(health.of(7), PortHealth::Waiting);
    }
}

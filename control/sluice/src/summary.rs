//! What came of a replay, for people and as JSON.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use sluice_policy::Account;
use sluice_switch::Profile;

/// How long the packets took, reading and writing files included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    pub(crate) packets: u64,
    pub(crate) elapsed: Duration,
}

/// What came of a replay.
#[derive(Debug)]
pub(crate) struct Summary {
    account: Account,
    files: Vec<(PathBuf, u64)>,
    violations: Vec<String>,
    timing: Timing,
    profile: Option<Profile>,
}

impl Summary {
    /// Checks the account against what was really written.
    pub(crate) fn new(
        account: Account,
        files: Vec<(PathBuf, u64)>,
        strays: u64,
        timing: Timing,
        profile: Option<Profile>,
    ) -> Self {
        let mut violations = account.violations.clone();
        let received: u64 = account.ports.iter().map(|port| port.received).sum();
        if received != timing.packets {
            violations.push(format!("{} packets read, {received} received", timing.packets));
        }
        if strays > 0 {
            violations.push(format!("{strays} copies left for no tool of the policy"));
        }
        // Files are in the order of the policy's tools, which come first in the account.
        for (tool, (path, packets)) in account.tools.iter().zip(&files) {
            if tool.sent != *packets {
                let path = path.display();
                violations
                    .push(format!("tool {}: {} copies sent, {packets} in {path}", tool.name, tool.sent));
            }
        }
        Self { account, files, violations, timing, profile }
    }

    /// Whether every packet and every copy is accounted for.
    pub(crate) fn adds_up(&self) -> bool {
        self.violations.is_empty()
    }

    /// One JSON object, without times that differ from run to run.
    pub(crate) fn json(&self) -> String {
        let report = Report {
            ports: self.account.ports.iter().map(PortReport::from).collect(),
            filters: self.account.filters.iter().map(FilterReport::from).collect(),
            tools: self.account.tools.iter().map(ToolReport::from).collect(),
            groups: self.account.groups.iter().map(GroupReport::from).collect(),
            files: self.files.iter().map(|(path, packets)| FileReport { path, packets: *packets }).collect(),
            violations: &self.violations,
        };
        // Strings and numbers alone: this cannot fail.
        serde_json::to_string_pretty(&report).unwrap_or_default()
    }

    fn equations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut total = sluice_policy::PortAccount::default();
        for port in &self.account.ports {
            total.received += port.received;
            total.bad_frame += port.bad_frame;
            total.refused += port.refused;
            total.matched_nothing += port.matched_nothing;
            total.discarded += port.discarded;
            total.table_miss += port.table_miss;
            total.no_copy_left += port.no_copy_left;
            total.delivered += port.delivered;
        }
        writeln!(
            f,
            "packets: {} received = {} bad_frame + {} refused + {} matched_nothing + {} discarded + {} table_miss + \
             {} no_copy_left + {} delivered",
            total.received,
            total.bad_frame,
            total.refused,
            total.matched_nothing,
            total.discarded,
            total.table_miss,
            total.no_copy_left,
            total.delivered
        )?;
        let mut copies = sluice_policy::ToolAccount::default();
        for tool in &self.account.tools {
            copies.asked += tool.asked;
            copies.sampled_out += tool.sampled_out;
            copies.repeat += tool.repeat;
            copies.rate_limit += tool.rate_limit;
            copies.queue_full += tool.queue_full;
            copies.mtu += tool.mtu;
            copies.port_down += tool.port_down;
            copies.unsupported += tool.unsupported;
            copies.sent += tool.sent;
        }
        writeln!(
            f,
            "copies:  {} asked = {} sampled_out + {} repeat + {} rate_limit + {} queue_full + {} mtu + {} port_down + \
             {} unsupported + {} sent",
            copies.asked,
            copies.sampled_out,
            copies.repeat,
            copies.rate_limit,
            copies.queue_full,
            copies.mtu,
            copies.port_down,
            copies.unsupported,
            copies.sent
        )
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.account.to_string().trim_end())?;
        writeln!(f)?;
        self.equations(f)?;
        // The account has said its own.
        for violation in self.violations.iter().skip(self.account.violations.len()) {
            writeln!(f, "NOT ACCOUNTED FOR: {violation}")?;
        }
        for (path, packets) in &self.files {
            writeln!(f, "wrote {} ({packets} packets)", path.display())?;
        }
        let seconds = self.timing.elapsed.as_secs_f64();
        if seconds > 0.0 {
            let rate = self.timing.packets as f64 / seconds;
            writeln!(
                f,
                "{} packets in {seconds:.3} s, {rate:.0} per second with files",
                self.timing.packets
            )?;
        }
        match &self.profile {
            Some(profile) => where_time_goes(f, profile),
            None => Ok(()),
        }
    }
}

fn where_time_goes(f: &mut fmt::Formatter<'_>, profile: &Profile) -> fmt::Result {
    let total: f64 = profile.parts.iter().map(|part| part.nanoseconds).sum();
    let packets = (profile.packets as f64).max(1.0);
    writeln!(f, "\nwhere the time goes, {:.0} ns a packet:", total / packets)?;
    let width = profile.parts.iter().map(|part| part.name.len()).max().unwrap_or(0);
    let mut parts: Vec<_> = profile.parts.iter().collect();
    parts.sort_by(|a, b| b.nanoseconds.total_cmp(&a.nanoseconds));
    for part in parts {
        let share = if total > 0.0 { part.nanoseconds / total * 100.0 } else { 0.0 };
        writeln!(
            f,
            "  {:width$}  {share:5.1} %  {:7.1} ns  {:7.1} instructions",
            part.name,
            part.nanoseconds / packets,
            part.ops as f64 / packets
        )?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Report<'a> {
    ports: Vec<PortReport<'a>>,
    filters: Vec<FilterReport<'a>>,
    tools: Vec<ToolReport<'a>>,
    groups: Vec<GroupReport<'a>>,
    files: Vec<FileReport<'a>>,
    /// Equations that do not hold: empty.
    violations: &'a [String],
}

#[derive(Serialize)]
struct FileReport<'a> {
    path: &'a PathBuf,
    packets: u64,
}

/// A JSON object with the fields of an account, by their names there.
macro_rules! report {
    ($report:ident, $account:ident, [$($number:ident: $type:ty),*]) => {
        #[derive(Serialize)]
        struct $report<'a> {
            name: &'a str,
            $($number: $type,)*
        }

        impl<'a> From<&'a sluice_policy::$account> for $report<'a> {
            fn from(account: &'a sluice_policy::$account) -> Self {
                Self { name: &account.name, $($number: account.$number,)* }
            }
        }
    };
}

report!(PortReport, PortAccount, [
    id: u16, received: u64, bad_frame: u64, refused: u64, matched_nothing: u64, discarded: u64, table_miss: u64,
    no_copy_left: u64, delivered: u64
]);
report!(FilterReport, FilterAccount, [hits: u64]);
report!(ToolReport, ToolAccount, [
    port: u16, asked: u64, sampled_out: u64, repeat: u64, rate_limit: u64, queue_full: u64, mtu: u64, port_down: u64,
    unsupported: u64, sent: u64
]);
report!(GroupReport, GroupAccount, [asked: u64, sampled_out: u64, repeat: u64, given: u64]);

//! `sluice top`: what is counted, as it is.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use sluice_api::v1;

use super::show::port_rows;
use super::{refused, with};
use crate::args;
use crate::failure::Failure;
use crate::table::columns;

/// Goes to the top of the screen and clears it.
const CLEAR: &str = "\x1b[H\x1b[2J";

pub(super) fn run(arguments: &args::Top) -> Result<ExitCode, Failure> {
    with(&arguments.server, async |mut client| {
        let request = v1::WatchCountersRequest { interval: arguments.interval };
        let stream = client.watch_counters(request).await.map_err(|status| refused(&status))?;
        let mut stream = stream.into_inner();
        let (mut last, mut shown, mut adds_up) = (None, 0, true);
        while let Some(now) = stream.message().await.map_err(|status| refused(&status))? {
            let ports =
                client.list_ports(v1::ListPortsRequest {}).await.map_err(|status| refused(&status))?;
            let screen = screen(&now, last.as_ref(), &ports.into_inner().ports);
            let clear = if std::io::stdout().is_terminal() { CLEAR } else { "" };
            print!("{clear}{screen}");
            std::io::stdout().flush().map_err(Failure::system("write"))?;
            adds_up &= now.adds_up;
            last = Some(now);
            shown += 1;
            if arguments.count.is_some_and(|count| shown >= count) {
                break;
            }
        }
        Ok(if adds_up { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// How much more a second.
fn rate(now: u64, then: Option<u64>, seconds: f64) -> String {
    match then {
        Some(then) if seconds > 0.0 => format!("{:.0}", now.saturating_sub(then) as f64 / seconds),
        _ => "-".to_string(),
    }
}

fn screen(now: &v1::Counters, last: Option<&v1::Counters>, ports: &[v1::Port]) -> String {
    let then_ns = last.map_or(now.time_ns, |last| last.time_ns);
    let seconds = now.time_ns.saturating_sub(then_ns) as f64 / 1e9;
    let state = if now.adds_up { "accounted for" } else { "NOT ACCOUNTED FOR" };
    let mut text = format!("policy version {}; {state}, {} under way\n\n", now.policy_version, now.under_way);
    for violation in &now.violations {
        text.push_str(&format!("NOT ACCOUNTED FOR: {violation}\n"));
    }
    text.push_str(&columns(&port_rows(ports)));
    let heads = |name: &str, counts: [&str; 3]| {
        std::iter::once(name).chain(counts).map(str::to_string).collect::<Vec<_>>()
    };
    let mut rows = vec![heads("filter", ["hits", "a second", ""])];
    for filter in &now.filters {
        let then = last.and_then(|last| last.filters.iter().find(|one| one.name == filter.name));
        let rate = rate(filter.hits, then.map(|one| one.hits), seconds);
        rows.push(vec![filter.name.clone(), filter.hits.to_string(), rate]);
    }
    text.push_str(&format!("\n{}", columns(&rows)));
    let mut rows = vec![heads("tool", ["sent", "a second", "dropped"])];
    for tool in &now.tools {
        let then = last.and_then(|last| last.tools.iter().find(|one| one.name == tool.name));
        let rate = rate(tool.sent, then.map(|one| one.sent), seconds);
        let dropped = tool.asked.saturating_sub(tool.sent);
        rows.push(vec![tool.name.clone(), tool.sent.to_string(), rate, dropped.to_string()]);
    }
    text.push_str(&format!("\n{}\n", columns(&rows)));
    text
}

//! Commands that show.

use sluice_api::v1;

use super::users::who;
use super::{refused, with};
use crate::args;
use crate::failure::Failure;
use crate::table::{columns, time};

pub(super) fn status(server: &args::Server) -> Result<(), Failure> {
    with(server, async |mut client| {
        let status = client.get_status(v1::GetStatusRequest {}).await.map_err(|status| refused(&status))?;
        let status = status.into_inner();
        println!("sluice {} on a {}", status.software, status.target);
        match (status.stands_in, status.target_reason.is_empty()) {
            (true, _) => println!("STANDS IN: {}", status.target_reason),
            (false, false) => println!("data path: {}", status.target_reason),
            (false, true) => {}
        }
        // Somebody of a tenant is not told who of others it was.
        let author = if status.author.is_empty() { "others" } else { &status.author };
        println!(
            "policy version {}, applied {} UTC by {author}",
            status.policy_version,
            time(status.applied_ns)
        );
        println!("you are {} ({})", status.user, who(&status.role, &status.tenant));
        if !status.defect.is_empty() {
            println!("DEFECT: {}; changes are refused until the broker is started again", status.defect);
        }
        let alerts = client.list_alerts(v1::ListAlertsRequest {}).await.map_err(|status| refused(&status))?;
        for v1::Alert { alert, subject, since_ns, message } in alerts.into_inner().alerts {
            println!("ALERT {alert} of {subject}, since {} UTC: {message}", time(since_ns));
        }
        if !status.out_of_reach.is_empty() {
            println!("OUT OF REACH: {}; the data path is tried again and again", status.out_of_reach);
            return Ok(());
        }
        let counters =
            client.get_counters(v1::GetCountersRequest {}).await.map_err(|status| refused(&status))?;
        let counters = counters.into_inner();
        if counters.adds_up {
            println!("every packet and every copy is accounted for, {} under way", counters.under_way);
        }
        for violation in &counters.violations {
            println!("NOT ACCOUNTED FOR: {violation}");
        }
        Ok(())
    })
}

pub(super) fn log(arguments: &args::Log) -> Result<(), Failure> {
    with(&arguments.server, async |mut client| {
        if let Some(version) = arguments.which {
            let detail = client.get_version(v1::GetVersionRequest { version }).await;
            detailed(&detail.map_err(|status| refused(&status))?.into_inner(), arguments.text);
            return Ok(());
        }
        let request = v1::ListVersionsRequest { before: 0, limit: arguments.limit };
        let list = client.list_versions(request).await.map_err(|status| refused(&status))?;
        let mut rows =
            vec![["version", "time (UTC)", "author", "progress", "reason"].map(str::to_string).to_vec()];
        for one in list.into_inner().versions {
            let reason = match (one.restores, one.note.is_empty()) {
                (0, true) => one.reason,
                (0, false) => one.note,
                (restored, _) => format!("(as version {restored}) {}", one.reason),
            };
            rows.push(vec![one.version.to_string(), time(one.time_ns), one.author, one.progress, reason]);
        }
        print!("{}", columns(&rows));
        Ok(())
    })
}

fn detailed(detail: &v1::VersionDetail, only_text: bool) {
    if only_text {
        print!("{}", detail.text);
        return;
    }
    let version = detail.version.clone().unwrap_or_default();
    println!(
        "version {}, {}, {} UTC by {}",
        version.version,
        version.progress,
        time(version.time_ns),
        version.author
    );
    for line in [&version.reason, &version.note].into_iter().filter(|line| !line.is_empty()) {
        println!("  {line}");
    }
    print!("\n{}\n{}", version.summary, detail.diff);
}

pub(super) fn ports(arguments: &args::Ports) -> Result<(), Failure> {
    with(&arguments.server, async |mut client| {
        if let Some(port) = &arguments.clear {
            let request = v1::ClearPortRequest { port: port.clone() };
            client.clear_port(request).await.map_err(|status| refused(&status))?;
            println!("the counters of {port} begin anew");
            return Ok(());
        }
        if let Some(text) = &arguments.attach {
            let help = "write `--attach NAME=KIND:DEVICE`";
            let (port, device) = text
                .split_once('=')
                .ok_or_else(|| Failure::argument(format!("`--attach {text}` names no device"), help))?;
            let request = v1::AttachPortRequest { port: port.to_string(), device: device.to_string() };
            client.attach_port(request).await.map_err(|status| refused(&status))?;
            println!("{port} is {device}");
            return Ok(());
        }
        if let Some(port) = &arguments.detach {
            let request = v1::DetachPortRequest { port: port.clone() };
            client.detach_port(request).await.map_err(|status| refused(&status))?;
            println!("{port} has no device any more");
            return Ok(());
        }
        let list = client.list_ports(v1::ListPortsRequest {}).await.map_err(|status| refused(&status))?;
        print!("{}", columns(&port_rows(&list.into_inner().ports)));
        Ok(())
    })
}

pub(super) fn port_rows(ports: &[v1::Port]) -> Vec<Vec<String>> {
    let heads = ["port", "number", "role", "state", "received", "sent", "missed", "lost"];
    let mut rows = vec![heads.map(str::to_string).to_vec()];
    for port in ports {
        let state = state_of(port);
        let lost = port.lost_queue_full + port.lost_port_down + port.lost_refused + port.lost_not_written;
        let role = if port.role.is_empty() { "-" } else { &port.role };
        rows.push(vec![
            port.name.clone(),
            port.number.to_string(),
            role.to_string(),
            state.to_string(),
            port.received_packets.to_string(),
            port.sent_packets.to_string(),
            port.missed.to_string(),
            lost.to_string(),
        ]);
    }
    rows
}

/// One word for a port: a tool port is `up` only when it has its shares of groups. One whose link is up and whose shares are still with others is `out`.
fn state_of(port: &v1::Port) -> &str {
    match (port.attached, port.up, port.health.as_str()) {
        (false, ..) => "no device",
        (true, false, _) => "down",
        (true, true, "" | "serving") => "up",
        (true, true, health) => health,
    }
}

pub(super) fn filters(server: &args::Server) -> Result<(), Failure> {
    with(server, async |mut client| {
        let list = client.list_filters(v1::ListFiltersRequest {}).await.map_err(|status| refused(&status))?;
        let mut rows = vec![["filter", "hits", "from", "to", "match"].map(str::to_string).to_vec()];
        for filter in list.into_inner().filters {
            let to = if filter.to.is_empty() { "(discard)".to_string() } else { filter.to.join(",") };
            let mut expression = filter.r#match.split_whitespace().collect::<Vec<_>>().join(" ");
            if expression.is_empty() {
                expression = "(everything)".to_string();
            }
            rows.push(vec![filter.name, filter.hits.to_string(), filter.from.join(","), to, expression]);
        }
        print!("{}", columns(&rows));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_port_is_up_when_it_has_its_shares() {
        let state = |attached, up, health: &str| {
            let port = v1::Port { attached, up, health: health.to_string(), ..v1::Port::default() };
            state_of(&port).to_string()
        };
        // A network port has no health.
        assert_eq!(state(true, true, ""), "up");
        assert_eq!(state(true, true, "serving"), "up");
        // The link came up, and it has not been heard of, or the shares have not been moved yet.
        assert_eq!(state(true, true, "out"), "out");
        assert_eq!(state(true, true, "waiting"), "waiting");
        assert_eq!(state(true, true, "held"), "held");
        assert_eq!(state(true, false, "serving"), "down");
        assert_eq!(state(false, false, "out"), "no device");
    }
}

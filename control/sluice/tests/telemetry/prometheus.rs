//! Metrics, scraped by a Prometheus, and the dashboard that asks for them.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::get;
use crate::lab::{Daemon, PATIENCE, is_installed, own_addresses, until};
use crate::latency::{Way, metric};
use crate::traffic::{flows, others};

const DASHBOARD: &str = "../../docs/grafana-dashboard.json";

/// A Prometheus that scrapes one broker; it goes with it.
struct Prometheus {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// None, with what it said, where it does not even serve its own pages: nothing of ours is tried by that.
    fn start(daemon: &Daemon, features: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = own_addresses().0.to_string();
        // A scrape may take as long as the time between two, and a busy machine needs more than one second for it.
        let config = format!(
            "global: {{ scrape_interval: 4s, scrape_timeout: 4s }}\nscrape_configs:\n  - job_name: sluice\n    authorization: {{ type: Bearer, credentials: {} }}\n    static_configs: [{{ targets: [\"{}\"] }}]\n",
            daemon.token, daemon.api
        );
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, config).expect("it can be written");
        let log = folder.path().join("log");
        let child = Command::new("prometheus")
            .current_dir(folder.path())
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(features)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).expect("it can be written"))
            .spawn()
            .expect("it is installed");
        let mut prometheus = Self { child, address, _folder: folder };
        if !prometheus.serves() {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            eprintln!("skipped: prometheus does not start on this machine:\n{said}");
            return None;
        }
        let end = Instant::now() + PATIENCE;
        while prometheus.value("up{job=\"sluice\"}") != Some(1.0) {
            if Instant::now() > end {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                let targets = get(&prometheus.address, "/api/v1/targets", "");
                panic!("Prometheus has not scraped: {targets}\n{said}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(prometheus)
    }

    /// Waits until it serves its own pages; not if it ends before.
    fn serves(&mut self) -> bool {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            // It listens before it answers questions.
            if std::net::TcpStream::connect(&self.address).is_ok()
                && get(&self.address, "/-/ready", "").contains("is Ready")
            {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// What it answers to an expression.
    fn query(&self, expression: &str) -> Value {
        let encoded: String = expression.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let text = get(&self.address, &format!("/api/v1/query?query={encoded}"), "");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{expression}: {error}: {text}"))
    }

    /// The value of an expression that has one.
    fn value(&self, expression: &str) -> Option<f64> {
        let answer = self.query(expression);
        answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A scraper that asks for messages gets delays as a native histogram, of which any share can be asked for.
#[test]
fn a_prometheus_asks_for_shares_of_native_histograms() {
    if !is_installed("prometheus", "--version") {
        return;
    }
    let way = Way::start();
    until("a hundred are at both taps", || {
        way.twenty();
        let page = way.daemon.get("/metrics");
        let matched = metric(&page, "sluice_latency_packets_total{way=\"wan\",fate=\"matched\"}")?;
        (matched >= 100.0).then_some(())
    });
    let Some(prometheus) = Prometheus::start(&way.daemon, &["--enable-feature=native-histograms"]) else {
        return;
    };
    let name = "sluice_latency_seconds{way=\"wan\"}";
    // All is settled, told and scraped when both say the same: nothing comes any more.
    let (count, lines) = until("the native histogram has what the lines of JSON have", || {
        let count = prometheus.value(&format!("histogram_count({name})"))?;
        let lines = way.lines();
        let matched: u64 = lines.iter().filter_map(|line| line["matched"].as_u64()).sum();
        (count == matched as f64).then_some((count, lines))
    });
    assert!(count >= 100.0, "{count}");
    let told = || lines.iter().filter(|line| line["matched"].as_u64() > Some(0)).map(|line| &line["delays"]);
    let least = told().filter_map(|delays| delays["min_ns"].as_f64()).fold(f64::INFINITY, f64::min) / 1e9;
    let most = told().filter_map(|delays| delays["max_ns"].as_f64()).fold(0.0, f64::max) / 1e9;
    let value = |expression: &str| {
        prometheus
            .value(expression)
            .unwrap_or_else(|| panic!("{expression}: {}", prometheus.query(expression)))
    };
    let share = |of: f64| value(&format!("histogram_quantile({of}, {name})"));
    // Classes end 2.2 % above where they begin.
    let class = 2_f64.powf(1.0 / 32.0) * 1.000_001;
    assert!((most / 1.000_001..most * class).contains(&share(1.0)), "{} of {most}", share(1.0));
    assert!((least / class..most * class).contains(&share(0.5)), "{} of {least} to {most}", share(0.5));
    let mean = value(&format!("histogram_sum({name}) / histogram_count({name})"));
    assert!((least..=most).contains(&mean), "{mean} of {least} to {most}");
    way.daemon.end();
}

/// All expressions of the dashboard.
fn expressions() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DASHBOARD);
    let text = std::fs::read_to_string(path).expect("it is there");
    let dashboard: Value = serde_json::from_str(&text).expect("it is JSON");
    let panels = dashboard["panels"].as_array().expect("it has panels").iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    let of_panels = targets.map(|target| target["expr"].as_str().expect("it asks for something").to_string());
    let variables = dashboard["templating"]["list"].as_array().expect("it has variables").iter();
    // `label_values(SELECTOR, LABEL)` is Grafana's own.
    let of_variables = variables.filter_map(|variable| {
        let (selector, _) =
            variable["definition"].as_str()?.strip_prefix("label_values(")?.rsplit_once(',')?;
        Some(selector.to_string())
    });
    of_panels.chain(of_variables).collect()
}

/// Words of an expression that are names of our metrics.
fn names(expression: &str) -> impl Iterator<Item = &str> {
    let is_part = |one: char| one.is_ascii_alphanumeric() || one == '_';
    expression.split(move |one| !is_part(one)).filter(|word| word.starts_with("sluice_"))
}

const TELEMETRY: &str = "sflow: { collectors: [\"127.0.0.1:9\"], sample: 2 }\nipfix: { collectors: [\"127.0.0.1:9\"] }\nalerts: { syslog: [\"udp:127.0.0.1:9\"] }\n";

#[test]
fn every_metric_of_the_dashboard_is_there() {
    let daemon = Daemon::start(&[("telemetry.yaml", TELEMETRY)], &["--telemetry", "telemetry.yaml"]);
    let page = daemon.get("/metrics");
    let families = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut known = BTreeSet::new();
    for (name, kind) in families.filter_map(|family| family.split_once(' ')) {
        match kind {
            "histogram" => known.extend(["_bucket", "_sum", "_count"].map(|part| format!("{name}{part}"))),
            _ => drop(known.insert(name.to_string())),
        }
    }
    let expressions = expressions();
    let asked: BTreeSet<&str> = expressions.iter().flat_map(|expression| names(expression)).collect();
    assert!(asked.len() > 20, "{asked:?}");
    let missing: Vec<_> = asked.iter().filter(|name| !known.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}\n{page}");
}

#[test]
fn a_prometheus_scrapes_what_was_counted() {
    if !is_installed("prometheus", "--version") || !is_installed("promtool", "--version") {
        return;
    }
    let daemon = Daemon::start(&[("telemetry.yaml", TELEMETRY)], &["--telemetry", "telemetry.yaml"]);
    let (frames, _) = flows();
    let all: Vec<Vec<u8>> = frames.into_iter().chain(others()).collect();
    all.iter().for_each(|frame| daemon.frame(frame));
    let (packets, bytes) = (all.len() as f64, all.iter().map(Vec::len).sum::<usize>() as f64);
    let Some(prometheus) = Prometheus::start(&daemon, &[]) else { return };
    let counters: Value = serde_json::from_str(&daemon.get("/api/v1/counters")).expect("it is JSON");
    let tables = counters["tables"].as_array().expect("there are tables");
    let deliver = tables.iter().find(|table| table["table"] == "deliver").expect("it is one of them");
    for (expression, wanted) in [
        ("sluice_port_received_packets_total{port=\"tap\"}", packets),
        ("sluice_port_received_bytes_total{port=\"tap\"}", bytes),
        ("sluice_port_sent_bytes_total{port=\"ids\"}", bytes),
        ("sluice_port_up{port=\"ids\"}", 1.0),
        ("sluice_port_lost_packets_total{port=\"ids\",reason=\"queue_full\"}", 0.0),
        ("sluice_packets_total{port=\"tap\",outcome=\"delivered\"}", packets),
        ("sluice_filter_matched_packets_total{filter=\"everything\"}", packets),
        ("sluice_tool_sent_copies_total{tool=\"ids\"}", packets),
        ("sluice_tool_dropped_copies_total{tool=\"ids\",reason=\"mtu\"}", 0.0),
        ("sluice_table_used_entries{table=\"deliver\"}", deliver["used"].as_f64().expect("a number")),
        ("sluice_table_size_entries{table=\"deliver\"}", deliver["size"].as_f64().expect("a number")),
        ("sluice_policy_version", 1.0),
        ("sluice_target_healthy", 1.0),
        ("sluice_accounting_violations", 0.0),
        ("sluice_export_frames_without_flow_total{port=\"tap\"}", 1.0),
        (
            "count(sluice_api_request_duration_seconds_bucket{api=\"rest\",route=\"/metrics\",le=\"+Inf\"})",
            1.0,
        ),
    ] {
        until(&format!("{expression} is {wanted}"), || {
            (prometheus.value(expression)? == wanted).then_some(())
        });
    }
    // Whoever opens the dashboard gets no error.
    for expression in expressions() {
        let plain =
            expression.replace("$__rate_interval", "1m").replace("$instance", ".*").replace("$port", ".*");
        let answer = prometheus.query(&plain);
        assert_eq!(answer["status"], "success", "{plain}: {answer}");
    }
    // Names, types and help by the conventions.
    let mut check = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it is installed");
    let page = daemon.get("/metrics");
    check.stdin.take().expect("it was asked for").write_all(page.as_bytes()).expect("it reads");
    let found = check.wait_with_output().expect("it was begun here");
    let said = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success() && said.is_empty(), "{said}{}", String::from_utf8_lossy(&found.stdout));
}

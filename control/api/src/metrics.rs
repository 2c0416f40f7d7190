//! Prometheus: the text format, version 0.0.4, and messages for who asks for them ([`crate::exposition`]). Names and units by its conventions; what is counted is what [`crate::v1::Counters`] and [`crate::v1::Ports`] have.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::access::Caller;
use crate::exposition;
use crate::operations::Api;
use crate::problem::Problem;
use crate::v1;

/// Upper bounds of the buckets of latencies, seconds.
const BOUNDS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 10.0];

/// Most routes that are told apart; there are fewer.
const MAX_ROUTES: usize = 128;

#[derive(Clone, Debug, Default)]
struct Histogram {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    seconds: f64,
}

/// How long answers took, by way, route and class of status.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    all: Mutex<BTreeMap<(&'static str, String, u16), Histogram>>,
}

impl Latencies {
    pub(crate) fn record(&self, way: &'static str, route: &str, status: StatusCode, took: Duration) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (way, route.to_string(), status.as_u16() / 100);
        if all.len() >= MAX_ROUTES && !all.contains_key(&key) {
            return;
        }
        let histogram = all.entry(key).or_default();
        let seconds = took.as_secs_f64();
        for (bucket, bound) in histogram.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
        histogram.count += 1;
        histogram.seconds += seconds;
    }
}

/// A family of metrics of somebody else.
#[derive(Clone, Debug)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// Labels with their values, and the number.
    pub samples: Vec<(Vec<(&'static str, String)>, u64)>,
    /// Of a histogram, instead.
    pub histograms: Vec<HistogramSeries>,
}

/// One histogram of a family.
#[derive(Clone, Debug)]
pub struct HistogramSeries {
    /// Labels with their values.
    pub labels: Vec<(&'static str, String)>,
    /// Upper bounds, rising, each with how many values are not above it.
    pub buckets: Vec<(f64, u64)>,
    /// Sum of all values.
    pub sum: f64,
    /// Values.
    pub count: u64,
    /// The same values in a native histogram, for who asks for messages.
    pub native: Option<NativeHistogram>,
}

/// A native histogram of Prometheus: classes that grow by a constant factor, those without values left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NativeHistogram {
    /// Class `i` ends at 2^(i * 2^-schema).
    pub schema: i32,
    /// Values above zero, by class.
    pub positive: BTreeMap<i32, u64>,
    /// Values below zero, by class of their size.
    pub negative: BTreeMap<i32, u64>,
    /// Values of zero.
    pub zero: u64,
}

/// Gives metrics of somebody else, as they are now.
pub type MoreMetrics = Arc<dyn Fn() -> Vec<Family> + Send + Sync>;

/// What a sample says.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A number that is counted.
    Whole(u64),
    /// Another number.
    Real(f64),
    /// Many values.
    Histogram(HistogramSeries),
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

/// Metrics of one name.
#[derive(Clone, Debug)]
pub(crate) struct Collected {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) help: String,
    /// Labels with their values, and what is said.
    pub(crate) samples: Vec<(Vec<(String, String)>, Value)>,
}

/// All that is told, whatever it is written as.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) families: Vec<Collected>,
}

/// Names and values of labels.
type Labels<'a> = &'a [(&'a str, &'a str)];

impl Metrics {
    fn family(&mut self, name: &str, kind: &'static str, help: &str) {
        let (name, help) = (name.to_string(), help.to_string());
        self.families.push(Collected { name, kind, help, samples: Vec::new() });
    }

    /// A sample of the last family.
    fn sample(&mut self, labels: Labels<'_>, value: impl Into<Value>) {
        let owned = |(label, value): &(&str, &str)| ((*label).to_string(), (*value).to_string());
        if let Some(family) = self.families.last_mut() {
            family.samples.push((labels.iter().map(owned).collect(), value.into()));
        }
    }

    fn one(&mut self, name: &str, kind: &'static str, help: &str, value: impl Into<Value>) {
        self.family(name, kind, help);
        self.sample(&[], value);
    }

    fn histogram(&mut self, series: HistogramSeries) {
        let labels: Vec<(&str, &str)> =
            series.labels.iter().map(|(label, value)| (*label, value.as_str())).collect();
        self.sample(&labels, Value::Histogram(series.clone()));
    }

    /// In the text format.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for Collected { name, kind, help, samples } in &self.families {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in samples {
                match value {
                    Value::Whole(number) => line(&mut text, name, labels, number),
                    Value::Real(number) => line(&mut text, name, labels, number),
                    Value::Histogram(series) => lines(&mut text, name, labels, series),
                }
            }
        }
        text
    }

    /// A family with a sample for each of a list.
    fn each<T>(
        &mut self,
        name: &str,
        kind: &'static str,
        help: &str,
        list: &[T],
        of: fn(&T) -> (&str, u64),
        label: &str,
    ) {
        self.family(name, kind, help);
        for one in list {
            let (value, number) = of(one);
            self.sample(&[(label, value)], number);
        }
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn line(text: &mut String, name: &str, labels: &[(String, String)], value: impl std::fmt::Display) {
    let labels: Vec<String> =
        labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _ = writeln!(text, "{name}{labels} {value}");
}

/// A histogram with its classic buckets.
fn lines(text: &mut String, name: &str, labels: &[(String, String)], series: &HistogramSeries) {
    let buckets = series.buckets.iter().map(|(bound, count)| (bound.to_string(), *count));
    for (bound, count) in buckets.chain([("+Inf".to_string(), series.count)]) {
        let labels = [labels, &[("le".to_string(), bound)]].concat();
        line(text, &format!("{name}_bucket"), &labels, count);
    }
    line(text, &format!("{name}_sum"), labels, series.sum);
    line(text, &format!("{name}_count"), labels, series.count);
}

fn ports(page: &mut Metrics, ports: &[v1::Port]) {
    type Column = (&'static str, &'static str, fn(&v1::Port) -> (&str, u64));
    let columns: [Column; 5] = [
        ("sluice_port_received_packets_total", "Packets that came in.", |p| (&p.name, p.received_packets)),
        ("sluice_port_received_bytes_total", "Bytes that came in.", |p| (&p.name, p.received_bytes)),
        ("sluice_port_sent_packets_total", "Packets that went out.", |p| (&p.name, p.sent_packets)),
        ("sluice_port_sent_bytes_total", "Bytes that went out.", |p| (&p.name, p.sent_bytes)),
        ("sluice_port_missed_packets_total", "Frames that came in and that the data path never saw.", |p| {
            (&p.name, p.missed)
        }),
    ];
    page.each(
        "sluice_port_up",
        "gauge",
        "Whether the port sends and receives.",
        ports,
        |p| (&p.name, u64::from(p.up)),
        "port",
    );
    for (name, help, of) in columns {
        page.each(name, "counter", help, ports, of, "port");
    }
    queues(page, ports);
    let name = "sluice_port_lost_packets_total";
    page.family(name, "counter", "Copies that were sent and did not leave, by reason.");
    for port in ports {
        let reasons = [
            ("queue_full", port.lost_queue_full),
            ("port_down", port.lost_port_down),
            ("refused", port.lost_refused),
            ("not_written", port.lost_not_written),
        ];
        for (reason, packets) in reasons {
            page.sample(&[("port", &port.name), ("reason", reason)], packets);
        }
    }
    let name = "sluice_port_dropped_packets_total";
    page.family(name, "counter", "Packets that ended inside, by reason.");
    for port in ports {
        for drops in &port.drops {
            page.sample(&[("port", &port.name), ("reason", &drops.reason)], drops.packets);
        }
    }
}

/// Queues and shares of tool ports.
fn queues(page: &mut Metrics, ports: &[v1::Port]) {
    let tools: Vec<v1::Port> = ports.iter().filter(|port| port.role == "tool").cloned().collect();
    type Column = (&'static str, &'static str, &'static str, fn(&v1::Port) -> (&str, u64));
    let columns: [Column; 5] = [
        ("sluice_port_serving", "gauge", "Whether the tool port gets its shares of groups.", |p| {
            (&p.name, u64::from(p.health == "serving"))
        }),
        ("sluice_port_queue_high_water_bytes", "gauge", "The most that was seen waiting to be sent.", |p| {
            (&p.name, p.queue_high_water)
        }),
        ("sluice_port_queue_room_bytes", "gauge", "For how much the queue has room.", |p| {
            (&p.name, p.queue_room)
        }),
        (
            "sluice_port_queue_bursts_total",
            "counter",
            "How often copies began to find the queue full.",
            |p| (&p.name, p.queue_bursts),
        ),
        (
            "sluice_port_queue_longest_burst_packets",
            "gauge",
            "The most copies in a row that found it full.",
            |p| (&p.name, p.queue_longest_burst),
        ),
    ];
    for (name, kind, help, of) in columns {
        page.each(name, kind, help, &tools, of, "port");
    }
}

fn counters(page: &mut Metrics, counters: &v1::Counters) {
    let name = "sluice_packets_total";
    page.family(name, "counter", "Packets of a network port, by what became of them.");
    for port in &counters.ports {
        let outcomes = [
            ("bad_frame", port.bad_frame),
            ("refused", port.refused),
            ("matched_nothing", port.matched_nothing),
            ("discarded", port.discarded),
            ("table_miss", port.table_miss),
            ("no_copy_left", port.no_copy_left),
            ("delivered", port.delivered),
        ];
        for (outcome, packets) in outcomes {
            page.sample(&[("port", &port.name), ("outcome", outcome)], packets);
        }
    }
    page.each(
        "sluice_filter_matched_packets_total",
        "counter",
        "Packets that a filter matched.",
        &counters.filters,
        |filter| (&filter.name, filter.hits),
        "filter",
    );
    page.each(
        "sluice_tool_asked_copies_total",
        "counter",
        "Copies that were asked for.",
        &counters.tools,
        |tool| (&tool.name, tool.asked),
        "tool",
    );
    page.each(
        "sluice_tool_sent_copies_total",
        "counter",
        "Copies that left.",
        &counters.tools,
        |tool| (&tool.name, tool.sent),
        "tool",
    );
    let name = "sluice_tool_dropped_copies_total";
    page.family(name, "counter", "Copies that did not leave, by reason.");
    for tool in &counters.tools {
        let reasons = [
            ("sampled_out", tool.sampled_out),
            ("repeat", tool.repeat),
            ("rate_limit", tool.rate_limit),
            ("queue_full", tool.queue_full),
            ("mtu", tool.mtu),
            ("port_down", tool.port_down),
            ("unsupported", tool.unsupported),
        ];
        for (reason, copies) in reasons {
            page.sample(&[("tool", &tool.name), ("reason", reason)], copies);
        }
    }
    page.each(
        "sluice_table_used_entries",
        "gauge",
        "Entries, bits or ids that the policy takes.",
        &counters.tables,
        |table| (&table.table, table.used),
        "table",
    );
    page.each(
        "sluice_table_size_entries",
        "gauge",
        "Entries, bits or ids that there are.",
        &counters.tables,
        |table| (&table.table, table.size),
        "table",
    );
    let violations = counters.violations.len() as u64;
    page.one(
        "sluice_accounting_violations",
        "gauge",
        "Equations of the accounting that do not hold: 0, or something is wrong.",
        violations,
    );
}

fn latencies(page: &mut Metrics, latencies: &Latencies) {
    let all = latencies.all.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let name = "sluice_api_request_duration_seconds";
    page.family(name, "histogram", "How long answers took; of streams, how long they took to begin.");
    for ((way, route, class), histogram) in &all {
        let labels =
            vec![("api", way.to_string()), ("route", route.clone()), ("status", format!("{class}xx"))];
        let buckets = BOUNDS.into_iter().zip(histogram.buckets).collect();
        let (sum, count) = (histogram.seconds, histogram.count);
        page.histogram(HistogramSeries { labels, buckets, sum, count, native: None });
    }
}

/// All metrics, for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "counters", responses(
    (status = 200, body = String, content_type = "text/plain"), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(crate) async fn metrics(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let metrics = api.run(move |api| page(api, &caller)).await?;
    let (kind, body) = if exposition::wants_messages(&headers) {
        (exposition::CONTENT_TYPE, exposition::messages(&metrics))
    } else {
        ("text/plain; version=0.0.4", metrics.text().into_bytes())
    };
    let told = [(header::CONTENT_TYPE, kind), (header::VARY, "Accept")];
    Ok((told.map(|(name, value)| (name, HeaderValue::from_static(value))), body).into_response())
}

fn page(api: &Api, caller: &Caller) -> Result<Metrics, Problem> {
    let status = api.status(caller)?;
    let mut page = Metrics::default();
    page.family("sluice_build_info", "gauge", "The software and the data path.");
    page.sample(&[("version", &status.software), ("target", &status.target)], 1_u64);
    page.one("sluice_policy_version", "gauge", "Version of the policy in force.", status.policy_version);
    page.one(
        "sluice_policy_applied_timestamp_seconds",
        "gauge",
        "When it was applied.",
        status.applied_ns as f64 / 1e9,
    );
    let is_well = u64::from(status.defect.is_empty() && status.out_of_reach.is_empty());
    page.one("sluice_target_healthy", "gauge", "Whether the data path does what it is told.", is_well);
    let help = "Whether it stands in for the data path that was chosen, which is out of reach.";
    page.one("sluice_target_stands_in", "gauge", help, u64::from(status.stands_in));
    ports(&mut page, &api.ports(caller)?.ports);
    // A data path that is out of reach counts nothing now; the rest is still told.
    if status.out_of_reach.is_empty() {
        counters(&mut page, &api.counters(caller)?);
    }
    // How the broker itself does is for those who run it.
    let is_whole = caller.tenant.is_none();
    if is_whole {
        latencies(&mut page, api.latencies());
    }
    let name = "sluice_alert_active";
    page.family(name, "gauge", "Alerts that are raised: 1.");
    for alert in api.alerts(caller)?.alerts {
        page.sample(&[("alert", &alert.alert), ("subject", &alert.subject)], 1_u64);
    }
    let more = if is_whole { api.more_metrics() } else { Vec::new() };
    for Family { name, kind, help, samples, histograms } in more {
        page.family(name, kind, help);
        for series in histograms {
            page.histogram(series);
        }
        for (labels, value) in samples {
            let labels: Vec<(&str, &str)> =
                labels.iter().map(|(label, value)| (*label, value.as_str())).collect();
            page.sample(&labels, value);
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_buckets_add_up() {
        let mut text = Metrics::default();
        text.family("a", "gauge", "x");
        text.sample(&[("b", "c\"\\\n")], 1_u64);
        assert_eq!(text.text(), "# HELP a x\n# TYPE a gauge\na{b=\"c\\\"\\\\\\n\"} 1\n");
        let all = Latencies::default();
        for millis in [2, 20, 20_000] {
            all.record("rest", "/x", StatusCode::OK, Duration::from_millis(millis));
        }
        let mut text = Metrics::default();
        latencies(&mut text, &all);
        for line in [
            "le=\"0.001\"} 0",
            "le=\"0.0025\"} 1",
            "le=\"0.025\"} 2",
            "le=\"10\"} 2",
            "le=\"+Inf\"} 3",
            "_count{api=\"rest\",route=\"/x\",status=\"2xx\"} 3",
        ] {
            assert!(text.text().contains(line), "{line}\n{}", text.text());
        }
    }
}

//! The description and the metrics say what is.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::lab::Lab;

/// What is committed is what the handlers and messages make; `SLUICE_BLESS=1` writes it anew.
#[test]
fn the_description_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = sluice_api::openapi();
    if std::env::var_os("SLUICE_BLESS").is_some() {
        std::fs::write(&path, &made).expect("it can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(made == committed, "docs/openapi.json is old: run with SLUICE_BLESS=1 and look at the diff");
    let described: Value = serde_json::from_str(&made).expect("it is JSON");
    assert!(described["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{made}");
    // Every reference leads somewhere, and every path says what it does.
    let schemas = described["components"]["schemas"].as_object().expect("there are schemas");
    let references: BTreeSet<&str> =
        made.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 20, "{references:?}");
    for name in references {
        assert!(schemas.contains_key(name), "{name}");
    }
    for methods in described["paths"].as_object().expect("there are paths").values() {
        for operation in methods.as_object().expect("they have methods").values() {
            assert!(operation["summary"].is_string(), "{operation}");
        }
    }
}

#[test]
fn the_page_has_all_that_it_needs() {
    let lab = Lab::new();
    let page = lab.get("/");
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(
        page.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'"))
    );
    let text = page.text();
    assert!(text.contains("api/v1/openapi.json"));
    for outside in ["http://", "https://", "src=\"", "@import", "url("] {
        assert!(!text.contains(outside), "{outside}");
    }
}

/// Whether a line of the text format is one (names, labels, values as the format has them).
fn is_sample(line: &str) -> bool {
    let Some((name, value)) = line.rsplit_once(' ') else { return false };
    let bare = name.split('{').next().unwrap_or_default();
    let is_name = |name: &str| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && name.starts_with("sluice_")
    };
    is_name(bare) && (name == bare || name.ends_with("\"}")) && value.parse::<f64>().is_ok()
}

#[test]
fn metrics_are_what_was_counted() {
    let lab = Lab::new();
    for number in 1..=3 {
        lab.packet(number);
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    lab.get("/api/v1/counters");
    lab.get("/api/v1/policy/history/1");
    let metrics = lab.get("/metrics");
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4"));
    let text = metrics.text();
    let mut families = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let family = rest.split(' ').next().unwrap_or_default();
            assert!(families.insert(family.to_string()), "{family} is there twice");
            let kind = rest.rsplit(' ').next().unwrap_or_default();
            assert_eq!(family.ends_with("_total"), kind == "counter", "{line}");
        } else {
            assert!(line.starts_with("# HELP ") || is_sample(line), "{line}");
        }
    }
    for line in [
        "sluice_policy_version 1",
        "sluice_port_up{port=\"tap\"} 1",
        "sluice_port_received_packets_total{port=\"tap\"} 3",
        "sluice_port_sent_bytes_total{port=\"ids\"} 180",
        "sluice_packets_total{port=\"tap\",outcome=\"delivered\"} 3",
        "sluice_filter_matched_packets_total{filter=\"dns\"} 3",
        "sluice_tool_sent_copies_total{tool=\"ids\"} 3",
        "sluice_tool_dropped_copies_total{tool=\"ids\",reason=\"rate_limit\"} 0",
        "sluice_accounting_violations 0",
        "sluice_target_healthy 1",
        "sluice_api_request_duration_seconds_count{api=\"rest\",route=\"/api/v1/policy/history/{version}\",status=\"2xx\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("sluice_table_used_entries{table=\"deliver\"}"), "{text}");
}

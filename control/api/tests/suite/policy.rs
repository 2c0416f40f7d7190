//! Policies over REST, with conditions.

use serde_json::json;
use sluice_api::v1;

use crate::lab::{Answer, Lab, POLICY};

const YAML: (&str, &str) = ("Content-Type", "application/yaml");

fn put(lab: &Lab, condition: Option<&str>, text: &str) -> Answer {
    let condition = condition.map(|value| ("If-Match", value));
    let headers: Vec<_> = [YAML].into_iter().chain(condition).collect();
    lab.call("PUT", "/api/v1/policy?reason=because", &headers, text.as_bytes())
}

#[test]
fn a_policy_is_changed_by_whoever_looked_at_it() {
    let lab = Lab::new();
    let first = lab.get("/api/v1/policy");
    assert_eq!(first.header("etag"), Some("\"1\""));
    let next = POLICY.replace("sample: 50%", "sample: 25%");
    let problem = put(&lab, None, &next).problem(428);
    assert!(problem.detail.contains("If-Match"), "{problem:?}");
    for wrong in ["1", "\"x\"", "W/\"1\"", "\"0\""] {
        put(&lab, Some(wrong), &next).problem(400);
    }
    let changed = put(&lab, Some("\"1\""), &next);
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")), "{}", changed.text());
    let changed: v1::Applied = changed.json();
    assert!(changed.changed && changed.version == 2);
    assert_eq!(changed.plan.expect("it says what it means").filters[0].differs, ["sample"]);
    let stale = put(&lab, Some("\"1\""), POLICY).problem(412);
    assert_eq!((stale.current_version, stale.r#type.as_str()), (2, "/problems/stale"));
    let unchanged = lab.call("GET", "/api/v1/policy", &[("If-None-Match", "\"1\", \"2\"")], b"");
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    assert_eq!(lab.call("GET", "/api/v1/policy", &[("If-None-Match", "\"1\"")], b"").status, 200);
    // The same again changes nothing.
    let same: v1::Applied = put(&lab, Some("\"2\""), &next).json();
    assert!(!same.changed && same.version == 2);

    let json = ("Content-Type", "application/json");
    let body = json!({ "version": 1, "reason": "it was better", "expected_version": 2 }).to_string();
    let back = lab.call("POST", "/api/v1/policy/rollback", &[json], body.as_bytes());
    assert_eq!((back.status, back.header("etag")), (200, Some("\"3\"")), "{}", back.text());
    let history: v1::Versions = lab.json("/api/v1/policy/history?limit=2");
    let found: Vec<_> =
        history.versions.iter().map(|one| (one.version, one.restores, one.reason.as_str())).collect();
    assert_eq!(found, [(3, 1, "it was better"), (2, 0, "because")]);
    let policy: v1::Policy = lab.json("/api/v1/policy");
    assert_eq!((policy.text.as_str(), policy.author.as_str()), (POLICY, "admin"));
}

#[test]
fn a_dry_run_changes_nothing() {
    let lab = Lab::new();
    let next = POLICY.replace("sample: 50%", "sample: 25%");
    let headers = [YAML, ("If-Match", "*")];
    let planned: v1::Applied =
        lab.call("PUT", "/api/v1/policy?dry_run=true", &headers, next.as_bytes()).json();
    assert!(!planned.changed && planned.version == 1);
    assert_eq!(planned.plan.expect("it says what it would mean").filters.len(), 1);
    assert_eq!(lab.json::<v1::Policy>("/api/v1/policy").text, POLICY);
}

#[test]
fn ports_are_cleared() {
    let lab = Lab::new();
    lab.packet(1);
    let port: v1::Port = lab.call("POST", "/api/v1/ports/ids/clear", &[], b"").json();
    assert_eq!((port.name.as_str(), port.sent_packets), ("ids", 0));
    lab.call("POST", "/api/v1/ports/none/clear", &[], b"").problem(404);
}

#[test]
fn requests_that_are_wrong_are_problems() {
    let lab = Lab::new();
    let json = ("Content-Type", "application/json");
    for (method, path, headers, body, status) in [
        ("GET", "/api/v1/nothing", &[][..], "", 404),
        ("GET", "/nothing", &[], "", 404),
        ("DELETE", "/api/v1/policy", &[], "", 405),
        ("GET", "/api/v1/policy/history/x", &[], "", 404),
        ("GET", "/api/v1/policy/history?limit=501", &[], "", 400),
        ("GET", "/api/v1/policy/history?limit=x", &[], "", 400),
        ("GET", "/api/v1/policy/history?before=9223372036854775808", &[], "", 400),
        ("GET", "/api/v1/policy/history?unknown=1", &[], "", 400),
        ("GET", "/api/v1/counters/stream?interval=61", &[], "", 400),
        ("GET", "/api/v1/events", &[("Last-Event-ID", "x")], "", 400),
        ("POST", "/api/v1/plan", &[], "{}", 415),
        ("POST", "/api/v1/plan", &[json], "{", 400),
        ("POST", "/api/v1/plan", &[json], "{\"texts\": \"\"}", 400),
        ("POST", "/api/v1/plan", &[json], "{\"text\": \"\"}", 422),
        ("POST", "/api/v1/explain", &[json], "{\"port\": \"tap\", \"frame\": \"xy\"}", 400),
        ("POST", "/api/v1/users", &[json], "{\"name\": \"a b\", \"role\": \"viewer\"}", 400),
        ("POST", "/api/v1/users", &[json], "{\"name\": \"a\", \"role\": \"king\"}", 400),
        ("POST", "/api/v1/users", &[json], "{\"name\": \"admin\", \"role\": \"viewer\"}", 409),
        ("DELETE", "/api/v1/users/admin", &[], "", 409),
        ("PUT", "/api/v1/policy", &[("Content-Type", "image/png"), ("If-Match", "*")], "x", 415),
        ("PUT", "/api/v1/policy", &[YAML, ("If-Match", "*")], "\t\0", 422),
    ] {
        let answer = lab.call(method, path, headers, body.as_bytes());
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text());
        let problem = answer.problem(status);
        assert!(!problem.detail.is_empty() && !problem.title.is_empty(), "{problem:?}");
    }
    assert_eq!(lab.json::<v1::Status>("/api/v1/status").policy_version, 1);
}

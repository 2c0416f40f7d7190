//! Teams that share a broker: each sees and changes what is its own, over both ways.

use serde_json::json;
use sluice_api::v1;
use tonic::Code;

use crate::lab::{Answer, Lab};

/// Blue has `ids`, red has `recorder`.
const SHARED: &str = "ports:
  tap: { role: network, id: 1 }
  ids: { role: tool, id: 11 }
  recorder: { role: tool, id: 12 }
tenants:
  blue: { ports: [ids] }
  red: { ports: [recorder] }
filters: []
---
tenant: red
filters:
  - { name: secret, match: udp port 53, to: [recorder] }
";

fn blue(filter: &str) -> String {
    format!("tenant: blue\nfilters:\n  - {{ name: {filter}, match: udp port 53, to: [ids] }}\n")
}

fn put(lab: &Lab, token: &str, condition: &str, text: &str) -> Answer {
    let headers = [("Content-Type", "application/yaml"), ("If-Match", condition)];
    lab.call_as(token, "PUT", "/api/v1/policy?reason=why", &headers, text.as_bytes())
}

fn add(lab: &Lab, name: &str, role: &str, tenant: &str) -> Answer {
    let body = json!({ "name": name, "role": role, "tenant": tenant }).to_string();
    lab.call("POST", "/api/v1/users", &[("Content-Type", "application/json")], body.as_bytes())
}

/// A broker that blue's ann and red's rob share; and their tokens.
fn shared() -> (Lab, String, String) {
    let lab = Lab::new();
    add(&lab, "early", "operator", "blue").problem(404);
    let answer = put(&lab, &lab.token, "*", SHARED);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let token = |name: &str, tenant: &str| {
        let answer = add(&lab, name, "operator", tenant);
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json::<v1::NewUser>().token
    };
    let (ann, rob) = (token("ann", "blue"), token("rob", "red"));
    let problem = add(&lab, "root", "admin", "blue").problem(400);
    assert!(problem.detail.contains("a tenant has viewers and operators"), "{}", problem.detail);
    (lab, ann, rob)
}

/// Everything that somebody may read, as text.
fn all_that_is_told(lab: &Lab, token: &str) -> String {
    let paths = ["status", "policy", "policy/history", "filters", "groups", "ports", "counters", "alerts"];
    let read = |path: &str| lab.call_as(token, "GET", path, &[], b"").text();
    let all: String = paths.iter().map(|path| read(&format!("/api/v1/{path}"))).collect();
    all + &read("/metrics")
}

#[test]
fn a_team_sees_and_changes_what_is_its_own() {
    let (lab, ann, rob) = shared();
    let policy: v1::Policy = lab.call_as(&ann, "GET", "/api/v1/policy", &[], b"").json();
    assert_eq!(policy.text, "tenant: blue\nfilters: []\n", "it begins with this");
    assert_eq!((policy.author.as_str(), policy.version), ("", 2), "who else there is, is not told");
    let applied = put(&lab, &ann, "\"2\"", &blue("dns"));
    assert_eq!(applied.status, 200, "{}", applied.text());
    lab.packet(1);

    let filters: v1::Filters = lab.call_as(&ann, "GET", "/api/v1/filters", &[], b"").json();
    let names: Vec<_> = filters.filters.iter().map(|one| (one.name.as_str(), one.hits)).collect();
    assert_eq!(names, [("blue/dns", 1)]);
    let ports: v1::Ports = lab.call_as(&ann, "GET", "/api/v1/ports", &[], b"").json();
    let names: Vec<_> = ports.ports.iter().map(|one| (one.name.as_str(), one.tenant.as_str())).collect();
    assert_eq!(names, [("tap", ""), ("ids", "blue")]);
    let counters: v1::Counters = lab.call_as(&ann, "GET", "/api/v1/counters", &[], b"").json();
    let names: Vec<_> = counters.tools.iter().map(|one| (one.name.as_str(), one.sent)).collect();
    assert_eq!(names, [("ids", 1)]);
    assert!(counters.adds_up && counters.ports.is_empty() && counters.tables.is_empty());
    // Nothing of red is told to blue anywhere, and the other way round.
    for (token, others) in [(&ann, ["red/", "secret", "recorder"]), (&rob, ["blue", "dns", "\"ids\""])] {
        let told = all_that_is_told(&lab, token);
        for other in others {
            assert!(!told.contains(other), "{other} in {told}");
        }
    }
    // The whole has both, and the text of red as it was.
    let whole: v1::Policy = lab.json("/api/v1/policy");
    assert_eq!(whole.text, format!("{SHARED}---\n{}", blue("dns")));
    let filters: v1::Filters = lab.json("/api/v1/filters");
    assert_eq!(filters.filters.len(), 2);
}

#[test]
fn what_is_others_is_refused_at_its_place() {
    let (lab, ann, _) = shared();
    let wrong =
        "tenant: blue\nfilters:\n  - { name: a, to: [recorder] }\n  - { name: b, from: [tap], to: [] }\n";
    let problem = put(&lab, &ann, "*", wrong).problem(422);
    let places: Vec<_> = problem
        .findings
        .iter()
        .map(|one| (one.message.as_str(), one.places[0].line, one.places[0].column))
        .collect();
    assert_eq!(
        places,
        [
            ("tenant `blue` has no tool or group `recorder`", 3, 21),
            ("a tenant's filter discards nothing", 4, 33)
        ]
    );
    assert!(problem.findings[0].help[0].contains("it has `ids`"), "{:?}", problem.findings[0].help);
    for (text, part) in [
        (SHARED, "more than one YAML document"),
        ("ports: {}\nfilters: []\n", "this part says no tenant"),
        ("tenant: red\nfilters: []\n", "you are of `blue`"),
        ("tenant: blue\nports: { x: { role: tool, id: 3 } }\n", "unknown key `ports`"),
    ] {
        let problem = put(&lab, &ann, "*", text).problem(422);
        assert!(problem.detail.contains(part), "{part}: {}", problem.detail);
        assert!(!problem.detail.contains("secret"), "{}", problem.detail);
    }
    let call = |method: &str, path: &str| lab.call_as(&ann, method, path, &[], b"");
    call("POST", "/api/v1/ports/recorder/clear").problem(404);
    call("POST", "/api/v1/ports/tap/clear").problem(404);
    assert_eq!(call("POST", "/api/v1/ports/ids/clear").status, 200);
    call("POST", "/api/v1/ports/ids/detach").problem(403);
    call("GET", "/api/v1/audit").problem(403);
    call("GET", "/api/v1/users").problem(403);
    call("GET", "/api/v1/policy/history/2").problem(404);
    // The one in the middle of nothing: who runs the broker sees who of which team did what.
    let audits: v1::Audits = lab.json("/api/v1/audit");
    let found = audits.audits.iter().find(|one| one.action == "clear").expect("it is recorded");
    assert_eq!((found.user.as_str(), found.tenant.as_str(), found.subject.as_str()), ("ann", "blue", "ids"));
    let refused = audits.audits.iter().filter(|one| one.outcome.starts_with("refused")).count();
    assert_eq!(refused, 5);
}

#[test]
fn teams_change_their_parts_side_by_side() {
    let (lab, ann, rob) = shared();
    assert_eq!(put(&lab, &ann, "\"2\"", &blue("one")).status, 200);
    // Rob looked at version 2, and nobody has changed red's part since.
    let red = "tenant: red\nfilters:\n  - { name: more, to: [recorder] }\n";
    let applied = put(&lab, &rob, "\"2\"", red);
    assert_eq!(applied.status, 200, "{}", applied.text());
    let applied: v1::Applied = applied.json();
    let plan = applied.plan.expect("it is told");
    assert_eq!(applied.version, 4);
    assert!(plan.filters.iter().all(|one| one.name.starts_with("red/")), "{:?}", plan.filters);
    assert!(!plan.text.contains("blue"), "{}", plan.text);
    // But blue's was changed since then.
    let problem = put(&lab, &ann, "\"2\"", &blue("two")).problem(412);
    assert_eq!(problem.current_version, 4);
    assert_eq!(put(&lab, &ann, "\"3\"", &blue("two")).status, 200);

    let rolled = lab.grpc(&ann, async |mut client| {
        let request = v1::RollbackRequest { version: 3, ..v1::RollbackRequest::default() };
        client.rollback(request).await.expect("she may").into_inner()
    });
    assert_eq!(rolled.version, 6);
    let whole: v1::Policy = lab.json("/api/v1/policy");
    assert!(whole.text.contains("name: one") && whole.text.contains("name: more"), "{}", whole.text);
    let (versions, status, explained) = lab.grpc(&ann, async |mut client| {
        let request = v1::RollbackRequest { version: 4, ..v1::RollbackRequest::default() };
        let refused = client.rollback(request).await.expect_err("it is red's");
        assert_eq!(refused.code(), Code::NotFound, "{refused}");
        let request = v1::ListVersionsRequest::default();
        let versions = client.list_versions(request).await.expect("she may").into_inner().versions;
        let detail = client.get_version(v1::GetVersionRequest { version: 5 }).await;
        let detail = detail.expect("it is hers").into_inner();
        assert_eq!(detail.text, blue("two"));
        assert!(detail.diff.contains("+  - { name: two") && !detail.diff.contains("tenant: red"), "{}", detail.diff);
        let status = client.get_status(v1::GetStatusRequest {}).await.expect("she may").into_inner();
        let frame = "020000000001 020000000002 0800 45000020 00000000 4011 0000 0a000001 0a000002 0035 0035 000c 0000 00000000";
        let request = v1::ExplainRequest { port: "tap".to_string(), frame: frame.to_string() };
        (versions, status, client.explain(request).await.expect("she may").into_inner())
    });
    let numbers: Vec<_> = versions.iter().map(|one| (one.version, one.tenant.as_str())).collect();
    assert_eq!(numbers, [(6, "blue"), (5, "blue"), (3, "blue")]);
    assert_eq!((status.tenant.as_str(), status.author.as_str()), ("blue", "ann"));
    assert_eq!(explained.matched, ["blue/one"]);
    assert!(!explained.text.contains("red/") && explained.text.contains("to ids"), "{}", explained.text);
    // Her tenant goes from the policy: she is told so, and changes nothing.
    let without = SHARED.replace("  blue: { ports: [ids] }\n", "");
    assert_eq!(put(&lab, &lab.token, "*", &without).status, 200);
    let problem = put(&lab, &ann, "*", &blue("one")).problem(404);
    assert!(problem.detail.contains("has no tenant `blue`"), "{}", problem.detail);
}

#[test]
fn a_team_is_told_of_what_happens_to_it() {
    let (lab, ann, rob) = shared();
    let since = lab.grpc(&lab.token.clone(), async |mut client| {
        let request = v1::ApplyRequest { text: SHARED.replace("secret", "other"), ..Default::default() };
        client.apply(request).await.expect("they may").into_inner().version
    });
    assert_eq!(since, 3);
    assert_eq!(put(&lab, &ann, "*", &blue("one")).status, 200);
    lab.ids.set_up(false);
    assert_eq!(put(&lab, &rob, "*", "tenant: red\nfilters: []\n").status, 200);
    // Of what was before, the first is told, too.
    let told = |token: &str, wanted: usize| {
        lab.grpc(token, async |mut client| {
            let request = v1::WatchEventsRequest { since: 1 };
            let mut stream = client.watch_events(request).await.expect("they may").into_inner();
            let mut all = Vec::new();
            while all.len() < wanted {
                let next = tokio::time::timeout(std::time::Duration::from_secs(20), stream.message()).await;
                let event = next.expect("it comes in time").expect("the stream goes on").expect("an event");
                all.push((event.kind, event.subject));
            }
            all
        })
    };
    let event = |kind: &str, subject: &str| (kind.to_string(), subject.to_string());
    assert_eq!(told(&rob, 1), [event("policy_applied", "5")]);
    let mut of_ann = told(&ann, 2);
    of_ann.sort();
    assert_eq!(of_ann, [event("policy_applied", "4"), event("port_down", "ids")]);
}

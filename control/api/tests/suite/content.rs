//! Both ways have the same content.

use serde_json::{Value, json};
use sluice_api::v1;

use crate::lab::{Lab, POLICY};

/// What REST says, read as the message, and what gRPC says.
macro_rules! same {
    ($lab:expr, $path:expr, $method:ident($request:expr)) => {{
        let over_grpc = $lab.grpc(&$lab.token, async |mut client| {
            client.$method($request).await.expect("it is allowed").into_inner()
        });
        let answer = $lab.get($path);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let over_rest = answer.json();
        assert_eq!(over_grpc, over_rest, "{}", $path);
        // Every field is there, and no other.
        let fields = serde_json::to_value(&over_grpc).expect("it is data");
        assert_eq!(fields, answer.json::<Value>(), "{}", $path);
        over_grpc
    }};
}

#[test]
fn what_is_read_is_the_same_by_rest_and_grpc() {
    let lab = Lab::new();
    for number in 1..=3 {
        lab.packet(number);
    }
    lab.broker.clear_port("ids", "ann", None).expect("it is there");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let status = same!(lab, "/api/v1/status", get_status(v1::GetStatusRequest {}));
    assert_eq!((status.policy_version, status.user.as_str(), status.role.as_str()), (1, "admin", "admin"));
    let policy = same!(lab, "/api/v1/policy", get_policy(v1::GetPolicyRequest {}));
    assert_eq!((policy.version, policy.text.as_str()), (1, POLICY));
    let filters = same!(lab, "/api/v1/filters", list_filters(v1::ListFiltersRequest {})).filters;
    let dns = &filters[0];
    assert_eq!((dns.r#match.as_str(), dns.hits, dns.sample, dns.dedup), ("udp port 53", 3, 1.0, true));
    assert_eq!((filters[1].sample, filters[1].to.as_slice()), (0.5, &["both".to_string()][..]));
    let groups = same!(lab, "/api/v1/groups", list_groups(v1::ListGroupsRequest {})).groups;
    assert_eq!(groups[0].members, ["ids", "recorder"]);
    lab.broker.alert(7, "drops", "ids/mtu", true, "ids/mtu: 5 a second are lost");
    lab.broker.alert(8, "port_down", "ids", true, "port ids is down");
    lab.broker.alert(9, "port_down", "ids", false, "port ids is up");
    let alerts = same!(lab, "/api/v1/alerts", list_alerts(v1::ListAlertsRequest {})).alerts;
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        (alerts[0].alert.as_str(), alerts[0].subject.as_str(), alerts[0].since_ns),
        ("drops", "ids/mtu", 7)
    );
    let ports = same!(lab, "/api/v1/ports", list_ports(v1::ListPortsRequest {})).ports;
    assert_eq!(ports.iter().map(|port| port.name.as_str()).collect::<Vec<_>>(), ["tap", "ids", "recorder"]);
    assert_eq!((ports[0].received_packets, ports[1].sent_packets, ports[1].speed), (3, 0, 10_000_000_000));
    assert_eq!((ports[1].attached, ports[2].attached), (true, false));
    let versions = same!(lab, "/api/v1/policy/history", list_versions(v1::ListVersionsRequest::default()));
    assert_eq!((versions.versions.len(), versions.versions[0].author.as_str()), (1, "serve"));
    let detail = same!(lab, "/api/v1/policy/history/1", get_version(v1::GetVersionRequest { version: 1 }));
    assert_eq!(detail.text, POLICY);
    assert!(detail.diff.contains("+  tap: { role: network, id: 1 }"), "{}", detail.diff);
    let audit = v1::ListAuditRequest { before: 0, limit: 2 };
    let audits = same!(lab, "/api/v1/audit?limit=2", list_audit(audit)).audits;
    assert_eq!(audits.iter().map(|one| one.action.as_str()).collect::<Vec<_>>(), ["clear", "add_user"]);
    let users = same!(lab, "/api/v1/users", list_users(v1::ListUsersRequest {})).users;
    assert_eq!((users[0].name.as_str(), users[0].role.as_str()), ("admin", "admin"));
    // Readings differ in their times alone.
    let counters: v1::Counters = lab.json("/api/v1/counters");
    let again = lab.grpc(&lab.token, async |mut client| {
        client.get_counters(v1::GetCountersRequest {}).await.expect("it is allowed").into_inner()
    });
    assert_eq!(v1::Counters { time_ns: counters.time_ns, ..again }, counters);
    assert!(counters.adds_up && counters.violations.is_empty() && counters.under_way == 0);
    assert_eq!((counters.ports[0].received, counters.ports[0].delivered), (3, 3));
    assert!(counters.tables.iter().any(|table| table.table == "deliver" && table.used > 0));
}

#[test]
fn what_is_asked_with_a_body_is_the_same_by_rest_and_grpc() {
    let lab = Lab::new();
    let post = |path: &str, body: &Value| {
        lab.call("POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    };
    let text = POLICY.replace("udp port 53", "tcp port 53");
    let over_rest: v1::Plan = post("/api/v1/plan", &json!({ "text": text })).json();
    let request = v1::PlanRequest { text };
    let over_grpc =
        lab.grpc(&lab.token, async |mut client| client.plan(request).await.expect("right").into_inner());
    assert_eq!(over_rest, over_grpc);
    assert_eq!((over_rest.filters[0].name.as_str(), over_rest.filters[0].kind.as_str()), ("dns", "changed"));
    assert_eq!(over_rest.filters[0].differs, ["match"]);
    assert!(over_rest.phases.iter().any(|phase| phase.phase == "switch" && phase.updates == 1));

    let frame = "02:00:00:00:00:01 02:00:00:00:00:02 08:00 45000020 00000000 40110000 0a000001 0a000002 0035 0035 000c 0000 00000000";
    let over_rest: v1::Explanation =
        post("/api/v1/explain", &json!({ "port": "tap", "frame": frame })).json();
    let request = v1::ExplainRequest { port: "tap".to_string(), frame: frame.to_string() };
    let over_grpc =
        lab.grpc(&lab.token, async |mut client| client.explain(request).await.expect("right").into_inner());
    assert_eq!(over_rest, over_grpc);
    assert_eq!(over_rest.outcome, "delivered");
    assert!(over_rest.matched.contains(&"dns".to_string()), "{over_rest:?}");
}

#[test]
fn problems_are_the_same_by_rest_and_grpc() {
    let lab = Lab::new();
    let text = POLICY.replace("udp port 53", "udp prot 53");
    let body = json!({ "text": text }).to_string();
    let headers = [("Content-Type", "application/json"), ("If-Match", "*")];
    let over_rest = lab.call("PUT", "/api/v1/policy", &headers, body.as_bytes()).problem(422);
    let request = v1::ApplyRequest { text, ..v1::ApplyRequest::default() };
    let status =
        lab.grpc(&lab.token, async |mut client| client.apply(request).await.expect_err("it is wrong"));
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    assert_eq!(sluice_api::problem_of(&status).expect("it has details"), over_rest);
    assert_eq!(over_rest.r#type, "/problems/invalid-policy");
    let place = &over_rest.findings[0].places[0];
    assert_eq!((place.line, place.text.as_str()), (8, "prot"));

    let over_rest = lab.get("/api/v1/policy/history/77").problem(404);
    let request = v1::GetVersionRequest { version: 77 };
    let status = lab
        .grpc(&lab.token, async |mut client| client.get_version(request).await.expect_err("there is none"));
    assert_eq!((status.code(), sluice_api::problem_of(&status)), (tonic::Code::NotFound, Some(over_rest)));
}

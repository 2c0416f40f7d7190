//! Who may do what.

use serde_json::json;
use sluice_api::v1;
use tonic::Code;

use crate::lab::{Answer, Lab, POLICY, call};

fn add(lab: &Lab, name: &str, role: &str) -> String {
    let body = json!({ "name": name, "role": role }).to_string();
    let answer = lab.call("POST", "/api/v1/users", &[("Content-Type", "application/json")], body.as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json::<v1::NewUser>().token
}

/// A call without a right token; an address has few of those a second.
fn call_slowly(lab: &Lab, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    loop {
        let answer = call(lab.address, method, path, headers, b"");
        if answer.status != 429 {
            return answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
}

#[test]
fn without_a_token_there_is_only_the_description() {
    let lab = Lab::new();
    for path in ["/", "/api/v1/openapi.json"] {
        assert_eq!(call(lab.address, "GET", path, &[], b"").status, 200, "{path}");
    }
    let status = lab.grpc("sluice_wrong", async |mut client| {
        client.get_status(v1::GetStatusRequest {}).await.expect_err("the token is wrong")
    });
    assert_eq!(status.code(), Code::Unauthenticated);
    let described: serde_json::Value = call(lab.address, "GET", "/api/v1/openapi.json", &[], b"").json();
    for (path, methods) in described["paths"].as_object().expect("it has paths") {
        for method in methods.as_object().expect("they have methods").keys() {
            let path = path.replace("{version}", "1").replace("{name}", "ids");
            let answer = call_slowly(&lab, &method.to_uppercase(), &path, &[]);
            answer.problem(401);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    for wrong in ["Bearer", "Bearer x", "Basic x", "", &format!("Bearer {}x", lab.token)] {
        call_slowly(&lab, "GET", "/api/v1/status", &[("Authorization", wrong)]).problem(401);
    }
}

#[test]
fn roles_may_do_what_they_may() {
    let lab = Lab::new();
    let viewer = add(&lab, "vera", "viewer");
    let operator = add(&lab, "otto", "operator");
    let headers = [("Content-Type", "application/yaml"), ("If-Match", "*")];
    let next = POLICY.replace("50%", "25%");
    let apply = |token: &str| lab.call_as(token, "PUT", "/api/v1/policy", &headers, next.as_bytes());
    assert_eq!(lab.call_as(&viewer, "GET", "/api/v1/policy", &[], b"").status, 200);
    assert_eq!(lab.call_as(&viewer, "GET", "/metrics", &[], b"").status, 200);
    let problem = apply(&viewer).problem(403);
    assert!(problem.detail.contains("needs the role operator, and `vera` is viewer"), "{problem:?}");
    lab.call_as(&viewer, "POST", "/api/v1/ports/ids/clear", &[], b"").problem(403);
    assert_eq!(apply(&operator).status, 200);
    for path in ["/api/v1/users", "/api/v1/audit"] {
        lab.call_as(&operator, "GET", path, &[], b"").problem(403);
    }
    let status = lab.grpc(&viewer, async |mut client| {
        let request = v1::RollbackRequest { version: 1, ..v1::RollbackRequest::default() };
        client.rollback(request).await.expect_err("a viewer may not")
    });
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(lab.json::<v1::Policy>("/api/v1/policy").author, "otto");
    // Whoever is removed may nothing any more, streams included.
    let ended = lab.grpc(&viewer, async |mut client| {
        let request = v1::WatchEventsRequest { since: 0 };
        let mut stream = client.watch_events(request).await.expect("a viewer may").into_inner();
        let removed = lab.call("DELETE", "/api/v1/users/vera", &[], b"");
        assert_eq!(removed.status, 200, "{}", removed.text());
        stream.message().await.expect_err("it ends")
    });
    assert_eq!(ended.code(), Code::Unauthenticated);
    lab.call_as(&viewer, "GET", "/api/v1/policy", &[], b"").problem(401);
    let audits: v1::Audits = lab.json("/api/v1/audit");
    let found: Vec<_> = audits
        .audits
        .iter()
        .map(|one| (one.user.as_str(), one.action.as_str(), one.subject.as_str()))
        .collect();
    let expected = [
        ("admin", "remove_user", "vera"),
        ("otto", "apply", "2"),
        ("admin", "add_user", "otto"),
        ("admin", "add_user", "vera"),
        ("serve", "add_user", "admin"),
        ("serve", "apply", "1"),
    ];
    assert_eq!(found, expected);
}

//! What one client uses up, others still have.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use sluice_api::v1;
use tonic::Code;

use crate::lab::{Lab, call, head};

#[test]
fn too_many_calls_are_refused_for_a_while() {
    let lab = Lab::new();
    let statuses: Vec<u16> = (0..40)
        .map(|_| call(lab.address, "GET", "/api/v1/status", &[("Authorization", "Bearer x")], b"").status)
        .collect();
    assert!(statuses[..20].iter().all(|status| *status == 401), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
    // Whoever has a token is not held up by those who guess.
    assert_eq!(lab.get("/api/v1/status").status, 200);
    let (mut refused, begun) = (None, Instant::now());
    while refused.is_none() && begun.elapsed() < Duration::from_secs(30) {
        let codes = lab.grpc(&lab.token, async |client| {
            let calls = (0..300).map(|_| {
                let mut client = client.clone();
                tokio::spawn(async move { client.get_policy(v1::GetPolicyRequest {}).await.map(|_| ()) })
            });
            let mut codes = Vec::new();
            for call in calls.collect::<Vec<_>>() {
                codes.push(call.await.expect("it does not panic").map_err(|status| status.code()));
            }
            codes
        });
        // A connection has a bound of its own: calls beyond it, which come before it is told, are refused as HTTP/2 refuses streams.
        let of_rate = |code: &Code| *code != Code::Unavailable;
        refused = codes.into_iter().filter_map(Result::err).find(of_rate);
    }
    assert_eq!(refused, Some(Code::ResourceExhausted));
    let answer = lab.get("/api/v1/status");
    if answer.status == 429 {
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(lab.get("/api/v1/status").status, 200);
}

#[test]
fn what_is_too_large_is_refused() {
    let lab = Lab::new();
    let large = vec![b'#'; 9 << 20];
    let headers = [("Content-Type", "application/yaml"), ("If-Match", "*")];
    lab.call("PUT", "/api/v1/policy", &headers, &large).problem(413);
    let policy = "#".repeat(sluice_daemon::MAX_POLICY_BYTES + 1);
    lab.call("PUT", "/api/v1/policy", &headers, policy.as_bytes()).problem(413);
    let status = lab.grpc(&lab.token, async |mut client| {
        let request = v1::PlanRequest { text: "#".repeat(5 << 20) };
        client.plan(request).await.expect_err("it is too large")
    });
    assert_eq!(status.code(), Code::OutOfRange);
    let reason = "x".repeat(5000);
    let answer = lab.call("PUT", &format!("/api/v1/policy?reason={reason}"), &headers, b"ports: {}");
    answer.problem(413);
    // A head that has no end ends the connection.
    let mut stream = TcpStream::connect(lab.address).expect("it listens");
    let _ = stream.write_all(format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(1 << 20)).as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 2"), "{answer:?}");
    assert_eq!(lab.get("/api/v1/status").status, 200);
}

#[test]
fn slow_and_half_open_clients_hold_up_nobody_and_are_ended() {
    let lab = Lab::new();
    let connect = || TcpStream::connect(lab.address).expect("it listens");
    let bearer = format!("Bearer {}", lab.token);
    let mut all: Vec<TcpStream> = (0..60).map(|_| connect()).collect();
    for (number, stream) in all.iter_mut().enumerate() {
        let begun = match number % 4 {
            0 => String::new(),
            1 => "PR".to_string(),
            2 => "GET /api/v1/status HTTP/1.1\r\nHost:".to_string(),
            _ => {
                head("PUT", "/api/v1/policy", &[("Authorization", &bearer), ("If-Match", "*")], 1000)
                    + "ports:"
            }
        };
        stream.write_all(begun.as_bytes()).expect("it reads");
    }
    for _ in 0..20 {
        let begun = Instant::now();
        assert_eq!(lab.get("/api/v1/status").status, 200);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
    // Those that never said what they want are gone after ten seconds.
    for stream in all.iter_mut().take(3) {
        stream.set_read_timeout(Some(Duration::from_secs(25))).expect("it is a time");
        let mut answer = Vec::new();
        // A reset is an end, too; a time-out is none.
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "it is open still");
        }
    }
}

#[test]
fn damaged_requests_are_answered_and_break_nothing() {
    let lab = Lab::new();
    let body = serde_json::json!({ "text": crate::lab::POLICY, "reason": "r", "dry_run": true }).to_string();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap_or(0)
    };
    for round in 0..60 {
        let mut bytes = body.clone().into_bytes();
        for _ in 0..=random(6) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = u8::try_from(random(256)).unwrap_or(0),
                1 => drop(bytes.drain(at..(at + random(20)).min(bytes.len()))),
                _ => bytes.insert(at, b"{}[]\",:\\&*!"[random(11)]),
            }
        }
        let headers = [("Content-Type", "application/json"), ("If-Match", "*")];
        let answer = lab.call("PUT", "/api/v1/policy", &headers, &bytes);
        let is_known = [200, 400, 413, 422, 429].contains(&answer.status);
        assert!(is_known, "round {round}: {} {}", answer.status, answer.text());
        if answer.status == 429 {
            std::thread::sleep(Duration::from_millis(500));
        }
    }
    assert_eq!(lab.json::<v1::Status>("/api/v1/status").defect, "");
}

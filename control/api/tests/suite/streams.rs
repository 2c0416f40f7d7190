//! Counters and events as they come.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use sluice_api::v1;

use crate::lab::{Lab, POLICY, head};

/// Server-sent events of a path, as (name, data).
struct Sse {
    lines: BufReader<TcpStream>,
}

impl Sse {
    fn open(lab: &Lab, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut stream = TcpStream::connect(lab.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("it is a time");
        let bearer = format!("Bearer {}", lab.token);
        let headers = [&[("Authorization", bearer.as_str())], headers].concat();
        stream.write_all(head("GET", path, &headers, 0).as_bytes()).expect("it reads");
        let mut sse = Self { lines: BufReader::new(stream) };
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(sse.lines.read_line(&mut head).expect("it answers") > 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
        sse
    }

    fn next(&mut self) -> (String, String) {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).expect("it goes on") > 0, "it has ended");
            if let Some(value) = line.strip_prefix("event: ") {
                name = value.trim().to_string();
            }
            if let Some(value) = line.strip_prefix("data: ") {
                return (name, value.trim().to_string());
            }
        }
    }
}

#[test]
fn events_are_told_by_both_ways_and_again_to_those_who_missed_them() {
    let lab = Lab::new();
    let mut sse = Sse::open(&lab, "/api/v1/events", &[]);
    let over_grpc = lab.grpc(&lab.token, async |mut client| {
        let request = v1::WatchEventsRequest { since: 0 };
        let mut stream = client.watch_events(request).await.expect("it is allowed").into_inner();
        let headers = [("Content-Type", "application/yaml"), ("If-Match", "*")];
        let next = POLICY.replace("50%", "25%");
        assert_eq!(lab.call("PUT", "/api/v1/policy", &headers, next.as_bytes()).status, 200);
        lab.call("PUT", "/api/v1/policy", &headers, b"wrong").problem(422);
        lab.ids.set_up(false);
        let mut events = Vec::new();
        for _ in 0..3 {
            events.push(stream.message().await.expect("it goes on").expect("it goes on"));
        }
        events
    });
    let kinds: Vec<_> =
        over_grpc.iter().map(|one| (one.kind.as_str(), one.subject.as_str(), one.user.as_str())).collect();
    assert_eq!(
        kinds,
        [("policy_applied", "2", "admin"), ("policy_refused", "", "admin"), ("port_down", "ids", "")]
    );
    for event in &over_grpc {
        let (name, data) = sse.next();
        assert_eq!(
            (name.as_str(), &serde_json::from_str::<v1::Event>(&data).expect("an event")),
            ("event", event)
        );
    }
    let first = over_grpc[0].id.to_string();
    let mut late = Sse::open(&lab, "/api/v1/events", &[("Last-Event-ID", &first)]);
    let told: v1::Event = serde_json::from_str(&late.next().1).expect("an event");
    assert_eq!(told, over_grpc[1]);
}

#[test]
fn counters_are_told_again_and_again() {
    let lab = Lab::new();
    let mut sse = Sse::open(&lab, "/api/v1/counters/stream?interval=1", &[]);
    let mut read = || {
        let (name, data) = sse.next();
        assert_eq!(name, "counters");
        serde_json::from_str::<v1::Counters>(&data).expect("counters")
    };
    let first = read();
    lab.packet(1);
    let counted = (0..10).map(|_| read()).find(|counters| counters.tools[0].sent > 0);
    let counted = counted.expect("it is counted");
    assert!(counted.time_ns > first.time_ns && counted.adds_up);
    let over_grpc = lab.grpc(&lab.token, async |mut client| {
        let request = v1::WatchCountersRequest { interval: 1 };
        let mut stream = client.watch_counters(request).await.expect("it is allowed").into_inner();
        stream.message().await.expect("it goes on").expect("it goes on")
    });
    assert_eq!((over_grpc.ports[0].received, &over_grpc.tools), (1, &counted.tools));
}

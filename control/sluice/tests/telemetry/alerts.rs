//! Alerts: raised and cleared as events, by syslog of three kinds, by webhooks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::get;
use crate::lab::{Daemon, PATIENCE, address, socket, until};

/// A receiver of webhooks, which says it is busy the first time: the head and the body of each request.
fn webhook() -> (u16, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let (tell, requests) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let mut stream = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                if let Some(value) = line.strip_prefix("Content-Length: ") {
                    length = value.trim().parse().expect("a number");
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).expect("it is as long as it says");
            let status = if number == 0 { "503 Service Unavailable" } else { "204 No Content" };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).expect("it is read");
            if tell.send((head, serde_json::from_slice(&body).expect("it is JSON"))).is_err() {
                return;
            }
        }
    });
    (port, requests)
}

/// Messages over TCP, each with its length in front (RFC 6587, section 3.4.1).
fn syslog_tcp() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let (tell, messages) = channel();
    std::thread::spawn(move || {
        let Ok((stream, _)) = listener.accept() else { return };
        let mut stream = BufReader::new(stream);
        loop {
            let mut length = Vec::new();
            if stream.read_until(b' ', &mut length).unwrap_or(0) == 0 {
                return;
            }
            let length: usize = String::from_utf8_lossy(&length).trim().parse().expect("a length");
            let mut message = vec![0; length];
            stream.read_exact(&mut message).expect("it is as long as it says");
            if tell.send(String::from_utf8(message).expect("it is UTF-8")).is_err() {
                return;
            }
        }
    });
    (port, messages)
}

/// Events as they come.
fn events(daemon: &Daemon) -> Receiver<Value> {
    let mut stream = TcpStream::connect(&daemon.api).expect("it listens");
    let head =
        format!("GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", daemon.token);
    stream.write_all(head.as_bytes()).expect("it reads");
    let (tell, events) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let Some(data) = line.strip_prefix("data:") {
                let _ = tell.send(serde_json::from_str(data.trim()).expect("it is JSON"));
            }
        }
    });
    events
}

/// The next one that is wanted.
fn next<T>(what: &str, receiver: &Receiver<T>, is_it: impl Fn(&T) -> bool) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let one = receiver.recv_timeout(left).unwrap_or_else(|_| panic!("{what} does not come"));
        if is_it(&one) {
            return one;
        }
    }
}

/// Whether a message is of RFC 5424, and of that alert.
fn is_message(message: &str, priority: &str, kind: &str, state: &str, subject: &str) -> bool {
    let parts: Vec<&str> = message.splitn(8, ' ').collect();
    let [start, time, host, name, process, id, data, text] = parts[..] else { return false };
    start == format!("<{priority}>1")
        && time.ends_with('Z')
        && time.len() == "2026-11-28T00:00:00.000Z".len()
        && !host.is_empty()
        && name == "sluice"
        && process.parse::<u32>().is_ok()
        && (id, data) == (kind, "-")
        && text.starts_with(&format!("alert={kind} state={state} subject={subject}: "))
}

#[test]
fn alerts_reach_everybody_and_nobody_waits_for_one_who_hangs() {
    let (udp, (tcp, over_tcp), (hook, posts)) = (socket(), syslog_tcp(), webhook());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("log");
    let local = UnixDatagram::bind(&path).expect("it can be made");
    local.set_read_timeout(Some(PATIENCE)).expect("it is a time");
    // It is connected to, and never answers.
    let hangs = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let hanging = hangs.local_addr().expect("it is bound").port();
    let telemetry = format!(
        "alerts:
  tool_rate: {{ raise: 0.05%, clear: 0.01% }}
  table_space: false
  clock_unlocked: false
  clock_offset: false
  clock_step: false
  raise_after: 0s
  clear_after: 1s
  syslog: [\"udp:{}\", \"tcp:127.0.0.1:{tcp}\", {}]
  webhooks:
    - {{ url: \"http://127.0.0.1:{hook}/hooks/secret-path\", token_file: token }}
    - {{ url: \"http://127.0.0.1:{hanging}/\" }}
",
        address(&udp),
        path.display()
    );
    let files = [("telemetry.yaml", telemetry.as_str()), ("token", "hook-token\n")];
    let daemon = Daemon::start(&files, &["--telemetry", "telemetry.yaml"]);
    let events = events(&daemon);
    // Rates are known from the second look on.
    let frame = [7; 1_000];
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        daemon.frame(&frame);
        std::thread::sleep(Duration::from_millis(20));
    }
    let of_rate = |event: &Value| event["alert"] == "tool_rate";
    let raised = next("an event", &events, of_rate);
    assert_eq!((raised["kind"].as_str(), raised["subject"].as_str()), (Some("alert_raised"), Some("ids")));
    assert!(raised["message"].as_str().is_some_and(|text| text.contains("of its speed")), "{raised}");
    let cleared = next("an event", &events, of_rate);
    assert_eq!(cleared["kind"], "alert_cleared");

    let mut bytes = [0; 4_096];
    let mut datagram = || {
        let length = udp.recv(&mut bytes).expect("it comes");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let (first, second) = (datagram(), datagram());
    assert!(is_message(&first, "28", "tool_rate", "raised", "ids"), "{first}");
    assert!(is_message(&second, "29", "tool_rate", "cleared", "ids"), "{second}");
    assert_eq!([&first, &second], [&next("TCP", &over_tcp, |_| true), &next("TCP", &over_tcp, |_| true)]);
    let mut line = [0; 4_096];
    let length = local.recv(&mut line).expect("it comes");
    let line = String::from_utf8_lossy(&line[..length]).into_owned();
    assert!(line.starts_with("<28>sluice[") && line.contains("state=raised subject=ids"), "{line}");

    // The first is posted again, since the receiver was busy.
    let posted: Vec<(String, Value)> = (0..3).map(|_| next("a webhook", &posts, |_| true)).collect();
    assert!(posted[0].0.starts_with("POST /hooks/secret-path HTTP/1.1\r\n"), "{posted:?}");
    assert!(
        posted.iter().all(|(head, _)| head.contains("Authorization: Bearer hook-token\r\n")),
        "{posted:?}"
    );
    let states: Vec<_> = posted.iter().map(|(_, body)| body["state"].as_str().unwrap_or_default()).collect();
    assert_eq!(states, ["raised", "raised", "cleared"]);
    assert_eq!((posted[0].1["alert"].as_str(), &posted[0].1), (Some("tool_rate"), &posted[1].1));

    // Traffic went on, and the broker ends though somebody hangs.
    daemon.frame(&frame);
    let ended = Instant::now();
    let log = daemon.end();
    assert!(ended.elapsed() < Duration::from_secs(5));
    let has = |part: &str| log.iter().any(|line| line.contains(part));
    assert!(has("alert=\"tool_rate\" state=\"raised\" subject=\"ids\"") && has("status 503"), "{log:#?}");
    assert!(!has("secret-path") && !has("hook-token"), "{log:#?}");
}

#[test]
fn what_is_raised_is_listed_and_counted() {
    // Every table with an entry is too full, and every copy too long.
    let telemetry =
        "alerts: { table_space: { raise: 0.001%, clear: 0% }, raise_after: 0s, reasons: [mtu] }\n";
    let policy = crate::lab::POLICY.replace("speed: 100M", "max_frame: 200");
    let files = [("telemetry.yaml", telemetry), ("long.yaml", policy.as_str())];
    let daemon = Daemon::start(&files, &["--telemetry", "telemetry.yaml"]);
    let (text, code) = daemon.ask(&["apply", "long.yaml"]);
    assert_eq!(code, Some(0), "{text}");
    let alerts = || -> Vec<Value> {
        let all: Value = serde_json::from_str(&daemon.get("/api/v1/alerts")).expect("it is JSON");
        all["alerts"].as_array().expect("it is a list").clone()
    };
    let is = |alert: &str, subject: &str| {
        alerts().iter().any(|one| one["alert"] == alert && one["subject"] == subject)
    };
    until("a table is too full", || is("table_space", "deliver").then_some(()));
    assert!(!is("drops", "ids/mtu"));
    until("copies are too long", || {
        daemon.send(&[1; 300]);
        is("drops", "ids/mtu").then_some(())
    });
    let page = daemon.get("/metrics");
    assert!(page.contains("sluice_alert_active{alert=\"drops\",subject=\"ids/mtu\"} 1\n"), "{page}");
    let (text, _) = daemon.ask(&["status"]);
    assert!(text.contains("ALERT drops of ids/mtu, since 2"), "{text}");
    // They are for those who may look.
    assert!(get(&daemon.api, "/api/v1/alerts", "nobody").contains("unauthenticated"));
}

//! The log: every event of a broker's life, and no secret.

use serde_json::Value;

use crate::http::get;
use crate::lab::{Daemon, POLICY};

/// RFC 3339, UTC: `2026-11-28T00:10:08.123456Z`.
fn is_utc(time: &str) -> bool {
    let form = "0000-00-00T00:00:00.000000Z";
    let fits = |(byte, wanted): (u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
    time.len() == form.len() && time.bytes().zip(form.bytes()).all(fits)
}

/// A life: applied, refused, rolled back, a wrong token, a user who comes.
fn life(arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let other = POLICY.replace("everything", "all");
    let wrong = POLICY.replace("[ids]", "[idz]");
    let daemon = Daemon::start(&[("other.yaml", &other), ("wrong.yaml", &wrong)], arguments);
    let asked = |words: &[&str], code: i32| {
        let (text, found) = daemon.ask(words);
        assert_eq!(found, Some(code), "{words:?}: {text}");
        text
    };
    asked(&["apply", "other.yaml", "--reason", "names are short"], 0);
    asked(&["apply", "wrong.yaml"], 2);
    asked(&["rollback", "1"], 0);
    let added = asked(&["users", "--add", "vera"], 0);
    let vera = added.rsplit(' ').next().expect("it ends with the token").trim().to_string();
    asked(&["ports", "--clear", "tap"], 0);
    assert!(get(&daemon.api, "/api/v1/status", "sluice_guessed").contains("unauthenticated"));
    let secrets = vec![daemon.token.clone(), vera, "sluice_guessed".to_string()];
    (daemon.end(), secrets)
}

#[test]
fn a_life_is_told_in_json_with_authors_and_versions_and_without_secrets() {
    let (lines, secrets) = life(&["--log-format", "json", "--log", "debug"]);
    let all: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for (line, event) in lines.iter().zip(&all) {
        assert!(event["timestamp"].as_str().is_some_and(is_utc), "{line}");
        assert!(secrets.iter().all(|secret| !line.contains(secret)), "{line}");
    }
    // In this order, with these words and fields.
    let wanted = [
        ("INFO", "broker starts", "software", Value::from(env!("CARGO_PKG_VERSION"))),
        ("INFO", "policy applied", "author", Value::from("serve")),
        ("INFO", "port attached", "port", Value::from("ids")),
        ("INFO", "port attached", "number", Value::from(1)),
        ("INFO", "broker is ready", "ports", Value::from(2)),
        ("DEBUG", "connection opened", "level", Value::from("DEBUG")),
        ("INFO", "policy applied", "reason", Value::from("names are short")),
        ("DEBUG", "call", "user", Value::from("admin")),
        ("WARN", "policy refused", "author", Value::from("admin")),
        ("INFO", "policy rolled back", "of", Value::from(1)),
        ("INFO", "user added", "by", Value::from("admin")),
        ("INFO", "counters of a port cleared", "port", Value::from("tap")),
        ("WARN", "access refused: no token, or a wrong one", "address", Value::from("127.0.0.1")),
        ("INFO", "broker is told to end", "signal", Value::from("SIGTERM")),
        ("INFO", "broker ended", "level", Value::from("INFO")),
    ];
    let mut rest = all.iter();
    for (level, message, field, value) in &wanted {
        let is_it = |event: &&Value| {
            event["message"] == *message && event["level"] == *level && event[field] == *value
        };
        assert!(rest.find(is_it).is_some(), "{level} {message} {field}={value}\n{}", lines.join("\n"));
    }
}

#[test]
fn a_life_is_told_as_text_as_much_as_is_wanted() {
    let (lines, _) = life(&[]);
    assert!(lines.iter().all(|line| line.split(' ').next().is_some_and(is_utc)), "{lines:?}");
    let has = |part: &str| lines.iter().any(|line| line.contains(part));
    assert!(has(" INFO ") && has("policy rolled back version=3 of=1 author=\"admin\""), "{lines:#?}");
    assert!(!has("DEBUG"), "{lines:#?}");
    let (lines, _) = life(&["--log", "warn"]);
    assert_eq!(lines.len(), 2, "a refused policy and a refused caller: {lines:#?}");
    let (lines, _) = life(&["--log", "off"]);
    assert!(lines.is_empty(), "{lines:#?}");
}

//! Two teams on one broker, by the command, with traffic, and over a restart.

use crate::lab::{Daemon, Ends, ask, folder};

const SHARED: &str = "ports:
  tap: { role: network, id: 1 }
  left: { role: tool, id: 11 }
  right: { role: tool, id: 12 }
tenants:
  blue: { ports: [left] }
  red: { ports: [right] }
filters: []
";

#[test]
fn teams_share_a_broker() {
    let (folder, ends) = (folder(), Ends::new());
    let folder = folder.path();
    let mut daemon = Daemon::start(folder, &ends);
    let admin = daemon.token.clone().expect("the store is new");
    for (name, text) in [
        ("shared.yaml", SHARED),
        ("blue.yaml", "tenant: blue\nfilters:\n  - { name: all, to: [left] }\n"),
        ("red.yaml", "tenant: red\nfilters:\n  - { name: all, to: [right] }\n"),
        ("greedy.yaml", "tenant: blue\nfilters:\n  - { name: all, to: [left, right] }\n"),
    ] {
        std::fs::write(folder.join(name), text).expect("it can be written");
    }
    let said = |daemon: &Daemon, token: &str, words: &[&str], code: i32, parts: &[&str]| {
        std::fs::write(folder.join("token"), token).expect("it can be written");
        let (text, found) = ask(folder, daemon, words);
        assert_eq!(found, Some(code), "{words:?}: {text}");
        for part in parts {
            assert!(text.contains(part), "{words:?}: {part}\n{text}");
        }
        text
    };
    said(&daemon, &admin, &["apply", "shared.yaml"], 0, &["version 2 is in force"]);
    assert!(ends.who_gets().is_empty());
    let user = |name: &str, tenant: &str| {
        let words = ["users", "--add", name, "--role", "operator", "--tenant", tenant];
        let text = said(&daemon, &admin, &words, 0, &[&format!("(operator of tenant {tenant})")]);
        text.rsplit(' ').next().expect("it ends with the token").trim().to_string()
    };
    let (ann, rob) = (user("ann", "blue"), user("rob", "red"));
    said(&daemon, &ann, &["status"], 0, &["by others", "you are ann (operator of tenant blue)"]);
    said(&daemon, &ann, &["apply", "blue.yaml"], 0, &["version 3 is in force"]);
    assert_eq!(ends.who_gets(), ["left"]);
    said(&daemon, &rob, &["apply", "red.yaml"], 0, &["version 4 is in force"]);
    assert_eq!(ends.who_gets(), ["left", "right"]);
    said(
        &daemon,
        &ann,
        &["apply", "greedy.yaml"],
        2,
        &["tenant `blue` has no tool or group `right`", "policy:3:"],
    );
    said(&daemon, &ann, &["apply", "red.yaml"], 2, &["this part is of tenant `red`, and you are of `blue`"]);
    let filters = said(&daemon, &ann, &["filters"], 0, &["blue/all"]);
    assert!(!filters.contains("red"), "{filters}");
    let ports = said(&daemon, &rob, &["ports"], 0, &["right", "tap"]);
    assert!(!ports.contains("left"), "{ports}");
    let log = said(&daemon, &ann, &["log"], 0, &["ann"]);
    assert!(!log.contains("rob"), "{log}");
    let audit = said(&daemon, &admin, &["audit"], 0, &[]);
    let of = |user: &str, tenant: &str| {
        let words = |line: &str| line.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        audit.lines().map(words).any(|line| line.windows(2).any(|pair| pair == [user, tenant]))
    };
    assert!(of("ann", "blue") && of("rob", "red") && of("admin", "-"), "{audit}");
    // It begins again with both parts.
    daemon.kill();
    let daemon = Daemon::start(folder, &ends);
    assert_eq!(ends.who_gets(), ["left", "right"]);
    said(&daemon, &admin, &["log", "4", "--text"], 0, &["tenant: red", "tenant: blue", "tenants:"]);
    said(&daemon, &rob, &["log", "4", "--text"], 0, &["tenant: red"]);
}

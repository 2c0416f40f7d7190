//! Commands that ask a broker.

use std::process::Command;

use crate::lab::{Daemon, Ends, all_to, ask, folder};

#[test]
fn commands_ask_a_broker_that_runs() {
    let (folder, ends) = (folder(), Ends::new());
    let folder = folder.path();
    let mut daemon = Daemon::start(folder, &ends);
    let token = daemon.token.clone().expect("the store is new");
    assert!(token.starts_with("sluice_") && token.len() == 71, "{token}");
    let said = |words: &[&str], code: i32, parts: &[&str]| {
        let (text, found) = ask(folder, &daemon, words);
        assert_eq!(found, Some(code), "{words:?}: {text}");
        for part in parts {
            assert!(text.contains(part), "{words:?}: {part}\n{text}");
        }
        text
    };
    said(&["status"], 0, &["policy version 1", "by serve", "you are admin (admin)", "accounted for"]);
    assert_eq!(ends.who_gets(), ["left"]);
    said(&["plan", "next.yaml"], 0, &["to-right", "from version 1", "switch   1"]);
    said(&["apply", "next.yaml", "--dry-run"], 0, &["nothing was changed: version 1 is in force"]);
    said(&["apply", "next.yaml", "--reason", "right is better"], 0, &["version 2 is in force"]);
    assert_eq!(ends.who_gets(), ["right"]);
    said(&["apply", "broker.yaml", "--expect", "1"], 2, &["version 2 is in force, not 1"]);
    std::fs::write(folder.join("wrong.yaml"), all_to("middle")).expect("it can be written");
    said(&["apply", "wrong.yaml"], 2, &["policy:6:", "middle"]);
    said(&["filters"], 0, &["to-right     1  tap", "(everything)"]);
    said(&["ports"], 0, &["tap         1  network  up            2     0"]);
    said(&["ports", "--clear", "tap"], 0, &["begin anew"]);
    said(&["ports"], 0, &["tap         1  network  up            0     0"]);
    let log = said(&["log"], 0, &["right is better", "the policy to begin with"]);
    assert_eq!(log.lines().count(), 3, "{log}");
    said(&["log", "2"], 0, &["+  - { name: to-right, to: [right] }", "version 2, committed"]);
    assert_eq!(said(&["log", "1", "--text"], 0, &[]), all_to("left"));
    said(&["top", "--count", "1"], 0, &["policy version 2; accounted for", "to-right"]);
    said(&["rollback", "1", "--reason", "no, it is not"], 0, &["version 3 is in force"]);
    assert_eq!(ends.who_gets(), ["left"]);
    said(&["log"], 0, &["(as version 1) no, it is not"]);
    let added = said(&["users", "--add", "vera"], 0, &["token of vera (viewer)"]);
    said(&["users"], 0, &["admin", "vera"]);
    said(&["audit"], 0, &["add_user", "rollback", "refused:"]);
    let vera = added.rsplit(' ').next().expect("it ends with the token").trim();
    std::fs::write(folder.join("admin"), &token).expect("it can be written");
    std::fs::write(folder.join("token"), vera).expect("it can be written");
    said(&["apply", "next.yaml"], 2, &["needs the role operator, and `vera` is viewer"]);
    std::fs::write(folder.join("token"), "sluice_wrong").expect("it can be written");
    said(&["status"], 2, &["Authorization: Bearer"]);
    std::fs::write(folder.join("token"), &token).expect("it can be written");
    // It ends as told, and begins again with what was in force.
    // The shell has this built in, and not every machine has `kill` as a program.
    let end = format!("kill {}", daemon.child.id());
    assert!(Command::new("sh").args(["-c", &end]).status().expect("it runs").success());
    assert!(daemon.child.wait().expect("it was begun here").success());
    let (text, code) = ask(folder, &daemon, &["status"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("cannot be reached"), "{text}");
    let daemon = Daemon::start(folder, &ends);
    let (text, _) = ask(folder, &daemon, &["status"]);
    assert!(text.contains("policy version 3") && daemon.token.is_none(), "{text}");
    assert_eq!(ends.who_gets(), ["left"]);
}

//! What a service manager says and hears: readiness, SIGHUP, the end; and the unit's file.

use std::io::BufRead;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::lab::{Daemon, Ends, all_to, folder};

fn signal(daemon: &Daemon, name: &str) {
    // The shell has this built in, and not every machine has `kill` as a program.
    let line = format!("kill -{name} {}", daemon.child.id());
    assert!(Command::new("sh").args(["-c", &line]).status().expect("it runs").success());
}

#[test]
fn it_says_when_it_serves_and_reads_its_policy_again() {
    let (folder, ends) = (folder(), Ends::new());
    let folder = folder.path();
    let path = folder.join("notify");
    let socket = UnixDatagram::bind(&path).expect("the folder is ours");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("it is a time");
    let told = || {
        let mut bytes = [0; 4096];
        let length = socket.recv(&mut bytes).expect("it comes in time");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let mut daemon = Daemon::told(folder, &ends.arguments(), &path);
    let ready = told();
    assert!(ready.starts_with("READY=1\nSTATUS=P4Runtime at 127.0.0.1:"), "{ready}");
    assert_eq!(ends.who_gets(), ["left"]);
    let mut reload = |text: &str| {
        std::fs::write(folder.join("broker.yaml"), text).expect("it can be written");
        signal(&daemon, "HUP");
        let mut line = String::new();
        while !line.starts_with("reload: ") {
            line.clear();
            assert!(daemon.stderr.read_line(&mut line).expect("it writes lines") > 0);
        }
        assert_eq!(told().trim_end(), format!("STATUS={}", line["reload: ".len()..].trim_end()));
        line
    };
    let line = reload(&all_to("right"));
    assert!(line.contains("policy version 2 is in force"), "{line}");
    assert_eq!(ends.who_gets(), ["right"]);
    let line = reload(&all_to("nobody"));
    assert!(line.contains("refused, the policy in force stays"), "{line}");
    assert_eq!(ends.who_gets(), ["right"]);
    signal(&daemon, "TERM");
    assert!(told().starts_with("STOPPING=1"));
    assert!(
        daemon.child.wait().expect("it was begun here").success(),
        "it ends by itself, and everything adds up"
    );
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/systemd/sluice.service");
    let text = std::fs::read_to_string(&unit).expect("it is there");
    let Some(start) = text.lines().find_map(|line| line.strip_prefix("ExecStart=")) else {
        panic!("nothing is started");
    };
    // Its options are those of the command.
    let help =
        Command::new(env!("CARGO_BIN_EXE_sluice")).args(["serve", "--help"]).output().expect("it runs");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    for option in start.split(' ').filter(|word| word.starts_with("--")) {
        assert!(help.contains(option), "{option}");
    }
    // The command and its files are where they are after an installation; here it is this build's.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let here = folder.path().join("sluice.service");
    let own = text.replace("/usr/bin/sluice", env!("CARGO_BIN_EXE_sluice")).replace("Documentation=", "# ");
    std::fs::write(&here, own).expect("it can be written");
    let Ok(output) = Command::new("systemd-analyze").arg("verify").arg(&here).output() else {
        eprintln!("skipped: there is no `systemd-analyze`");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let of_ours: Vec<&str> = said.lines().filter(|line| line.contains("sluice.service")).collect();
    assert!(output.status.success() && of_ours.is_empty(), "{said}");
}

//! A disk that is really full: a small tmpfs. Skipped where none can be mounted (no root).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lab::{Daemon, Ends, all_to, ask, folder};

/// A file system of a megabyte and a half.
pub(crate) struct Small(PathBuf);

impl Small {
    pub(crate) fn mount(at: &Path) -> Option<Self> {
        fs::create_dir(at).expect("it can be made");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1536k,mode=0700", "none"])
            .arg(at)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: no tmpfs can be mounted here (needs root)");
        }
        mounted.then(|| Self(at.to_path_buf()))
    }

    /// Takes all the space that is left.
    pub(crate) fn fill(&self) {
        let filler = vec![0; 4 << 20];
        assert!(fs::write(self.0.join("filler"), filler).is_err(), "it does not fit");
    }

    pub(crate) fn free(&self) {
        fs::remove_file(self.0.join("filler")).expect("it is there");
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_refuses_changes_and_traffic_goes_on() {
    let folder = folder();
    let folder = folder.path();
    let Some(small) = Small::mount(&folder.join("store")) else { return };
    let ends = Ends::new();
    let mut daemon = Daemon::start(folder, &ends);
    assert_eq!(ends.who_gets(), ["left"]);
    small.fill();
    // What the store has taken already is used up first.
    let (mut tool, mut version, mut refused) = ("left", 1, None);
    for round in 0..40 {
        let next = if tool == "left" { "right" } else { "left" };
        let padding = format!("# {round} {}\n", "x".repeat(100_000));
        fs::write(folder.join("padded.yaml"), format!("{padding}{}", all_to(next)))
            .expect("it can be written");
        let (text, code) = ask(folder, &daemon, &["apply", "padded.yaml"]);
        if code == Some(0) {
            (tool, version) = (next, version + 1);
            continue;
        }
        refused = Some(text);
        break;
    }
    let refused = refused.expect("the disk is full");
    assert!(refused.contains("nothing was changed") && refused.contains("full"), "{refused}");
    for _ in 0..3 {
        assert_eq!(ends.who_gets(), [tool], "traffic goes on");
        let (text, code) = ask(folder, &daemon, &["apply", "padded.yaml"]);
        assert_eq!(code, Some(2), "{text}");
    }
    let (text, code) = ask(folder, &daemon, &["status"]);
    assert!(code == Some(0) && text.contains(&format!("policy version {version},")), "{text}");
    // There is space again: changes are made again, and outlive the process.
    small.free();
    let next = if tool == "left" { ("next.yaml", "right") } else { ("broker.yaml", "left") };
    let (text, code) = ask(folder, &daemon, &["apply", next.0]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(ends.who_gets(), [next.1]);
    daemon.kill();
    let daemon = Daemon::start(folder, &ends);
    assert_eq!(ends.who_gets(), [next.1]);
    drop(daemon);
}

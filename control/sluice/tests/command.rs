//! What a user types, and what comes back: each file of `tests/cases/` is one session with the command.
//!
//! A line `$ sluice ...` is run; what it prints and its exit code (where it is not 0) stand below it. Sessions run in a folder of their own, with two
//! sample captures (`a.pcapng`, `b.pcapng`), the files of `tests/files/`, and damaged captures made here. `SLUICE_BLESS=1` writes the expected output anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sluice_capture::sample::{SampleOptions, generate, write_tap};

fn here(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(below)
}

/// A folder with everything that sessions use.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let put =
        |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("it can be written");
    let sample =
        generate(SampleOptions { seed: 7, packets: 400, ..SampleOptions::default() }).expect("it is small");
    for (name, frames) in [("a", &sample.tap_a), ("b", &sample.tap_b)] {
        let bytes = write_tap(Vec::new(), name, frames).expect("memory takes everything");
        put(&format!("{name}.pcapng"), &bytes);
        if name == "a" {
            put("cut.pcapng", &bytes[..bytes.len() / 2]);
        }
    }
    put("text.txt", b"this is no capture\n");
    put("empty.pcap", b"");
    // A pcap header of link type 105, IEEE 802.11.
    let mut wireless = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
    wireless.extend(105u32.to_le_bytes());
    put("wireless.pcap", &wireless);
    for entry in fs::read_dir(here("files")).expect("the files are part of the project") {
        let path = entry.expect("it was listed").path();
        fs::copy(&path, folder.path().join(path.file_name().expect("a file"))).expect("it can be copied");
    }
    folder
}

/// Splits at blanks, but not within single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is always one").push(c),
        }
    }
    words
}

/// Runs one line and gives what it printed, without the line on speed.
fn run(folder: &Path, line: &str) -> String {
    let mut words = words(line);
    let program = words.remove(0);
    let mut text = String::new();
    if program == "ls" {
        let listed = fs::read_dir(folder.join(&words[0])).map(|entries| {
            let mut names: Vec<_> = entries.map(|entry| entry.expect("listed").file_name()).collect();
            names.sort();
            names.iter().map(|name| format!("{}\n", name.display())).collect::<String>()
        });
        return listed.unwrap_or_else(|_| "there is no such folder\n".to_string());
    }
    assert_eq!(program, "sluice", "a session runs `sluice` and `ls`");
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(&words)
        // Lines of the log have times, and tests of their own (`telemetry/log.rs`).
        .env("SLUICE_LOG", "off")
        .current_dir(folder)
        // Its times are never the same.
        .env("SLUICE_LOG", "off")
        .output()
        .expect("the command starts");
    for stream in [&output.stdout, &output.stderr] {
        for line in String::from_utf8_lossy(stream).lines().filter(|line| !line.ends_with("with files")) {
            text.push_str(line);
            text.push('\n');
        }
    }
    match output.status.code() {
        Some(0) => {}
        Some(code) => text.push_str(&format!("(exit code {code})\n")),
        None => text.push_str("(killed)\n"),
    }
    text
}

#[test]
fn sessions() {
    let bless = std::env::var_os("SLUICE_BLESS").is_some();
    let mut cases: Vec<PathBuf> = fs::read_dir(here("cases"))
        .expect("the cases are part of the project")
        .map(|entry| entry.expect("it was listed").path())
        .collect();
    cases.sort();
    let mut failed = Vec::new();
    for case in cases {
        let folder = folder();
        let expected = fs::read_to_string(&case).expect("a case is text");
        let mut found = String::new();
        for line in expected.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                found.push_str(&format!("{line}\n{}", run(folder.path(), command)));
            } else if line.starts_with('#') {
                found.push_str(&format!("{line}\n"));
            }
        }
        if bless {
            fs::write(&case, &found).expect("a case can be written");
        } else if found != expected {
            failed.push(format!("{}\n--- expected\n{expected}\n--- found\n{found}", case.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Same input, same bytes: two runs write the same files.
#[test]
fn replay_is_deterministic() {
    let folder = folder();
    for out in ["one", "two"] {
        let line =
            format!("sluice replay broker.yaml --in tap-a=a.pcapng --in tap-b=b.pcapng --out {out} --json");
        run(folder.path(), &line);
    }
    let mut files = 0;
    for entry in fs::read_dir(folder.path().join("one")).expect("it was written") {
        let path = entry.expect("it was listed").path();
        let twin = folder.path().join("two").join(path.file_name().expect("a file"));
        assert_eq!(fs::read(&path).expect("one"), fs::read(&twin).expect("two"), "{}", path.display());
        files += 1;
    }
    assert_eq!(files, 6, "one file a tool");
}

/// Completions and the manual name every subcommand.
#[test]
fn completions_and_manual_are_whole() {
    let folder = folder();
    for line in ["sluice completions bash", "sluice completions zsh", "sluice completions fish", "sluice man"]
    {
        let text = run(folder.path(), line);
        for subcommand in
            ["check", "plan", "replay", "explain", "sample", "serve", "apply", "rollback", "log", "top"]
        {
            assert!(text.contains(subcommand), "{line} lacks {subcommand}");
        }
    }
}

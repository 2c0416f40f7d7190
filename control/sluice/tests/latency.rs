//! What `sluice latency` writes, read by others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use sluice_capture::sample::{SampleOptions, generate, write_tap};

fn sluice(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the command starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

/// A folder with `a.pcapng` and `b.pcapng`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sample =
        generate(SampleOptions { seed: 3, packets: 2_000, ..SampleOptions::default() }).expect("it is small");
    for (name, frames) in [("a", &sample.tap_a), ("b", &sample.tap_b)] {
        let bytes = write_tap(Vec::new(), name, frames).expect("memory takes everything");
        std::fs::write(folder.path().join(format!("{name}.pcapng")), bytes).expect("it can be written");
    }
    folder
}

/// Packets of the merged capture that have one number are the same packet at both taps: tshark reads the numbers, and the delays between them are the
/// report's.
#[test]
fn tshark_joins_the_taps_by_packet_id() {
    let folder = folder();
    let json = sluice(folder.path(), &["latency", "a.pcapng", "b.pcapng", "--merge", "m.pcapng", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let listed = Command::new("tshark")
        .args(["-r", "m.pcapng", "-T", "fields"])
        .args(
            ["frame.packet_id", "frame.interface_name", "frame.time_epoch", "ip.id"]
                .map(|field| ["-e", field])
                .concat(),
        )
        .current_dir(folder.path())
        .output();
    let Ok(listed) = listed else {
        println!("skipped: tshark is not installed");
        return;
    };
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut packets: BTreeMap<String, Vec<(String, f64, String)>> = BTreeMap::new();
    let mut lines = 0;
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        lines += 1;
        if !cells[0].is_empty() {
            let seconds = cells[2].rsplit_once('.').map_or(0.0, |(whole, part)| {
                // The last seconds and the nanoseconds: exact in 64 bits.
                let low: f64 = whole[whole.len() - 4..].parse().expect("digits");
                low + part.parse::<f64>().expect("digits") / 1e9
            });
            packets.entry(cells[0].to_string()).or_default().push((
                cells[1].to_string(),
                seconds,
                cells[3].to_string(),
            ));
        }
    }
    let number = |pointer: &str| report.pointer(pointer).and_then(serde_json::Value::as_f64).expect(pointer);
    assert_eq!(f64::from(lines), number("/taps/0/packets") + number("/taps/1/packets"));
    assert_eq!(packets.len() as f64, number("/segments/0/matched"), "as many numbers as pairs");
    let mut delays = Vec::new();
    for pair in packets.values() {
        let [(first, sent, id), (second, arrived, id_there)] = &pair[..] else {
            panic!("not a pair: {pair:?}")
        };
        assert_eq!((&**first, &**second, id), ("a", "b", id_there));
        delays.push((arrived - sent) * 1e9);
    }
    delays.sort_by(f64::total_cmp);
    assert!((delays[0] - number("/segments/0/delays/min_ns")).abs() < 1.0);
    assert!((delays[delays.len() - 1] - number("/segments/0/delays/max_ns")).abs() < 1.0);
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    assert!((mean - number("/segments/0/delays/mean_ns")).abs() < 1.0);
}

/// What the broker stamps, this reads: two replays of one tap with different formats have no delay between them.
#[test]
fn stamps_of_the_broker_are_the_captures_times() {
    let folder = folder();
    let stamps = [
        ("d28b", "edits: { stamp: { format: d28b, bits: 64, clock: utc } }"),
        ("d28b", "edits: { stamp: { format: d28b, bits: 48, clock: tai } }"),
        ("vss+1", "edits: { stamp: { format: vss, source: ptp, port: 7 } }"),
    ];
    for (format, edits) in stamps {
        let policy = format!(
            "ports:\n  tap-a: {{ role: network, id: 1 }}\n  ids: {{ role: tool, id: 10 }}\nfilters:\n  - {{ name: all, match: ip, to: [ids], {edits} }}\n"
        );
        std::fs::write(folder.path().join("p.yaml"), policy).expect("it can be written");
        sluice(folder.path(), &["replay", "p.yaml", "--in", "tap-a=a.pcapng", "--out", "out"]);
        let arguments = ["latency", "raw=a.pcapng", "stamped=out/ids.pcapng", "--json"];
        let report: serde_json::Value =
            serde_json::from_str(&sluice(folder.path(), &arguments)).expect("it is JSON");
        assert_eq!(report["sources"][1]["format"], format);
        assert_eq!(report["taps"][1]["unstamped"], 0);
        let delays = &report["segments"][0]["delays"];
        assert!(delays["count"].as_u64().expect("a number") > 1_000, "{delays}");
        assert_eq!((&delays["min_ns"], &delays["max_ns"]), (&0.into(), &0.into()), "{format}");
    }
}

/// The page is whole, loads nothing, and shows what was measured; Chromium draws it in light and dark.
#[test]
fn the_page_stands_alone() {
    let folder = folder();
    sluice(
        folder.path(),
        &["latency", "a.pcapng", "b.pcapng", "--html", "report.html", "--link-rate", "10M"],
    );
    let page = std::fs::read_to_string(folder.path().join("report.html")).expect("it was written");
    for needle in [
        "<svg",
        "Delay over time",
        "Gaps:",
        "Flows:",
        "Microbursts",
        "Round-trip times",
        "prefers-color-scheme: dark",
    ] {
        assert!(page.contains(needle), "the page has {needle}");
    }
    for foreign in ["<script", "src=", "href=", "url(", "@import", "http:", "https:"] {
        assert!(!page.contains(foreign), "the page has {foreign}");
    }
    for tag in ["html", "body", "svg", "table", "div", "p", "h2", "h3", "title"] {
        let (open, close) =
            (page.matches(&format!("<{tag}")).count(), page.matches(&format!("</{tag}>")).count());
        // `p` and `h` begin other names, too.
        assert!(close > 0 && open >= close, "{tag}: {open} opened, {close} closed");
    }
    // Pictures to look at: where `SLUICE_SHOTS` says.
    let shots: PathBuf = std::env::var_os("SLUICE_SHOTS").map_or(folder.path().to_path_buf(), Into::into);
    for (name, options) in [("light", &[][..]), ("dark", &["--blink-settings=preferredColorScheme=0"])] {
        let picture = shots.join(format!("latency-{name}.png"));
        let profile = folder.path().join(format!("profile-{name}"));
        let started = Command::new("chromium")
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--window-size=1120,2600",
            ])
            .args(options)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("--screenshot={}", picture.display()))
            .arg(format!("file://{}", folder.path().join("report.html").display()))
            .output();
        match started {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                println!(
                    "skipped: chromium ends with {}: {}",
                    output.status,
                    String::from_utf8_lossy(&output.stderr)
                );
                return;
            }
            Err(_) => {
                println!("skipped: chromium is not installed");
                return;
            }
        }
        let bytes = std::fs::read(&picture).unwrap_or_default();
        assert!(
            bytes.starts_with(b"\x89PNG") && bytes.len() > 20_000,
            "{name}: {} bytes of picture",
            bytes.len()
        );
    }
}

/// What one command writes of the taps' constants, the next one takes off.
#[test]
fn constants_of_ports_are_measured_and_taken_off() {
    let folder = folder();
    let taps = ["latency", "near=a.pcapng", "far=b.pcapng", "--json"];
    let median = |more: &[&str]| {
        let json = sluice(folder.path(), &[&taps[..], more].concat());
        let report: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        (
            report["segments"][0]["delays"]["p50_ns"].as_i64().expect("there are delays"),
            report["segments"][0]["offset_bound_ns"].as_u64(),
        )
    };
    let (before, _) = median(&["--write-calibration", "ports.json", "--cable", "25ns"]);
    let text = std::fs::read_to_string(folder.path().join("ports.json")).expect("it was written");
    let written: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(written["taps"]["near"]["offset_ns"], 0);
    assert_eq!(written["taps"]["far"]["offset_ns"], before - 25);
    let bound = written["taps"]["far"]["bound_ns"].as_u64().expect("it is a number");
    let clocks = ["--calibration", "ports.json", "--clock", "near=ptp,10ns", "--clock", "far=ptp,20ns"];
    let (after, both) = median(&clocks);
    // Only the cable is left, but for the classes of the histogram.
    assert!((after - 25).abs() <= before / 500, "{before} became {after}");
    assert_eq!(both, Some(30 + bound));
    // A tap that the file does not know has no constant; a file that knows none of them is a mistake.
    let refused = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["latency", "a.pcapng", "b.pcapng", "--calibration", "ports.json"])
        .current_dir(folder.path())
        .output()
        .expect("the command starts");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("says nothing of these taps"), "{said}");
}

/// The clocks of whatever machine this is, and what is said of a daemon that is not there.
#[test]
fn clocks_are_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let json = sluice(folder.path(), &["clock", "--json", "--ptp-socket", "none"]);
    let clocks: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let system = &clocks["system"];
    assert!(system["locked"].is_boolean() && system["most_error_ns"].is_u64(), "{json}");
    assert!(clocks["devices"].is_array());
    let daemon = &clocks["daemons"][0];
    assert_eq!((&daemon["socket"], &daemon["error"]), (&"none".into(), &"there is no such socket".into()));
    assert!(daemon["locked"].is_null());
    let text = sluice(folder.path(), &["clock", "--ptp-socket", "none"]);
    assert!(text.starts_with("system clock: "), "{text}");
    assert!(text.contains("PTP daemon at none: there is no such socket"), "{text}");
}

//! tcpdump and tshark, which others wrote: what they make of frames.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use sluice_capture::{PcapWriter, ReadOptions, Reader};

use crate::captures::Captured;

/// Whether a tool runs; where not, the reason is printed.
pub fn is_there(tool: &str) -> bool {
    let ran = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let there = ran.is_ok_and(|status| status.success());
    if !there {
        println!("skipped: no {tool}");
    }
    there
}

/// A capture file that goes away with this value.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Writes the frames; frame number i gets the time i seconds plus 500 million, so that selections can name frames.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn numbered(frames: &[Captured]) -> io::Result<Self> {
        Self::write(frames, |index, _| (FIRST_SECOND + index as u64) * 1_000_000_000)
    }

    /// Writes the frames with their times.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn timed(frames: &[Captured]) -> io::Result<Self> {
        Self::write(frames, |_, frame| frame.time_ns)
    }

    fn write(frames: &[Captured], time_ns: impl Fn(usize, &Captured) -> u64) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sluice-conformance-{}-{number}.pcap", std::process::id());
        let scratch = Self(std::env::temp_dir().join(name));
        let mut writer = PcapWriter::new(BufWriter::new(File::create(&scratch.0)?))?;
        for (index, frame) in frames.iter().enumerate() {
            writer.write_packet(time_ns(index, frame), &frame.data, frame.wire_length)?;
        }
        writer.finish()?;
        Ok(scratch)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file left in the temporary folder is no reason to fail a test.
        let _ = std::fs::remove_file(&self.0);
    }
}

const FIRST_SECOND: u64 = 500_000_000;

/// Numbers of the frames that tcpdump selects.
///
/// # Errors
/// What tcpdump says against the expression.
pub fn tcpdump_selects(capture: &Scratch, expression: &str) -> Result<Vec<usize>, String> {
    let output = Command::new("tcpdump")
        .args(["-n", "-r"])
        .arg(capture.path())
        .args(["-w", "-", expression])
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let mut selected = Vec::new();
    let mut reader =
        Reader::new(&output.stdout[..], ReadOptions::default()).map_err(|error| error.to_string())?;
    while let Some(packet) = reader.next_packet().map_err(|error| error.to_string())? {
        selected.push((packet.time_ns / 1_000_000_000 - FIRST_SECOND) as usize);
    }
    Ok(selected)
}

/// What tshark shows of the fields of each frame, one row a frame, columns as the fields. Preferences and other options may
/// be given in `options`. Several values of one field are joined by commas.
///
/// # Errors
/// tshark does not run, or complains.
pub fn tshark_fields(
    frames: &[Captured],
    fields: &[&str],
    options: &[&str],
) -> Result<Vec<Vec<String>>, String> {
    let capture = Scratch::timed(frames).map_err(|error| error.to_string())?;
    let mut command = Command::new("tshark");
    command.arg("-n").args(options).arg("-r").arg(capture.path()).args(["-T", "fields", "-E", "separator=|"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().map(|line| line.split('|').map(str::to_string).collect()).collect())
}

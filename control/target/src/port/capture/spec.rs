//! `capture:FOLDER[,size=100M][,seconds=60][,files=20][,snaplen=128][,queue=64M]`.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use super::super::MAX_FRAME;

/// Bytes that wait for the disk, if nothing else is said.
const QUEUE_BYTES: u64 = 64 << 20;
/// Less than that has no room for the longest frame.
const LEAST_BYTES: u64 = 128 << 10;
/// Most bytes that may wait.
const MOST_QUEUE_BYTES: u64 = 16 << 30;

/// What is to be written where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureSpec {
    /// The folder, which is there.
    pub folder: PathBuf,
    /// The most bytes of a file.
    pub max_bytes: Option<u64>,
    /// How long a file is written.
    pub max_time: Option<Duration>,
    /// How many files stay.
    pub max_files: Option<NonZeroU32>,
    /// The most bytes of a frame.
    pub snap_bytes: usize,
    /// The most bytes of copies that wait for the disk; as many again may be on their way to it.
    pub queue_bytes: usize,
    /// Ports that copies may have come in by, each an interface of the files.
    pub taps: Vec<(u16, String)>,
}

/// How it is written, for messages.
const FORM: &str = "`capture:FOLDER[,size=100M][,seconds=60][,files=20][,snaplen=128][,queue=64M]`";

impl CaptureSpec {
    /// Reads what stands behind `capture:`.
    pub(in crate::port) fn parse(text: &str) -> Result<Self, String> {
        let help = || format!("write {FORM}");
        let mut words = text.split(',');
        let folder = words.next().filter(|folder| !folder.is_empty());
        let folder = folder.ok_or_else(|| format!("`capture:{text}` names no folder; {}", help()))?;
        let mut spec = Self {
            folder: folder.into(),
            max_bytes: None,
            max_time: None,
            max_files: None,
            snap_bytes: MAX_FRAME,
            queue_bytes: QUEUE_BYTES as usize,
            taps: Vec::new(),
        };
        let mut seen = Vec::new();
        for word in words {
            let (name, value) =
                word.split_once('=').ok_or_else(|| format!("`{word}` has no value; {}", help()))?;
            if seen.contains(&name) {
                return Err(format!("`{name}` is there twice"));
            }
            seen.push(name);
            spec.set(name, value).map_err(|why| format!("`{word}`: {why}"))?;
        }
        if spec.max_files.is_some() && spec.max_bytes.is_none() && spec.max_time.is_none() {
            return Err(format!("`files` needs `size` or `seconds`, else there is one file; {}", help()));
        }
        Ok(spec)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "size" => self.max_bytes = Some(between(bytes(value)?, LEAST_BYTES, u64::MAX)?),
            "queue" => self.queue_bytes = between(bytes(value)?, LEAST_BYTES, MOST_QUEUE_BYTES)? as usize,
            "seconds" => {
                let seconds = between(number(value)?, 1, u64::from(u32::MAX))?;
                self.max_time = Some(Duration::from_secs(seconds));
            }
            "files" => {
                let files = value.parse().map_err(|_| "a number of files from 1 on is expected")?;
                self.max_files = Some(files);
            }
            "snaplen" => self.snap_bytes = between(number(value)?, 1, MAX_FRAME as u64)? as usize,
            _ => return Err(format!("there is no such word; write {FORM}")),
        }
        Ok(())
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "a number is expected".to_string())
}

fn between(value: u64, least: u64, most: u64) -> Result<u64, String> {
    let range = || match most {
        u64::MAX => format!("at least {least} is expected"),
        most => format!("{least} to {most} is expected"),
    };
    if (least..=most).contains(&value) { Ok(value) } else { Err(range()) }
}

/// A size with `K`, `M` or `G` behind it, of 1,024 each, or none.
fn bytes(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 10),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 20),
        Some(b'g' | b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let wrong = || "a size is expected, as `100M`".to_string();
    let value: u64 = digits.parse().map_err(|_| wrong())?;
    value.checked_mul(1 << shift).ok_or_else(wrong)
}

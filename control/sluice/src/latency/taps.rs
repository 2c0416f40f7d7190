//! The taps: captures opened, their formats found, their packets in the order of time.

use std::fs::File;
use std::path::{Path, PathBuf};

use sluice_capture::{ReadOptions, Reader};
use sluice_latency::{Detector, Format, MAX_TAPS, StampReader, Stamped};

use super::args::{Latency, format_names};
use super::calibration::{Calibration, TapConstants};
use crate::failure::Failure;

/// A tap, before its packets are read.
#[derive(Clone, Debug)]
pub(super) struct Tap {
    pub(super) name: String,
    /// Number of the capture that it is in.
    pub(super) capture: usize,
    /// Interface of that capture; all of them where the capture is one tap.
    pub(super) interface: Option<u32>,
    pub(super) stamps: StampReader,
}

/// Taps, and the captures that they are in.
#[derive(Clone, Debug)]
pub(super) struct Taps {
    pub(super) captures: Vec<PathBuf>,
    pub(super) taps: Vec<Tap>,
    /// What is taken off the times of each.
    pub(super) constants: Vec<TapConstants>,
    options: ReadOptions,
    partial: bool,
}

/// A frame of a tap.
pub(super) struct TapFrame<'a> {
    pub(super) tap: usize,
    /// Nothing where a stamp should be and is not.
    pub(super) stamped: Option<Stamped<'a>>,
}

/// A capture being read: its next frame is held.
struct Open {
    capture: usize,
    reader: Reader<File>,
    frame: Vec<u8>,
    capture_ns: u64,
    wire_length: u32,
    tap: usize,
    /// By which frames are put in order; nothing at the end.
    order_ns: Option<u64>,
}

fn open(path: &Path, options: ReadOptions) -> Result<Reader<File>, Failure> {
    let file = File::open(path).map_err(Failure::read(path))?;
    Reader::new(file, options).map_err(|source| Failure::Capture { path: path.to_path_buf(), source })
}

/// Packets of a capture that are looked at, at most, for its formats.
const LOOKED_AT: usize = 4_096;

impl Taps {
    /// Finds out what the taps are, and how their frames are stamped.
    pub(super) fn new(arguments: &Latency) -> Result<Self, Failure> {
        let mut named: Vec<(Option<String>, PathBuf)> = Vec::new();
        for text in &arguments.captures {
            // A name has no slash: a path may have a `=`.
            match text.split_once('=') {
                Some((name, path)) if !name.is_empty() && !name.contains('/') => {
                    named.push((Some(name.to_string()), path.into()));
                }
                _ => named.push((None, text.into())),
            }
        }
        let captures: Vec<PathBuf> = named.iter().map(|(_, path)| path.clone()).collect();
        let options = ReadOptions { assume_ethernet: arguments.assume_ethernet, total_bytes: None };
        let mut taps =
            Self { captures, taps: Vec::new(), constants: Vec::new(), options, partial: arguments.partial };
        if let [(name, path)] = &named[..] {
            taps.interfaces(name.as_deref(), path)?;
        } else {
            for (capture, (name, path)) in named.into_iter().enumerate() {
                let stem = path
                    .file_stem()
                    .map_or_else(|| path.display().to_string(), |stem| stem.display().to_string());
                let stamps = StampReader::new(Format::Capture);
                taps.taps.push(Tap { name: name.unwrap_or(stem), capture, interface: None, stamps });
            }
        }
        taps.name_apart();
        taps.formats(arguments)?;
        if let Some(path) = &arguments.calibration {
            taps.constants = Calibration::read(path)?.of(&taps, path)?;
        }
        Ok(taps)
    }

    /// The interfaces of a single capture that have packets: all of it is read for them.
    fn interfaces(&mut self, name: Option<&str>, path: &Path) -> Result<(), Failure> {
        let mut reader = open(path, self.options)?;
        let mut used: Vec<u32> = Vec::new();
        loop {
            match reader.next_packet() {
                Ok(Some(packet)) if !used.contains(&packet.interface) => used.push(packet.interface),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) if self.partial => break,
                Err(source) => return Err(Failure::Capture { path: path.to_path_buf(), source }),
            }
        }
        used.sort_unstable();
        if used.len() > MAX_TAPS {
            return Err(Failure::argument(
                format!("{} has packets of {} interfaces", path.display(), used.len()),
                format!("at most {MAX_TAPS} taps are compared: split the capture, for example by `editcap`"),
            ));
        }
        for interface in used {
            let own =
                reader.interfaces().get(interface as usize).and_then(|interface| interface.name.clone());
            let base = own.unwrap_or_else(|| format!("interface-{interface}"));
            let name = name.map_or(base.clone(), |name| format!("{name}.{base}"));
            let stamps = StampReader::new(Format::Capture);
            self.taps.push(Tap { name, capture: 0, interface: Some(interface), stamps });
        }
        Ok(())
    }

    /// No two taps have the same name.
    fn name_apart(&mut self) {
        for at in 1..self.taps.len() {
            let base = self.taps[at].name.clone();
            let mut number = 2;
            while self.taps[..at].iter().any(|tap| tap.name == self.taps[at].name) {
                self.taps[at].name = format!("{base}-{number}");
                number += 1;
            }
        }
    }

    /// The tap of that name, or what would be one.
    pub(super) fn named(&self, name: &str, argument: &str) -> Result<usize, Failure> {
        let found = self.taps.iter().position(|tap| tap.name == name);
        let names: Vec<&str> = self.taps.iter().map(|tap| &*tap.name).collect();
        found.ok_or_else(|| {
            Failure::argument(
                format!("`{argument}`: no tap is named `{name}`"),
                format!("the taps are: {}", names.join(", ")),
            )
        })
    }

    fn formats(&mut self, arguments: &Latency) -> Result<(), Failure> {
        let mut given: Vec<Option<Format>> = vec![None; self.taps.len()];
        for text in &arguments.formats {
            let (name, format) = match text.split_once('=') {
                Some((name, format)) => (Some(name), format),
                None => (None, &**text),
            };
            let format = match format {
                "auto" => None,
                format => Some(Format::named(format).ok_or_else(|| {
                    Failure::argument(
                        format!("`--format {text}`: there is no format `{format}`"),
                        format!("the formats are: {}", format_names()),
                    )
                })?),
            };
            match name {
                Some(name) => given[self.named(name, &format!("--format {text}"))?] = format,
                None => given.fill(format),
            }
        }
        let found = self.detect(arguments.tai_offset)?;
        for ((tap, given), found) in self.taps.iter_mut().zip(given).zip(found) {
            tap.stamps = match given {
                // With a check sequence behind it if that is what was found.
                Some(format) if format == found.format => found,
                Some(format) => StampReader { format, check_bytes: 0, tai_offset_s: arguments.tai_offset },
                None => found,
            };
        }
        Ok(())
    }

    fn detect(&self, tai_offset_s: u16) -> Result<Vec<StampReader>, Failure> {
        let mut detectors = vec![(Detector::new(tai_offset_s), false); self.taps.len()];
        for (capture, path) in self.captures.iter().enumerate() {
            let mut reader = open(path, self.options)?;
            for _ in 0..LOOKED_AT {
                // What is damaged is said when all is read.
                let Ok(Some(packet)) = reader.next_packet() else { break };
                let Some(tap) = self.tap_of(capture, packet.interface) else { continue };
                let (detector, enough) = &mut detectors[tap];
                if !*enough {
                    *enough = detector.observe(packet.data, packet.time_ns, packet.wire_length);
                }
            }
        }
        Ok(detectors.into_iter().map(|(detector, _)| detector.found()).collect())
    }

    fn tap_of(&self, capture: usize, interface: u32) -> Option<usize> {
        let is = |tap: &Tap| tap.capture == capture && tap.interface.is_none_or(|own| own == interface);
        self.taps.iter().position(is)
    }

    /// Reads all frames, in the order of their times (those without a stamp in the order of their capture); each time the same. Gives warnings of captures that are damaged, where
    /// these are allowed.
    pub(super) fn read(
        &self,
        mut each: impl FnMut(&TapFrame<'_>) -> Result<(), Failure>,
    ) -> Result<Vec<String>, Failure> {
        let mut warnings = Vec::new();
        let mut opened = Vec::new();
        for (capture, path) in self.captures.iter().enumerate() {
            let reader = open(path, self.options)?;
            let (frame, capture_ns, wire_length) = (Vec::new(), 0, 0);
            let mut open = Open { capture, reader, frame, capture_ns, wire_length, tap: 0, order_ns: None };
            self.advance(&mut open, 0, &mut warnings)?;
            opened.push(open);
        }
        loop {
            // The first of those with the least time: few enough to look at all.
            let next =
                opened.iter_mut().filter(|open| open.order_ns.is_some()).min_by_key(|open| open.order_ns);
            let Some(open) = next else { return Ok(warnings) };
            let stamped = self.stamped(open);
            each(&TapFrame { tap: open.tap, stamped })?;
            let before = open.order_ns.unwrap_or(0);
            self.advance(open, before, &mut warnings)?;
        }
    }

    /// The frame that is held, with its time as the calibration has it.
    fn stamped<'a>(&self, open: &'a Open) -> Option<Stamped<'a>> {
        let mut stamped = self.taps[open.tap].stamps.read(&open.frame, open.capture_ns, open.wire_length)?;
        if let Some(constants) = self.constants.get(open.tap) {
            constants.right(&mut stamped);
        }
        Some(stamped)
    }

    /// Reads on to the next frame of a tap.
    fn advance(&self, open: &mut Open, before_ns: u64, warnings: &mut Vec<String>) -> Result<(), Failure> {
        loop {
            let path = &self.captures[open.capture];
            let packet = match open.reader.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => {
                    open.order_ns = None;
                    return Ok(());
                }
                Err(source) => {
                    let failure = Failure::Capture { path: path.clone(), source };
                    if !self.partial {
                        return Err(failure);
                    }
                    warnings.push(failure.brief().replacen("error: ", "", 1));
                    open.order_ns = None;
                    return Ok(());
                }
            };
            let Some(tap) = self.tap_of(open.capture, packet.interface) else { continue };
            open.frame.clear();
            open.frame.extend_from_slice(packet.data);
            (open.capture_ns, open.wire_length, open.tap) = (packet.time_ns, packet.wire_length, tap);
            let time_ns = self.stamped(open).map(|stamped| stamped.time_ns);
            open.order_ns = Some(time_ns.unwrap_or(before_ns));
            return Ok(());
        }
    }
}

//! A capture that goes on: pcapng files of one name in a folder, one behind the other, of which the oldest go.
//!
//! Files are `NAME_00001_YYYYMMDDhhmmss.pcapng`, the time (UTC) being that of their beginning. Whoever begins again with the same name goes on behind what is there, and counts it.
//!
//! What is written to a file is whole blocks, and nothing of a file is changed afterwards: it can be read at each moment. A file that ends in the middle of a block, as it may when a process
//! is killed while the kernel copies, is cut behind its last whole one when the ring is opened again.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::invalid;
use super::pcapng::{InterfaceOptions, InterfaceStatistics, PacketRecord, PcapngWriter, SectionOptions};

/// What a file's name ends with.
const ENDING: &str = ".pcapng";
/// Bytes of the time in a name.
const STAMP_BYTES: usize = 14;
/// Bytes of a packet's block beside its data, at most.
const BLOCK_BYTES: u64 = 64;
/// Bytes of an interface's statistics.
const STATISTICS_BYTES: u64 = 64;

/// Which files there are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingOptions {
    /// The folder, which is there.
    pub folder: PathBuf,
    /// What the files' names begin with.
    pub name: String,
    /// The most bytes of a file. One packet is written, however long it is.
    pub max_bytes: Option<u64>,
    /// How long a file is written. One without packets is written on.
    pub max_time: Option<Duration>,
    /// How many files stay, that which is written included.
    pub max_files: Option<NonZeroU32>,
}

/// An interface of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingInterface {
    /// `if_name`.
    pub name: String,
    /// `if_description`.
    pub description: String,
}

/// What an interface counted in the file that is written.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    written: u64,
    /// Taken, and not in the file yet.
    pending: u64,
    dropped: u64,
}

/// The file that is written.
#[derive(Debug)]
struct Open {
    file: File,
    /// Blocks that are not in the file yet.
    blocks: PcapngWriter<Vec<u8>>,
    /// Bytes of whole blocks in the file.
    length: u64,
    /// Whether something may stand behind them.
    has_rest: bool,
    counts: Vec<Counts>,
    /// How many interfaces the file has.
    described: usize,
    began_ns: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Ring {
    options: RingOptions,
    interfaces: Vec<RingInterface>,
    /// What is there, the oldest first; that which is written is the last.
    files: VecDeque<PathBuf>,
    next: u64,
    open: Option<Open>,
}

impl Ring {
    /// Begins a file. Each has these interfaces, and those that are added.
    ///
    /// # Errors
    ///
    /// What the system says; a name that is none of a file.
    pub fn open(options: RingOptions, interfaces: Vec<RingInterface>, now_ns: u64) -> io::Result<Self> {
        if options.name.is_empty() || options.name.contains(['/', '\0']) {
            return Err(invalid("the name of a ring's files is empty, or has a slash"));
        }
        let mut there = Vec::new();
        for entry in fs::read_dir(&options.folder)? {
            let path = entry?.path();
            if let Some(number) = path.file_name().and_then(|name| number_of(name.to_str()?, &options.name)) {
                there.push((number, path));
            }
        }
        there.sort();
        if let Some((_, newest)) = there.last() {
            cut_to_whole_blocks(newest)?;
        }
        let next = there.last().map_or(1, |(number, _)| number.saturating_add(1));
        let files = there.into_iter().map(|(_, path)| path).collect();
        let mut ring = Self { options, interfaces, files, next, open: None };
        ring.begin_file(now_ns)?;
        Ok(ring)
    }

    /// The interfaces of each file, by number.
    pub fn interfaces(&self) -> &[RingInterface] {
        &self.interfaces
    }

    /// One more interface, from now on; returns its number.
    ///
    /// # Errors
    ///
    /// A name that is too long for the format.
    pub fn add_interface(&mut self, interface: RingInterface) -> io::Result<u32> {
        let number = self.interfaces.len() as u32;
        if let Some(open) = &mut self.open {
            open.add_interface(&interface)?;
        }
        self.interfaces.push(interface);
        Ok(number)
    }

    /// The file that is written, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.open.as_ref().and(self.files.back()).map(PathBuf::as_path)
    }

    /// Whether a packet of so many bytes belongs into a new file: [`Self::next_file`] is to be called first.
    pub fn is_due(&self, now_ns: u64, bytes: usize) -> bool {
        let Some(open) = &self.open else { return true };
        let end = STATISTICS_BYTES * self.interfaces.len() as u64;
        let with = open.length + open.blocks.output().len() as u64 + bytes as u64 + BLOCK_BYTES + end;
        let is_full = self.options.max_bytes.is_some_and(|most| with > most);
        open.has_packets() && (is_full || self.is_old(now_ns))
    }

    /// Whether the file that is written has been for as long as it may, and has packets.
    pub fn is_old(&self, now_ns: u64) -> bool {
        let Some(open) = &self.open else { return false };
        let passed = Duration::from_nanos(now_ns.saturating_sub(open.began_ns));
        open.has_packets() && self.options.max_time.is_some_and(|most| passed >= most)
    }

    /// Ends the file that is written, and begins the next one. What could not be written of the one before is gone, also after an error.
    ///
    /// # Errors
    ///
    /// What the system says. There may be no file then; the next call begins one.
    pub fn next_file(&mut self, now_ns: u64) -> io::Result<()> {
        self.close()?;
        self.begin_file(now_ns)
    }

    /// Takes a packet. It is in the file when [`Self::flush`], or what flushes, has returned without an error.
    ///
    /// # Errors
    ///
    /// There is no file; the packet has no place in the format.
    pub fn write(&mut self, packet: &PacketRecord<'_>) -> io::Result<()> {
        let open =
            self.open.as_mut().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no file is open"))?;
        open.blocks.write_packet(packet)?;
        if let Some(counts) = open.counts.get_mut(packet.interface as usize) {
            counts.pending += 1;
        }
        Ok(())
    }

    /// Packets of an interface that were lost in front of the file.
    pub fn note_dropped(&mut self, interface: u32, packets: u64) {
        let open = self.open.as_mut();
        if let Some(counts) = open.and_then(|open| open.counts.get_mut(interface as usize)) {
            counts.dropped += packets;
        }
    }

    /// Writes what was taken.
    ///
    /// # Errors
    ///
    /// What the system says: nothing of what was taken since the last flush is in the file then, and it goes.
    pub fn flush(&mut self) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let flushed = open.flush();
        if open.described < open.counts.len() {
            // An interface that packets to come may be of: only the next file will have it.
            self.open = None;
        }
        flushed
    }

    /// Ends the file that is written: with it, what each interface counted.
    ///
    /// # Errors
    ///
    /// What the system says; the file is ended nevertheless, behind its last whole block.
    pub fn close(&mut self) -> io::Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        open.flush()?;
        for (interface, Counts { written, dropped, .. }) in open.counts.clone().into_iter().enumerate() {
            let statistics = InterfaceStatistics {
                received: Some(written + dropped),
                dropped: Some(dropped),
                accepted: None,
                delivered: Some(written),
            };
            open.blocks.write_statistics(interface as u32, statistics)?;
        }
        open.flush()
    }

    fn begin_file(&mut self, now_ns: u64) -> io::Result<()> {
        self.make_room()?;
        let name = &self.options.name;
        let file = format!("{name}_{:05}_{}{ENDING}", self.next, stamp(now_ns));
        let path = self.options.folder.join(file);
        // It gets its name when there is something to read in it.
        let begun = self.options.folder.join(format!(".{name}.begun"));
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&begun)?;
        let blocks = PcapngWriter::new(Vec::new(), SectionOptions::default())?;
        let counts = Vec::new();
        let mut open =
            Open { file, blocks, length: 0, has_rest: false, counts, described: 0, began_ns: now_ns };
        self.interfaces.iter().try_for_each(|interface| open.add_interface(interface))?;
        open.flush()?;
        fs::rename(&begun, &path)?;
        self.next = self.next.saturating_add(1);
        self.files.push_back(path);
        self.open = Some(open);
        Ok(())
    }

    /// Takes away the oldest files, so that one more may be.
    fn make_room(&mut self) -> io::Result<()> {
        let Some(most) = self.options.max_files else { return Ok(()) };
        while self.files.len() >= most.get() as usize {
            if let Some(oldest) = self.files.front() {
                match fs::remove_file(oldest) {
                    // Somebody took it away.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    removed => removed?,
                }
            }
            self.files.pop_front();
        }
        Ok(())
    }
}

impl Open {
    fn add_interface(&mut self, interface: &RingInterface) -> io::Result<()> {
        let options = InterfaceOptions {
            name: &interface.name,
            description: Some(&interface.description),
            ..InterfaceOptions::default()
        };
        self.blocks.add_interface(options)?;
        self.counts.push(Counts::default());
        Ok(())
    }

    fn has_packets(&self) -> bool {
        self.counts.iter().any(|counts| counts.written + counts.pending > 0)
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.put();
        let blocks = self.blocks.output_mut();
        if written.is_ok() {
            self.length += blocks.len() as u64;
            self.described = self.counts.len();
        }
        blocks.clear();
        for counts in &mut self.counts {
            let pending = std::mem::take(&mut counts.pending);
            *(if written.is_ok() { &mut counts.written } else { &mut counts.dropped }) += pending;
        }
        written
    }

    /// Puts the blocks behind what is there: all of them, or none.
    fn put(&mut self) -> io::Result<()> {
        if self.has_rest {
            self.file.set_len(self.length)?;
            self.has_rest = false;
        }
        let written = self.file.write_all_at(self.blocks.output(), self.length);
        if written.is_err() {
            // A part of it may be there.
            self.has_rest = self.file.set_len(self.length).is_err();
        }
        written
    }
}

/// The number in a file's name, if it is one of this ring's.
fn number_of(file: &str, name: &str) -> Option<u64> {
    let rest = file.strip_prefix(name)?.strip_prefix('_')?.strip_suffix(ENDING)?;
    let (number, stamp) = rest.split_once('_')?;
    let is_stamp = stamp.len() == STAMP_BYTES && stamp.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = number.len() >= 5 && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_stamp && is_number).then(|| number.parse().ok())?
}

/// Cuts a file behind its last whole block.
fn cut_to_whole_blocks(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let mut reader = BufReader::new(&file);
    let mut end = 0u64;
    while length - end >= 12 {
        let mut head = [0u8; 8];
        reader.read_exact(&mut head)?;
        let [.., a, b, c, d] = head;
        let block = u64::from(u32::from_le_bytes([a, b, c, d]));
        if block < 12 || block % 4 != 0 || length - end < block {
            break;
        }
        end += block;
        reader.seek_relative(i64::try_from(block).unwrap_or(i64::MAX) - 8)?;
    }
    if end < length { file.set_len(end) } else { Ok(()) }
}

/// `YYYYMMDDhhmmss` in UTC.
fn stamp(time_ns: u64) -> String {
    let seconds = time_ns / 1_000_000_000;
    let rest = seconds % 86_400;
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
}

/// The Gregorian date of a day since 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut year, mut left) = (1970, days);
    loop {
        let of_year = if is_leap(year) { 366 } else { 365 };
        if left < of_year {
            break;
        }
        left -= of_year;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for days_of_month in months {
        if left < days_of_month {
            break;
        }
        left -= days_of_month;
        month += 1;
    }
    (year, month, left + 1)
}

#[cfg(test)]
mod tests {
    use super::{number_of, stamp};

    #[test]
    fn names_are_of_their_ring_alone() {
        assert_eq!(number_of("rec_00007_20261128111213.pcapng", "rec"), Some(7));
        assert_eq!(number_of("rec_123456_20261128111213.pcapng", "rec"), Some(123_456));
        for other in [
            "rec_2_00007_20261128111213.pcapng",
            "rec_00007_20261128111213.pcap",
            "rec_7_20261128111213.pcapng",
            "rec_00007_2026112811121.pcapng",
            "recs_00007_20261128111213.pcapng",
            "rec.pcapng",
        ] {
            assert_eq!(number_of(other, "rec"), None, "{other}");
        }
    }

    #[test]
    fn times_are_of_the_calendar() {
        for (seconds, text) in [
            (0, "19700101000000"),
            (951_782_400, "20000229000000"),
            (1_709_251_199, "20240229235959"),
            (1_795_864_333, "20261128111213"),
            (4_107_542_400, "21000301000000"),
        ] {
            assert_eq!(stamp(seconds * 1_000_000_000), text);
        }
    }
}

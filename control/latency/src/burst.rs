//! Microbursts: how many bytes a tap saw within windows of 1, 10, 100 us and 1 ms, and whose they were.
//!
//! Windows slide: one ends at each packet. So a peak is the greatest of all windows, not of those on a grid. A packet counts where its stamp is, with the
//! bytes that it takes of a link: frame, check sequence, preamble and gap. A stamp is of a packet's begin: the packet at which a window ends is sent behind it, so its bytes do
//! not count for the rate. Back to back packets have the rate of the link then, and a packet alone is no burst.

use std::collections::{BTreeMap, VecDeque};

/// Lengths of the windows, nanoseconds.
pub const WINDOWS_NS: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// What a frame takes of a link besides its bytes without check sequence: that (4), preamble and start (8), gap (12).
pub const OVERHEAD_BYTES: u32 = 24;
/// Contributors that are named.
const TOP: usize = 5;
/// Bursts that are kept of a window: the greatest.
pub const KEPT_BURSTS: usize = 100;

/// Bytes of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contributor {
    /// Number of the flow.
    pub(crate) flow: u32,
    /// Its bytes on the link.
    pub(crate) bytes: u64,
}

/// The greatest window of a burst, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Burst {
    /// First packet of the first window that is over the bound.
    pub(crate) start_ns: u64,
    /// Last packet of the last one.
    pub(crate) end_ns: u64,
    /// When the greatest window ended.
    pub(crate) peak_ns: u64,
    /// Bytes on the link in it, without the packet that ends it.
    pub(crate) peak_bytes: u64,
    /// Bytes from start to end.
    pub(crate) bytes: u64,
    /// Packets from start to end.
    pub(crate) packets: u64,
    /// Who sent most from start to end, the greatest first.
    pub(crate) top: Vec<Contributor>,
}

impl Burst {
    /// Rate of the greatest window, bits a second.
    pub(crate) fn peak_bits_per_second(&self, window_ns: u64) -> f64 {
        self.peak_bytes as f64 * 8e9 / window_ns as f64
    }
}

#[derive(Debug)]
struct Packet {
    time_ns: u64,
    bytes: u64,
    flow: u32,
}

/// One length of window.
#[derive(Debug)]
struct Window {
    length_ns: u64,
    /// Number of the first packet in it, and its bytes.
    first: u64,
    bytes: u64,
    /// More bytes than these are a burst; none without link rate.
    bound: Option<u64>,
    /// The burst going on, with the bytes of its flows.
    open: Option<(Burst, BTreeMap<u32, u64>)>,
    bursts: Vec<Burst>,
    count: u64,
    /// The greatest window: its first and last packet's numbers.
    peak: Burst,
    peak_range: Option<(u64, u64)>,
}

/// Finds bursts of one tap.
#[derive(Debug)]
pub(crate) struct BurstFinder {
    packets: VecDeque<Packet>,
    base: u64,
    windows: [Window; 4],
}

/// What a length of window showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WindowBursts {
    /// Length of the window.
    pub(crate) window_ns: u64,
    /// The greatest window of all; nothing if no window had two packets.
    pub(crate) peak: Option<Burst>,
    /// Bursts over the bound.
    pub(crate) count: u64,
    /// The greatest of them, by time.
    pub(crate) bursts: Vec<Burst>,
}

fn empty_burst() -> Burst {
    Burst { start_ns: 0, end_ns: 0, peak_ns: 0, peak_bytes: 0, bytes: 0, packets: 0, top: vec![] }
}

/// The greatest, by bytes, then by number.
fn top(flows: &BTreeMap<u32, u64>) -> Vec<Contributor> {
    let mut all: Vec<Contributor> =
        flows.iter().map(|(flow, bytes)| Contributor { flow: *flow, bytes: *bytes }).collect();
    all.sort_by_key(|one| (std::cmp::Reverse(one.bytes), one.flow));
    all.truncate(TOP);
    all
}

impl Window {
    fn close(&mut self) {
        let Some((mut burst, flows)) = self.open.take() else { return };
        burst.top = top(&flows);
        self.count += 1;
        self.bursts.push(burst);
        if self.bursts.len() >= KEPT_BURSTS * 2 {
            self.trim();
        }
    }

    /// Keeps the greatest, in the order of time.
    fn trim(&mut self) {
        self.bursts.sort_by_key(|burst| (std::cmp::Reverse(burst.peak_bytes), burst.start_ns));
        self.bursts.truncate(KEPT_BURSTS);
        self.bursts.sort_by_key(|burst| burst.start_ns);
    }
}

impl BurstFinder {
    /// Bursts are windows with more than `share` of what a link of `bits_per_second` carries; without rate only the greatest windows are found.
    pub(crate) fn new(bits_per_second: Option<u64>, share: f64) -> Self {
        let window = |length_ns: u64| Window {
            length_ns,
            first: 0,
            bytes: 0,
            bound: bits_per_second.map(|rate| (rate as f64 * share * length_ns as f64 / 8e9) as u64),
            open: None,
            bursts: Vec::new(),
            count: 0,
            peak: empty_burst(),
            peak_range: None,
        };
        Self { packets: VecDeque::new(), base: 0, windows: WINDOWS_NS.map(window) }
    }

    /// A packet more, in the order of time; `bytes` without check sequence. A time before that of the one before counts as that one's.
    #[inline]
    pub(crate) fn push(&mut self, time_ns: u64, bytes: u32, flow: u32) {
        let time_ns = self.packets.back().map_or(time_ns, |last| time_ns.max(last.time_ns));
        let bytes = u64::from(bytes.max(60) + OVERHEAD_BYTES);
        self.packets.push_back(Packet { time_ns, bytes, flow });
        let number = self.base + self.packets.len() as u64 - 1;
        for at in 0..self.windows.len() {
            self.slide(at, number);
        }
        self.forget(time_ns);
    }

    #[inline]
    fn slide(&mut self, at: usize, number: u64) {
        let Self { packets, base, windows } = self;
        let window = &mut windows[at];
        let at = |number: u64| packets.get((number - *base) as usize);
        let Some(last) = at(number) else { return };
        window.bytes += last.bytes;
        while let Some(first) = at(window.first) {
            if first.time_ns + window.length_ns > last.time_ns {
                break;
            }
            window.bytes -= first.bytes;
            window.first += 1;
        }
        let sent = window.bytes - last.bytes;
        if sent > window.peak.peak_bytes {
            window.peak.peak_bytes = sent;
            window.peak_range = Some((window.first, number));
        }
        let Some(bound) = window.bound else { return };
        if sent <= bound {
            if window.open.is_some() {
                window.close();
            }
            return;
        }
        if window.open.is_none() {
            let mut flows = BTreeMap::new();
            let mut burst = empty_burst();
            burst.start_ns = at(window.first).map_or(last.time_ns, |first| first.time_ns);
            for packet in packets.range((window.first - *base) as usize..packets.len() - 1) {
                burst.packets += 1;
                burst.bytes += packet.bytes;
                *flows.entry(packet.flow).or_default() += packet.bytes;
            }
            window.open = Some((burst, flows));
        }
        if let Some((burst, flows)) = &mut window.open {
            burst.end_ns = last.time_ns;
            burst.packets += 1;
            burst.bytes += last.bytes;
            *flows.entry(last.flow).or_default() += last.bytes;
            if sent > burst.peak_bytes {
                (burst.peak_bytes, burst.peak_ns) = (sent, last.time_ns);
            }
        }
    }

    /// Drops packets that no window needs any more; greatest windows that begin there are looked at first.
    fn forget(&mut self, now_ns: u64) {
        let longest = WINDOWS_NS[WINDOWS_NS.len() - 1];
        while let Some(first) = self.packets.front() {
            if first.time_ns + 2 * longest > now_ns {
                break;
            }
            let number = self.base;
            for at in 0..self.windows.len() {
                if self.windows[at].peak_range.is_some_and(|(first, _)| first == number) {
                    self.describe(at);
                }
            }
            self.packets.pop_front();
            self.base += 1;
        }
    }

    /// Fills in what the greatest window so far was made of.
    fn describe(&mut self, at: usize) {
        let Some((first, last)) = self.windows[at].peak_range.take() else { return };
        let range = (first - self.base) as usize..=(last - self.base) as usize;
        let mut flows = BTreeMap::new();
        let mut peak = empty_burst();
        for packet in self.packets.range(range) {
            if peak.packets == 0 {
                peak.start_ns = packet.time_ns;
            }
            peak.end_ns = packet.time_ns;
            peak.packets += 1;
            peak.bytes += packet.bytes;
            *flows.entry(packet.flow).or_default() += packet.bytes;
        }
        (peak.peak_ns, peak.top) = (peak.end_ns, top(&flows));
        peak.peak_bytes = self.windows[at].peak.peak_bytes;
        self.windows[at].peak = peak;
    }

    /// What there was, by length of window.
    pub(crate) fn finish(mut self) -> Vec<WindowBursts> {
        for at in 0..self.windows.len() {
            self.describe(at);
        }
        let windows = self.windows.into_iter().map(|mut window| {
            window.close();
            window.trim();
            WindowBursts {
                window_ns: window.length_ns,
                peak: (window.peak.packets > 0).then_some(window.peak),
                count: window.count,
                bursts: window.bursts,
            }
        });
        windows.collect()
    }
}

//! What can be typed behind `sluice latency`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sluice_latency::{Format, Profile};
use sluice_yaml::with_unit;

/// Compare captures of two or more taps: latency, loss, order, bursts.
#[derive(Debug, Args)]
pub(crate) struct Latency {
    /// Captures (pcap, pcapng) of the taps, in the order of the path: `FILE`, or `NAME=FILE`. Of a single file, each interface with packets is a tap; with a single tap, round-trip times and bursts are
    /// found.
    #[arg(value_name = "[NAME=]CAPTURE", required = true, num_args = 1..=8)]
    pub(crate) captures: Vec<String>,
    /// What does not change between the taps.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) key: Key,
    /// What the table shows; JSON and HTML have all of them.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) by: By,
    /// Rows of that table, and of the one of gaps.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: usize,
    /// Where the time is: `auto`, `capture`, `d28b`, `vss`, `vss+1`, `vss+2`, `ixia`, `metamako`, `exablaze` or `erspan3`; `NAME=FORMAT` for one tap.
    #[arg(long = "format", value_name = "[NAME=]FORMAT", default_value = "auto")]
    pub(crate) formats: Vec<String>,
    /// How long the same packet is waited for: longer than any delay and clock difference, as `500ms`.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) window: u64,
    /// How far apart copies of a mirror port are.
    #[arg(long, value_name = "TIME", default_value = "1ms", value_parser = duration)]
    pub(crate) duplicates: u64,
    /// Bytes from the transport header on (of `nat` and `payload`: of the payload) that tell packets apart; no more than the shortest slice has.
    #[arg(long, value_name = "BYTES", default_value_t = 128)]
    pub(crate) depth: usize,
    /// Most packets under way at a time: the bound of memory, about 200 bytes each with two taps.
    #[arg(long, value_name = "N", default_value_t = 4_194_304, value_parser = clap::value_parser!(u32).range(1..=1_073_741_824))]
    pub(crate) entries: u32,
    /// Rate of the links, as `10G`: windows with more than `--burst-share` of it are counted as bursts.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) link_rate: Option<u64>,
    /// See `--link-rate`; percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) burst_share: u8,
    /// What is known of a tap's clock: its state, and how far it is off at most, as `tap-a=ptp,100ns`.
    #[arg(long = "clock", value_name = "NAME=STATE[,TIME]")]
    pub(crate) clocks: Vec<String>,
    /// Constants of the taps' ports, as `--write-calibration` writes them: taken off each time.
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// Write those constants: all taps saw the same packets over equal cables, so that what is left of a delay is the second tap's.
    #[arg(long, value_name = "FILE")]
    pub(crate) write_calibration: Option<PathBuf>,
    /// With `--write-calibration`: how much longer a packet is under way to each of the others than to the first tap (a meter of cable is 5 ns).
    #[arg(long, value_name = "TIME", default_value = "0ns", value_parser = duration, requires = "write_calibration")]
    pub(crate) cable: u64,
    /// Take off the time that a frame takes to come in at that rate, as `10G`, from each tap to the next: for devices that store a frame before they send it on.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) subtract_serialization: Option<u64>,
    /// TAI minus UTC in seconds, for stamps in TAI.
    #[arg(long, value_name = "SECONDS", default_value_t = 37)]
    pub(crate) tai_offset: u16,
    /// Print everything as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the report as an HTML page that needs nothing else: plots, gaps, bursts, tables.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write one pcapng of all taps in the order of time, without stamps, in which the same packet at several taps has the same `epb_packetid`.
    #[arg(long, value_name = "FILE")]
    pub(crate) merge: Option<PathBuf>,
    /// Take the whole packets of a damaged capture, with a warning, instead of refusing it.
    #[arg(long)]
    pub(crate) partial: bool,
    /// Read captures of link type 0 as Ethernet: bmv2 writes them so.
    #[arg(long)]
    pub(crate) assume_ethernet: bool,
}

/// Key profiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Key {
    /// MACs, tags, labels, TTL, DSCP and header checksum may change.
    #[default]
    Routed,
    /// Addresses, ports, identification and checksums, too: TCP's numbers and the payload decide.
    Nat,
    /// As `routed`, of the packet in the innermost tunnel.
    Tunnel,
    /// The payload behind the transport header alone.
    Payload,
}

impl From<Key> for Profile {
    fn from(key: Key) -> Self {
        match key {
            Key::Routed => Self::Routed,
            Key::Nat => Self::Nat,
            Key::Tunnel => Self::Tunnel,
            Key::Payload => Self::Payload,
        }
    }
}

/// Tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// Flows: addresses, ports and VLAN.
    #[default]
    Flow,
    /// VLANs.
    Vlan,
    /// Application ports.
    Port,
}

/// Names of all formats.
pub(super) fn format_names() -> String {
    let names = Format::ALL.iter().map(|format| format.name());
    std::iter::once("auto").chain(names).collect::<Vec<_>>().join(", ")
}

/// A time, nanoseconds.
pub(super) fn duration(text: &str) -> Result<u64, String> {
    let units = [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)];
    let value = with_unit(text, &units).filter(|value| *value <= 3_600_000_000_000);
    value.ok_or_else(|| "a time up to 3600s, as `500ms` or `30us`".to_string())
}

/// A rate, bits a second.
fn rate(text: &str) -> Result<u64, String> {
    let units = [("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000)];
    let value = with_unit(text, &units).filter(|value| (1..=10_000_000_000_000).contains(value));
    value.ok_or_else(|| "bits a second, as `10G` or `100M`".to_string())
}

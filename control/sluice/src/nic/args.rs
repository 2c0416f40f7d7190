//! What can be typed behind `sluice nic`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::args::Program;

#[derive(Debug, Subcommand)]
pub(crate) enum Nic {
    /// List the FPGA NICs of this machine, who drives each, and what is missing before `sluice` can.
    List,
    /// Hand a card to `vfio-pci`, so that processes can drive it.
    Bind {
        /// PCI address: `0000:03:00.0`.
        address: String,
        /// Whatever device it is.
        #[arg(long)]
        force: bool,
    },
    /// Give a card back to the driver that the kernel has for it.
    Unbind {
        /// PCI address: `0000:03:00.0`.
        address: String,
    },
    /// Show what a card is, its ports, its clock and its counters.
    Show {
        #[command(flatten)]
        card: CardArgument,
    },
    /// Write what comes in at a receive queue of a card to a capture.
    Capture(Capture),
    /// Be a card: a model at a socket, whose ports get captures.
    Simulate(Simulate),
}

/// Which card.
#[derive(Debug, Args)]
pub(crate) struct CardArgument {
    /// The card: the PCI address of one that `vfio-pci` has, or `vfio-user:SOCKET`, a model that `sluice nic simulate` or another program shows.
    #[arg(long, value_name = "CARD")]
    pub(crate) card: String,
    /// How long an answer of it may take, milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub(crate) patience: u64,
}

impl CardArgument {
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_millis(self.patience)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Capture {
    #[command(flatten)]
    pub(crate) card: CardArgument,
    /// The capture: pcapng, which appears when it is whole.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The receive queue.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) queue: u32,
    /// End after so many frames.
    #[arg(long, value_name = "FRAMES")]
    pub(crate) count: Option<u64>,
    /// End after so many seconds; without this and `--count`, at SIGINT or SIGTERM.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) seconds: Option<u64>,
    /// Descriptors: 256 to 32,768, a power of two.
    #[arg(long, value_name = "FRAMES", default_value_t = 4096)]
    pub(crate) ring: usize,
    /// Bytes of a buffer, where longer frames are cut: 64 to 16,384, a power of two.
    #[arg(long, value_name = "BYTES", default_value_t = 2048)]
    pub(crate) buffer: usize,
    /// Leave the card's clock as it is. Otherwise one that follows no grandmaster is kept beside this machine's.
    #[arg(long)]
    pub(crate) leave_clock: bool,
}

#[derive(Debug, Args)]
#[group(id = "inside", multiple = false)]
pub(crate) struct Inside {
    /// The P4 program that the card's bitstream was made of: its RTL runs in the card, clock by clock. Without one every frame goes to the host. Needs Verilator (SLUICE_VERILATOR names its
    /// folder) and a C++ compiler.
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
    /// The same, of the broker's own program: the card takes a policy (`sluice serve --card` with the same `--terms` and `--copies`).
    #[arg(long)]
    pub(crate) broker: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Where the card is: a socket that is not there yet.
    #[arg(long, value_name = "SOCKET")]
    pub(crate) socket: PathBuf,
    /// What comes in at a port, in the order of the captures' times, as fast as the driver takes it: `0=tap.pcapng`.
    #[arg(long = "in", value_name = "PORT=CAPTURE")]
    pub(crate) inputs: Vec<String>,
    /// Ports of the card.
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub(crate) ports: u8,
    /// So many parts in 10^9 the card's oscillator is too fast.
    #[arg(long, value_name = "PPB", default_value_t = 0, allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(-1_000_000..=1_000_000))]
    pub(crate) drift: i64,
    #[command(flatten)]
    pub(crate) inside: Inside,
    #[command(flatten)]
    pub(crate) size: Program,
    /// Folder for what leaves: a pcapng for each port; made if it is not there.
    #[arg(long, value_name = "DIR", requires = "inside")]
    pub(crate) out: Option<PathBuf>,
    /// Folder that keeps what was built of programs, for the next time.
    #[arg(long, value_name = "DIR", requires = "inside")]
    pub(crate) build: Option<PathBuf>,
    /// Stamp frames with their times in the captures, as if the card had been there, and not with its clock.
    #[arg(long)]
    pub(crate) capture_times: bool,
    /// Let frames come in only when a line has come by standard input.
    #[arg(long)]
    pub(crate) hold: bool,
    /// End when the captures are through and the driver has gone, and not at SIGINT or SIGTERM alone.
    #[arg(long)]
    pub(crate) once: bool,
}

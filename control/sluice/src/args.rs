//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::p4::P4;

/// An open network packet broker: filters in, the right packets out for every tool.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a policy file: every error at its place, then what the policy takes of the tables.
    Check(Check),
    /// Show what changing from one policy to another would do.
    Plan(Plan),
    /// Run captures through a policy on the soft switch; write what each tool receives.
    Replay(Replay),
    /// Tell, for one packet or one conversation, which filters took it and why the others did not.
    Explain(Explain),
    /// Write two sample captures, as two taps would see the same conversations.
    Sample(Sample),
    /// Run a broker: live ports, a policy, and P4Runtime for controllers.
    Serve(Serve),
    /// Compile, check, run and test P4 programs.
    P4(P4),
    /// Print the completion script of a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Print the manual page (roff).
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The policy (`broker.yaml`).
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) program: Program,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The policy in force.
    pub(crate) old: PathBuf,
    /// The policy to come.
    pub(crate) new: PathBuf,
    /// Also print every update, phase by phase.
    #[arg(long)]
    pub(crate) updates: bool,
    #[command(flatten)]
    pub(crate) program: Program,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The policy (`broker.yaml`).
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Folder for one pcapng a tool; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also print where the time goes, by part of the pipeline.
    #[arg(long)]
    pub(crate) profile: bool,
    /// What runs the P4 program; both engines give the same.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: Engine,
    /// Take the whole packets of a damaged capture, with a warning, instead of refusing it.
    #[arg(long)]
    pub(crate) partial: bool,
    #[command(flatten)]
    pub(crate) program: Program,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The policy (`broker.yaml`).
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) program: Program,
}

/// Which packets to explain.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Which {
    /// The N-th packet of all inputs in the order of time, counted from 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) packet: Option<u64>,
    /// Packets of one conversation, both directions: `tcp 10.0.0.1:1234 10.0.0.2:80` (also udp, sctp; IPv6 as `[2001:db8::1]:80`).
    #[arg(long, value_name = "FLOW")]
    pub(crate) flow: Option<String>,
    /// Packets that an expression of the filter language selects.
    #[arg(long = "match", value_name = "EXPRESSION")]
    pub(crate) expression: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// Folder for `tap-a.pcapng` and `tap-b.pcapng`; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The same seed gives the same captures.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// About how many packets on each tap.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=500_000))]
    pub(crate) packets: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The policy (`broker.yaml`). Controllers read its tables; without one the tables are theirs.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Where P4Runtime is served; a loopback address.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9559")]
    pub(crate) p4runtime: SocketAddr,
    /// The number by which controllers know this device.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) device_id: u64,
    /// A port of the policy (without one: a port's number), and what it is made of: `packet:INTERFACE`, `tap:INTERFACE` (which is made) or
    /// `udp:LOCAL,PEER`. Nothing is ever sent by a network port.
    #[arg(long = "port", value_name = "NAME=KIND:DEVICE")]
    pub(crate) ports: Vec<String>,
    #[command(flatten)]
    pub(crate) program: Program,
}

/// Where packets come from.
#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// A capture (pcap or pcapng) and the network port that it came in on; may be given several times.
    #[arg(long = "in", value_name = "PORT=CAPTURE", required = true)]
    pub(crate) inputs: Vec<String>,
    /// Read captures of link type 0 as Ethernet: bmv2 writes them so.
    #[arg(long)]
    pub(crate) assume_ethernet: bool,
}

/// What runs a P4 program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// Native code for this machine: x86-64 and AArch64.
    Native,
    /// The interpreter of the IR: the reference, and what runs elsewhere.
    Interpreter,
}

impl Default for Engine {
    fn default() -> Self {
        match sluice_switch::Engine::default() {
            sluice_switch::Engine::Native => Self::Native,
            sluice_switch::Engine::Interpreter => Self::Interpreter,
        }
    }
}

impl From<Engine> for sluice_switch::Engine {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Native => Self::Native,
            Engine::Interpreter => Self::Interpreter,
        }
    }
}

/// Which build of the P4 program runs.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Program {
    /// Bits for terms in the P4 program.
    #[arg(long, default_value_t = 256, value_parser = terms, help_heading = "Program")]
    pub(crate) terms: u32,
}

fn terms(text: &str) -> Result<u32, String> {
    match text {
        "64" => Ok(64),
        "128" => Ok(128),
        "256" => Ok(256),
        "512" => Ok(512),
        "1024" => Ok(1024),
        _ => Err("64, 128, 256, 512 or 1024".to_string()),
    }
}

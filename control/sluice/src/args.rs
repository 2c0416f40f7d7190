//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::latency::Latency;
use crate::nic::Nic;
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
    /// Compare captures of two or more taps: latency, loss, order, bursts.
    Latency(Latency),
    /// List, bind, show and simulate FPGA NICs, and capture from them.
    #[command(subcommand)]
    Nic(Nic),
    /// How the clocks are kept that time packets: the system's, network cards', the PTP daemon's.
    Clock(ClockArguments),
    /// Write two sample captures, as two taps would see the same conversations.
    Sample(Sample),
    /// Run a broker: live ports, a policy, and P4Runtime for controllers.
    Serve(Box<Serve>),
    /// End what XDP goes on with after a broker that was killed, or ended with `--keep-forwarding`: its programs leave the devices.
    Release(Pin),
    #[command(flatten)]
    Remote(Remote),
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
pub(crate) struct ClockArguments {
    /// Management socket of the PTP daemon; without it that of `ptp4l`, if there is one.
    #[arg(long, value_name = "PATH")]
    pub(crate) ptp_socket: Option<PathBuf>,
    /// The daemon's PTP domain.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) ptp_domain: u8,
    /// Print everything as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Commands that ask a broker that runs.
#[derive(Debug, Subcommand)]
pub(crate) enum Remote {
    /// How a broker is that runs.
    Status(Server),
    /// Put a policy in force on a broker that runs.
    Apply(Apply),
    /// Put a policy in force again that was once.
    Rollback(Rollback),
    /// Changes of a broker's policy, the latest first; or one, with what differs.
    Log(Log),
    /// A broker's ports, and their state.
    Ports(Ports),
    /// The filters of the policy in force, and how many packets each matched.
    Filters(Server),
    /// What a broker counts, as it counts.
    Top(Top),
    /// Who may call a broker.
    Users(Users),
    /// Calls that changed something, or were to, the latest first.
    Audit(Audit),
}

/// A broker, and who calls.
#[derive(Clone, Debug, Args)]
pub(crate) struct Server {
    /// Where the broker is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9560")]
    pub(crate) server: String,
    #[command(flatten)]
    pub(crate) credentials: Credentials,
}

/// What a broker is shown, and what it has to show.
#[derive(Clone, Debug, Args)]
pub(crate) struct Credentials {
    /// A file with the token; without one it is in the environment, as SLUICE_TOKEN.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// For `https://`: the certificates of the authorities that vouch for the broker (PEM).
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// The certificate to show, where the broker wants one (PEM).
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Change {
    /// Why; it is kept.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) reason: String,
    /// The version that you looked at; if another one is in force, nothing is changed. Without it: whatever is in force now.
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) expect: Option<u64>,
    /// Only say what it would do.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The policy to come (`broker.yaml`).
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) change: Change,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The version whose policy comes again.
    #[arg(value_name = "VERSION", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) which: u64,
    #[command(flatten)]
    pub(crate) change: Change,
}

#[derive(Debug, Args)]
pub(crate) struct Log {
    /// One version, with what it meant and what differs from the one before.
    #[arg(value_name = "VERSION", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) which: Option<u64>,
    /// Of that version only the policy, as it was written.
    #[arg(long, requires = "which")]
    pub(crate) text: bool,
    /// So many at most.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Ports {
    /// Begin to count anew at that port.
    #[arg(long, value_name = "PORT")]
    pub(crate) clear: Option<String>,
    /// Give a port of the policy a device, as `serve --port` does; it lasts until the broker ends.
    #[arg(long, value_name = "NAME=KIND:DEVICE", conflicts_with_all = ["clear", "detach"])]
    pub(crate) attach: Option<String>,
    /// Take a port's device away.
    #[arg(long, value_name = "PORT", conflicts_with = "clear")]
    pub(crate) detach: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Top {
    /// Seconds from one look to the next.
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) interval: u32,
    /// So many looks, then it ends.
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Users {
    /// Add somebody; their token is shown once.
    #[arg(long, value_name = "NAME", conflicts_with = "remove")]
    pub(crate) add: Option<String>,
    /// What they may do: `viewer` sees, `operator` changes the policy, `admin` adds users.
    #[arg(long, value_name = "ROLE", default_value = "viewer", requires = "add")]
    pub(crate) role: String,
    /// The tenant that they are of, one of the policy in force: they see and change what is its own.
    #[arg(long, value_name = "TENANT", requires = "add")]
    pub(crate) tenant: Option<String>,
    /// Take somebody's token away.
    #[arg(long, value_name = "NAME")]
    pub(crate) remove: Option<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// So many at most.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The policy in force, and the policy to come; with `--server` only the one to come.
    #[arg(value_names = ["OLD", "NEW"], num_args = 1..=2, required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// A broker that runs, whose policy is the one in force.
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    #[command(flatten)]
    pub(crate) credentials: Credentials,
    /// Also print every update, phase by phase.
    #[arg(long, conflicts_with = "server")]
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

#[derive(Clone, Debug, Args)]
pub(crate) struct Serve {
    /// The policy to begin with (`broker.yaml`), for a store that has none. Controllers read its tables; without policy and store the tables are theirs.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Folder that keeps what was applied, by whom and when; made if it is not there. What was applied last is in force again after a start. Without it all is
    /// forgotten at the end.
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Most megabytes that the store takes; what does not fit is refused.
    #[arg(long, value_name = "MB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub(crate) store_max: u64,
    /// Where P4Runtime is served; a loopback address, or any with TLS and either users or `--tls-client-ca`.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9559")]
    pub(crate) p4runtime: SocketAddr,
    /// Where REST, gRPC and metrics are served; a loopback address, or any with TLS. Only with a policy or a store.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9560")]
    pub(crate) api: SocketAddr,
    /// The certificate to serve all of it with over TLS (PEM), P4Runtime included, with those up to its authority.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Let those clients in alone that show a certificate of one of these authorities (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Who may speak P4Runtime to a broker without a policy: a file with a line `NAME ROLE SHA256` for each, the last being that of their token (`sha256sum`). A broker with a policy has
    /// users in its store.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["policy", "store"])]
    pub(crate) p4runtime_users: Option<PathBuf>,
    /// The number by which controllers know this device.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) device_id: u64,
    /// A port of the policy (without one: a port's number), and what it is made of: `packet:INTERFACE`, `xdp:INTERFACE`, `nic:NUMBER` (a port of `--card`), `tap:INTERFACE` (which is made),
    /// `udp:LOCAL,PEER`, `capture:FOLDER[,size=100M][,seconds=60][,files=20][,snaplen=128][,queue=64M]` (a tool's copies are written there) or `watch:` (they are measured here, for `latency:` of
    /// `--telemetry`, and kept by nobody). Nothing is ever sent by a network port.
    #[arg(long = "port", value_name = "NAME=KIND:DEVICE", conflicts_with = "remote")]
    pub(crate) ports: Vec<String>,
    /// What takes packets through; without it the ports say so: XDP if one is `xdp:`, the card if one is `nic:`, else the soft switch.
    #[arg(long, value_enum, value_name = "WHICH", conflicts_with = "remote")]
    pub(crate) data_path: Option<DataPath>,
    /// The FPGA NIC: the PCI address of one that `vfio-pci` has, or `vfio-user:SOCKET`, a model (`sluice nic simulate`).
    #[arg(long, value_name = "CARD", conflicts_with = "remote")]
    pub(crate) card: Option<String>,
    /// How long an answer of the card may take before it is out of reach, milliseconds. Simulated RTL may need minutes for a large policy.
    #[arg(long, value_name = "MS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..=600_000), requires = "card")]
    pub(crate) card_patience: u64,
    /// With `--data-path auto` and `--card`: what a port is made of where the card cannot be the data path; all of them, written as with `--port`.
    #[arg(long = "fallback", value_name = "NAME=KIND:DEVICE", requires = "card")]
    pub(crate) fallback: Vec<String>,
    /// What is told to collectors: a file for sFlow and IPFIX.
    #[arg(long, value_name = "FILE")]
    pub(crate) telemetry: Option<PathBuf>,
    /// What is written of the broker's life to standard error, and all that is graver; without it SLUICE_LOG says so, or it is `info`.
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) log: Option<LogLevel>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,
    #[command(flatten)]
    pub(crate) kernel: Kernel,
    #[command(flatten)]
    pub(crate) health: Health,
    #[command(flatten)]
    pub(crate) far: Far,
    #[command(flatten)]
    pub(crate) program: Program,
}

/// Of XDP.
#[derive(Clone, Debug, Args)]
pub(crate) struct Kernel {
    #[command(flatten)]
    pub(crate) pin: Pin,
    /// When told to end, leave the program of XDP on the devices: forwarding goes on until another `sluice serve` with the same `--pin` takes over, or `sluice release`.
    #[arg(long)]
    pub(crate) keep_forwarding: bool,
}

/// Where XDP keeps what outlives the process.
#[derive(Clone, Debug, Args)]
pub(crate) struct Pin {
    /// Name of the folder in /sys/fs/bpf, behind `sluice-`, by which XDP forwards on when the broker ends in the middle, and the next one takes over. Each broker of a machine has its own.
    #[arg(long, value_name = "NAME", default_value = "broker", value_parser = pin_name)]
    pub(crate) pin: String,
}

impl Pin {
    pub(crate) fn folder(&self) -> PathBuf {
        PathBuf::from(format!("/sys/fs/bpf/sluice-{}", self.pin))
    }
}

impl Kernel {
    pub(crate) fn pins(&self) -> PathBuf {
        self.pin.folder()
    }
}

/// The kernel takes no dots there.
fn pin_name(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    match text.chars().all(is_plain) && (1..=64).contains(&text.len()) {
        true => Ok(text.to_string()),
        false => Err("names are 1 to 64 letters, digits, `-` and `_`".to_string()),
    }
}

/// What takes packets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataPath {
    /// The card where there is one that can be (`--card`), then XDP where every port's device can do it, else the soft switch; the log and `sluice status` say which, and why.
    Auto,
    /// The program in the kernel, by the devices' drivers.
    Xdp,
    /// An FPGA NIC (`--card`), whose bitstream was made of the program.
    Nic,
    /// The switch in this process.
    Soft,
}

/// How grave an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Nothing is written.
    Off,
    /// What has to be repaired.
    Error,
    /// What is refused, ports that went down.
    Warn,
    /// The broker's life: start, ports, policies, users, sessions.
    Info,
    /// Every call and connection.
    Debug,
    /// What libraries tell, too.
    Trace,
}

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// When a tool port that was down gets its shares of groups again.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Tool ports that go down")]
pub(crate) struct Health {
    /// How long it has to be up, milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(0..=3_600_000))]
    pub(crate) port_up_for: u64,
    /// How often it may go down in `--port-downs-within`; one that goes down more often has to be up for longer.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) port_downs: u32,
    /// Seconds in which it is counted how often.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) port_downs_within: u64,
    /// How long it has to be up then, seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub(crate) port_held_for: u64,
}

/// A data path that is not in this process.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Remote data path")]
pub(crate) struct Far {
    /// A P4Runtime server that is the data path, instead of the switch in this process: `HOST:PORT`, or `https://HOST:PORT`. Its ports are its own business; whatever program and entries
    /// it has go.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) remote: Option<String>,
    /// The number by which that server knows its device.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "remote")]
    pub(crate) remote_device_id: u64,
    /// The number by which this side becomes its primary: above those of other controllers.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "remote", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) election_id: u64,
    /// What that device takes as its program.
    #[arg(long, value_enum, value_name = "KIND", default_value_t = Device::Sluice, requires = "remote")]
    pub(crate) remote_kind: Device,
    /// Longest time that a packet stays in that device, milliseconds: P4Runtime does not tell of packets under way.
    #[arg(long, value_name = "MS", default_value_t = 100, requires = "remote", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) remote_drain: u64,
    /// What is shown to that server as the token of one of its users, who may change something.
    #[arg(long, value_name = "FILE", requires = "remote")]
    pub(crate) remote_token_file: Option<PathBuf>,
    /// Certificates of the authorities that vouch for that server (PEM), for an `https` address.
    #[arg(long, value_name = "FILE", requires = "remote")]
    pub(crate) remote_ca: Option<PathBuf>,
    /// The certificate to show it (PEM).
    #[arg(long, value_name = "FILE", requires_all = ["remote_key", "remote_ca"])]
    pub(crate) remote_cert: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE", requires = "remote_cert")]
    pub(crate) remote_key: Option<PathBuf>,
}

/// What a P4Runtime device takes as its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Device {
    /// Another `sluice serve`.
    Sluice,
    /// bmv2's `simple_switch_grpc`: the build in pure v1model, as BMv2 JSON.
    Bmv2,
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
    #[arg(long, default_value_t = 256, value_parser = bits, help_heading = "Program")]
    pub(crate) terms: u32,
    /// Bits for copies in the P4 program.
    #[arg(long, default_value_t = 128, value_parser = bits, help_heading = "Program")]
    pub(crate) copies: u32,
}

fn bits(text: &str) -> Result<u32, String> {
    match text {
        "64" => Ok(64),
        "128" => Ok(128),
        "256" => Ok(256),
        "512" => Ok(512),
        "1024" => Ok(1024),
        _ => Err("64, 128, 256, 512 or 1024".to_string()),
    }
}

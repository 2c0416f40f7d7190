//! What can be typed behind `sluice p4`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::Engine;

/// Compile, check, run and test P4 programs.
#[derive(Debug, Args)]
pub(crate) struct P4 {
    #[command(subcommand)]
    pub(crate) command: P4Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum P4Command {
    /// Compile a P4-16 program for a target.
    Compile(Compile),
    /// Check P4-16 programs or BMv2 JSON: every error at its place, nothing written.
    Check(Check),
    /// Run captures through a program on the soft switch; write what each port sends.
    Run(Run),
    /// Run packet scripts (STF), one line a test.
    Test(Test),
    /// Write graphs of a program's parser and controls (Graphviz).
    Graph(Graph),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice p4 compile router.p4 -o out
  sluice p4 compile router.p4 --target bmv2 -I include -D PORTS=32 -o out")]
pub(crate) struct Compile {
    /// The program.
    pub(crate) file: PathBuf,
    /// What to compile for.
    #[arg(long, value_enum, default_value_t = Target::Switch)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) preprocessor: Preprocessor,
    /// Folder for the output; made if it is not there.
    #[arg(short, long = "out", value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// Targets of the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// The soft switch: the IR as text (NAME.ir).
    Switch,
    /// The behavioral model: what simple_switch and simple_switch_grpc load (NAME.json).
    Bmv2,
    /// The Linux kernel's fast path.
    Xdp,
    /// Register-transfer logic for FPGAs.
    Rtl,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  sluice p4 check router.p4 switch.p4 -I include")]
pub(crate) struct Check {
    /// The programs: P4, or BMv2 JSON of any compiler.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) preprocessor: Preprocessor,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice p4 run router.p4 --in 1=tap.pcap --out received
  sluice p4 run router.json --in 1=a.pcapng --in 2=b.pcapng --entries router.stf --out received

The file of --entries is a packet script (STF) without packets: add, setdefault, mirroring_add,
mc_mgrp_create and so on; docs/P4.md has them all.")]
pub(crate) struct Run {
    /// The program: P4, or BMv2 JSON of any compiler.
    pub(crate) file: PathBuf,
    /// A capture (pcap or pcapng) and the number of the port that it comes in on; may be given several times.
    #[arg(long = "in", value_name = "PORT=CAPTURE", required = true)]
    pub(crate) inputs: Vec<String>,
    /// Folder for one pcap a port that sends; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Table entries and other state, as a packet script without packets.
    #[arg(long, value_name = "FILE")]
    pub(crate) entries: Option<PathBuf>,
    /// What runs the program; both engines give the same.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: Engine,
    /// Read captures of link type 0 as Ethernet: bmv2 writes them so.
    #[arg(long)]
    pub(crate) assume_ethernet: bool,
    #[command(flatten)]
    pub(crate) preprocessor: Preprocessor,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice p4 test tests
  sluice p4 test router.stf switch.p4

NAME.stf is run on the program NAME.p4 or NAME.json beside it, and where simple_switch is on PATH, on
bmv2 as well. The exit code is 1 if a test fails.")]
pub(crate) struct Test {
    /// Folders, which are searched for scripts, and scripts or programs.
    #[arg(required = true, value_name = "DIR|FILE")]
    pub(crate) paths: Vec<PathBuf>,
    /// What runs the programs; both engines give the same.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: Engine,
    #[command(flatten)]
    pub(crate) preprocessor: Preprocessor,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  sluice p4 graph router.p4 -o out && dot -Tsvg out/router.parser.dot > parser.svg")]
pub(crate) struct Graph {
    /// The program.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) preprocessor: Preprocessor,
    /// Folder for one file a graph, NAME.CONTROL.dot; made if it is not there.
    #[arg(short, long = "out", value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// What the preprocessor is told.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Preprocessor {
    /// Folder in which `#include` looks; may be given several times.
    #[arg(short = 'I', value_name = "DIR", help_heading = "Preprocessor")]
    pub(crate) include: Vec<PathBuf>,
    /// Macro that is defined before the first line, as 1 or the value; may be given several times.
    #[arg(short = 'D', value_name = "NAME[=VALUE]", value_parser = define, help_heading = "Preprocessor")]
    pub(crate) define: Vec<(String, String)>,
}

fn define(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').unwrap_or((text, "1"));
    let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    if name.is_empty() || !name.chars().all(is_word) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("a macro's name has letters, digits and `_`, and starts with no digit".to_string());
    }
    Ok((name.to_string(), value.to_string()))
}

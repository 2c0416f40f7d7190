//! `sluice p4`: the P4 compiler, and programs on the soft switch.
//!
//! A program is a `.p4` file, or BMv2 JSON in a `.json` file, wherever it comes from; the broker's own program has no part in these commands.

mod args;
mod check;
mod compile;
mod graph;
mod ports;
mod program;
mod run;
mod test;

use std::process::ExitCode;

pub(crate) use args::P4;
use args::P4Command;

use crate::failure::Failure;

pub(crate) fn run(arguments: &P4) -> Result<ExitCode, Failure> {
    match &arguments.command {
        P4Command::Compile(arguments) => compile::run(arguments)?,
        P4Command::Graph(arguments) => graph::run(arguments)?,
        P4Command::Check(arguments) => return check::run(arguments),
        P4Command::Run(arguments) => run::run(arguments)?,
        P4Command::Test(arguments) => return test::run(arguments),
    }
    Ok(ExitCode::SUCCESS)
}

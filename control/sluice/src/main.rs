//! The `sluice` command.
//!
//! Each subcommand is a module; [`args`] is what can be typed, [`failure`] is what can go wrong. Exit codes: 0 done, 1 a result that
//! must not be (packets unaccounted for), 2 input that is refused: nothing was written then.

mod args;
mod broker;
mod check;
mod client;
mod clock;
mod explain;
mod failure;
mod folder;
mod inputs;
mod latency;
mod nic;
mod p4;
mod plan;
mod progress;
mod release;
mod replay;
mod sample;
mod serve;
mod summary;
mod table;
mod tools;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::args::{Arguments, Command};
use crate::failure::{EXIT_BAD_INPUT, Failure};

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(EXIT_BAD_INPUT)
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments)?,
        Command::Plan(arguments) => plan::run(arguments)?,
        Command::Replay(arguments) => return replay::run(arguments),
        Command::Explain(arguments) => explain::run(arguments)?,
        Command::Latency(arguments) => latency::run(arguments)?,
        Command::Nic(command) => nic::run(command)?,
        Command::Clock(arguments) => clock::run(arguments)?,
        Command::Sample(arguments) => sample::run(arguments)?,
        Command::Release(pin) => release::run(pin)?,
        Command::Serve(arguments) => return serve::run(arguments),
        Command::Remote(command) => return client::run(command),
        Command::P4(arguments) => return p4::run(arguments),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Arguments::command(), "sluice", &mut std::io::stdout());
        }
        Command::Man => manual()?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The page of the command, then those of its subcommands.
fn manual() -> Result<(), Failure> {
    let mut text = Vec::new();
    let mut command = Arguments::command();
    command.build();
    let failed = |source| Failure::Write { path: "<standard output>".into(), source };
    pages(&command, &mut text).map_err(failed)?;
    std::io::stdout().write_all(&text).map_err(failed)
}

fn pages(command: &clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(text)?;
    command.get_subcommands().try_for_each(|subcommand| pages(subcommand, text))
}

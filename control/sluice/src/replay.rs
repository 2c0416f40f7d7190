//! `sluice replay`: captures through a policy, and what each tool would receive.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use sluice_capture::MergeError;
use sluice_switch::Worker;
use sluice_target::{Captures, Counters};

use crate::args;
use crate::broker::{self, Broker};
use crate::failure::Failure;
use crate::inputs::{self, Input};
use crate::progress::Progress;
use crate::summary::{Summary, Timing};
use crate::tools::Tools;

/// What a run read, by input.
struct Read {
    packets: u64,
    /// Captures that ended in damage, with `--partial`.
    damaged: Vec<String>,
    elapsed: Duration,
}

pub(crate) fn run(arguments: &args::Replay) -> Result<ExitCode, Failure> {
    let loaded = broker::load(&arguments.file)?;
    let inputs = inputs::inputs(&arguments.inputs, &loaded.policy)?;
    let module = broker::program(arguments.program)?;
    let broker = Broker::start(module, &loaded, arguments.engine.into())?;
    let instances: Vec<(u16, &str)> =
        broker.state.instances().map(|(id, tool, _)| (id, &*tool.name)).collect();
    // The inputs are opened before the output folder is made: an unreadable capture leaves nothing behind.
    let captures = inputs::open(&inputs, arguments.inputs.assume_ethernet)?;
    let mut tools = Tools::create(&arguments.out, &loaded.policy, &instances)?;
    let mut worker = broker.worker()?;
    let read = pass(captures, &inputs, arguments, &mut worker, &mut tools)?;

    let counters = Counters::read(&broker.target).map_err(|fault| Failure::Refused(fault.to_string()))?;
    let account = broker.state.account(&counters);
    let strays = tools.strays();
    let received = |id: u16| account.ports.iter().find(|port| port.id == id).map_or(0, |port| port.received);
    let files = tools.commit(received)?;
    let timing = Timing { packets: read.packets, elapsed: read.elapsed };
    let profile = arguments.profile.then(|| worker.profile());
    let summary = Summary::new(account, files, strays, timing, profile);
    if arguments.json {
        println!("{}", summary.json());
    } else {
        print!("{summary}");
    }
    for warning in &read.damaged {
        eprintln!("warning: {warning}");
    }
    Ok(if summary.adds_up() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn pass(
    mut captures: Captures<std::fs::File>,
    inputs: &[Input],
    arguments: &args::Replay,
    worker: &mut Worker,
    tools: &mut Tools,
) -> Result<Read, Failure> {
    let mut progress = Progress::new(captures.total_bytes());
    let mut read = Read { packets: 0, damaged: Vec::new(), elapsed: Duration::ZERO };
    let start = Instant::now();
    loop {
        match captures.receive() {
            Ok(None) => break,
            Ok(Some(ingress)) => {
                tools.next_packet();
                if arguments.profile {
                    worker.process_profiled(&ingress, tools);
                } else {
                    worker.process(&ingress, tools);
                }
                read.packets += 1;
            }
            Err(error) if arguments.partial => read.damaged.push(damage(inputs, &error)),
            Err(error) => return Err(inputs::failed(inputs, error)),
        }
        progress.packet(|| captures.consumed_bytes());
    }
    read.elapsed = start.elapsed();
    Ok(read)
}

fn damage(inputs: &[Input], error: &MergeError) -> String {
    let path = inputs.get(error.input).map(|input| input.path.display().to_string()).unwrap_or_default();
    format!("{path}: {}; what was whole before it is in the result", error.error)
}

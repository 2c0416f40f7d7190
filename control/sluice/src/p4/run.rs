//! `sluice p4 run`: captures through any program on the soft switch.

use std::path::{Path, PathBuf};

use sluice_diagnostics::{Diagnostic, Diagnostics, Sources};
use sluice_stf::{StepKind, SwitchTarget, Target, Test};
use sluice_switch::{DROP_PORT, Switch};

use super::args::Run;
use super::ports::Ports;
use super::program;
use crate::failure::Failure;
use crate::inputs::{self, Input};
use crate::progress::Progress;

pub(crate) fn run(arguments: &Run) -> Result<(), Failure> {
    let inputs = captures(&arguments.inputs)?;
    let (module, _) = program::load(&arguments.file, &arguments.preprocessor)?;
    let mut switch = program::switch(&arguments.file, &module, arguments.engine)?;
    if let Some(entries) = &arguments.entries {
        switch = with_entries(switch, entries)?;
    }
    // The inputs are opened before the output folder is made: an unreadable capture leaves nothing behind.
    let mut captures = inputs::open(&inputs, arguments.assume_ethernet)?;
    let mut ports = Ports::create(&arguments.out)?;
    let mut worker = switch.worker();
    let mut progress = Progress::new(captures.total_bytes());
    while let Some(ingress) = captures.receive().map_err(|error| inputs::failed(&inputs, error))? {
        worker.process(&ingress, &mut ports);
        progress.packet(|| captures.consumed_bytes());
    }
    drop(progress);
    let files = ports.commit()?;
    summary(&switch);
    for (path, packets) in files {
        println!("wrote {} ({packets} packets)", path.display());
    }
    Ok(())
}

/// Reads `PORT=CAPTURE` arguments; all that is wrong with them is said at once.
fn captures(arguments: &[String]) -> Result<Vec<Input>, Failure> {
    let mut list = Vec::new();
    let mut wrong = Vec::new();
    for text in arguments {
        let parts = text.split_once('=').filter(|(_, path)| !path.is_empty());
        let port = parts.and_then(|(port, _)| port.parse().ok()).filter(|port| *port < DROP_PORT);
        match (port, parts) {
            (Some(port), Some((_, path))) => list.push(Input { port, path: PathBuf::from(path) }),
            _ => wrong.push(format!("`--in {text}` is no port and capture")),
        }
    }
    if wrong.is_empty() {
        return Ok(list);
    }
    Err(Failure::argument(wrong.join("\nerror: "), "write `--in PORT=CAPTURE`; ports are 0 to 510"))
}

/// The switch with what a script without packets writes.
fn with_entries(switch: Switch, path: &Path) -> Result<Switch, Failure> {
    let text = std::fs::read_to_string(path).map_err(Failure::read(path))?;
    let mut sources = Sources::new();
    let source = sources.add(path.display().to_string(), text);
    let write = || -> Result<Switch, Diagnostics> {
        let script = sluice_stf::parse(&sources, source)?;
        let test = sluice_stf::bind(&script, switch.info())?;
        refuse_traffic(&test)?;
        let mut target = SwitchTarget::new(switch);
        for step in &test.steps {
            if let StepKind::Operate(operation) = &step.kind {
                target
                    .operate(operation)
                    .map_err(|error| Diagnostic::error(error.to_string()).at(step.span, ""))?;
            }
        }
        Ok(target.into_switch())
    };
    write().map_err(|found| Failure::located(&found, &sources))
}

fn refuse_traffic(test: &Test) -> Result<(), Diagnostics> {
    let is_traffic = |kind: &StepKind| !matches!(kind, StepKind::Operate(_) | StepKind::Wait);
    let steps = test.steps.iter().filter(|step| is_traffic(&step.kind)).map(|step| step.span);
    let expected = test.expected.iter().map(|expected| expected.span);
    let wrong = |span| {
        Diagnostic::error("this file only sets up the switch: it sends and expects no packets")
            .at(span, "")
            .help("`sluice p4 test` runs scripts with packets")
    };
    let found: Diagnostics = steps.chain(expected).map(wrong).collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// What came in, went out and was dropped, port by port.
fn summary(switch: &Switch) {
    println!("{:>5} {:>10} {:>12} {:>10} {:>12}  dropped", "port", "received", "bytes", "sent", "bytes");
    for port in 0..DROP_PORT {
        let counters = switch.port_counters(port);
        let drops: Vec<String> = counters
            .drops
            .iter()
            .map(|(reason, data)| format!("{} {}", data.packets, reason.name()))
            .collect();
        let (received, sent) = (counters.received, counters.sent);
        if received.packets > 0 || sent.packets > 0 || !drops.is_empty() {
            let line = format!(
                "{port:>5} {:>10} {:>12} {:>10} {:>12}  {}",
                received.packets,
                received.bytes,
                sent.packets,
                sent.bytes,
                drops.join(", ")
            );
            println!("{}", line.trim_end());
        }
    }
}

//! `sluice nic simulate`.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sluice_capture::{Merge, ReadOptions, Reader};
use sluice_nic::CardTime;
use sluice_nic::bus::InProcess;
use sluice_nic::registers::PIPELINE_APPLICATION;
use sluice_nic_model::{NicModel, Options, Pipeline, Served, Shell, Time, ToHost, serve};
use tokio::signal::unix::{SignalKind, signal};

use super::args::Simulate;
use super::simulated::{self, Leaving};
use super::times;
use crate::failure::Failure;

/// How long a frame waits before somebody looks again whether it may go.
const LOOK: Duration = Duration::from_micros(200);
/// How long a driver that goes on has the card to itself between two frames of a simulated pipeline, and how long it does nothing before the next frame comes.
const DRIVER: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_millis(1);
/// Frames that go one behind the other.
const BATCH: u64 = 256;

/// Raised at SIGINT and SIGTERM.
pub(super) fn until_signal() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::<AtomicBool>::default();
    let raised = stop.clone();
    let failed = |source| Failure::system("wait for signals")(source);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
    let guard = runtime.enter();
    let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let terminate = signal(SignalKind::terminate()).map_err(failed)?;
    drop(guard);
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let (mut interrupt, mut terminate) = (interrupt, terminate);
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        raised.store(true, Ordering::Release);
    });
    Ok(stop)
}

/// `PORT=CAPTURE` arguments; all that is wrong with them is said at once.
fn inputs(arguments: &Simulate) -> Result<Vec<(u8, PathBuf)>, Failure> {
    let mut list = Vec::new();
    let mut wrong = Vec::new();
    for text in &arguments.inputs {
        let parsed = text.split_once('=').filter(|(_, path)| !path.is_empty());
        match parsed.and_then(|(port, path)| Some((port.parse::<u8>().ok()?, PathBuf::from(path)))) {
            Some((port, path)) if port < arguments.ports => list.push((port, path)),
            Some((port, _)) => wrong.push(format!("`--in {text}`: the card has no port {port}")),
            None => wrong.push(format!("`--in {text}` is no port and capture")),
        }
    }
    if wrong.is_empty() {
        return Ok(list);
    }
    let help = format!("write `--in PORT=CAPTURE`, with a port from 0 to {}", arguments.ports - 1);
    Err(Failure::argument(wrong.join("\nerror: "), help))
}

pub(super) fn run(arguments: &Simulate) -> Result<(), Failure> {
    let inputs = inputs(arguments)?;
    let mut merge = Merge::new();
    for (port, path) in &inputs {
        let file = File::open(path).map_err(Failure::read(path))?;
        let reader = Reader::new(file, ReadOptions::default());
        merge.push(*port, reader.map_err(|source| Failure::Capture { path: path.clone(), source })?);
    }
    let paths: Vec<PathBuf> = inputs.into_iter().map(|(_, path)| path).collect();
    match simulated::pipeline(arguments)? {
        Some(pipeline) => {
            let shell = Shell::new(pipeline, arguments.ports);
            let leaving = arguments.out.as_deref().map(|folder| Leaving::create(folder, arguments.ports));
            with(arguments, shell, false, (merge, &paths), leaving.transpose()?)
        }
        None => with(arguments, ToHost { id: PIPELINE_APPLICATION }, true, (merge, &paths), None),
    }
}

/// Waits for a line by standard input.
fn hold() -> Result<(), Failure> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map(drop).map_err(Failure::system("read standard input"))
}

/// Waits until the driver has no more to do, but no longer than that: a simulated pipeline takes much longer for a frame than for a register.
fn driver_first(served: &Served) {
    let end = Instant::now() + DRIVER;
    let mut before = None;
    while Instant::now() < end && before != Some(served.accesses()) {
        before = Some(served.accesses());
        std::thread::sleep(QUIET);
    }
}

/// Is a card whose application block is that one. Where all frames go to the host, they wait for room there.
fn with<P: Pipeline + 'static>(
    arguments: &Simulate,
    pipeline: P,
    has_host: bool,
    (mut merge, paths): (Merge<u8, File>, &[PathBuf]),
    mut leaving: Option<Leaving>,
) -> Result<(), Failure> {
    let stop = until_signal()?;
    let options = Options {
        ports: arguments.ports,
        time: Time::real(),
        start_ns: times::tai_ns(),
        drift_ppb: arguments.drift,
        ..Options::default()
    };
    let ahead_ns = times::tai_ahead_ns();
    let device = Arc::new(InProcess::new(NicModel::new(options, pipeline)));
    let served =
        serve(device.clone(), &arguments.socket).map_err(|error| Failure::Broker(error.to_string()))?;
    say(&format!("ready: vfio-user:{}", arguments.socket.display()))?;
    if arguments.hold {
        hold()?;
    }
    let path = |input: usize| paths.get(input).cloned().unwrap_or_default();
    let mut sent = 0u64;
    loop {
        let packet = merge
            .next_packet()
            .map_err(|error| Failure::Capture { path: path(error.input), source: error.error })?;
        let Some((port, packet)) = packet else { break };
        if !has_host {
            driver_first(&served);
        } else if sent.is_multiple_of(BATCH) {
            // So that the driver gets at the card in between.
            std::thread::yield_now();
        }
        let goes = || {
            device.with(|model, machine| {
                let may_go = model.receives(port) && (!has_host || model.has_room(0));
                may_go.then(|| {
                    let time = match arguments.capture_times {
                        true => CardTime::from_ns(packet.time_ns.saturating_add(ahead_ns)),
                        false => model.now(),
                    };
                    model.receive_at(machine, port, packet.data, time)
                })
            })
        };
        while goes().is_none() {
            if stop.load(Ordering::Acquire) {
                return finish(leaving);
            }
            std::thread::sleep(LOOK);
        }
        while let Some((port, time, frame)) = device.with(|model, _| model.take_sent()) {
            if let Some(leaving) = &mut leaving {
                leaving.write(port, time, &frame)?;
            }
        }
        sent += 1;
    }
    finish(leaving)?;
    say(&format!("{sent} frames have come in"))?;
    let is_over = || stop.load(Ordering::Acquire) || (arguments.once && served.departed() > 0);
    while !is_over() {
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Puts what has left into place.
fn finish(leaving: Option<Leaving>) -> Result<(), Failure> {
    leaving.map_or(Ok(()), Leaving::finish)
}

/// Whoever waits for a line reads it now.
fn say(line: &str) -> Result<(), Failure> {
    println!("{line}");
    std::io::stdout().flush().map_err(Failure::system("say that it is ready"))
}

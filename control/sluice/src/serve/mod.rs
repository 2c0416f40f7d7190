//! `sluice serve`: a broker that runs.
//!
//! The policy, if there is one, owns the program and its tables; P4Runtime controllers read them. Without a policy the tables are the controllers'.

mod ports;

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use sluice_p4runtime::{Server, ServerOptions};
use sluice_policy::State;
use sluice_target::sys::{Linux, System};
use sluice_target::{Counters, SoftOptions, SoftTarget, Target, carry_out};
use tokio::signal::unix::{SignalKind, signal};
use tokio_stream::wrappers::TcpListenerStream;

use crate::args;
use crate::broker;
use crate::failure::Failure;

pub(crate) fn run(arguments: &args::Serve) -> Result<ExitCode, Failure> {
    let address = loopback(arguments.p4runtime)?;
    let loaded = arguments.policy.as_deref().map(broker::load).transpose()?;
    let ports = ports::ports(&arguments.ports, loaded.as_ref().map(|loaded| &loaded.policy))?;
    let options = SoftOptions { wall_clock: true, ..SoftOptions::default() };
    let (target, state, owner) = match &loaded {
        None => (SoftTarget::new(options), None, None),
        Some(loaded) => {
            let refused = |error: &dyn std::fmt::Display| Failure::Refused(error.to_string());
            // No policy has a port of that number: nothing goes to a controller.
            let options = SoftOptions { cpu_port: 0, ..options };
            let module = broker::program(arguments.program)?;
            let target = SoftTarget::with_module(module, options).map_err(|fault| refused(&fault))?;
            let info = target.info();
            let plan = broker::plan(&broker::nothing(&info)?, loaded, &info)?;
            let state = carry_out(&target, plan).map_err(|error| refused(&error))?;
            (target, Some(state), Some("the policy".to_string()))
        }
    };
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::system("begin to serve"))?;
    let target = Arc::new(target);
    let options = ServerOptions { device_id: arguments.device_id, owner, ..ServerOptions::default() };
    let served = runtime.block_on(serve(&target, options, address, &ports));
    // Frames that came in are taken through, then none comes in any more.
    target.detach_all();
    runtime.shutdown_background();
    served?;
    report(&target, state.as_ref())
}

/// There is no authentication yet: whoever reaches the address may write.
fn loopback(address: SocketAddr) -> Result<SocketAddr, Failure> {
    if address.ip().is_loopback() {
        return Ok(address);
    }
    let help = "take a loopback address (127.0.0.1:9559), and a tunnel with authentication of its own to reach it from elsewhere";
    Err(Failure::argument(
        format!("`--p4runtime {address}` can be reached by others, and anybody may write there"),
        help,
    ))
}

/// Serves until it is told to stop.
async fn serve(
    target: &Arc<SoftTarget>,
    options: ServerOptions,
    address: SocketAddr,
    ports: &[ports::Wanted],
) -> Result<(), Failure> {
    let failed = |what: String| Failure::system(what);
    let listener =
        tokio::net::TcpListener::bind(address).await.map_err(failed(format!("listen at {address}")))?;
    let address = listener.local_addr().map_err(failed("listen".to_string()))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed("wait for signals".to_string()))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed("wait for signals".to_string()))?;
    let server = Server::new(target.clone(), options).map_err(failed("begin to serve".to_string()))?;
    let system: Arc<dyn System> = Arc::new(Linux);
    ports::attach(target, ports, &system)?;
    println!("ready: P4Runtime at {address}, {} ports", ports.len());
    // Whoever waits for this line reads it now.
    std::io::stdout().flush().map_err(failed("say that it is ready".to_string()))?;
    let stopped = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let (stop, told) = tokio::sync::oneshot::channel::<()>();
    let router = tonic::transport::Server::builder().add_service(server.service());
    let serving =
        tokio::spawn(router.serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
            let _ = told.await;
        }));
    stopped.await;
    let _ = stop.send(());
    // Streams of controllers stay open as long as they like; they are not waited for.
    serving.abort();
    Ok(())
}

/// What became of every packet.
fn report(target: &SoftTarget, state: Option<&State>) -> Result<ExitCode, Failure> {
    for port in target.ports() {
        let (received, sent) = (port.counters.received, port.counters.sent);
        let lost = port.lost;
        println!(
            "{}: received {} packets ({} bytes), missed {}, sent {} ({} bytes), lost {} (queue full {}, down {}, refused {})",
            port.name,
            received.packets,
            received.bytes,
            port.missed,
            sent.packets,
            sent.bytes,
            lost.queue_full + lost.port_down + lost.refused,
            lost.queue_full,
            lost.port_down,
            lost.refused
        );
    }
    let Some(state) = state else { return Ok(ExitCode::SUCCESS) };
    let counters = Counters::read(target).map_err(|fault| Failure::Refused(fault.to_string()))?;
    let account = state.account(&counters);
    print!("{account}");
    Ok(if account.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

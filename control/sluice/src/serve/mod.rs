//! `sluice serve`: a broker that runs.
//!
//! The data path is XDP or the switch in this process ([`choose`]), or with `--remote` a P4Runtime server. With a policy, or a store that has one, [`sluice_daemon::Broker`] owns the program and its tables; P4Runtime controllers read them. Without either the tables are the controllers'.

mod alerts;
mod api;
mod begin;
mod choose;
mod fallback;
mod latency;
mod log;
mod notify;
mod ports;
mod reload;
mod remote;
mod telemetry;
mod users;

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, Weak};

use sluice_daemon::Broker;
use sluice_p4runtime::{Server, ServerOptions};
use sluice_store::Store;
use sluice_target::Target;
use sluice_target::sys::Linux;
use tokio::signal::unix::{SignalKind, signal};

use crate::args;
use crate::failure::Failure;
use begin::{Begun, Brokered};

pub(crate) fn run(arguments: &args::Serve) -> Result<ExitCode, Failure> {
    let wanted = api::Wanted { address: arguments.api, tls: api::tls(arguments)?, metrics: None };
    if wanted.tls.is_none() {
        loopback("--p4runtime", arguments.p4runtime)?;
        loopback("--api", arguments.api)?;
    }
    is_closed(arguments)?;
    let log = log::begin(arguments)?;
    tracing::info!(software = env!("CARGO_PKG_VERSION"), process = std::process::id(), "broker starts");
    let ended = to_end(arguments, wanted);
    match &ended {
        Ok(_) => tracing::info!("broker ended"),
        Err(failure) => tracing::error!(why = failure.brief(), "broker ends"),
    }
    drop(log);
    ended
}

/// From the start to the end.
fn to_end(arguments: &args::Serve, mut wanted: api::Wanted) -> Result<ExitCode, Failure> {
    // A file that is wrong is told before anything is changed.
    telemetry::config(arguments, None)?;
    let begun = begin::begin(arguments)?;
    let config = telemetry::config(arguments, Some(&begun.ports))?;
    let exports = telemetry::start(&config, &begun)?.map(Arc::new);
    if let (Some(own), Some(exports)) = (&begun.own, &exports) {
        own.observe(telemetry::observers(exports));
    }
    let ways = exports.as_ref().map(|exports| exports.ways()).unwrap_or_default();
    let watching = match &begun.brokered {
        Some(Brokered { broker, .. }) => {
            let watching = alerts::start(
                &config.alerts,
                begun.target.clone(),
                broker.clone(),
                Arc::new(Linux),
                ways.clone(),
            );
            Some(watching.map_err(Failure::system("begin to watch"))?)
        }
        None => None,
    };
    let receivers =
        watching.as_ref().map_or_else(Weak::new, |watching| Arc::downgrade(&watching.receivers()));
    wanted.metrics =
        Some(telemetry::metrics(exports.as_ref().map(|exports| exports.counted()), ways, receivers));
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::system("begin to serve"))?;
    let owner = begun.brokered.as_ref().map(|_| "the policy".to_string());
    let users = users::store(arguments, &begun)?;
    let options = ServerOptions {
        device_id: arguments.device_id,
        owner,
        tls: wanted.tls.as_ref().map(sluice_api::Tls::config),
        ..ServerOptions::default()
    };
    let served = runtime.block_on(serve(arguments, &begun, options, users, wanted));
    drop(watching);
    // Frames that came in are taken through, then none comes in any more.
    if let Some(own) = begun.own.as_ref().filter(|_| !arguments.kernel.keep_forwarding) {
        own.detach_ports();
    }
    // The last flows and counters.
    drop(exports);
    runtime.shutdown_background();
    served?;
    report(&*begun.target, begun.brokered.as_ref().map(|brokered| &brokered.broker))
}

/// Whether everybody who reaches P4Runtime from elsewhere has to say who they are.
fn is_closed(arguments: &args::Serve) -> Result<(), Failure> {
    let has_users =
        arguments.policy.is_some() || arguments.store.is_some() || arguments.p4runtime_users.is_some();
    if arguments.p4runtime.ip().is_loopback() || has_users || arguments.tls_client_ca.is_some() {
        return Ok(());
    }
    Err(Failure::argument(
        format!("`--p4runtime {}` can be reached by others, who could set any program", arguments.p4runtime),
        "say who may: `--p4runtime-users FILE`, or `--tls-client-ca FILE` for clients with certificates",
    ))
}

/// What is served is not encrypted: whoever is on the way may see what is sent.
fn loopback(option: &str, address: SocketAddr) -> Result<SocketAddr, Failure> {
    if address.ip().is_loopback() {
        return Ok(address);
    }
    let port = address.port();
    let help = format!(
        "take a loopback address (127.0.0.1:{port}), or serve it over TLS: `--tls-cert`, `--tls-key`"
    );
    Err(Failure::argument(
        format!("`{option} {address}` can be reached by others, and nothing is encrypted"),
        help,
    ))
}

/// Serves until it is told to stop.
async fn serve(
    arguments: &args::Serve,
    begun: &Begun,
    mut options: ServerOptions,
    users: Option<Arc<Store>>,
    api: api::Wanted,
) -> Result<(), Failure> {
    let p4runtime = arguments.p4runtime;
    let failed = |what: String| Failure::system(what);
    let listener =
        tokio::net::TcpListener::bind(p4runtime).await.map_err(failed(format!("listen at {p4runtime}")))?;
    let address = listener.local_addr().map_err(failed("listen".to_string()))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed("wait for signals".to_string()))?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failed("wait for signals".to_string()))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed("wait for signals".to_string()))?;
    let target: Arc<dyn Target> = match &begun.brokered {
        Some(brokered) => brokered.broker.controllers(),
        None => begun.target.clone(),
    };
    if let Some(own) = &begun.own {
        ports::attach(&**own, &begun.ports)?;
    }
    // A token that is shown is one of a broker that runs.
    let access = users.map(users::access).transpose()?;
    options.guard = access.clone().map(users::guard);
    let server = Server::new(target, options).map_err(failed("begin to serve".to_string()))?;
    let api = match begun.brokered.as_ref().zip(access) {
        Some((brokered, access)) => Some(api::listen(brokered, access, api).await?),
        None => None,
    };
    let also = api.as_ref().map_or_else(String::new, |api| format!(", REST and gRPC at {}", api.address));
    let (p4runtime, api_at) = (address.to_string(), api.as_ref().map(|api| api.address.to_string()));
    tracing::info!(p4runtime, api = api_at, ports = begun.ports.len(), "broker is ready");
    println!("ready: P4Runtime at {address}{also}, {} ports", begun.ports.len());
    // Whoever waits for this line reads it now.
    std::io::stdout().flush().map_err(failed("say that it is ready".to_string()))?;
    let served = format!("P4Runtime at {address}{also}");
    notify::ready(&served);
    let reload = reload::Reload::of(begun, arguments.policy.as_deref());
    let stopped = async move {
        let signal = loop {
            tokio::select! {
                _ = interrupt.recv() => break "SIGINT",
                _ = terminate.recv() => break "SIGTERM",
                _ = hangup.recv() => reload.now().await,
            }
        };
        tracing::info!(signal, "broker is told to end");
    };
    let serving = tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
    stopped.await;
    notify::stopping();
    // Streams of controllers stay open as long as they like; they are not waited for.
    serving.abort();
    if let Some(api) = api {
        api.task.abort();
    }
    Ok(())
}

/// What became of every packet.
fn report(target: &dyn Target, broker: Option<&Broker>) -> Result<ExitCode, Failure> {
    for port in target.ports() {
        let (received, sent) = (port.counters.received, port.counters.sent);
        let lost = port.lost;
        println!(
            "{}: received {} packets ({} bytes), missed {}, sent {} ({} bytes), lost {} (queue full {}, down {}, refused {}, not written {})",
            port.name,
            received.packets,
            received.bytes,
            port.missed,
            sent.packets,
            sent.bytes,
            lost.queue_full + lost.port_down + lost.refused + lost.not_written,
            lost.queue_full,
            lost.port_down,
            lost.refused,
            lost.not_written
        );
    }
    let Some(broker) = broker else { return Ok(ExitCode::SUCCESS) };
    if let Some(why) = broker.out_of_reach() {
        println!("the data path is out of reach ({why}): what it counted is not known here");
        return Ok(ExitCode::SUCCESS);
    }
    let account = broker.reading_now().map_err(|refusal| Failure::refusal(&refusal))?.account;
    print!("{account}");
    Ok(if account.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! `--remote`: a P4Runtime server as the data path.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sluice_broker::{Arch, Build};
use sluice_diagnostics::{Diagnostics, Sources};
use sluice_entities::Code;
use sluice_ir::{Module, text};
use sluice_p4runtime::{RemoteOptions, RemoteTarget, RemoteTls, RemoteToken};
use sluice_target::Program;

use crate::args;
use crate::failure::Failure;

/// The program in the form that the device takes, and as it is explained.
pub(super) fn program(arguments: &args::Serve) -> Result<(Arc<Module>, Program), Failure> {
    let arch = match arguments.far.remote_kind {
        args::Device::Sluice => Arch::Sluice,
        args::Device::Bmv2 => Arch::V1model,
    };
    let build = Build { arch, terms: arguments.program.terms, ..Build::default() };
    let compiled = sluice_broker::compile(build);
    let module = compiled.map_err(|(diagnostics, sources)| Failure::located(&diagnostics, &sources))?;
    let text = text::print(&module);
    let mut sources = Sources::new();
    let source = sources.add("broker.ir", &text);
    let located = |found: Diagnostics| Failure::located(&found, &sources);
    let module = text::read(&sources, source).map_err(located)?;
    let (p4info, _) = sluice_p4info::p4info(&module).map_err(located)?;
    let device_config = match arguments.far.remote_kind {
        args::Device::Sluice => text,
        args::Device::Bmv2 => {
            let options = sluice_bmv2::Options { program: "broker.p4", sources: &sources };
            sluice_bmv2::write(&module, options).map_err(located)?.0
        }
    };
    let device_config = device_config.into_bytes();
    Ok((Arc::new(module), Program { p4info, device_config }))
}

/// Where the device is, as a URL.
fn address(given: &str) -> String {
    if given.contains("://") { given.to_string() } else { format!("http://{given}") }
}

fn tls(far: &args::Far, address: &str) -> Result<Option<RemoteTls>, Failure> {
    let Some(authorities) = &far.remote_ca else {
        if address.starts_with("https://") {
            return Err(Failure::argument(
                "no authority vouches for the data path",
                "give `--remote-ca`, the certificates of the authorities that do",
            ));
        }
        return Ok(None);
    };
    if !address.starts_with("https://") {
        return Err(Failure::argument(
            format!("`{address}` is spoken to without TLS, so that `--remote-ca` says nothing"),
            "write `--remote https://HOST:PORT`",
        ));
    }
    let read = |path: &Path| std::fs::read(path).map_err(Failure::read(path));
    let identity = match (&far.remote_cert, &far.remote_key) {
        (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
        _ => None,
    };
    Ok(Some(RemoteTls { authorities: read(authorities)?, identity }))
}

/// Whether only this machine sees what is sent.
fn is_private(address: &str) -> bool {
    let Some(place) = address.strip_prefix("http://") else { return true };
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn token(far: &args::Far, address: &str) -> Result<Option<RemoteToken>, Failure> {
    let Some(path) = &far.remote_token_file else { return Ok(None) };
    if !is_private(address) {
        return Err(Failure::argument(
            format!("whoever is on the way to {address} would read the token"),
            "write `--remote https://HOST:PORT`, with `--remote-ca`",
        ));
    }
    let text = std::fs::read_to_string(path).map_err(Failure::read(path))?;
    let token = RemoteToken::new(&text).ok_or_else(|| {
        Failure::argument(
            format!("there is no token in {}", path.display()),
            "a token is one word: `sluice_` and hexadecimal digits, if `sluice serve` made it",
        )
    })?;
    Ok(Some(token))
}

/// Connects, and becomes the device's primary.
pub(super) fn connect(far: &args::Far) -> Result<RemoteTarget, Failure> {
    let address = address(far.remote.as_deref().unwrap_or_default());
    let options = RemoteOptions {
        tls: tls(far, &address)?,
        token: token(far, &address)?,
        device_id: far.remote_device_id,
        election_id: u128::from(far.election_id),
        drain: Duration::from_millis(far.remote_drain),
        ..RemoteOptions::new(address.clone())
    };
    RemoteTarget::connect(options).map_err(|fault| {
        let help = match fault.code {
            Code::Unavailable => {
                "start the P4Runtime server first; once this one runs, the server may go and come back"
            }
            Code::PermissionDenied => {
                "take a higher `--election-id`, or end the other controller; of a server with users, the token has to be of an operator or admin"
            }
            Code::Unauthenticated => {
                "give `--remote-token-file FILE`: the token of a user of that server, an operator or admin"
            }
            Code::NotFound => "give the server's number of its device: `--remote-device-id N`",
            _ => "the server at `--remote` has to be a P4Runtime server that takes this side as primary",
        };
        Failure::argument(format!("the data path at {address}: {}", fault.message), help)
    })
}

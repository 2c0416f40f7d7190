//! REST, gRPC and metrics of a broker.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use sluice_api::{Access, Api, MoreMetrics, Tls};

use super::begin::Brokered;
use crate::args;
use crate::failure::Failure;

/// What is to be served.
pub(super) struct Wanted {
    pub(super) address: SocketAddr,
    pub(super) tls: Option<Tls>,
    pub(super) metrics: Option<MoreMetrics>,
}

/// TLS, as the arguments have it.
pub(super) fn tls(arguments: &args::Serve) -> Result<Option<Tls>, Failure> {
    let (Some(certificate), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) else { return Ok(None) };
    let read = |path: &Path| std::fs::read(path).map_err(Failure::read(path));
    let authorities = arguments.tls_client_ca.as_deref().map(read).transpose()?;
    let tls = Tls::new(&read(certificate)?, &read(key)?, authorities.as_deref());
    tls.map(Some).map_err(|error| Failure::Broker(error.to_string()))
}

/// What is served.
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    pub(super) task: tokio::task::JoinHandle<()>,
}

/// Begins to serve the ways to a broker.
pub(super) async fn listen(
    brokered: &Brokered,
    access: Arc<Access>,
    wanted: Wanted,
) -> Result<Listening, Failure> {
    let Wanted { address, tls, metrics } = wanted;
    let failed = Failure::system(format!("listen at {address}"));
    let listener = tokio::net::TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(Failure::system("listen"))?;
    let router = Api::with_metrics(brokered.broker.clone(), access, metrics).router();
    let task = tokio::spawn(sluice_api::serve(listener, router, tls, std::future::pending()));
    Ok(Listening { address, task })
}

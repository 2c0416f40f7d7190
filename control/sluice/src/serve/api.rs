//! REST, gRPC and metrics of a broker.

use std::net::SocketAddr;

use sluice_api::{Access, Api};

use super::begin::Brokered;
use crate::failure::Failure;

/// What is served.
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    pub(super) task: tokio::task::JoinHandle<()>,
}

/// Begins to serve the ways to a broker. If its store has no users yet, the token of the first one is shown.
pub(super) async fn listen(brokered: &Brokered, wanted: SocketAddr) -> Result<Listening, Failure> {
    let failed = Failure::system(format!("listen at {wanted}"));
    let listener = tokio::net::TcpListener::bind(wanted).await.map_err(failed)?;
    let address = listener.local_addr().map_err(Failure::system("listen"))?;
    let (access, token) =
        Access::new(brokered.store.clone()).map_err(|error| Failure::Broker(error.to_string()))?;
    if let Some(token) = token {
        eprintln!("token of admin, shown only now: {token}");
    }
    let router = Api::new(brokered.broker.clone(), access).router();
    let task = tokio::spawn(sluice_api::serve(listener, router, std::future::pending()));
    Ok(Listening { address, task })
}

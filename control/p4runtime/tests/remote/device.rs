//! A data path behind a P4Runtime server of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sluice_p4runtime::{RemoteOptions, RemoteTarget, Server, ServerOptions};
use sluice_target::Target;

use crate::bench::{Device, soft};

/// A server on threads of its own, which stops when this goes.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serves a data path; on a given port of loopback, or on a free one.
pub(crate) fn serve(target: Arc<dyn Target>, port: u16) -> Served {
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).expect("a port is free");
    listener.set_nonblocking(true).expect("it can wait elsewhere");
    let address = listener.local_addr().expect("it is bound");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("threads");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("it is a listener");
            let server = Server::new(target, ServerOptions::default()).expect("a thread can be made");
            let stop = async {
                let _ = stopped.await;
            };
            server.serve(listener, stop).await.expect("it serves");
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
    });
    Served { address, stop: Some(stop), thread: Some(thread) }
}

pub(crate) fn options(served: &Served) -> RemoteOptions {
    RemoteOptions {
        drain: Duration::from_millis(20),
        ..RemoteOptions::new(format!("http://{}", served.address))
    }
}

pub(crate) fn device() -> Device {
    let Device { target, ends, .. } = soft();
    let served = serve(target, 0);
    let remote = RemoteTarget::connect(options(&served)).expect("it listens");
    Device { target: Arc::new(remote), ends, keep: Some(Box::new(served)) }
}

//! A listener, and the bounds within which clients are served: one that is slow, silent or gone takes nothing from the others for long.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::Server;

/// How long a client may take to say that it speaks HTTP/2.
const GREETING_TIME: Duration = Duration::from_secs(10);
/// What it says then (RFC 9113, section 3.4).
const GREETING_BYTES: usize = 24;
/// A client from which nothing comes is asked whether it is there after so long, and has so long to answer: a primary that is gone without a word does not stay primary.
const SILENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(10));
/// Requests at work for one connection, streams included.
const REQUESTS: usize = 64;
/// Connections that have said what they speak and wait to be served.
const WAITING: usize = 64;

/// Connections that have begun to speak; others are closed after a while.
fn connections(listener: TcpListener) -> ReceiverStream<io::Result<TcpStream>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = sender.closed() => return,
            };
            let Ok((stream, _)) = accepted else {
                // Too many files are open, most often: some are closed meanwhile.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let sender = sender.clone();
            tokio::spawn(async move {
                if let Ok(true) = tokio::time::timeout(GREETING_TIME, has_spoken(&stream)).await {
                    // Nobody serves any more.
                    let _ = sender.send(Ok(stream)).await;
                }
            });
        }
    });
    ReceiverStream::new(receiver)
}

/// Waits until a client has said what it speaks; `false` if it is gone.
async fn has_spoken(stream: &TcpStream) -> bool {
    let _ = stream.set_nodelay(true);
    let mut greeting = [0; GREETING_BYTES];
    loop {
        match stream.peek(&mut greeting).await {
            Ok(GREETING_BYTES..) => return true,
            Ok(0) | Err(_) => return false,
            // The rest is waited for; what is there already would be told again at once.
            Ok(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

impl Server {
    /// Serves a listener until `stop` is done; streams that are open then are closed.
    ///
    /// # Errors
    ///
    /// What the transport says.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), tonic::transport::Error> {
        let router = tonic::transport::Server::builder()
            .http2_keepalive_interval(Some(SILENCE.0))
            .http2_keepalive_timeout(Some(SILENCE.1))
            .concurrency_limit_per_connection(REQUESTS)
            .max_concurrent_streams(u32::try_from(REQUESTS).ok())
            .add_service(self.service());
        tokio::select! {
            served = router.serve_with_incoming(connections(listener)) => served,
            () = stop => Ok(()),
        }
    }
}

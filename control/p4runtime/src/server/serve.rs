//! A listener, and the bounds within which clients are served: one that is slow, silent or gone takes nothing from the others for long.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;

use super::Server;

/// How long a client may take to say that it speaks HTTP/2, TLS before it included.
const GREETING_TIME: Duration = Duration::from_secs(10);
/// What it says then (RFC 9113, section 3.4).
const GREETING_BYTES: usize = 24;
/// A client from which nothing comes is asked whether it is there after so long, and has so long to answer: a primary that is gone without a word does not stay primary.
const SILENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(10));
/// Requests at work for one connection, streams included.
const REQUESTS: usize = 64;
/// Connections that have said what they speak and wait to be served.
const WAITING: usize = 64;
/// Most connections; further ones are closed at once.
const CONNECTIONS: usize = 1024;

/// What carries bytes both ways.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection whose client has greeted, with TLS taken off.
pub(super) struct Connection {
    inner: Box<dyn Duplex>,
    /// What was read to see that it speaks, and how much of it was told again.
    greeting: [u8; GREETING_BYTES],
    told: usize,
    peer: SocketAddr,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = self.greeting.get(self.told..).unwrap_or_default();
        if left.is_empty() {
            return Pin::new(&mut self.inner).poll_read(context, buffer);
        }
        let count = left.len().min(buffer.remaining());
        buffer.put_slice(&left[..count]);
        self.told += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Takes TLS off, where there is to be some, and waits until the client has said what it speaks; nothing of one that does not, or does not in time.
async fn greeted(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    permit: OwnedSemaphorePermit,
) -> Option<Connection> {
    // Answers are small, and waited for.
    let _ = stream.set_nodelay(true);
    let greeted = tokio::time::timeout(GREETING_TIME, async {
        let mut inner: Box<dyn Duplex> = match tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls.accept(stream).await?),
        };
        let mut greeting = [0; GREETING_BYTES];
        inner.read_exact(&mut greeting).await?;
        Ok::<_, io::Error>((inner, greeting))
    });
    match greeted.await {
        Ok(Ok((inner, greeting))) => Some(Connection { inner, greeting, told: 0, peer, _permit: permit }),
        Ok(Err(error)) => {
            tracing::debug!(%peer, %error, "no P4Runtime connection came about");
            None
        }
        Err(_) => None,
    }
}

/// Connections that have begun to speak; others are closed after a while.
fn connections(listener: TcpListener, tls: Option<TlsAcceptor>) -> ReceiverStream<io::Result<Connection>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = sender.closed() => return,
            };
            let Ok((stream, peer)) = accepted else {
                // Too many files are open, most often: some are closed meanwhile.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(permit) = room.clone().try_acquire_owned() else {
                tracing::debug!(%peer, "P4Runtime connection closed: there are as many as may be");
                continue;
            };
            let (sender, tls) = (sender.clone(), tls.clone());
            tokio::spawn(async move {
                if let Some(connection) = greeted(stream, peer, tls, permit).await {
                    // Nobody serves any more.
                    let _ = sender.send(Ok(connection)).await;
                }
            });
        }
    });
    ReceiverStream::new(receiver)
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
        let tls = self.inner.options.tls.clone().map(TlsAcceptor::from);
        let router = tonic::transport::Server::builder()
            .http2_keepalive_interval(Some(SILENCE.0))
            .http2_keepalive_timeout(Some(SILENCE.1))
            .concurrency_limit_per_connection(REQUESTS)
            .max_concurrent_streams(u32::try_from(REQUESTS).ok())
            .add_service(self.service());
        tokio::select! {
            served = router.serve_with_incoming(connections(listener, tls)) => served,
            () = stop => Ok(()),
        }
    }
}

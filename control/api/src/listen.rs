//! Connections, each with a bound on what it can use up: how many there are, how long a request may take to begin, how many run at once.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::rest::Peer;
use crate::tls::Tls;

/// Most connections; further ones are closed at once.
const CONNECTIONS: usize = 256;

/// How long the first bytes, and the head of each request, may take to come.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// A peer that does not answer for that long is gone (HTTP/2).
const PING: Duration = Duration::from_secs(20);

/// Most requests at a time of one connection (HTTP/2).
const REQUESTS: u32 = 32;

/// Most bytes of the head of a request.
const HEAD_BYTES: usize = 32 << 10;

/// How the client's first bytes begin if it speaks HTTP/2 (RFC 9113, section 3.4); no method of HTTP/1 begins so.
const PREFACE: &[u8; 4] = b"PRI ";

/// How often it is looked for more of the first bytes.
const LOOK: Duration = Duration::from_millis(10);

/// Serves until told to stop; connections are ended then.
pub async fn serve(listener: TcpListener, router: Router, tls: Option<Tls>, stop: impl Future<Output = ()>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let mut tasks = tokio::task::JoinSet::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = tasks.join_next(), if !tasks.is_empty() => continue,
            () = &mut stop => return,
        };
        let Ok((stream, peer)) = accepted else {
            // No file is left for it: some will be.
            tokio::time::sleep(LOOK).await;
            continue;
        };
        let Ok(permit) = connections.clone().try_acquire_owned() else {
            tracing::debug!(%peer, "connection closed: there are as many as may be");
            continue;
        };
        let (router, tls) = (router.clone(), tls.clone());
        tasks.spawn(async move {
            let _permit = permit;
            tracing::debug!(%peer, "connection opened");
            connection(stream, peer, router, tls).await;
            tracing::debug!(%peer, "connection ended");
        });
    }
}

/// Whether the client speaks HTTP/2; nothing of one that does not speak.
async fn is_http2(stream: &TcpStream) -> Option<bool> {
    let mut first = [0u8; PREFACE.len()];
    let seen = tokio::time::timeout(HEAD_TIME, async {
        loop {
            let length = stream.peek(&mut first).await.ok()?;
            let seen = first.get(..length)?;
            if length == 0 {
                return None;
            }
            if !PREFACE.starts_with(seen) {
                return Some(false);
            }
            if length == PREFACE.len() {
                return Some(true);
            }
            tokio::time::sleep(LOOK).await;
        }
    });
    seen.await.ok()?
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, tls: Option<Tls>) {
    // Answers are small, and waited for.
    let _ = stream.set_nodelay(true);
    match tls {
        None => {
            let Some(is_http2) = is_http2(&stream).await else { return };
            answer(stream, is_http2, peer, router).await;
        }
        Some(tls) => {
            let accepted = tokio::time::timeout(HEAD_TIME, tls.accept(stream)).await;
            let Ok(Some((stream, is_http2))) = accepted else {
                tracing::debug!(%peer, "no TLS came about: no certificate, a wrong one, or another version");
                return;
            };
            answer(stream, is_http2, peer, router).await;
        }
    }
}

async fn answer<S>(stream: S, is_http2: bool, peer: SocketAddr, router: Router)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router.layer(axum::Extension(Peer(peer.ip()))));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(REQUESTS)
        .max_header_list_size(HEAD_BYTES as u32);
    let builder = if is_http2 { builder.http2_only() } else { builder.http1_only() };
    // What is wrong with a connection is its client's to know.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

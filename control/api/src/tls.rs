//! TLS 1.3, by rustls.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

/// What a client that speaks HTTP/2 asks for (RFC 7301).
const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// Why there is no TLS with these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not PEM, or has nothing of what it should have.
    #[error("{what}: {source}; PEM is wanted")]
    Pem {
        /// Which.
        what: &'static str,
        /// Why not.
        #[source]
        source: pem::Error,
    },
    /// They are not what a server can use.
    #[error("the certificate and the key are not taken: {0}")]
    Certificate(#[from] rustls::Error),
    /// The certificates of those who vouch for clients are not taken.
    #[error("the certificates of clients' authorities are not taken: {0}")]
    Clients(#[from] VerifierBuilderError),
}

/// A certificate, its key, and whose clients are let in.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn chain(what: &'static str, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |source| TlsError::Pem { what, source };
    let all: Vec<_> = CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(failed)?;
    if all.is_empty() { Err(failed(pem::Error::NoItemsFound)) } else { Ok(all) }
}

impl Tls {
    /// Of PEM: the certificate with those up to its authority, the key, and, if clients have to show a certificate, those of their authorities.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub fn new(certificate: &[u8], key: &[u8], client_authorities: Option<&[u8]>) -> Result<Self, TlsError> {
        let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&[&TLS13])?;
        let builder = match client_authorities {
            None => builder.with_no_client_auth(),
            Some(text) => {
                let mut roots = RootCertStore::empty();
                for certificate in chain("the certificates of clients' authorities", text)? {
                    roots.add(certificate)?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build()?)
            }
        };
        let key =
            PrivateKeyDer::from_pem_slice(key).map_err(|source| TlsError::Pem { what: "the key", source })?;
        let mut config = builder.with_single_cert(chain("the certificate", certificate)?, key)?;
        config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        Ok(Self { config: Arc::new(config) })
    }

    /// The same, for another server that is to be known by this certificate, and asks its clients for theirs.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.config.clone()
    }

    /// The stream within, and whether HTTP/2 was agreed on; nothing of a client that is not let in.
    pub(crate) async fn accept(&self, stream: TcpStream) -> Option<(TlsStream<TcpStream>, bool)> {
        let stream = TlsAcceptor::from(self.config.clone()).accept(stream).await.ok()?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
        Some((stream, is_http2))
    }
}

//! Webhooks: an alert as JSON by POST, over HTTP/1.1, with TLS or without.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::sync::Arc;

use http::Uri;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::alerts::Alert;
use crate::deliver::{Deliver, Failed, PATIENCE};
use crate::time::rfc3339;

/// Longest head of an answer that is read, bytes.
const MAX_HEAD: u64 = 8 << 10;

/// Where alerts are posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    is_tls: bool,
    host: String,
    port: u16,
    path: String,
}

impl Url {
    /// Scheme, host and port: the path is often a secret.
    pub fn place(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }

    /// Whether it is `https`.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|error| format!("{error}"))?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) | None => return Err("it begins with neither `http://` nor `https://`".to_string()),
        };
        let authority = uri.authority().ok_or("it names no host")?;
        if authority.as_str().contains('@') {
            return Err("it has a password in it: take `token_file`".to_string());
        }
        let host = authority.host().to_string();
        if host.is_empty() {
            return Err("it names no host".to_string());
        }
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_string();
        Ok(Self { is_tls, host, port, path })
    }
}

/// One receiver.
pub(crate) struct Webhook {
    url: Url,
    token: Option<String>,
    tls: Option<Arc<ClientConfig>>,
    /// Who tells.
    broker: String,
}

/// TLS to servers that certificates of those authorities (PEM) vouch for.
fn client(authorities: &[u8]) -> io::Result<Arc<ClientConfig>> {
    let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authorities) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        // A bundle may have some that are not taken: others vouch then.
        let _ = roots.add(certificate);
    }
    if roots.is_empty() {
        return Err(wrong("there is no certificate of an authority in it (PEM)".to_string()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| wrong(error.to_string()))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

impl Webhook {
    /// Posts to a URL, with a token where there is one; `authorities` are for `https`.
    ///
    /// # Errors
    ///
    /// The authorities are none.
    pub(crate) fn new(
        url: Url,
        token: Option<String>,
        authorities: Option<&[u8]>,
        broker: &str,
    ) -> io::Result<Self> {
        let tls = if url.is_tls { Some(client(authorities.unwrap_or_default())?) } else { None };
        Ok(Self { url, token, tls, broker: broker.to_string() })
    }

    fn request(&self, alert: &Alert) -> Vec<u8> {
        let body = serde_json::json!({
            "broker": self.broker,
            "time": rfc3339(alert.time_ns),
            "alert": alert.kind.name(),
            "state": alert.state(),
            "subject": alert.subject,
            "message": alert.text,
        })
        .to_string();
        let Url { host, port, path, .. } = &self.url;
        let token = self
            .token
            .as_ref()
            .map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: sluice/{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{token}Connection: close\r\n\r\n",
            env!("CARGO_PKG_VERSION"),
            body.len()
        );
        [head.into_bytes(), body.into_bytes()].concat()
    }

    /// The status of the answer.
    fn post(&self, alert: &Alert) -> io::Result<u16> {
        let host = self.url.host.trim_start_matches('[').trim_end_matches(']');
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in (host, self.url.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => return self.exchange(stream, host, alert),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn exchange(&self, stream: TcpStream, host: &str, alert: &Alert) -> io::Result<u16> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let request = self.request(alert);
        match &self.tls {
            None => ask(stream, &request),
            Some(config) => {
                let name = ServerName::try_from(host.to_string()).map_err(io::Error::other)?;
                let connection = ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
                ask(StreamOwned::new(connection, stream), &request)
            }
        }
    }
}

/// Sends a request, and reads the first line of the answer.
fn ask(mut stream: impl Read + Write, request: &[u8]) -> io::Result<u16> {
    stream.write_all(request)?;
    stream.flush()?;
    let mut line = Vec::new();
    BufReader::new(stream.take(MAX_HEAD)).read_until(b'\n', &mut line)?;
    let line = String::from_utf8_lossy(&line);
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.trim().parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP/1"))
}

impl Deliver for Webhook {
    fn deliver(&mut self, alert: &Alert) -> Result<(), Failed> {
        match self.post(alert) {
            Ok(200..=299) => Ok(()),
            // Too slow, too many: later. What else is wrong with the request stays wrong.
            Ok(status @ 400..=499) if !matches!(status, 408 | 429) => {
                Err(Failed::for_good(format!("it answers with status {status}")))
            }
            Ok(status) => Err(Failed::for_now(format!("it answers with status {status}"))),
            Err(error) => Err(Failed::for_now(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_secrets_are_not_in_their_place() {
        let url: Url = "https://hooks.example/T0/secret?x=1".parse().expect("it is right");
        assert_eq!(
            (url.place().as_str(), url.path.as_str()),
            ("https://hooks.example:443", "/T0/secret?x=1")
        );
        let url: Url = "http://[2001:db8::1]:8080".parse().expect("it is right");
        assert_eq!((url.host.as_str(), url.port, url.path.as_str()), ("[2001:db8::1]", 8080, "/"));
        for wrong in ["", "hooks.example", "ftp://hooks.example", "http://", "http://a:b@hooks.example/"] {
            assert!(wrong.parse::<Url>().is_err(), "{wrong}");
        }
    }

    /// A server with a certificate for localhost, and that certificate (PEM).
    fn server() -> (rustls::ServerConfig, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_string()]).expect("it is a name");
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der())
            .expect("it is a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("they belong together");
        (config, made.cert.pem())
    }

    #[test]
    fn https_is_spoken_to_those_who_are_vouched_for_alone() {
        let (config, vouched) = server();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let config = Arc::new(config);
        let server = std::thread::spawn(move || {
            let mut heads = Vec::new();
            for stream in listener.incoming().take(2).map_while(Result::ok) {
                let connection = rustls::ServerConnection::new(config.clone()).expect("it is right");
                let mut stream = BufReader::new(StreamOwned::new(connection, stream));
                let mut line = String::new();
                if stream.read_line(&mut line).is_ok() && !line.is_empty() {
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                    stream.get_mut().write_all(answer).expect("it is read");
                    heads.push(line);
                }
            }
            heads
        });
        let url: Url = format!("https://localhost:{port}/hook").parse().expect("it is right");
        let alert = Alert {
            kind: crate::alerts::Kind::Drops,
            subject: "ids/mtu".to_string(),
            is_raised: true,
            time_ns: 0,
            text: "some".to_string(),
        };
        let (_, other) = self::server();
        let mut strangers =
            Webhook::new(url.clone(), None, Some(other.as_bytes()), "here").expect("it is PEM");
        assert!(strangers.deliver(&alert).is_err(), "nobody vouches for it");
        let mut webhook =
            Webhook::new(url.clone(), None, Some(vouched.as_bytes()), "here").expect("it is PEM");
        assert!(webhook.deliver(&alert).is_ok());
        assert_eq!(server.join().expect("it does not panic"), ["POST /hook HTTP/1.1\r\n"]);
        assert!(Webhook::new(url, None, Some(b"nothing"), "here").is_err());
    }
}

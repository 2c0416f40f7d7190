//! Syslog: RFC 5424 over UDP (RFC 5426) and TCP (RFC 6587, octet counting); what this machine's own socket takes.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use crate::alerts::Alert;
use crate::deliver::{Deliver, Failed, PATIENCE};
use crate::time::rfc3339;

/// Facility `daemon`; severities `err`, `warning`, `notice`.
const DAEMON: u32 = 3;
const ERROR: u32 = 3;
const WARNING: u32 = 4;
const NOTICE: u32 = 5;

/// Longest message, bytes: every receiver should take it (RFC 5424, section 6.1).
const MAX_MESSAGE: usize = 2_048;

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syslog {
    /// A datagram each.
    Udp(SocketAddr),
    /// One connection.
    Tcp(SocketAddr),
    /// This machine's daemon, most often `/dev/log`.
    Local(PathBuf),
}

impl std::fmt::Display for Syslog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Udp(address) => write!(f, "udp:{address}"),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Local(path) => write!(f, "local:{}", path.display()),
        }
    }
}

fn severity(alert: &Alert) -> u32 {
    match (alert.is_raised, alert.kind.is_grave()) {
        (true, true) => ERROR,
        (true, false) => WARNING,
        (false, _) => NOTICE,
    }
}

/// What it says, in one line, with words first that programs look for.
fn words(alert: &Alert) -> String {
    let (kind, state, subject) = (alert.kind.name(), alert.state(), &alert.subject);
    let text = format!("alert={kind} state={state} subject={subject}: {}", alert.text);
    text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect()
}

fn cut(mut message: String) -> String {
    let mut end = message.len().min(MAX_MESSAGE);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message.truncate(end);
    message
}

/// A message of RFC 5424.
pub(crate) fn rfc5424(alert: &Alert, host: &str) -> String {
    let (priority, time) = (DAEMON * 8 + severity(alert), rfc3339(alert.time_ns));
    let (process, kind) = (std::process::id(), alert.kind.name());
    // No structured data: its names need a number of an enterprise.
    cut(format!("<{priority}>1 {time} {host} sluice {process} {kind} - {}", words(alert)))
}

/// What a daemon takes of those on its own machine: it knows the time and the host.
fn local(alert: &Alert) -> String {
    let priority = DAEMON * 8 + severity(alert);
    cut(format!("<{priority}>sluice[{}]: {}", std::process::id(), words(alert)))
}

/// One receiver.
pub(crate) struct Receiver {
    to: Syslog,
    host: String,
    stream: Option<TcpStream>,
}

impl Receiver {
    pub(crate) fn new(to: Syslog, host: &str) -> Self {
        Self { to, host: host.to_string(), stream: None }
    }

    fn send(&mut self, alert: &Alert) -> io::Result<()> {
        match &self.to {
            Syslog::Udp(address) => {
                let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any)?;
                socket.send_to(rfc5424(alert, &self.host).as_bytes(), address).map(|_| ())
            }
            Syslog::Tcp(address) => {
                let message = rfc5424(alert, &self.host);
                let mut stream = match self.stream.take() {
                    Some(stream) if is_open(&stream) => stream,
                    Some(_) | None => TcpStream::connect_timeout(address, PATIENCE)?,
                };
                stream.set_write_timeout(Some(PATIENCE))?;
                stream.write_all(format!("{} {message}", message.len()).as_bytes())?;
                self.stream = Some(stream);
                Ok(())
            }
            Syslog::Local(path) => {
                let socket = UnixDatagram::unbound()?;
                // A daemon that does not read must not hold anybody up.
                socket.set_write_timeout(Some(PATIENCE))?;
                socket.send_to(local(alert).as_bytes(), path).map(|_| ())
            }
        }
    }
}

/// Whether the other side has not closed it: it has nothing to say, so that there is nothing to read but the end.
fn is_open(stream: &TcpStream) -> bool {
    let peeked = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
    let is_open = match peeked {
        Ok(length) => length > 0,
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    };
    is_open && stream.set_nonblocking(false).is_ok()
}

impl Deliver for Receiver {
    fn deliver(&mut self, alert: &Alert) -> Result<(), Failed> {
        self.send(alert).map_err(|error| Failed::for_now(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::Kind;

    #[test]
    fn messages_are_of_rfc_5424() {
        let mut alert = Alert {
            kind: Kind::PortDown,
            subject: "ids".to_string(),
            is_raised: true,
            time_ns: 1_795_824_000_123_000_000,
            text: "port ids\nis down".to_string(),
        };
        let process = std::process::id();
        assert_eq!(
            rfc5424(&alert, "broker"),
            format!(
                "<27>1 2026-11-28T00:00:00.123Z broker sluice {process} port_down - alert=port_down state=raised subject=ids: port ids is down"
            )
        );
        alert.is_raised = false;
        assert!(local(&alert).starts_with(&format!("<29>sluice[{process}]: alert=port_down state=cleared")));
        alert.text = "\u{fc}".repeat(2_000);
        let long = rfc5424(&alert, "broker");
        assert!((MAX_MESSAGE - 1..=MAX_MESSAGE).contains(&long.len()), "{}", long.len());
    }
}

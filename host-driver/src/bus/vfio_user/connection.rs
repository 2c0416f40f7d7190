//! One request after the other over a socket.

use std::io::{self, BufReader, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::super::BusError;
use super::wire::{
    ANSWER, Command, ERROR, Greeting, HEADER_BYTES, Header, KIND, MAX_MESSAGE_BYTES, NO_REPLY, Numbers,
};

/// The most descriptors in a message.
const MAX_DESCRIPTORS: usize = 16;

/// A socket at whose other end a device model is. After an error that leaves it unknown where the next answer begins, it is closed.
#[derive(Debug)]
pub(super) struct Connection {
    writer: UnixStream,
    reader: BufReader<UnixStream>,
    next: u16,
    is_closed: bool,
    patience: Duration,
}

impl Connection {
    pub(super) fn new(path: &Path, patience: Duration) -> Result<Self, BusError> {
        let system = |source| BusError::System { request: "the connection to the device model", source };
        let writer = UnixStream::connect(path).map_err(system)?;
        writer.set_read_timeout(Some(patience)).map_err(system)?;
        writer.set_write_timeout(Some(patience)).map_err(system)?;
        let reader = BufReader::new(writer.try_clone().map_err(system)?);
        Ok(Self { writer, reader, next: 0, is_closed: false, patience })
    }

    /// Says which version is spoken, and hears what the other end can.
    pub(super) fn greet(&mut self) -> Result<Greeting, BusError> {
        let said = Greeting { capabilities: super::wire::Capabilities::default() };
        let protocol = |why: String| BusError::Protocol { request: Command::Version.name(), why };
        let text = serde_json::to_string(&said).map_err(|error| protocol(error.to_string()))?;
        let mut body = Vec::new();
        body.extend(0u16.to_ne_bytes());
        body.extend(1u16.to_ne_bytes());
        body.extend(text.as_bytes());
        body.push(0);
        let answer = self.ask(Command::Version, &body, &[])?;
        let mut numbers = Numbers(&answer);
        let (Some(major), Some(_)) = (numbers.half(), numbers.half()) else {
            return Err(protocol("it is too short".into()));
        };
        if major != 0 {
            return Err(protocol(format!("it speaks version {major}, and this end version 0")));
        }
        let text = numbers.0.strip_suffix(&[0]).unwrap_or(numbers.0);
        if text.is_empty() {
            return Ok(said);
        }
        serde_json::from_slice(text).map_err(|error| protocol(error.to_string()))
    }

    /// Asks, and waits for the answer: what stands in it behind the header.
    pub(super) fn ask(
        &mut self,
        command: Command,
        body: &[u8],
        files: &[BorrowedFd<'_>],
    ) -> Result<Vec<u8>, BusError> {
        let id = self.send(command, 0, body, files)?;
        let answer = self.answer(command, id);
        if matches!(
            answer,
            Err(BusError::NoAnswer { .. } | BusError::Protocol { .. } | BusError::System { .. })
        ) {
            self.close();
        }
        answer
    }

    /// Asks for something of which no answer is wanted.
    pub(super) fn post(&mut self, command: Command, body: &[u8]) -> Result<(), BusError> {
        self.send(command, NO_REPLY, body, &[]).map(drop)
    }

    fn close(&mut self) {
        self.is_closed = true;
        // Whether the other end is still there does not matter any more.
        let _ = self.writer.shutdown(std::net::Shutdown::Both);
    }

    fn send(
        &mut self,
        command: Command,
        flags: u32,
        body: &[u8],
        files: &[BorrowedFd<'_>],
    ) -> Result<u16, BusError> {
        if self.is_closed {
            return Err(BusError::Closed);
        }
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let mut message = Vec::with_capacity(HEADER_BYTES + body.len());
        let bytes = (HEADER_BYTES + body.len()) as u32;
        Header { id, command: command as u16, bytes, flags, error: 0 }.write(&mut message);
        message.extend(body);
        let sent =
            if files.is_empty() { self.writer.write_all(&message) } else { self.send_with(&message, files) };
        sent.map(|()| id).map_err(|error| {
            self.close();
            self.failure(command, error)
        })
    }

    /// Sends a message with descriptors: they go with its first byte.
    fn send_with(&mut self, message: &[u8], files: &[BorrowedFd<'_>]) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !control.push(SendAncillaryMessage::ScmRights(files)) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "too many descriptors for one message"));
        }
        let sent = sendmsg(&self.writer, &[IoSlice::new(message)], &mut control, SendFlags::NOSIGNAL)?;
        self.writer.write_all(&message[sent..])
    }

    fn failure(&self, command: Command, error: io::Error) -> BusError {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                BusError::NoAnswer { request: command.name(), waited_ms: self.patience.as_millis() as u64 }
            }
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                BusError::Closed
            }
            _ => BusError::System { request: command.name(), source: error },
        }
    }

    fn message(&mut self, command: Command) -> Result<(Header, Vec<u8>), BusError> {
        let mut header = [0; HEADER_BYTES];
        let mut read = |bytes: &mut [u8]| self.reader.read_exact(bytes);
        let outcome = read(&mut header).and_then(|()| {
            let header = Header::read(&header);
            let bytes = header.bytes as usize;
            if !(HEADER_BYTES..=MAX_MESSAGE_BYTES).contains(&bytes) {
                return Ok((header, None));
            }
            let mut body = vec![0; bytes - HEADER_BYTES];
            read(&mut body)?;
            Ok((header, Some(body)))
        });
        match outcome {
            Ok((header, Some(body))) => Ok((header, body)),
            Ok((header, None)) => {
                let why = format!("its header says that it has {} bytes", header.bytes);
                Err(BusError::Protocol { request: command.name(), why })
            }
            Err(error) => {
                let failure = self.failure(command, error);
                if matches!(failure, BusError::Closed) {
                    self.close();
                }
                Err(failure)
            }
        }
    }

    /// The answer with that number. What comes before it: errors of posted writes, and questions of the device, which are refused.
    fn answer(&mut self, command: Command, id: u16) -> Result<Vec<u8>, BusError> {
        loop {
            let (header, body) = self.message(command)?;
            if header.flags & KIND != ANSWER {
                self.refuse(header)?;
                continue;
            }
            if header.id != id {
                tracing::warn!(error = header.error, "the device refused a posted write");
                continue;
            }
            if header.command != command as u16 {
                let why = format!("it answers command {}", header.command);
                return Err(BusError::Protocol { request: command.name(), why });
            }
            if header.flags & ERROR != 0 {
                let why = match header.error {
                    0 => "the device model says no more".to_string(),
                    number => io::Error::from_raw_os_error(number as i32).to_string(),
                };
                return Err(BusError::Refused { request: command.name(), why });
            }
            return Ok(body);
        }
    }

    /// A device model that has a descriptor of all memory has nothing to ask for.
    fn refuse(&mut self, header: Header) -> Result<(), BusError> {
        let not_supported = rustix::io::Errno::NOTSUP.raw_os_error() as u32;
        let mut message = Vec::new();
        let answer =
            Header { bytes: HEADER_BYTES as u32, flags: ANSWER | ERROR, error: not_supported, ..header };
        answer.write(&mut message);
        self.writer.write_all(&message).map_err(|error| self.failure(Command::Version, error))
    }
}

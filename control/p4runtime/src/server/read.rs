//! Read (section 13): streamed, a few entities at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::Inner;
use crate::convert;
use crate::refusal::{Refusal, batch_status};
use crate::v1;

/// Entities of one response.
const ENTITIES: usize = 512;
/// Bytes of one response, and of the entity that is one too many.
const RESPONSE_BYTES: usize = 256 << 10;
/// Responses that wait for the client.
const WAITING: usize = 4;
/// How long a client may take for a response.
const PATIENCE: Duration = Duration::from_secs(10);
/// Reads that are answered at the same time; each has a thread.
pub(super) const AT_ONCE: usize = 64;
/// Bytes of responses that are gathered so that nobody is held up while a client takes them.
const GATHERED_BYTES: usize = 8 << 20;
/// How long writers may be held up, in all, by one that takes a larger answer of several parts.
pub(super) const HELD: Duration = Duration::from_secs(2);

/// The responses.
pub(super) type Parts = ReceiverStream<Result<v1::ReadResponse, Status>>;

/// Hands on what is read, as fast as the client takes it.
struct Outlet {
    parts: mpsc::Sender<Result<v1::ReadResponse, Status>>,
    runtime: tokio::runtime::Handle,
    gathered: Vec<v1::Entity>,
    gathered_bytes: usize,
    /// Responses that are kept until nobody is held up any more, and their bytes.
    kept: VecDeque<v1::ReadResponse>,
    kept_bytes: usize,
    /// When those who are held up have waited for long enough; `None`: nobody is held up.
    end: Option<Instant>,
    is_gone: bool,
}

impl Outlet {
    fn send(&mut self, part: Result<v1::ReadResponse, Status>) {
        let left = self.end.map(|end| end.saturating_duration_since(Instant::now()));
        let sent = tokio::time::timeout(left.unwrap_or(PATIENCE).min(PATIENCE), self.parts.send(part));
        let sent = self.runtime.block_on(sent);
        // The client is gone, or so slow that it holds up others.
        self.is_gone |= !matches!(sent, Ok(Ok(())));
    }

    /// Keeps a response, or sends what was kept first.
    fn keep(&mut self, part: v1::ReadResponse) {
        self.kept_bytes += part.encoded_len();
        self.kept.push_back(part);
        while self.kept_bytes > GATHERED_BYTES && !self.is_gone {
            let Some(first) = self.kept.pop_front() else { return };
            self.kept_bytes -= first.encoded_len();
            self.send(Ok(first));
        }
    }

    /// Nobody is held up any more: sends what was kept.
    fn release(&mut self) {
        self.end = None;
        while let Some(part) = self.kept.pop_front().filter(|_| !self.is_gone) {
            self.send(Ok(part));
        }
    }

    fn push(&mut self, entity: v1::Entity) {
        if self.is_gone {
            return;
        }
        self.gathered_bytes += entity.encoded_len();
        self.gathered.push(entity);
        if self.gathered.len() >= ENTITIES || self.gathered_bytes >= RESPONSE_BYTES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.gathered.is_empty() && !self.is_gone {
            let entities = std::mem::take(&mut self.gathered);
            self.gathered_bytes = 0;
            let part = v1::ReadResponse { entities };
            if self.end.is_some() { self.keep(part) } else { self.send(Ok(part)) }
        }
    }
}

/// Begins to read.
pub(super) fn read(inner: &Arc<Inner>, request: v1::ReadRequest) -> Result<Parts, Status> {
    inner.is_device(request.device_id)?;
    let permit = inner.reads.clone().try_acquire_owned().map_err(|_| {
        Status::resource_exhausted(format!("{AT_ONCE} reads are being answered: take their answers first"))
    })?;
    let (parts, received) = mpsc::channel(WAITING);
    let runtime = tokio::runtime::Handle::current();
    let inner = inner.clone();
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let mut outlet = Outlet {
            parts,
            runtime,
            gathered: Vec::new(),
            gathered_bytes: 0,
            kept: VecDeque::new(),
            kept_bytes: 0,
            end: None,
            is_gone: false,
        };
        let result = answer(&inner, &request, &mut outlet);
        outlet.flush();
        if let Err(status) = result
            && !outlet.is_gone
        {
            outlet.send(Err(status));
        }
    });
    Ok(ReceiverStream::new(received))
}

fn answer(inner: &Inner, request: &v1::ReadRequest, outlet: &mut Outlet) -> Result<(), Status> {
    let pipelines = inner.reading();
    let (names, target) = (pipelines.names()?, pipelines.target(inner));
    let forms = pipelines.forms.clone();
    // Several parts are of one state: no write comes in between. One part is of one state by itself.
    let held = (request.entities.len() > 1).then_some(pipelines);
    outlet.end = held.as_ref().map(|_| Instant::now() + HELD);
    let mut faults: Vec<Option<Refusal>> = Vec::with_capacity(request.entities.len());
    for asked in &request.entities {
        let result = convert::query(&names, asked).and_then(|query| {
            let take = &mut |entity| {
                if let Some(told) = convert::entity(&names, &entity, &forms) {
                    outlet.push(told);
                }
            };
            target.read_each(&query, take).map_err(Refusal::from)
        });
        faults.push(result.err());
        if outlet.is_gone {
            break;
        }
    }
    outlet.flush();
    drop(held);
    outlet.release();
    if faults.iter().any(Option::is_some) { Err(batch_status("read failure", &faults)) } else { Ok(()) }
}

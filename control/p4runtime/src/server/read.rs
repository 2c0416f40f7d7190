//! Read (section 13): streamed, a few entities at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::Inner;
use crate::convert;
use crate::refusal::{Refusal, batch_status};
use crate::v1;

/// Entities of one response.
const ENTITIES: usize = 512;
/// Responses that wait for the client.
const WAITING: usize = 4;
/// How long a client may take for a response.
const PATIENCE: Duration = Duration::from_secs(10);

/// The responses.
pub(super) type Parts = ReceiverStream<Result<v1::ReadResponse, Status>>;

/// Hands on what is read, as fast as the client takes it.
struct Outlet {
    parts: mpsc::Sender<Result<v1::ReadResponse, Status>>,
    runtime: tokio::runtime::Handle,
    gathered: Vec<v1::Entity>,
    is_gone: bool,
}

impl Outlet {
    fn send(&mut self, part: Result<v1::ReadResponse, Status>) {
        let sent = tokio::time::timeout(PATIENCE, self.parts.send(part));
        let sent = self.runtime.block_on(sent);
        // The client is gone, or so slow that it holds up writers.
        self.is_gone |= !matches!(sent, Ok(Ok(())));
    }

    fn push(&mut self, entity: v1::Entity) {
        if self.is_gone {
            return;
        }
        self.gathered.push(entity);
        if self.gathered.len() >= ENTITIES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.gathered.is_empty() && !self.is_gone {
            let entities = std::mem::take(&mut self.gathered);
            self.send(Ok(v1::ReadResponse { entities }));
        }
    }
}

/// Begins to read.
pub(super) fn read(inner: &Arc<Inner>, request: v1::ReadRequest) -> Result<Parts, Status> {
    inner.is_device(request.device_id)?;
    let (parts, received) = mpsc::channel(WAITING);
    let runtime = tokio::runtime::Handle::current();
    let inner = inner.clone();
    tokio::task::spawn_blocking(move || {
        let mut outlet = Outlet { parts, runtime, gathered: Vec::new(), is_gone: false };
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
    drop(held);
    if faults.iter().any(Option::is_some) { Err(batch_status("read failure", &faults)) } else { Ok(()) }
}

//! StreamChannel (sections 5 and 16): one task a stream.

use std::sync::Arc;
use std::time::Duration;

use sluice_entities::Code;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::Inner;
use super::arbitration::{ClientId, Notices};
use super::guard::{Caller, may_arbitrate};
use crate::refusal::Refusal;
use crate::{packets, v1};
use v1::stream_message_request::Update as Asked;
use v1::stream_message_response::Update as Told;

/// Messages that wait for a client. What comes beyond is lost: packets and notifications may be, and a client that misses an arbitration is not served any further.
const WAITING: usize = 4096;

/// How often it is looked whether a client may still listen.
const LOOK: Duration = Duration::from_secs(1);

/// What a client is sent.
pub(super) type Outgoing = ReceiverStream<Result<v1::StreamMessageResponse, Status>>;

/// The way to a client.
pub(super) type Responses = mpsc::Sender<Result<v1::StreamMessageResponse, Status>>;

/// A message on the stream.
pub(super) fn response(told: Told) -> v1::StreamMessageResponse {
    v1::StreamMessageResponse { update: Some(told) }
}

/// A stream that has arbitrated.
struct Joined {
    client: ClientId,
    role: String,
}

/// Serves a stream until it ends.
pub(super) fn serve(
    inner: &Arc<Inner>,
    caller: Option<Caller>,
    mut incoming: Streaming<v1::StreamMessageRequest>,
) -> Outgoing {
    let (responses, outgoing) = mpsc::channel(WAITING);
    let inner = inner.clone();
    tokio::spawn(async move {
        let mut joined: Option<Joined> = None;
        let mut looks = tokio::time::interval(LOOK);
        loop {
            let message = tokio::select! {
                message = incoming.message() => Some(message),
                () = responses.closed() => break,
                _ = looks.tick() => None,
            };
            let result = match message {
                None => inner.may_stay(caller.as_ref()),
                Some(Ok(Some(message))) => {
                    let (work, mut state, way) = (inner.clone(), joined.take(), responses.clone());
                    let caller = caller.clone();
                    // Arbitration waits for writes that have begun.
                    let done = tokio::task::spawn_blocking(move || {
                        let result = handle(&work, caller.as_ref(), &mut state, &way, message);
                        (state, result)
                    });
                    let Ok((state, result)) = done.await else { break };
                    joined = state;
                    result
                }
                Some(Ok(None) | Err(_)) => break,
            };
            if let Err(refusal) = result {
                // The client may be gone by now.
                let _ = responses.send(Err(refusal.into())).await;
                break;
            }
        }
        if let Some(joined) = joined {
            // The role changes hands when what its primary began to write is done.
            let done = tokio::task::spawn_blocking(move || leave(&inner, &joined));
            let _ = done.await;
        }
    });
    ReceiverStream::new(outgoing)
}

fn leave(inner: &Inner, joined: &Joined) {
    tracing::info!(role = joined.role, "controller left");
    let changing = inner.changing();
    let notices = inner.arbitration().leave(joined.client, &joined.role, inner.options.device_id);
    drop(changing);
    tell(inner, notices);
}

fn tell(inner: &Inner, notices: Notices<Responses>) {
    for (_, way, update) in notices {
        if let Err(mpsc::error::TrySendError::Full(_)) = way.try_send(Ok(response(Told::Arbitration(update))))
        {
            // It cannot be told, and must not go on as if it was: its stream ends when it has read what waits.
            inner.end_later(way);
        }
    }
}

impl Inner {
    /// Ends a stream that does not read, once there is room to say so.
    fn end_later(&self, way: Responses) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let status = Status::resource_exhausted("messages of this stream were not read in time");
                let _ = way.send(Err(status)).await;
            });
        }
    }
}

/// What a message asks for; an error ends the stream.
fn handle(
    inner: &Inner,
    caller: Option<&Caller>,
    joined: &mut Option<Joined>,
    way: &Responses,
    message: v1::StreamMessageRequest,
) -> Result<(), Refusal> {
    let (joined, asked) = match (joined, message.update) {
        (joined, Some(Asked::Arbitration(update))) => {
            may_arbitrate(caller, update.election_id.is_some())?;
            return arbitrate(inner, joined, way, &update);
        }
        (None, _) => {
            let text = "the first message of a stream is an arbitration";
            return Err(Refusal::new(Code::FailedPrecondition, text));
        }
        (Some(joined), asked) => (joined, asked),
    };
    let is_primary = inner.arbitration().is_primary(joined.client, &joined.role);
    let (result, details) = match asked {
        Some(Asked::Packet(packet)) => {
            let result = if is_primary { packet_out(inner, &packet) } else { Err(backup("PacketOut")) };
            let packet_out = Some(packet);
            (result, v1::stream_error::Details::PacketOut(v1::PacketOutError { packet_out }))
        }
        Some(Asked::DigestAck(ack)) => {
            let result = if is_primary { acknowledge(inner, &ack) } else { Err(backup("DigestListAck")) };
            let digest_list_ack = Some(ack);
            (result, v1::stream_error::Details::DigestListAck(v1::DigestListAckError { digest_list_ack }))
        }
        Some(Asked::Other(other)) => {
            let text = format!("there are no messages `{}` here", other.type_url);
            let other = Some(other);
            let details = v1::stream_error::Details::Other(v1::StreamOtherError { other });
            (Err(Refusal::new(Code::Unimplemented, text)), details)
        }
        Some(Asked::Arbitration(_)) => return Ok(()),
        None => {
            let details = v1::stream_error::Details::Other(v1::StreamOtherError { other: None });
            (Err(Refusal::invalid("the message says nothing")), details)
        }
    };
    if let Err(refusal) = result {
        let error = v1::StreamError {
            canonical_code: refusal.code.number(),
            message: refusal.to_string(),
            details: Some(details),
            ..v1::StreamError::default()
        };
        // Errors are told where there is room (section 16.6).
        let _ = way.try_send(Ok(response(Told::Error(error))));
    }
    Ok(())
}

fn backup(what: &str) -> Refusal {
    Refusal::new(Code::PermissionDenied, format!("{what} is for the primary of the role"))
}

fn arbitrate(
    inner: &Inner,
    joined: &mut Option<Joined>,
    way: &Responses,
    update: &v1::MasterArbitrationUpdate,
) -> Result<(), Refusal> {
    let device_id = inner.options.device_id;
    // Held until the role has changed hands: what the old primary began to write is done before, what comes after is refused.
    let changing = inner.changing();
    let mut arbitration = inner.arbitration();
    let (client, role) = match joined {
        None => {
            inner.is_device(update.device_id)?;
            let (client, role) = arbitration.join(update, way.clone())?;
            *joined = Some(Joined { client, role: role.clone() });
            (client, role)
        }
        Some(joined) => {
            if update.device_id != device_id {
                let text = format!(
                    "device_id: the stream is of device {device_id}: open another one for another device"
                );
                return Err(Refusal::new(Code::FailedPrecondition, text));
            }
            (joined.client, joined.role.clone())
        }
    };
    let notices = arbitration.arbitrate(client, &role, update, device_id)?;
    let (election, primary) =
        (update.election_id.as_ref().map(super::arbitration::number), arbitration.is_primary(client, &role));
    tracing::info!(role, election, primary, "controller arbitrated");
    drop(arbitration);
    drop(changing);
    tell(inner, notices);
    Ok(())
}

fn packet_out(inner: &Inner, packet: &v1::PacketOut) -> Result<(), Refusal> {
    let names = inner.reading().names()?;
    let frame = packets::frame(names.packet_out.as_deref(), &packet.metadata, &packet.payload)?;
    Ok(inner.target.packet_out(&frame)?)
}

fn acknowledge(inner: &Inner, ack: &v1::DigestListAck) -> Result<(), Refusal> {
    let names = inner.reading().names()?;
    let known = names.digests.id(ack.digest_id);
    if known.is_some_and(|known| inner.target.acknowledge_digests(&known.name, ack.list_id)) {
        return Ok(());
    }
    Err(Refusal::invalid(format!("digest_id: the program has no digest {:#010x}", ack.digest_id)))
}

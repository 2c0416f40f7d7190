//! The connection: a channel for calls, and the stream that makes this side the primary of its role (section 5).
//!
//! Whoever calls may stand in any thread, one of an asynchronous runtime included: the work is done by threads of the link's own, and the caller waits.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sluice_entities::Code;
use sluice_target::Fault;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

use super::{MAX_EVENTS, RemoteOptions, RemoteTls, RemoteToken};
use crate::v1;
use crate::v1::p4_runtime_client::P4RuntimeClient;
use v1::stream_message_request::Update as Asked;
use v1::stream_message_response::Update as Told;

/// Largest message that is taken or sent, bytes.
const MAX_MESSAGE_BYTES: usize = 64 << 20;
/// Messages that wait to be sent on the stream.
const OUTGOING: usize = 4096;
/// How long is waited before a lost stream is opened again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// A device that says nothing for so long is asked by TCP whether it is there, so often, so many times. (Pings of HTTP/2 are taken for an attack by common servers.)
const SILENCE: (Duration, Duration, u32) = (Duration::from_secs(5), Duration::from_secs(2), 3);

/// Shows the token with each call, if there is one.
#[derive(Clone)]
pub(super) struct Shown(Option<RemoteToken>);

impl tonic::service::Interceptor for Shown {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(RemoteToken(value)) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

pub(super) type Client = P4RuntimeClient<InterceptedService<Channel, Shown>>;

/// What this side is to the device.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// Nothing is known yet.
    Connecting,
    /// It may write.
    Primary,
    /// Somebody else has a higher election id, or there is no stream.
    Refused(Fault),
}

struct State {
    standing: Standing,
    /// The stream's end here.
    outgoing: Option<mpsc::Sender<v1::StreamMessageRequest>>,
    /// What the device told and nobody has asked for yet.
    told: VecDeque<Told>,
    /// How often this side became primary: what is known of the device is of one such time.
    generation: u64,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stands(&self, standing: Standing) {
        let mut state = self.state();
        if standing == Standing::Primary && state.standing != Standing::Primary {
            state.generation += 1;
        }
        state.standing = standing;
        drop(state);
        self.changed.notify_all();
    }

    fn hear(&self, told: Told) {
        let mut state = self.state();
        // The oldest goes: a controller that does not ask loses these, as it may (sections 9.8, 16.1 and 16.4).
        if state.told.len() >= MAX_EVENTS {
            state.told.pop_front();
        }
        state.told.push_back(told);
        drop(state);
        self.changed.notify_all();
    }
}

/// See the module.
pub(super) struct Link {
    runtime: Option<Runtime>,
    client: Client,
    shared: Arc<Shared>,
    patience: Duration,
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for its threads is not allowed everywhere.
            runtime.shutdown_background();
        }
    }
}

impl Link {
    /// Connects, and becomes primary.
    pub(super) fn open(options: &RemoteOptions) -> Result<Self, Fault> {
        let unusable = |what: String| Fault::new(Code::InvalidArgument, what);
        let endpoint = Endpoint::from_shared(options.address.clone())
            .map_err(|error| unusable(format!("`{}` is no address: {error}", options.address)))?
            .tcp_keepalive(Some(SILENCE.0))
            .tcp_keepalive_interval(Some(SILENCE.1))
            .tcp_keepalive_retries(Some(SILENCE.2));
        let endpoint = match &options.tls {
            None => endpoint,
            Some(tls) => endpoint
                .tls_config(tls_config(tls))
                .map_err(|error| unusable(format!("TLS with `{}`: {error}", options.address)))?,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("p4runtime-remote")
            .enable_all()
            .build()
            .map_err(|error| {
                Fault::new(Code::ResourceExhausted, format!("no thread can be made: {error}"))
            })?;
        let channel = {
            let _inside = runtime.enter();
            endpoint.connect_timeout(options.patience).connect_lazy()
        };
        let client = P4RuntimeClient::with_interceptor(channel, Shown(options.token.clone()))
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        let state =
            State { standing: Standing::Connecting, outgoing: None, told: VecDeque::new(), generation: 0 };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        runtime.spawn(keep_open(client.clone(), options.clone(), shared.clone()));
        let link = Self { runtime: Some(runtime), client, shared, patience: options.patience };
        link.primary()?;
        Ok(link)
    }

    /// Waits until this side is primary, as long as that is not refused; says which time this is.
    pub(super) fn primary(&self) -> Result<u64, Fault> {
        let end = Instant::now() + self.patience;
        let mut state = self.shared.state();
        loop {
            match &state.standing {
                Standing::Primary => return Ok(state.generation),
                Standing::Refused(fault) if fault.code != Code::Unavailable => return Err(fault.clone()),
                Standing::Refused(_) | Standing::Connecting => {}
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(match &state.standing {
                    Standing::Refused(fault) => fault.clone(),
                    _ => Fault::new(Code::Unavailable, "the device does not answer"),
                });
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Which time of being primary this is, if it is one. Does not wait.
    pub(super) fn session(&self) -> Result<u64, Fault> {
        let state = self.shared.state();
        match &state.standing {
            Standing::Primary => Ok(state.generation),
            Standing::Refused(fault) => Err(fault.clone()),
            Standing::Connecting => Err(Fault::new(Code::Unavailable, "the device does not answer yet")),
        }
    }

    /// Makes a call and waits for what becomes of it.
    pub(super) fn call<T, F>(&self, patience: Duration, work: impl FnOnce(Client) -> F) -> Result<T, Status>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Status>> + Send + 'static,
    {
        let gone = || Status::unavailable("the connection is closed");
        let Some(runtime) = &self.runtime else { return Err(gone()) };
        let (done, result) = std::sync::mpsc::sync_channel(1);
        let work = work(self.client.clone());
        runtime.spawn(async move {
            let late = |_| Err(Status::deadline_exceeded("the device did not answer in time"));
            let result = tokio::time::timeout(patience, work).await.unwrap_or_else(late);
            // Whoever called waits for it.
            let _ = done.send(result);
        });
        result.recv().unwrap_or_else(|_| Err(gone()))
    }

    /// As [`Self::call`], with the usual patience.
    pub(super) fn ask<T, F>(&self, work: impl FnOnce(Client) -> F) -> Result<T, Status>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Status>> + Send + 'static,
    {
        self.call(self.patience, work)
    }

    /// Does work that hands on parts, a few of which wait to be taken.
    pub(super) fn stream<F>(
        &self,
        work: impl FnOnce(Client, Parts) -> F,
        take: &mut dyn FnMut(v1::ReadResponse),
    ) -> Result<(), Status>
    where
        F: Future<Output = Result<(), Status>> + Send + 'static,
    {
        let Some(runtime) = &self.runtime else {
            return Err(Status::unavailable("the connection is closed"));
        };
        let (sender, parts) = std::sync::mpsc::channel();
        let room = Arc::new(tokio::sync::Semaphore::new(WAITING_PARTS));
        let outlet = Parts { sender, room: room.clone(), patience: self.patience };
        let task = runtime.spawn(work(self.client.clone(), outlet));
        for part in parts {
            take(part);
            room.add_permits(1);
        }
        // The task has ended, or is about to: it has let go of its end of the channel.
        let (done, result) = std::sync::mpsc::sync_channel(1);
        runtime.spawn(async move {
            let ended = |_| Err(Status::internal("the work was ended"));
            let _ = done.send(task.await.unwrap_or_else(ended));
        });
        result.recv().unwrap_or_else(|_| Err(Status::unavailable("the connection is closed")))
    }

    /// Says something on the stream.
    pub(super) fn say(&self, asked: Asked) -> Result<(), Fault> {
        let outgoing = self.shared.state().outgoing.clone();
        let Some(outgoing) = outgoing else {
            return Err(Fault::new(Code::Unavailable, "there is no stream"));
        };
        outgoing.try_send(v1::StreamMessageRequest { update: Some(asked) }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                Fault::new(Code::ResourceExhausted, "too many messages wait for the device")
            }
            mpsc::error::TrySendError::Closed(_) => Fault::new(Code::Unavailable, "the stream has ended"),
        })
    }

    /// What the device told since the last call; waits that long for something.
    pub(super) fn hear(&self, timeout: Duration) -> Vec<Told> {
        let end = Instant::now() + timeout;
        let mut state = self.shared.state();
        while state.told.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.told.drain(..).collect()
    }
}

fn tls_config(tls: &RemoteTls) -> ClientTlsConfig {
    let config = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&tls.authorities));
    match &tls.identity {
        Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
        None => config,
    }
}

/// Parts of an answer that wait to be taken.
const WAITING_PARTS: usize = 4;

/// Where the parts of an answer go.
pub(super) struct Parts {
    sender: std::sync::mpsc::Sender<v1::ReadResponse>,
    room: Arc<tokio::sync::Semaphore>,
    patience: Duration,
}

impl Parts {
    /// Hands on all of an answer.
    pub(super) async fn forward(self, mut answer: tonic::Streaming<v1::ReadResponse>) -> Result<(), Status> {
        loop {
            let late = |_| Err(Status::deadline_exceeded("the device stopped in the middle of an answer"));
            let part = tokio::time::timeout(self.patience, answer.message()).await.unwrap_or_else(late)?;
            let Some(part) = part else { return Ok(()) };
            if let Ok(permit) = self.room.acquire().await {
                permit.forget();
            }
            if self.sender.send(part).is_err() {
                return Ok(());
            }
        }
    }

    /// See [`Link::ask`].
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }
}

/// Opens the stream, again and again.
async fn keep_open(client: Client, options: RemoteOptions, shared: Arc<Shared>) {
    let mut pause = PAUSES.0;
    loop {
        let before = shared.state().generation;
        let ended = serve(client.clone(), &options, &shared).await;
        shared.state().outgoing = None;
        shared.stands(Standing::Refused(super::status::fault(&ended)));
        if shared.state().generation > before {
            pause = PAUSES.0;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// One stream, from its opening to its end; why it ended.
async fn serve(mut client: Client, options: &RemoteOptions, shared: &Shared) -> Status {
    let (outgoing, requests) = mpsc::channel(OUTGOING);
    let role =
        (!options.role.is_empty()).then(|| v1::Role { name: options.role.clone(), ..Default::default() });
    let arbitration = v1::MasterArbitrationUpdate {
        device_id: options.device_id,
        role,
        election_id: Some(options.election_id()),
        status: None,
    };
    let first = v1::StreamMessageRequest { update: Some(Asked::Arbitration(arbitration)) };
    if outgoing.send(first).await.is_err() {
        return Status::internal("the stream's queue is closed");
    }
    let mut incoming = match client.stream_channel(ReceiverStream::new(requests)).await {
        Ok(response) => response.into_inner(),
        Err(status) => return status,
    };
    shared.state().outgoing = Some(outgoing);
    loop {
        match incoming.message().await {
            Ok(Some(v1::StreamMessageResponse { update: Some(Told::Arbitration(update)) })) => {
                shared.stands(standing(&update, options));
            }
            Ok(Some(v1::StreamMessageResponse { update: Some(told) })) => shared.hear(told),
            Ok(Some(_)) => {}
            Ok(None) => return Status::unavailable("the device ended the stream"),
            Err(status) => return status,
        }
    }
}

/// What an arbitration makes of this side (section 5.3).
fn standing(update: &v1::MasterArbitrationUpdate, options: &RemoteOptions) -> Standing {
    let code = update.status.as_ref().map_or(0, |status| status.code);
    if code == 0 {
        return Standing::Primary;
    }
    let highest = update.election_id.map_or(0, |id| (u128::from(id.high) << 64) | u128::from(id.low));
    let text = format!(
        "another controller is the primary of device {}: its election id is {highest}, ours is {}",
        options.device_id, options.election_id
    );
    Standing::Refused(Fault::new(Code::PermissionDenied, text))
}

//! The service over a data path.
//!
//! One lock orders everything that changes: writes, pipelines and changes of the primary hold it alone, so that a primary's writes are done before another one is told that it is primary, and a
//! write that comes too late is refused (section 5.3). A read of several parts holds it together with other readers until all is read or gathered; a read of one part needs none, since a data
//! path answers it from one state. No client that takes its answer slowly keeps others waiting for longer than [`read::HELD`].

mod arbitration;
mod events;
mod guard;
mod pipeline;
mod read;
mod serve;
mod stream;
mod write;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sluice_entities::Code;
use sluice_target::Target;
use tokio::sync::Semaphore;
use tokio_rustls::rustls::ServerConfig;
use tonic::{Request, Response, Status};

use crate::refusal::Refusal;
use crate::v1::p4_runtime_server::{P4Runtime, P4RuntimeServer};
use crate::{API_VERSION, v1};
use arbitration::Arbitration;
use pipeline::Pipelines;
use stream::Responses;

pub use guard::{Caller, Guard, Rights};

/// Largest message that is taken, bytes.
const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// How a server runs.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The device's number.
    pub device_id: u64,
    /// Most streams of one role.
    pub max_streams: usize,
    /// Who owns the program and all that is written to it, if it is not the controllers: they read, and what they write is refused with this name.
    pub owner: Option<String>,
    /// Who may come in, and what they may do; without one everybody may do everything.
    pub guard: Option<Arc<dyn Guard>>,
    /// TLS of connections, with the certificate, and whose clients' certificates are asked for.
    pub tls: Option<Arc<ServerConfig>>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { device_id: 1, max_streams: 16, owner: None, guard: None, tls: None }
    }
}

pub(crate) struct Inner {
    target: Arc<dyn Target>,
    options: ServerOptions,
    pipelines: RwLock<Pipelines>,
    arbitration: Mutex<Arbitration<Responses>>,
    stop: AtomicBool,
    /// Reads that may be answered at the same time.
    reads: Arc<Semaphore>,
}

impl Inner {
    fn changing(&self) -> RwLockWriteGuard<'_, Pipelines> {
        self.pipelines.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading(&self) -> RwLockReadGuard<'_, Pipelines> {
        self.pipelines.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn arbitration(&self) -> MutexGuard<'_, Arbitration<Responses>> {
        self.arbitration.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_device(&self, device_id: u64) -> Result<(), Refusal> {
        let own = self.options.device_id;
        if device_id == own {
            return Ok(());
        }
        Err(Refusal::new(
            Code::NotFound,
            format!("device_id: there is no device {device_id}; this one is {own}"),
        ))
    }

    /// The checks before anything is changed, in the order of section 12. The caller holds the lock.
    fn may_change(
        &self,
        device_id: u64,
        role: &str,
        election_id: Option<&v1::Uint128>,
    ) -> Result<(), Refusal> {
        self.is_device(device_id)?;
        self.arbitration().may_change(role, election_id.map(arbitration::number))
    }

    fn is_owned(&self) -> Option<Refusal> {
        let owner = self.options.owner.as_ref()?;
        let text =
            format!("{owner} owns the program and its entries: they can be read here, and are changed there");
        Some(Refusal::new(Code::PermissionDenied, text))
    }
}

/// A P4Runtime server. Clones are the same server; when the last one goes, its thread ends.
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
    _events: Arc<EventThread>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("device_id", &self.inner.options.device_id).finish_non_exhaustive()
    }
}

struct EventThread {
    inner: Arc<Inner>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Drop for EventThread {
    fn drop(&mut self) {
        self.inner.stop.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
    }
}

impl Server {
    /// A server for a data path. It takes the data path's events from now on.
    ///
    /// # Errors
    ///
    /// No thread can be made.
    pub fn new(target: Arc<dyn Target>, options: ServerOptions) -> std::io::Result<Self> {
        let pipelines = Pipelines::new(&*target);
        let inner = Arc::new(Inner {
            target,
            arbitration: Mutex::new(Arbitration::new(options.max_streams)),
            options,
            pipelines: RwLock::new(pipelines),
            stop: AtomicBool::new(false),
            reads: Arc::new(Semaphore::new(read::AT_ONCE)),
        });
        let of_thread = inner.clone();
        let builder = std::thread::Builder::new().name("p4runtime-events".to_string());
        let thread = builder.spawn(move || events::forward(&of_thread))?;
        let events = EventThread { inner: inner.clone(), thread: Mutex::new(Some(thread)) };
        Ok(Self { inner, _events: Arc::new(events) })
    }

    /// The service, for a router of `tonic`.
    pub fn service(&self) -> P4RuntimeServer<Self> {
        P4RuntimeServer::new(self.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES)
    }
}

/// Does work that may wait, where waiting holds up nobody.
async fn blocking<T: Send + 'static>(
    inner: &Arc<Inner>,
    work: impl FnOnce(&Arc<Inner>) -> Result<T, Status> + Send + 'static,
) -> Result<T, Status> {
    let inner = inner.clone();
    let done = tokio::task::spawn_blocking(move || work(&inner)).await;
    done.unwrap_or_else(|_| Err(Status::internal("the work was ended")))
}

#[tonic::async_trait]
impl P4Runtime for Server {
    type ReadStream = read::Parts;
    type StreamChannelStream = stream::Outgoing;

    async fn write(&self, request: Request<v1::WriteRequest>) -> Result<Response<v1::WriteResponse>, Status> {
        self.inner.admit(&request, Rights::Change)?;
        let request = request.into_inner();
        blocking(&self.inner, move |inner| write::write(inner, &request)).await?;
        Ok(Response::new(v1::WriteResponse {}))
    }

    async fn read(&self, request: Request<v1::ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        self.inner.admit(&request, Rights::Read)?;
        read::read(&self.inner, request.into_inner()).map(Response::new)
    }

    async fn set_forwarding_pipeline_config(
        &self,
        request: Request<v1::SetForwardingPipelineConfigRequest>,
    ) -> Result<Response<v1::SetForwardingPipelineConfigResponse>, Status> {
        self.inner.admit(&request, Rights::Change)?;
        let request = request.into_inner();
        blocking(&self.inner, move |inner| Ok(pipeline::set(inner, request)?)).await?;
        Ok(Response::new(v1::SetForwardingPipelineConfigResponse {}))
    }

    async fn get_forwarding_pipeline_config(
        &self,
        request: Request<v1::GetForwardingPipelineConfigRequest>,
    ) -> Result<Response<v1::GetForwardingPipelineConfigResponse>, Status> {
        self.inner.admit(&request, Rights::Read)?;
        let request = request.into_inner();
        blocking(&self.inner, move |inner| Ok(pipeline::get(inner, &request)?)).await.map(Response::new)
    }

    async fn stream_channel(
        &self,
        request: Request<tonic::Streaming<v1::StreamMessageRequest>>,
    ) -> Result<Response<Self::StreamChannelStream>, Status> {
        let caller = self.inner.admit(&request, Rights::Read)?;
        Ok(Response::new(stream::serve(&self.inner, caller, request.into_inner())))
    }

    async fn capabilities(
        &self,
        request: Request<v1::CapabilitiesRequest>,
    ) -> Result<Response<v1::CapabilitiesResponse>, Status> {
        self.inner.admit(&request, Rights::Read)?;
        let told = v1::CapabilitiesResponse {
            p4runtime_api_version: API_VERSION.to_string(),
            ..v1::CapabilitiesResponse::default()
        };
        Ok(Response::new(told))
    }
}

//! A soft switch with ports in memory behind a server, and a controller.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use prost::Message;
use sluice_diagnostics::Sources;
use sluice_ir::text;
use sluice_p4::{CompileOptions, MemoryFiles, compile};
use sluice_p4info::proto::P4Info;
use sluice_p4runtime::proto::google::rpc;
use sluice_p4runtime::v1::p4_runtime_client::P4RuntimeClient;
use sluice_p4runtime::v1::stream_message_request::Update as Asked;
use sluice_p4runtime::v1::stream_message_response::Update as Told;
use sluice_p4runtime::{Server, ServerOptions, v1};
use sluice_target::port::{PairEnd, Role, pair};
use sluice_target::{Program, SoftOptions, SoftTarget, Target, conformance};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

pub(crate) const DEVICE: u64 = 7;

/// The program that data paths are tested with, compiled once.
pub(crate) static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    let mut sources = Sources::new();
    let source = conformance::source(&SoftTarget::new(SoftOptions::default()).capabilities());
    let files = MemoryFiles::new().file("exercise.p4", &source);
    match compile(&mut sources, &files, "exercise.p4", &CompileOptions::default()) {
        Ok((module, _)) => {
            let (p4info, _) = sluice_p4info::p4info(&module).expect("the program's annotations are right");
            Program { p4info, device_config: text::print(&module).into_bytes() }
        }
        Err(found) => panic!("{}", found.render(&sources)),
    }
});

/// A server that is listening.
pub(crate) struct Bench {
    pub(crate) address: SocketAddr,
    pub(crate) ends: Vec<PairEnd>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    _keep: Option<Box<dyn Send>>,
}

/// A data path with wires, which is to be served.
pub(crate) struct Device {
    pub(crate) target: Arc<dyn Target>,
    pub(crate) ends: Vec<PairEnd>,
    /// What it needs to live.
    pub(crate) keep: Option<Box<dyn Send>>,
}

/// The soft switch with ports in memory.
pub(crate) fn soft() -> Device {
    let target = SoftTarget::new(SoftOptions { wall_clock: true, ..SoftOptions::default() });
    let mut ends = Vec::new();
    for number in conformance::PORTS {
        let (port, end) = pair(&format!("p{number}"), Role::Both, 1024);
        target.attach(number, port).expect("the number is free");
        ends.push(end);
    }
    Device { target: Arc::new(target), ends, keep: None }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

/// Begins to serve on a free port.
pub(crate) async fn serve(options: ServerOptions) -> Bench {
    let Device { target, ends, keep } = crate::device::device();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let server = Server::new(target, options).expect("a thread can be made");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(async move {
        let stop = async {
            let _ = stopped.await;
        };
        server.serve(listener, stop).await
    });
    Bench { address, ends, stop: Some(stop), _keep: keep }
}

pub(crate) async fn start() -> Bench {
    serve(ServerOptions { device_id: DEVICE, ..ServerOptions::default() }).await
}

pub(crate) fn id(number: u64) -> Option<v1::Uint128> {
    Some(v1::Uint128 { high: 0, low: number })
}

/// A controller with a stream.
pub(crate) struct Controller {
    pub(crate) client: P4RuntimeClient<Channel>,
    pub(crate) election_id: Option<v1::Uint128>,
    pub(crate) role: String,
    to: mpsc::Sender<v1::StreamMessageRequest>,
    pub(crate) from: Streaming<v1::StreamMessageResponse>,
}

const PATIENCE: Duration = Duration::from_secs(10);

impl Controller {
    /// Connects and opens a stream, on which nothing is said yet.
    pub(crate) async fn connect(bench: &Bench) -> Self {
        let endpoint = format!("http://{}", bench.address);
        let client = P4RuntimeClient::connect(endpoint).await.expect("the server listens");
        let mut client = client.max_decoding_message_size(64 << 20).max_encoding_message_size(64 << 20);
        let (to, requests) = mpsc::channel(1024);
        let from = client.stream_channel(ReceiverStream::new(requests)).await.expect("a stream").into_inner();
        Self { client, election_id: None, role: String::new(), to, from }
    }

    /// Connects and arbitrates.
    pub(crate) async fn arbitrated(bench: &Bench, role: &str, number: u64) -> Self {
        let mut controller = Self::connect(bench).await;
        controller.role = role.to_string();
        controller.arbitrate(id(number)).await;
        controller
    }

    /// A primary with the program in place.
    pub(crate) async fn ready(bench: &Bench) -> Self {
        let mut controller = Self::arbitrated(bench, "", 1).await;
        assert_eq!(controller.status().await, Ok(0));
        let action = v1::set_forwarding_pipeline_config_request::Action::VerifyAndCommit;
        controller.set(action, Some(config(&PROGRAM, None))).await.expect("the program is right");
        controller
    }

    pub(crate) async fn say(&self, asked: Asked) {
        let request = v1::StreamMessageRequest { update: Some(asked) };
        self.to.send(request).await.expect("the stream is open");
    }

    pub(crate) fn arbitration(&self, election_id: Option<v1::Uint128>) -> v1::MasterArbitrationUpdate {
        let role = v1::Role { name: self.role.clone(), ..v1::Role::default() };
        let role = (!self.role.is_empty()).then_some(role);
        v1::MasterArbitrationUpdate { device_id: DEVICE, role, election_id, status: None }
    }

    pub(crate) async fn arbitrate(&mut self, election_id: Option<v1::Uint128>) {
        self.election_id = election_id;
        let update = self.arbitration(election_id);
        self.say(Asked::Arbitration(update)).await;
    }

    /// The next message; the status with which the stream ended.
    pub(crate) async fn hear(&mut self) -> Result<Told, Status> {
        let message =
            tokio::time::timeout(PATIENCE, self.from.message()).await.expect("a message comes in time")?;
        let message = message.ok_or_else(|| Status::ok("the stream ended"))?;
        Ok(message.update.expect("a message says something"))
    }

    /// Says that nothing comes.
    pub(crate) async fn hears_nothing(&mut self) {
        let message = tokio::time::timeout(Duration::from_millis(150), self.from.message()).await;
        assert!(message.is_err(), "{message:?}");
    }

    /// The next arbitration.
    pub(crate) async fn notice(&mut self) -> Result<v1::MasterArbitrationUpdate, Status> {
        match self.hear().await? {
            Told::Arbitration(update) => Ok(update),
            other => panic!("{other:?}"),
        }
    }

    /// The code of the next arbitration, or of the end of the stream.
    pub(crate) async fn status(&mut self) -> Result<i32, tonic::Code> {
        let notice = self.notice().await.map_err(|status| status.code())?;
        Ok(notice.status.expect("the server gives one").code)
    }

    pub(crate) async fn set(
        &mut self,
        action: v1::set_forwarding_pipeline_config_request::Action,
        config: Option<v1::ForwardingPipelineConfig>,
    ) -> Result<(), Status> {
        let request = v1::SetForwardingPipelineConfigRequest {
            device_id: DEVICE,
            role: self.role.clone(),
            election_id: self.election_id,
            action: action as i32,
            config,
            ..v1::SetForwardingPipelineConfigRequest::default()
        };
        self.client.set_forwarding_pipeline_config(request).await.map(|_| ())
    }

    pub(crate) async fn get(&mut self, response_type: i32) -> Option<v1::ForwardingPipelineConfig> {
        let request = v1::GetForwardingPipelineConfigRequest { device_id: DEVICE, response_type };
        self.client
            .get_forwarding_pipeline_config(request)
            .await
            .expect("it can be asked")
            .into_inner()
            .config
    }

    pub(crate) async fn batch(
        &mut self,
        updates: Vec<v1::Update>,
        atomicity: v1::write_request::Atomicity,
    ) -> Result<(), Status> {
        let request = v1::WriteRequest {
            device_id: DEVICE,
            role: self.role.clone(),
            election_id: self.election_id,
            updates,
            atomicity: atomicity as i32,
            ..v1::WriteRequest::default()
        };
        self.client.write(request).await.map(|_| ())
    }

    pub(crate) async fn write(&mut self, updates: Vec<v1::Update>) -> Result<(), Status> {
        self.batch(updates, v1::write_request::Atomicity::ContinueOnError).await
    }

    /// Everything that is read, and the status with which it ended.
    pub(crate) async fn read(
        &mut self,
        entities: Vec<v1::entity::Entity>,
    ) -> (Vec<v1::entity::Entity>, Option<Status>) {
        let entities = entities.into_iter().map(|entity| v1::Entity { entity: Some(entity) }).collect();
        let request = v1::ReadRequest { device_id: DEVICE, role: String::new(), entities };
        let mut parts = match self.client.read(request).await {
            Ok(parts) => parts.into_inner(),
            Err(status) => return (Vec::new(), Some(status)),
        };
        let mut all = Vec::new();
        loop {
            match parts.message().await {
                Ok(Some(part)) => all.extend(part.entities.into_iter().filter_map(|entity| entity.entity)),
                Ok(None) => return (all, None),
                Err(status) => return (all, Some(status)),
            }
        }
    }

    pub(crate) async fn all(&mut self, entity: v1::entity::Entity) -> Vec<v1::entity::Entity> {
        let (all, status) = self.read(vec![entity]).await;
        assert!(status.is_none(), "{status:?}");
        all
    }
}

pub(crate) fn config(program: &Program, cookie: Option<u64>) -> v1::ForwardingPipelineConfig {
    v1::ForwardingPipelineConfig {
        p4info: Some(program.p4info.clone()),
        p4_device_config: program.device_config.clone(),
        cookie: cookie.map(|cookie| v1::forwarding_pipeline_config::Cookie { cookie }),
    }
}

/// One error for each update, by code and message.
pub(crate) fn errors(status: &Status) -> Vec<(i32, String)> {
    assert_eq!(status.code(), tonic::Code::Unknown, "{status:?}");
    let details = rpc::Status::decode(status.details()).expect("a google.rpc.Status");
    assert_eq!((details.code, details.message.as_str()), (2, status.message()));
    let error = |any: &prost_types::Any| {
        assert_eq!(any.type_url, "type.googleapis.com/p4.v1.Error");
        let error = v1::Error::decode(any.value.as_slice()).expect("a p4.v1.Error");
        (error.canonical_code, error.message)
    };
    details.details.iter().map(error).collect()
}

pub(crate) fn codes(status: &Status) -> Vec<i32> {
    errors(status).into_iter().map(|(code, _)| code).collect()
}

/// The id of an object by the last part of its name.
pub(crate) fn named(name: &str) -> u32 {
    let P4Info { tables, actions, action_profiles, counters, meters, registers, value_sets, digests, .. } =
        &PROGRAM.p4info;
    let preambles = tables
        .iter()
        .map(|one| &one.preamble)
        .chain(actions.iter().map(|one| &one.preamble))
        .chain(action_profiles.iter().map(|one| &one.preamble))
        .chain(counters.iter().map(|one| &one.preamble))
        .chain(meters.iter().map(|one| &one.preamble))
        .chain(registers.iter().map(|one| &one.preamble))
        .chain(value_sets.iter().map(|one| &one.preamble))
        .chain(digests.iter().map(|one| &one.preamble))
        .flatten();
    let mut found = preambles.filter(|preamble| preamble.name.rsplit('.').next() == Some(name));
    found.next().unwrap_or_else(|| panic!("the program has `{name}`")).id
}

pub(crate) fn update(kind: v1::update::Type, entity: v1::entity::Entity) -> v1::Update {
    v1::Update { r#type: kind as i32, entity: Some(v1::Entity { entity: Some(entity) }) }
}

pub(crate) fn insert(entity: v1::entity::Entity) -> v1::Update {
    update(v1::update::Type::Insert, entity)
}

pub(crate) fn modify(entity: v1::entity::Entity) -> v1::Update {
    update(v1::update::Type::Modify, entity)
}

pub(crate) fn delete(entity: v1::entity::Entity) -> v1::Update {
    update(v1::update::Type::Delete, entity)
}

pub(crate) fn action(name: &str, params: &[&[u8]]) -> v1::Action {
    let param =
        |(at, value): (usize, &&[u8])| v1::action::Param { param_id: at as u32 + 1, value: value.to_vec() };
    v1::Action { action_id: named(name), params: params.iter().enumerate().map(param).collect() }
}

pub(crate) fn table_action(kind: v1::table_action::Type) -> Option<v1::TableAction> {
    Some(v1::TableAction { r#type: Some(kind) })
}

pub(crate) fn exact(value: u8) -> Vec<v1::FieldMatch> {
    let exact = v1::field_match::Exact { value: vec![value] };
    vec![v1::FieldMatch {
        field_id: 1,
        field_match_type: Some(v1::field_match::FieldMatchType::Exact(exact)),
    }]
}

/// An entry of `exact_t`: to a port, with a mark.
pub(crate) fn forward(key: u8, port: u8, mark: u8) -> v1::TableEntry {
    v1::TableEntry {
        table_id: named("exact_t"),
        r#match: exact(key),
        action: table_action(v1::table_action::Type::Action(action("forward", &[&[port], &[mark]]))),
        ..v1::TableEntry::default()
    }
}

pub(crate) fn forward_entity(key: u8, port: u8, mark: u8) -> v1::entity::Entity {
    v1::entity::Entity::TableEntry(forward(key, port, mark))
}

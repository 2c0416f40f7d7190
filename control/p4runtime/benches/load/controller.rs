//! A controller that writes and reads as fast as it can.

use std::time::Duration;

use sluice_entities::UpdateKind;
use sluice_p4info::proto::{P4Info, Preamble};
use sluice_p4runtime::v1;
use sluice_p4runtime::v1::p4_runtime_client::P4RuntimeClient;
use sluice_target::Program;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;
use v1::field_match::FieldMatchType;
use v1::stream_message_request::Update as Asked;

use crate::entries::{Kind, PRIORITY, key, params};

const DEVICE: u64 = 1;
const ELECTION: Option<v1::Uint128> = Some(v1::Uint128 { high: 0, low: 1 });

/// The primary.
pub(crate) struct Controller {
    client: P4RuntimeClient<Channel>,
    p4info: P4Info,
    _stream: (mpsc::Sender<v1::StreamMessageRequest>, Streaming<v1::StreamMessageResponse>),
}

/// The shortest form of a number (section 8.4).
fn bytes(number: u32) -> Vec<u8> {
    let all = number.to_be_bytes();
    let zeros = all.iter().take(3).take_while(|byte| **byte == 0).count();
    all[zeros..].to_vec()
}

impl Controller {
    /// Connects, becomes primary, sets the program.
    pub(crate) async fn ready(address: &str, program: &Program) -> Self {
        let connected = P4RuntimeClient::connect(format!("http://{address}")).await;
        let mut client = connected.expect("the server listens").max_encoding_message_size(64 << 20);
        let (to, requests) = mpsc::channel(4);
        let arbitration = v1::MasterArbitrationUpdate {
            device_id: DEVICE,
            election_id: ELECTION,
            ..v1::MasterArbitrationUpdate::default()
        };
        let first = v1::StreamMessageRequest { update: Some(Asked::Arbitration(arbitration)) };
        to.send(first).await.expect("there is room");
        let opened = client.stream_channel(ReceiverStream::new(requests)).await;
        let mut from = opened.expect("a stream").into_inner();
        from.message().await.expect("an answer").expect("an arbitration");
        let config = v1::ForwardingPipelineConfig {
            p4info: Some(program.p4info.clone()),
            p4_device_config: program.device_config.clone(),
            cookie: None,
        };
        let request = v1::SetForwardingPipelineConfigRequest {
            device_id: DEVICE,
            election_id: ELECTION,
            action: v1::set_forwarding_pipeline_config_request::Action::VerifyAndCommit as i32,
            config: Some(config),
            ..v1::SetForwardingPipelineConfigRequest::default()
        };
        client.set_forwarding_pipeline_config(request).await.expect("the program is right");
        Self { client, p4info: program.p4info.clone(), _stream: (to, from) }
    }

    /// The id of a table or action.
    fn id(&self, name: &str) -> u32 {
        let tables = self.p4info.tables.iter().map(|table| &table.preamble);
        let actions = self.p4info.actions.iter().map(|action| &action.preamble);
        let mut all = tables.chain(actions).flatten();
        let named = |preamble: &&Preamble| preamble.name.rsplit('.').next() == Some(name);
        all.find(named).expect("the program has it").id
    }

    pub(crate) fn update(&self, table: Kind, kind: UpdateKind, number: u32) -> v1::Update {
        let value = bytes(key(number));
        let mask = vec![0xff; 4];
        let matched = match table {
            Kind::Exact => FieldMatchType::Exact(v1::field_match::Exact { value }),
            Kind::Lpm => FieldMatchType::Lpm(v1::field_match::Lpm { value, prefix_len: 32 }),
            Kind::Ternary => FieldMatchType::Ternary(v1::field_match::Ternary { value, mask }),
        };
        let (port, from) = params(kind, number);
        let param = |(id, value)| v1::action::Param { param_id: id, value: bytes(value) };
        let action = v1::Action {
            action_id: self.id("forward"),
            params: [(1, u32::from(port)), (2, from)].map(param).to_vec(),
        };
        let entry = v1::TableEntry {
            table_id: self.id(table.name()),
            r#match: vec![v1::FieldMatch { field_id: 1, field_match_type: Some(matched) }],
            action: Some(v1::TableAction { r#type: Some(v1::table_action::Type::Action(action)) }),
            priority: if matches!(table, Kind::Ternary) { PRIORITY as i32 } else { 0 },
            ..v1::TableEntry::default()
        };
        let kind = match kind {
            UpdateKind::Insert => v1::update::Type::Insert,
            UpdateKind::Modify => v1::update::Type::Modify,
            UpdateKind::Delete => v1::update::Type::Delete,
        };
        let entity = v1::entity::Entity::TableEntry(entry);
        v1::Update { r#type: kind as i32, entity: Some(v1::Entity { entity: Some(entity) }) }
    }

    pub(crate) fn request(&self, updates: &[v1::Update]) -> v1::WriteRequest {
        v1::WriteRequest {
            device_id: DEVICE,
            election_id: ELECTION,
            updates: updates.to_vec(),
            ..v1::WriteRequest::default()
        }
    }

    /// Writes batches, so many under way at a time.
    pub(crate) async fn write(&self, mut batches: Vec<v1::WriteRequest>, under_way: usize) {
        let mut writers = Vec::new();
        let share = batches.len().div_ceil(under_way).max(1);
        while !batches.is_empty() {
            let own = batches.split_off(batches.len().saturating_sub(share));
            let mut client = self.client.clone();
            writers.push(tokio::spawn(async move {
                for batch in own {
                    client.write(batch).await.expect("the entries are right");
                }
            }));
        }
        for writer in writers {
            writer.await.expect("it does not panic");
        }
    }

    /// Reads all entries of a table, waiting before each response; how many there are.
    pub(crate) async fn read(&self, table: Kind, pause: Duration) -> u32 {
        let entry = v1::TableEntry { table_id: self.id(table.name()), ..v1::TableEntry::default() };
        let entity = v1::Entity { entity: Some(v1::entity::Entity::TableEntry(entry)) };
        let request = v1::ReadRequest { device_id: DEVICE, entities: vec![entity], ..Default::default() };
        let mut parts = self.client.clone().read(request).await.expect("it can be read").into_inner();
        let mut count = 0;
        while let Some(part) = parts.message().await.expect("it can be read") {
            count += part.entities.len() as u32;
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        count
    }
}

//! Messages that no client sends: right ones with bytes changed, taken out, put in and exchanged with others'. Whatever comes, each call is answered, nothing panics, and the server goes on.
//!
//! `SLUICE_FUZZ=N` sends N of each kind instead of a few; `SLUICE_SEED` says where to begin.

use prost::Message;
use sluice_p4runtime::v1;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use v1::entity::Entity;
use v1::set_forwarding_pipeline_config_request::Action;
use v1::stream_message_request::Update as Asked;

use crate::bench::{
    Controller, DEVICE, PROGRAM, config, delete, forward_entity, id, insert, modify, named, start,
};

/// Bytes as they are: what is sent has not to be a message.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = usize;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        use prost::bytes::BufMut;
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = usize;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<usize>, Status> {
        use prost::bytes::Buf;
        let length = buffer.remaining();
        buffer.advance(length);
        Ok(Some(length))
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// One of the seeds with a few changes.
fn changed(seeds: &[Vec<u8>], r: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[r.below(seeds.len())].clone();
    for _ in 0..=r.below(4) {
        let at = r.below(bytes.len());
        let length = r.below(8).min(bytes.len() - at.min(bytes.len()));
        match r.below(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << r.below(8),
            1 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][r.below(5)],
            2 => drop(bytes.drain(at..at + length)),
            3 => {
                let part = bytes[at..at + length].to_vec();
                drop(bytes.splice(at..at, part));
            }
            4 => {
                let other = &seeds[r.below(seeds.len())];
                let from = r.below(other.len());
                let part = other[from..(from + r.below(40)).min(other.len())].to_vec();
                drop(bytes.splice(at..at + length, part));
            }
            5 => bytes.truncate(at),
            _ => bytes.extend([0x0a, r.below(256) as u8]),
        }
    }
    bytes
}

fn write_seeds() -> Vec<Vec<u8>> {
    let group = v1::ActionProfileGroup {
        action_profile_id: PROGRAM
            .p4info
            .action_profiles
            .first()
            .and_then(|one| one.preamble.as_ref())
            .map_or(1, |one| one.id),
        group_id: 1,
        members: vec![v1::action_profile_group::Member { member_id: 1, weight: 3, ..Default::default() }],
        max_size: 8,
    };
    let replica = |port: u8| v1::Replica {
        instance: 1,
        port_kind: Some(v1::replica::PortKind::Port(vec![port])),
        ..v1::Replica::default()
    };
    let multicast = v1::MulticastGroupEntry {
        multicast_group_id: 3,
        replicas: vec![replica(1), replica(2)],
        ..Default::default()
    };
    let replication = v1::PacketReplicationEngineEntry {
        r#type: Some(v1::packet_replication_engine_entry::Type::MulticastGroupEntry(multicast)),
    };
    let updates = vec![
        insert(forward_entity(1, 2, 3)),
        modify(forward_entity(1, 3, 4)),
        delete(forward_entity(1, 3, 4)),
        insert(Entity::ActionProfileGroup(group)),
        insert(Entity::PacketReplicationEngineEntry(replication)),
        modify(Entity::RegisterEntry(v1::RegisterEntry {
            register_id: 1,
            index: Some(v1::Index { index: 0 }),
            data: None,
        })),
        modify(Entity::CounterEntry(v1::CounterEntry {
            counter_id: 1,
            index: Some(v1::Index { index: 1 }),
            data: Some(v1::CounterData { byte_count: 1, packet_count: 2 }),
        })),
    ];
    let request = |updates: Vec<v1::Update>| v1::WriteRequest {
        device_id: DEVICE,
        election_id: id(1),
        updates,
        ..v1::WriteRequest::default()
    };
    let mut seeds: Vec<Vec<u8>> =
        updates.iter().map(|one| request(vec![one.clone()]).encode_to_vec()).collect();
    seeds.push(request(updates).encode_to_vec());
    seeds
}

fn read_seeds() -> Vec<Vec<u8>> {
    let entities = [
        Entity::TableEntry(v1::TableEntry::default()),
        Entity::TableEntry(v1::TableEntry { table_id: named("exact_t"), ..Default::default() }),
        Entity::ActionProfileMember(v1::ActionProfileMember::default()),
        Entity::MeterEntry(v1::MeterEntry::default()),
        Entity::DirectCounterEntry(v1::DirectCounterEntry {
            table_entry: Some(v1::TableEntry::default()),
            data: None,
        }),
        Entity::RegisterEntry(v1::RegisterEntry::default()),
        Entity::DigestEntry(v1::DigestEntry::default()),
    ];
    let request = |entities: Vec<Entity>| {
        let entities = entities.into_iter().map(|entity| v1::Entity { entity: Some(entity) }).collect();
        v1::ReadRequest { device_id: DEVICE, role: String::new(), entities }.encode_to_vec()
    };
    let mut seeds: Vec<Vec<u8>> = entities.iter().map(|one| request(vec![one.clone()])).collect();
    seeds.push(request(entities.to_vec()));
    seeds
}

fn pipeline_seeds() -> Vec<Vec<u8>> {
    let request = |action: Action| {
        v1::SetForwardingPipelineConfigRequest {
            device_id: DEVICE,
            election_id: id(1),
            action: action as i32,
            config: Some(config(&PROGRAM, Some(7))),
            ..v1::SetForwardingPipelineConfigRequest::default()
        }
        .encode_to_vec()
    };
    [Action::Verify, Action::VerifyAndSave, Action::VerifyAndCommit, Action::ReconcileAndCommit]
        .map(request)
        .to_vec()
}

fn stream_seeds() -> Vec<Vec<u8>> {
    let say = |asked: Asked| v1::StreamMessageRequest { update: Some(asked) }.encode_to_vec();
    let arbitration =
        v1::MasterArbitrationUpdate { device_id: DEVICE, election_id: id(9), ..Default::default() };
    let metadata = vec![
        v1::PacketMetadata { metadata_id: 1, value: vec![2] },
        v1::PacketMetadata { metadata_id: 2, value: vec![0] },
    ];
    vec![
        say(Asked::Arbitration(arbitration)),
        say(Asked::Packet(v1::PacketOut { payload: vec![1; 30], metadata })),
        say(Asked::DigestAck(v1::DigestListAck { digest_id: named("note_t"), list_id: 1 })),
        say(Asked::Other(prost_types::Any { type_url: "x".to_string(), value: vec![1, 2] })),
    ]
}

/// A path of the service.
fn path(method: &'static str) -> http::uri::PathAndQuery {
    http::uri::PathAndQuery::from_static(method)
}

/// Neither a panic nor a connection that is closed.
fn check(answer: &Result<(), Status>, what: &dyn Fn() -> String) {
    if let Err(status) = answer {
        let is_bad = matches!(status.code(), Code::Internal | Code::Unavailable | Code::Cancelled);
        // What is no message at all is told so by the transport.
        let is_message = !status.message().contains("decode");
        assert!(!(is_bad && is_message), "{}: {status:?}", what());
    }
}

async fn unary(channel: &Channel, method: &'static str, bytes: Vec<u8>) -> Result<(), Status> {
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    grpc.unary(Request::new(bytes), path(method), Raw).await.map(|_| ())
}

async fn streamed(channel: &Channel, method: &'static str, messages: Vec<Vec<u8>>) -> Result<(), Status> {
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let answer = grpc.streaming(Request::new(tokio_stream::iter(messages)), path(method), Raw).await?;
    let mut answers = answer.into_inner();
    let patience = std::time::Duration::from_millis(200);
    // A stream that is content stays open.
    while let Ok(answer) = tokio::time::timeout(patience, answers.message()).await {
        if answer?.is_none() {
            break;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_message_brings_the_server_down() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (count, seed) = (number("SLUICE_FUZZ", 1_500), number("SLUICE_SEED", 0x9e37_79b9_7f4a_7c15));
    println!("SLUICE_SEED={seed}");
    let mut r = Random(seed | 1);
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let endpoint =
        tonic::transport::Endpoint::from_shared(format!("http://{}", bench.address)).expect("an address");
    let channel = endpoint.connect().await.expect("the server listens");
    const WRITE: &str = "/p4.v1.P4Runtime/Write";
    const READ: &str = "/p4.v1.P4Runtime/Read";
    const SET: &str = "/p4.v1.P4Runtime/SetForwardingPipelineConfig";
    const STREAM: &str = "/p4.v1.P4Runtime/StreamChannel";
    let (writes, reads, pipelines, streams) = (write_seeds(), read_seeds(), pipeline_seeds(), stream_seeds());
    // Unchanged, most are taken: changes begin near what has a meaning.
    let whole = unary(&channel, WRITE, writes[0].clone()).await;
    assert!(whole.is_ok(), "{whole:?}");
    for round in 0..count {
        let bytes = changed(&writes, &mut r);
        check(&unary(&channel, WRITE, bytes.clone()).await, &|| format!("write {round}: {bytes:x?}"));
        let bytes = changed(&reads, &mut r);
        check(&streamed(&channel, READ, vec![bytes.clone()]).await, &|| format!("read {round}: {bytes:x?}"));
        if round % 10 == 0 {
            let bytes = changed(&pipelines, &mut r);
            check(&unary(&channel, SET, bytes).await, &|| format!("pipeline {round}"));
        }
        if round % 50 == 0 {
            let first = streams[0].clone();
            let all: Vec<_> =
                std::iter::once(first).chain((0..3).map(|_| changed(&streams, &mut r))).collect();
            check(&streamed(&channel, STREAM, all).await, &|| format!("stream {round}"));
        }
    }
    // It serves as before: a primary with a higher id sets the program anew, writes and reads.
    controller.arbitrate(id(u64::MAX)).await;
    let is_primary = async { while controller.status().await != Ok(0) {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), is_primary).await.expect("it becomes primary");
    controller
        .set(Action::VerifyAndCommit, Some(config(&PROGRAM, None)))
        .await
        .expect("the program is right");
    controller.write(vec![insert(forward_entity(5, 2, 3))]).await.expect("there is room");
    let table = v1::TableEntry { table_id: named("exact_t"), ..v1::TableEntry::default() };
    assert_eq!(controller.all(Entity::TableEntry(table)).await.len(), 1);
}

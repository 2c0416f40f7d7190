//! Section 16: packets, digests, idle entries, and what is wrong with messages.

use sluice_p4runtime::v1;
use sluice_target::sys::{Linux, System};
use tonic::Code;
use v1::stream_error::Details;
use v1::stream_message_request::Update as Asked;
use v1::stream_message_response::Update as Told;

use crate::bench::{Controller, action, exact, forward, id, insert, named, start, table_action};

const WAIT: std::time::Duration = std::time::Duration::from_secs(5);

fn metadata(metadata_id: u32, value: &[u8]) -> v1::PacketMetadata {
    v1::PacketMetadata { metadata_id, value: value.to_vec() }
}

async fn error(controller: &mut Controller) -> v1::StreamError {
    match controller.hear().await {
        Ok(Told::Error(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_go_out_and_come_in() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let packet =
        v1::PacketOut { payload: b"a frame".to_vec(), metadata: vec![metadata(1, &[3]), metadata(2, &[0])] };
    controller.say(Asked::Packet(packet)).await;
    let end = bench.ends[2].clone();
    let left = tokio::task::spawn_blocking(move || end.receive(WAIT)).await.expect("no panic");
    assert_eq!(left, Some(b"a frame".to_vec()));

    let tell = v1::TableEntry {
        action: table_action(v1::table_action::Type::Action(action("tell", &[&[0x55]]))),
        ..forward(4, 2, 3)
    };
    controller.write(vec![insert(v1::entity::Entity::TableEntry(tell))]).await.expect("there is room");
    let frame = [[1, 4, 0, 0].as_slice(), &[7; 60]].concat();
    assert!(bench.ends[1].send(1, &frame));
    let packet = match controller.hear().await {
        Ok(Told::Packet(packet)) => packet,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        packet,
        v1::PacketIn { payload: frame.clone(), metadata: vec![metadata(1, &[2]), metadata(2, &[0x55])] }
    );
    // Packets are for the primary.
    let mut backup = Controller::arbitrated(&bench, "", 0).await;
    assert_eq!(backup.status().await, Ok(6));
    assert!(bench.ends[1].send(1, &frame));
    assert!(matches!(controller.hear().await, Ok(Told::Packet(_))));
    backup.hears_nothing().await;
    backup.say(Asked::Packet(v1::PacketOut::default())).await;
    let error = error(&mut backup).await;
    assert_eq!(error.canonical_code, Code::PermissionDenied as i32);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_messages_are_told_and_the_stream_stays() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let wrong = v1::PacketOut { payload: b"x".to_vec(), metadata: vec![metadata(7, &[1])] };
    controller.say(Asked::Packet(wrong.clone())).await;
    let found = error(&mut controller).await;
    assert_eq!(found.canonical_code, Code::InvalidArgument as i32, "{found:?}");
    assert_eq!(found.details, Some(Details::PacketOut(v1::PacketOutError { packet_out: Some(wrong) })));
    let ack = v1::DigestListAck { digest_id: 5, list_id: 1 };
    controller.say(Asked::DigestAck(ack)).await;
    let found = error(&mut controller).await;
    assert_eq!(found.canonical_code, Code::InvalidArgument as i32);
    let details = Details::DigestListAck(v1::DigestListAckError { digest_list_ack: Some(ack) });
    assert_eq!(found.details, Some(details));
    controller.say(Asked::Other(prost_types::Any::default())).await;
    let found = error(&mut controller).await;
    assert_eq!(found.canonical_code, Code::Unimplemented as i32);
    assert!(matches!(found.details, Some(Details::Other(_))));
    controller.arbitrate(id(2)).await;
    assert_eq!(controller.status().await, Ok(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn digests_come_in_lists_and_again_when_they_were_acknowledged() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let hour = 3_600_000_000_000;
    let config = v1::digest_entry::Config { max_timeout_ns: hour, max_list_size: 2, ack_timeout_ns: hour };
    let entry = v1::DigestEntry { digest_id: named("note_t"), config: Some(config) };
    controller.write(vec![insert(v1::entity::Entity::DigestEntry(entry))]).await.expect("there is room");
    let seen = || {
        for value in [1, 1, 2] {
            assert!(bench.ends[0].send(Linux.now_ns(), &[7, 9, 0, value, 0, 0, 0, 0]));
        }
    };
    seen();
    let list = match controller.hear().await {
        Ok(Told::Digest(list)) => list,
        other => panic!("{other:?}"),
    };
    let number = |value: u8| v1::P4Data { data: Some(v1::p4_data::Data::Bitstring(vec![value])) };
    let message = |value| {
        let members = vec![number(9), number(value)];
        v1::P4Data { data: Some(v1::p4_data::Data::Struct(v1::P4StructLike { members })) }
    };
    assert_eq!((list.digest_id, list.data.clone()), (named("note_t"), vec![message(1), message(2)]));
    assert!(list.timestamp > 0);
    seen();
    controller.hears_nothing().await;
    controller
        .say(Asked::DigestAck(v1::DigestListAck { digest_id: list.digest_id, list_id: list.list_id }))
        .await;
    // The acknowledgement is heard before a later write is done.
    let group = v1::MulticastGroupEntry { multicast_group_id: 1, ..Default::default() };
    let group = v1::packet_replication_engine_entry::Type::MulticastGroupEntry(group);
    let group = v1::PacketReplicationEngineEntry { r#type: Some(group) };
    controller
        .write(vec![insert(v1::entity::Entity::PacketReplicationEngineEntry(group))])
        .await
        .expect("room");
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    seen();
    match controller.hear().await {
        Ok(Told::Digest(next)) => assert_eq!(next.data, list.data),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_entries_are_told() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let entry =
        v1::TableEntry { idle_timeout_ns: 50_000_000, metadata: b"mine".to_vec(), ..forward(1, 2, 3) };
    controller.write(vec![insert(v1::entity::Entity::TableEntry(entry))]).await.expect("there is room");
    for _ in 0..2 {
        let notification = match controller.hear().await {
            Ok(Told::IdleTimeoutNotification(notification)) => notification,
            other => panic!("{other:?}"),
        };
        assert!(notification.timestamp > 0);
        let told = &notification.table_entry[0];
        assert_eq!((told.table_id, &told.r#match), (named("exact_t"), &exact(1)));
        assert_eq!((told.idle_timeout_ns, told.metadata.as_slice()), (50_000_000, b"mine".as_slice()));
    }
}

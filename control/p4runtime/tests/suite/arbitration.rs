//! Section 5: who is primary, who is told, whose writes are taken.

use sluice_p4runtime::{ServerOptions, v1};
use tonic::Code;
use v1::stream_message_request::Update as Asked;

use crate::bench::{Controller, DEVICE, PROGRAM, config, delete, forward_entity, id, insert, serve, start};

const OK: i32 = 0;
const NOT_FOUND: i32 = 5;
const ALREADY_EXISTS: i32 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn the_highest_id_is_primary_and_all_are_told() {
    let bench = start().await;
    let mut first = Controller::arbitrated(&bench, "", 5).await;
    let notice = first.notice().await.expect("it is told");
    assert_eq!((notice.device_id, notice.election_id, notice.role.clone()), (DEVICE, id(5), None));
    assert_eq!(notice.status.expect("one").code, OK);
    // A lower one is a backup, and it alone is told.
    let mut second = Controller::arbitrated(&bench, "", 3).await;
    let notice = second.notice().await.expect("it is told");
    assert_eq!(notice.election_id, id(5), "the highest that there is");
    assert_eq!(notice.status.expect("one").code, ALREADY_EXISTS);
    first.hears_nothing().await;
    // A higher one takes over; all are told.
    second.arbitrate(id(9)).await;
    assert_eq!((second.status().await, first.status().await), (Ok(OK), Ok(ALREADY_EXISTS)));
    // The primary steps down; nobody takes its place by itself.
    second.arbitrate(id(1)).await;
    assert_eq!((second.status().await, first.status().await), (Ok(NOT_FOUND), Ok(NOT_FOUND)));
    // The highest ever is 9: 8 is not enough, 9 is.
    first.arbitrate(id(8)).await;
    assert_eq!(first.status().await, Ok(NOT_FOUND));
    first.arbitrate(id(9)).await;
    assert_eq!((first.status().await, second.status().await), (Ok(OK), Ok(ALREADY_EXISTS)));
    // The primary says the same again: it stays, and all are told.
    first.arbitrate(id(9)).await;
    assert_eq!((first.status().await, second.status().await), (Ok(OK), Ok(ALREADY_EXISTS)));
    // It goes.
    drop(first);
    assert_eq!(second.status().await, Ok(NOT_FOUND));
    // Without an id one is never primary.
    let mut third = Controller::connect(&bench).await;
    third.arbitrate(None).await;
    assert_eq!(third.status().await, Ok(NOT_FOUND));
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_is_an_id() {
    let bench = start().await;
    let mut only = Controller::arbitrated(&bench, "", 0).await;
    assert_eq!(only.status().await, Ok(OK));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_arbitrations_end_the_stream() {
    let bench = serve(ServerOptions { device_id: DEVICE, max_streams: 2, ..ServerOptions::default() }).await;
    let mut controller = Controller::connect(&bench).await;
    controller.say(Asked::DigestAck(v1::DigestListAck::default())).await;
    assert_eq!(
        controller.status().await,
        Err(Code::FailedPrecondition),
        "the first message is an arbitration"
    );
    let mut controller = Controller::connect(&bench).await;
    let elsewhere = v1::MasterArbitrationUpdate { device_id: 99, ..controller.arbitration(id(1)) };
    controller.say(Asked::Arbitration(elsewhere.clone())).await;
    assert_eq!(controller.status().await, Err(Code::NotFound));

    let mut first = Controller::arbitrated(&bench, "", 5).await;
    assert_eq!(first.status().await, Ok(OK));
    let mut same = Controller::arbitrated(&bench, "", 5).await;
    assert_eq!(same.status().await, Err(Code::InvalidArgument), "the id is taken");
    let mut configured = Controller::connect(&bench).await;
    let role =
        Some(v1::Role { name: "r".into(), config: Some(prost_types::Any::default()), ..v1::Role::default() });
    let update = v1::MasterArbitrationUpdate { role, ..configured.arbitration(id(1)) };
    configured.say(Asked::Arbitration(update)).await;
    assert_eq!(configured.status().await, Err(Code::InvalidArgument), "no scheme is agreed on");
    let mut second = Controller::arbitrated(&bench, "", 4).await;
    assert_eq!(second.status().await, Ok(ALREADY_EXISTS));
    let mut third = Controller::arbitrated(&bench, "", 3).await;
    assert_eq!(third.status().await, Err(Code::ResourceExhausted), "two streams are the most");
    second.arbitrate(id(5)).await;
    assert_eq!(second.status().await, Err(Code::InvalidArgument), "the id is taken, later, too");
    first.say(Asked::Arbitration(elsewhere)).await;
    assert_eq!(first.status().await, Err(Code::FailedPrecondition), "another device");
    let mut first = Controller::arbitrated(&bench, "", 6).await;
    assert_eq!(first.status().await, Ok(OK));
    first.role = "other".to_string();
    first.arbitrate(id(6)).await;
    assert_eq!(first.status().await, Err(Code::FailedPrecondition), "another role");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_have_primaries_of_their_own() {
    let bench = start().await;
    let mut routing = Controller::arbitrated(&bench, "routing", 1).await;
    let notice = routing.notice().await.expect("it is told");
    assert_eq!(notice.role.expect("its role").name, "routing");
    let mut default = Controller::arbitrated(&bench, "", 1).await;
    assert_eq!(default.status().await, Ok(OK));
    let commit = v1::set_forwarding_pipeline_config_request::Action::VerifyAndCommit;
    default.set(commit, Some(config(&PROGRAM, None))).await.expect("it is primary");
    routing.write(vec![insert(forward_entity(1, 2, 3))]).await.expect("it is primary of its role");
    default.write(vec![delete(forward_entity(1, 2, 3))]).await.expect("both have full access");
    routing.role = "nobody's".to_string();
    let refused = routing.write(vec![insert(forward_entity(1, 2, 3))]).await.expect_err("no such role");
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_primary_changes_anything() {
    let bench = start().await;
    let mut primary = Controller::ready(&bench).await;
    let updates = || vec![insert(forward_entity(1, 2, 3))];
    let mut backup = Controller::connect(&bench).await;
    backup.arbitrate(None).await;
    assert_eq!(backup.status().await, Ok(ALREADY_EXISTS));
    assert_eq!(backup.write(updates()).await.expect_err("no id").code(), Code::PermissionDenied);
    backup.election_id = id(77);
    assert_eq!(backup.write(updates()).await.expect_err("another id").code(), Code::PermissionDenied);
    let verify = v1::set_forwarding_pipeline_config_request::Action::Verify;
    let refused = backup.set(verify, Some(config(&PROGRAM, None))).await.expect_err("not even that");
    assert_eq!(refused.code(), Code::PermissionDenied);
    // Everybody reads.
    assert_eq!(backup.all(v1::entity::Entity::TableEntry(Default::default())).await.len(), 2);
    let elsewhere = v1::WriteRequest { device_id: 99, ..v1::WriteRequest::default() };
    assert_eq!(backup.client.write(elsewhere).await.expect_err("no device").code(), Code::NotFound);
    primary.write(updates()).await.expect("it is primary");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_takes_over_and_nothing_is_lost_or_doubled() {
    let bench = start().await;
    let mut old = Controller::ready(&bench).await;
    let mut new = Controller::arbitrated(&bench, "", 0).await;
    assert_eq!(new.status().await, Ok(ALREADY_EXISTS));
    let mut written = Vec::new();
    for key in 0..6 {
        old.write(vec![insert(forward_entity(key, 2, 1))]).await.expect("it is primary");
        written.push(key);
    }
    // Writes race with the change of the primary: each is done or refused, none in between.
    let mut late = old.client.clone();
    let (device_id, election_id) = (DEVICE, old.election_id);
    let racing = tokio::spawn(async move {
        let mut done = Vec::new();
        for key in 6..16 {
            let updates = vec![insert(forward_entity(key, 2, 1))];
            let request = v1::WriteRequest { device_id, election_id, updates, ..v1::WriteRequest::default() };
            match late.write(request).await {
                Ok(_) => done.push(key),
                Err(status) => assert_eq!(status.code(), Code::PermissionDenied),
            }
        }
        done
    });
    new.arbitrate(id(2)).await;
    assert_eq!(new.status().await, Ok(OK));
    written.extend(racing.await.expect("no panic"));
    // The old primary is told, and its writes are refused.
    assert_eq!(old.status().await, Ok(ALREADY_EXISTS));
    let refused = old.write(vec![insert(forward_entity(99, 2, 1))]).await.expect_err("it is primary no more");
    assert_eq!(refused.code(), Code::PermissionDenied);
    drop(old);
    let entry = v1::TableEntry { table_id: crate::bench::named("exact_t"), ..v1::TableEntry::default() };
    let found = new.all(v1::entity::Entity::TableEntry(entry)).await;
    let keys: Vec<u8> = found
        .iter()
        .map(|entity| match entity {
            v1::entity::Entity::TableEntry(entry) => match &entry.r#match[0].field_match_type {
                Some(v1::field_match::FieldMatchType::Exact(exact)) => exact.value[0],
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(keys, written);
    let key = written[0];
    new.write(vec![delete(forward_entity(key, 2, 1)), insert(forward_entity(key, 3, 1))])
        .await
        .expect("it is primary now");
}

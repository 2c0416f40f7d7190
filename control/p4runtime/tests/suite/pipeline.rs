//! Sections 14, 15 and 17: programs are set, saved, committed and told.

use sluice_p4runtime::{ServerOptions, v1};
use tonic::Code;
use v1::set_forwarding_pipeline_config_request::Action;

use crate::bench::{Controller, DEVICE, PROGRAM, codes, config, forward_entity, insert, named, serve, start};

const ALL: i32 = 0;

fn entries() -> v1::entity::Entity {
    v1::entity::Entity::TableEntry(v1::TableEntry { table_id: named("exact_t"), ..v1::TableEntry::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_as_it_was_set() {
    let bench = start().await;
    let mut controller = Controller::arbitrated(&bench, "", 1).await;
    assert_eq!(controller.status().await, Ok(0));
    assert_eq!(controller.get(ALL).await, None, "there is none yet");
    let given = config(&PROGRAM, Some(0xdead_beef));
    controller.set(Action::VerifyAndCommit, Some(given.clone())).await.expect("it is right");
    assert_eq!(controller.get(ALL).await, Some(given.clone()));
    let cookie = given.cookie;
    assert_eq!(controller.get(1).await, Some(v1::ForwardingPipelineConfig { cookie, ..Default::default() }));
    let p4info = given.p4info.clone();
    assert_eq!(
        controller.get(2).await,
        Some(v1::ForwardingPipelineConfig { p4info, cookie, ..Default::default() })
    );
    let program = v1::ForwardingPipelineConfig { p4info: None, ..given };
    assert_eq!(controller.get(3).await, Some(program));
    let elsewhere = v1::GetForwardingPipelineConfigRequest { device_id: 99, response_type: ALL };
    let refused = controller.client.get_forwarding_pipeline_config(elsewhere).await.expect_err("no device");
    assert_eq!(refused.code(), Code::NotFound);
    let told = controller.client.capabilities(v1::CapabilitiesRequest::default()).await.expect("it tells");
    assert_eq!(told.into_inner().p4runtime_api_version, "1.5.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_program_nothing_is_written_or_read() {
    let bench = start().await;
    let mut controller = Controller::arbitrated(&bench, "", 1).await;
    assert_eq!(controller.status().await, Ok(0));
    let refused = controller.write(vec![insert(forward_entity(1, 2, 3))]).await.expect_err("no program");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let (_, status) = controller.read(vec![entries()]).await;
    assert_eq!(status.expect("no program").code(), Code::FailedPrecondition);
    let refused = controller.set(Action::Commit, None).await.expect_err("nothing is saved");
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_programs_are_refused() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let right = || config(&PROGRAM, None);
    let nonsense = v1::ForwardingPipelineConfig { p4_device_config: b"{}".to_vec(), ..right() };
    let without = v1::ForwardingPipelineConfig { p4info: None, ..right() };
    let mut other = right();
    if let Some(p4info) = &mut other.p4info {
        p4info.tables[0].size += 1;
    }
    for action in [Action::Verify, Action::VerifyAndSave, Action::VerifyAndCommit, Action::ReconcileAndCommit]
    {
        for (wrong, told) in [
            (None, "config: it is missing"),
            (Some(without.clone()), "config.p4info: it is missing"),
            (Some(nonsense.clone()), "config: error: "),
            (Some(other.clone()), "`tables` differ"),
        ] {
            let refused = controller.set(action, wrong).await.expect_err(told);
            assert_eq!(refused.code(), Code::InvalidArgument, "{action:?}: {refused}");
            assert!(refused.message().contains(told), "{action:?}: {refused}");
        }
    }
    let refused = controller.set(Action::Unspecified, Some(right())).await.expect_err("no action");
    assert_eq!(refused.code(), Code::InvalidArgument);
    // The old one is still there.
    controller.write(vec![insert(forward_entity(1, 2, 3))]).await.expect("the program is in place");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_program_answers_and_takes_effect_when_it_is_committed() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    controller.write(vec![insert(forward_entity(1, 2, 0))]).await.expect("there is room");
    controller.set(Action::Verify, Some(config(&PROGRAM, None))).await.expect("it is right");
    assert_eq!(controller.all(entries()).await.len(), 1, "verifying changes nothing");
    controller.set(Action::VerifyAndSave, Some(config(&PROGRAM, Some(5)))).await.expect("it is right");
    // Reads and writes are of the saved program; packets go through the old one.
    assert_eq!(controller.all(entries()).await.len(), 0);
    controller.write(vec![insert(forward_entity(1, 3, 0))]).await.expect("there is room");
    let twice = vec![insert(forward_entity(1, 3, 0)), insert(forward_entity(2, 3, 0))];
    let refused = controller.write(twice).await.expect_err("the first is there");
    assert_eq!(codes(&refused), [6, 0]);
    let frame = [1, 1, 0, 0, 0, 0, 0, 0];
    let wait = std::time::Duration::from_secs(5);
    assert!(bench.ends[0].send(1, &frame));
    assert!(bench.ends[1].receive(wait).is_some(), "by the old program");
    let refused =
        controller.set(Action::Commit, Some(config(&PROGRAM, None))).await.expect_err("none is wanted");
    assert_eq!(refused.code(), Code::InvalidArgument);
    controller.set(Action::Commit, None).await.expect("one is saved");
    assert_eq!(controller.get(1).await.and_then(|config| config.cookie).map(|cookie| cookie.cookie), Some(5));
    let found = controller.all(entries()).await;
    assert_eq!(found, [forward_entity(1, 3, 0), forward_entity(2, 3, 0)]);
    assert!(bench.ends[0].send(1, &frame));
    assert!(bench.ends[2].receive(wait).is_some(), "by the new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn committing_clears_and_reconciling_keeps() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    controller.write(vec![insert(forward_entity(1, 2, 0))]).await.expect("there is room");
    controller.set(Action::ReconcileAndCommit, Some(config(&PROGRAM, None))).await.expect("it is the same");
    assert_eq!(controller.all(entries()).await, [forward_entity(1, 2, 0)]);
    controller.set(Action::VerifyAndCommit, Some(config(&PROGRAM, None))).await.expect("it is right");
    assert_eq!(controller.all(entries()).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_owns_is_read_and_not_changed() {
    let owner = Some("the policy".to_string());
    let bench = serve(ServerOptions { device_id: DEVICE, owner, ..ServerOptions::default() }).await;
    let mut controller = Controller::arbitrated(&bench, "", 1).await;
    assert_eq!(controller.status().await, Ok(0));
    controller.set(Action::Verify, Some(config(&PROGRAM, None))).await.expect("that changes nothing");
    let refused =
        controller.set(Action::VerifyAndCommit, Some(config(&PROGRAM, None))).await.expect_err("owned");
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().starts_with("the policy owns the program"), "{refused}");
}

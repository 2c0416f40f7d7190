//! A broker that is killed in the middle of changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sluice_api::v1;
use tonic::Request;
use tonic::transport::{Channel, Endpoint};
use v1::broker_client::BrokerClient;

use crate::lab::{Daemon, Ends, all_to, folder};

/// Applies policies one after the other until the broker is gone, beginning with version `next`; what was acknowledged last stands in `acknowledged`.
async fn apply_on(api: &str, token: &str, mut next: u64, acknowledged: &AtomicU64) {
    let Some(mut client) = client(api).await else { return };
    loop {
        let expected_version = acknowledged.load(Ordering::Acquire);
        let request =
            v1::ApplyRequest { text: text_of(next), expected_version, ..v1::ApplyRequest::default() };
        match client.apply(with_token(token, request)).await {
            Ok(applied) => {
                assert_eq!(applied.get_ref().version, next);
                acknowledged.store(next, Ordering::Release);
                next += 1;
            }
            // So many changes a second are the most.
            Err(status) if status.code() == tonic::Code::ResourceExhausted => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(_) => return,
        }
    }
}

/// What a version says: odd ones send to the left. A comment makes each text different.
fn text_of(version: u64) -> String {
    format!("{}# {version}\n", all_to(if version.is_multiple_of(2) { "right" } else { "left" }))
}

async fn client(api: &str) -> Option<BrokerClient<Channel>> {
    let channel = Endpoint::from_shared(format!("http://{api}")).ok()?.connect().await.ok()?;
    Some(BrokerClient::new(channel))
}

fn with_token<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {token}").parse().expect("it is plain");
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// What is in force, and all that is under way: nothing, when the broker has just begun.
async fn look(api: &str, token: &str) -> (v1::Policy, Vec<v1::Version>) {
    let mut client = client(api).await.expect("it listens");
    let policy = client.get_policy(with_token(token, v1::GetPolicyRequest {})).await.expect("it is allowed");
    let request = v1::ListVersionsRequest { before: 0, limit: 500 };
    let versions = client.list_versions(with_token(token, request)).await.expect("it is allowed");
    (policy.into_inner(), versions.into_inner().versions)
}

/// A `kill -9` at a random time of a change: the store has the old policy or the new one, whole, and packets go as it says.
#[test]
fn a_broker_that_is_killed_has_the_old_policy_or_the_new_one() {
    let rounds = if std::env::var_os("SLUICE_LONG").is_some() { 500 } else { 8 };
    let seed: u64 = std::env::var("SLUICE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| u64::from(std::process::id()) << 20 | 1);
    println!("SLUICE_SEED={seed}");
    let mut random = seed;
    let (folder, ends) = (folder(), Ends::new());
    let folder = folder.path();
    std::fs::write(folder.join("broker.yaml"), text_of(1)).expect("it can be written");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("there are threads");
    let mut token = String::new();
    // The versions that may be in force: the one that was acknowledged last, and the one that was asked for when it ended.
    let (mut acknowledged, mut next) = (1, 1);
    let (mut new, mut old) = (0, 0);
    for round in 0..=rounds {
        let mut daemon = Daemon::start(folder, &ends);
        token = daemon.token.take().unwrap_or(token);
        let (policy, versions) = runtime.block_on(look(&daemon.api, &token));
        let found = policy.version;
        assert!(
            found == acknowledged || found == next,
            "round {round}: {found} is neither {acknowledged} nor {next}"
        );
        new += u32::from(found == next && next != acknowledged);
        old += u32::from(found == acknowledged && next != acknowledged);
        assert!(versions.iter().all(|one| one.progress != "intended"), "round {round}");
        let committed = versions.iter().find(|one| one.progress == "committed").map(|one| one.version);
        assert_eq!(committed, Some(found), "round {round}");
        let tool = if policy.text.contains("to: [right]") { "right" } else { "left" };
        assert!(policy.text.starts_with(&all_to(tool)), "round {round}: {}", policy.text);
        assert_eq!(ends.who_gets(), [tool], "round {round}: version {found}");
        if round == rounds {
            break;
        }
        // Numbers of abandoned versions are used up.
        let first = versions.first().map_or(1, |latest| latest.version) + 1;
        let done = AtomicU64::new(found);
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let wait = Duration::from_micros(random % 250_000);
        runtime.block_on(async {
            let applying = apply_on(&daemon.api, &token, first, &done);
            tokio::select! {
                () = applying => {}
                () = tokio::time::sleep(wait) => {}
            }
        });
        daemon.kill();
        acknowledged = done.load(Ordering::Acquire);
        next = if acknowledged == found { first } else { acknowledged + 1 };
    }
    println!("{rounds} kills in the middle of changes: {old} times the old policy, {new} times the new one");
}

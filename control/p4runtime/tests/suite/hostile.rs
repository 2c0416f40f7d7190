//! Clients that are too large, too slow, or half gone: others write on.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use sluice_p4runtime::v1;
use v1::entity::Entity;

use crate::bench::{Bench, Controller, DEVICE, forward_entity, insert, modify, start};

/// Batches that are written.
const BATCHES: u64 = 300;

/// Writes and reads as a client that means well; the longest that one batch took, and all.
async fn work(controller: &mut Controller) -> (Duration, Duration) {
    let (mut longest, begun) = (Duration::ZERO, Instant::now());
    for round in 0..BATCHES {
        let one = Instant::now();
        let updates = (0..16).map(|key| modify(forward_entity(key, 1 + (round % 3) as u8, key))).collect();
        controller.write(updates).await.expect("it is the primary");
        longest = longest.max(one.elapsed());
    }
    (longest, begun.elapsed())
}

/// Everything, in several parts: such a read holds up writers while it is gathered.
fn all_parts() -> v1::ReadRequest {
    let any = [
        Entity::TableEntry(v1::TableEntry::default()),
        Entity::RegisterEntry(v1::RegisterEntry::default()),
        Entity::CounterEntry(v1::CounterEntry::default()),
    ];
    let entities = any.into_iter().map(|entity| v1::Entity { entity: Some(entity) }).collect();
    v1::ReadRequest { device_id: DEVICE, role: String::new(), entities }
}

/// Connections that say nothing, a part of the greeting, or the greeting alone.
fn half_open(bench: &Bench) -> Vec<TcpStream> {
    let greetings: [&[u8]; 3] = [b"", b"PRI * HTTP", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"];
    let open = |number: usize| {
        let mut stream = TcpStream::connect(bench.address).expect("the server listens");
        stream.write_all(greetings[number % 3]).expect("there is room");
        stream
    };
    (0..60).map(open).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn others_write_on() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    let updates = (0..16).map(|key| insert(forward_entity(key, 1, 0))).collect();
    controller.write(updates).await.expect("there is room");
    let (longest_alone, alone) = work(&mut controller).await;

    let half = half_open(&bench);
    // Answers that nobody takes, of one part and of several.
    let mut unread = Vec::new();
    for number in 0..20 {
        let mut slow = Controller::connect(&bench).await;
        let one = v1::ReadRequest { entities: all_parts().entities[..1].to_vec(), ..all_parts() };
        let request = if number % 2 == 0 { all_parts() } else { one };
        unread.push((slow.client.read(request).await.expect("it begins").into_inner(), slow));
    }
    // Messages larger than what is taken, again and again.
    let mut large = Controller::connect(&bench).await;
    let mut client = large.client.clone().max_encoding_message_size(usize::MAX);
    let too_large = tokio::spawn(async move {
        let mut refused = 0;
        for _ in 0..3 {
            let mut entry = match forward_entity(1, 1, 1) {
                Entity::TableEntry(entry) => entry,
                _ => unreachable!("it is an entry"),
            };
            entry.metadata = vec![7; 65 << 20];
            let updates = vec![modify(Entity::TableEntry(entry))];
            let request = v1::WriteRequest { device_id: DEVICE, updates, ..v1::WriteRequest::default() };
            refused += u32::from(client.write(request).await.is_err());
        }
        refused
    });
    let (longest, among_others) = work(&mut controller).await;
    assert_eq!(too_large.await.expect("it does not panic"), 3);
    println!(
        "{BATCHES} batches: {alone:?} alone (the longest {longest_alone:?}), {among_others:?} among others (the longest {longest:?})"
    );
    // Three times 65 MiB have to be looked at on the same processors; nobody is waited for.
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    assert!(among_others < alone * 10 + Duration::from_secs(5), "{alone:?} {among_others:?}");
    // A stream that nobody reads is still one: the client may go on.
    large.arbitrate(crate::bench::id(0)).await;
    assert_eq!(large.status().await, Ok(6), "another one is primary");
    drop((half, unread));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_beyond_what_there_are_threads_for_are_refused() {
    let bench = start().await;
    let mut controller = Controller::ready(&bench).await;
    // Fat entries: an answer does not fit into what waits on the way.
    for key in 0..16 {
        let Entity::TableEntry(mut entry) = forward_entity(key, 1, 0) else { continue };
        entry.metadata = vec![key; 1 << 20];
        controller.write(vec![insert(Entity::TableEntry(entry))]).await.expect("there is room");
    }
    // One part: nobody is held up by it, so that it is not ended before the others have begun.
    let mut asked = all_parts();
    asked.entities.truncate(1);
    let mut unread = Vec::new();
    let refused = loop {
        let mut slow = Controller::connect(&bench).await;
        match slow.client.read(asked.clone()).await {
            Ok(answer) => unread.push((answer.into_inner(), slow)),
            Err(status) => break status,
        }
        assert!(unread.len() < 500, "there is a bound");
    };
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "{refused:?}");
    assert!(unread.len() >= 64, "{} begun", unread.len());
    // Writers do not wait for them.
    let begun = Instant::now();
    controller.write(vec![modify(forward_entity(1, 2, 0))]).await.expect("it is the primary");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    drop(unread);
    // There is room again.
    let end = Instant::now() + Duration::from_secs(20);
    while controller.client.read(all_parts()).await.is_err() {
        assert!(Instant::now() < end, "threads are free again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

//! The connection of the remote adapter: who is primary, and what becomes of it when the device goes and comes back.

use std::time::Duration;

use sluice_entities::{
    ActionCall, Atomicity, Bits, Code, Entity, Match, Query, TableEntry, TableQuery, Update, UpdateKind,
};
use sluice_p4runtime::{RemoteOptions, RemoteTarget};
use sluice_target::{Install, Target};

use crate::bench::{PROGRAM, soft};
use crate::device::{options, serve};

fn insert(key: u64) -> Update {
    let params = vec![Bits::new(9, 2), Bits::new(8, 0)];
    let action = ActionCall { action: "ingress.forward".into(), params };
    let entry = TableEntry::new("ingress.exact_t".into(), vec![Match::Exact(Bits::new(8, key))], 0, action);
    Update { kind: UpdateKind::Insert, entity: Entity::Table(entry) }
}

fn entries(target: &dyn Target) -> usize {
    let query = Query::Table(TableQuery { table: Some("ingress.exact_t".into()), ..TableQuery::default() });
    let mut count = 0;
    target.read_each(&query, &mut |_| count += 1).expect("it can be read");
    count
}

#[test]
fn an_address_at_which_nothing_listens_is_unavailable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = free.local_addr().expect("it is bound");
    drop(free);
    let patience = Duration::from_millis(300);
    let options = RemoteOptions { patience, ..RemoteOptions::new(format!("http://{address}")) };
    let fault = RemoteTarget::connect(options).expect_err("nothing listens");
    assert_eq!(fault.code, Code::Unavailable, "{fault}");
    let fault = RemoteTarget::connect(RemoteOptions::new("no address")).expect_err("it is none");
    assert_eq!(fault.code, Code::InvalidArgument, "{fault}");
}

#[test]
fn a_device_of_another_number_is_told_of() {
    let served = serve(soft().target, 0);
    let other = RemoteOptions { device_id: 9, ..options(&served) };
    let fault = RemoteTarget::connect(other).expect_err("there is no device 9");
    assert_eq!(fault.code, Code::NotFound, "{fault}");
    assert!(fault.message.contains("no device 9"), "{fault}");
}

#[test]
fn the_higher_election_id_writes() {
    let served = serve(soft().target, 0);
    let first = RemoteTarget::connect(options(&served)).expect("it listens");
    first.install(&PROGRAM, Install::Anew).expect("the program is taken");
    let same = RemoteOptions { election_id: 1, ..options(&served) };
    let fault = RemoteTarget::connect(same).expect_err("the id is taken");
    assert_eq!(fault.code, Code::InvalidArgument, "{fault}");
    let higher = RemoteOptions { election_id: 1 << 70, ..options(&served) };
    let second = RemoteTarget::connect(higher).expect("its id is the highest");
    second.write(&[insert(1)], Atomicity::DataplaneAtomic).expect("it is primary");
    let fault = first.write(&[insert(2)], Atomicity::DataplaneAtomic).expect_err("it is no longer primary");
    assert_eq!(fault.errors[0].1.code, Code::PermissionDenied, "{fault}");
    assert_eq!(entries(&second), 1);
}

#[test]
fn a_device_that_comes_back_is_used_again() {
    let device = soft();
    let served = serve(device.target.clone(), 0);
    let port = served.address.port();
    let remote = RemoteTarget::connect(options(&served)).expect("it listens");
    remote.install(&PROGRAM, Install::Anew).expect("the program is taken");
    remote.write(&[insert(1)], Atomicity::DataplaneAtomic).expect("there is room");
    drop(served);
    // The same device, served again after a while: the program and the entry are still there.
    std::thread::sleep(Duration::from_millis(200));
    let _served = serve(device.target, port);
    remote.write(&[insert(2)], Atomicity::DataplaneAtomic).expect("it is primary again");
    assert_eq!(entries(&remote), 2);
    assert_eq!(remote.program().expect("it runs one").p4info, PROGRAM.p4info);
}

#[test]
fn a_batch_larger_than_a_message_is_parted_where_it_may_be() {
    let served = serve(soft().target, 0);
    let remote = RemoteTarget::connect(options(&served)).expect("it listens");
    remote.install(&PROGRAM, Install::Anew).expect("the program is taken");
    let with_metadata = |key: u64| {
        let mut update = insert(key % 16);
        if let Entity::Table(entry) = &mut update.entity {
            entry.attributes.metadata = vec![7; 40_000];
        }
        update
    };
    // Ten megabytes; after the first sixteen each key is there already, and is told at its place.
    let updates: Vec<Update> = (0..260).map(with_metadata).collect();
    let fault = remote.write(&updates, Atomicity::ContinueOnError).expect_err("most are there twice");
    let errors: Vec<_> = fault.errors.iter().map(|(index, fault)| (*index, fault.code)).collect();
    let expected: Vec<_> = (16..260).map(|index| (index, Code::AlreadyExists)).collect();
    assert_eq!(errors, expected);
    assert_eq!(entries(&remote), 16);
}

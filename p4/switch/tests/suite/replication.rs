//! The replication engine, clones, resubmission, recirculation, ports.

use sluice_entities::{Branch, CloneSession, Entity, Replica};
use sluice_switch::{DropReason, Ingress, Outcome};

use crate::common::{Kept, Sent, frame, group, insert, pass, program, switch};

fn ports(kept: &Kept) -> Vec<(u16, u16)> {
    kept.sent.iter().map(|sent| (sent.port, sent.instance)).collect()
}

fn session(id: u16, replicas: &[(u16, u16)], packet_length_bytes: u16) -> Entity {
    let replicas = replicas.iter().map(|(port, instance)| Replica { port: *port, instance: *instance });
    let branches = replicas.map(Branch::from).collect();
    Entity::Clone(CloneSession { id, branches, class_of_service: 0, packet_length_bytes })
}

#[test]
fn one_port_or_none() {
    let (verdict, kept) = pass(
        &switch(&program("", "sm.egress_spec = 9w0x7;", "hdr.four.c = 7w0x0 ++ sm.egress_port;")),
        &[1, 2, 3, 4],
    );
    assert_eq!((verdict.outcome, verdict.sent), (Outcome::Unicast(7), 1));
    assert_eq!(kept.sent, [Sent { port: 7, instance: 0, data: vec![1, 2, 0, 7], original_length: 4 }]);
    let (verdict, _) = pass(&switch(&program("", "", "")), &[1, 2, 3, 4]);
    assert_eq!(verdict.outcome, Outcome::Unicast(0));
    let (verdict, _) = pass(&switch(&program("", "mark_to_drop();", "")), &[1, 2, 3, 4]);
    assert_eq!(verdict.outcome, Outcome::Dropped(DropReason::Ingress));
    let (verdict, _) = pass(&switch(&program("", "", "mark_to_drop();")), &[1, 2, 3, 4]);
    assert_eq!((verdict.outcome, verdict.sent, verdict.dropped_copies), (Outcome::Unicast(0), 0, 1));
}

#[test]
fn copies_do_not_see_each_other() {
    let egress =
        "hdr.four.a = hdr.four.a + 8w0x1; m = m + 8w0x1; hdr.four.b = m; hdr.four.c = sm.egress_rid;";
    let switch = switch(&program("metadata m: bit<8>;", "sm.mcast_grp = 16w0x5; m = 8w0x40;", egress));
    let (verdict, _) = pass(&switch, &[1, 2, 3, 4]);
    assert_eq!(verdict.outcome, Outcome::Dropped(DropReason::UnknownGroup));
    switch.write(&[insert(group(5, &[(3, 1), (4, 2), (3, 9)]))]).expect("a group");
    let (verdict, kept) = pass(&switch, &[1, 2, 3, 4]);
    assert_eq!(verdict.outcome, Outcome::Multicast { group: 5, replicas: 3 });
    assert_eq!(ports(&kept), [(3, 1), (4, 2), (3, 9)]);
    for sent in &kept.sent {
        assert_eq!(sent.data, [2, 0x41, 0, sent.instance as u8]);
    }
    switch.write(&[crate::common::modify(group(5, &[]))]).expect("no members");
    let (verdict, _) = pass(&switch, &[1, 2, 3, 4]);
    assert_eq!(verdict.outcome, Outcome::Dropped(DropReason::EmptyGroup));
    assert_eq!(switch.port_counters(3).sent.packets, 2);
    let drops = switch.port_counters(1).drops;
    let reasons: Vec<_> = drops.iter().map(|(reason, data)| (reason.name(), data.packets)).collect();
    assert_eq!(reasons, [("unknown_group", 1), ("empty_group", 1)]);
}

#[test]
fn ports_that_are_down_or_take_shorter_frames() {
    let switch = switch(&program("", "sm.mcast_grp = 16w0x1;", ""));
    switch.write(&[insert(group(1, &[(2, 1), (3, 1)]))]).expect("a group");
    switch.set_port_up(2, false).expect("a port");
    switch.set_max_frame(3, Some(5)).expect("a port");
    let mut worker = switch.worker();
    let mut kept = Kept::default();
    let verdict = worker.process(&Ingress::new(1, 0, &[1, 2, 3, 4, 5, 6]), &mut kept);
    assert_eq!((verdict.sent, verdict.dropped_copies), (0, 2));
    worker.process(&Ingress::new(1, 0, &[1, 2, 3, 4, 5]), &mut kept);
    assert_eq!(ports(&kept), [(3, 1)]);
    let down = switch.replica_counters(Replica { port: 2, instance: 1 });
    assert_eq!(
        down.drops.iter().map(|(reason, data)| (reason.name(), data.packets)).collect::<Vec<_>>(),
        [("port_down", 2)]
    );
    let mtu = switch.replica_counters(Replica { port: 3, instance: 1 });
    assert_eq!(
        mtu.drops.iter().map(|(reason, data)| (reason.name(), data.packets)).collect::<Vec<_>>(),
        [("mtu", 1)]
    );
    assert_eq!((mtu.sent.packets, mtu.sent.bytes), (1, 5));
    assert_eq!(switch.port_counters(1).received.packets, 2);
    assert!(switch.set_port_up(511, true).is_err());
}

#[test]
fn ingress_clones_are_the_packet_as_it_came() {
    let ingress = "kept = 8w0x5; lost = 8w0x6; hdr.four.a = 8w0x77; clone(ingress_to_egress, 32w0x9, 8w0x1); sm.egress_spec = 9w0x2;";
    let egress = "if (sm.instance_type == 32w0x1) { hdr.four.b = kept; hdr.four.c = 8w0x0 ++ lost; }";
    let switch =
        switch(&program("metadata kept: bit<8> in (1); metadata lost: bit<8> in (2);", ingress, egress));
    switch.write(&[insert(session(9, &[(8, 3), (9, 0)], 3))]).expect("a session");
    let (verdict, kept) = pass(&switch, &[1, 2, 3, 4]);
    assert_eq!((verdict.outcome, verdict.sent), (Outcome::Unicast(2), 3));
    assert_eq!(ports(&kept), [(8, 3), (9, 0), (2, 0)]);
    assert_eq!(kept.sent[0].data, [1, 5, 0]);
    assert_eq!(kept.sent[0].original_length, 4);
    assert_eq!(kept.sent[2].data, [0x77, 2, 3, 4]);
}

#[test]
fn egress_clones_go_through_egress_again() {
    let egress = "hdr.four.a = hdr.four.a + 8w0x1; if (sm.instance_type == 32w0x0) { clone(egress_to_egress, 32w0x9); }";
    let switch = switch(&program("", "sm.egress_spec = 9w0x2;", egress));
    switch.write(&[insert(session(9, &[(8, 0)], 0))]).expect("a session");
    let (_, kept) = pass(&switch, &[1, 2, 3, 4]);
    assert_eq!(ports(&kept), [(2, 0), (8, 0)]);
    assert_eq!((kept.sent[0].data[0], kept.sent[1].data[0]), (2, 3));
}

#[test]
fn once_more_and_too_often() {
    let resubmitted = "if (sm.instance_type == 32w0x0) { n = 8w0x7; hdr.four.b = 8w0x9; resubmit(8w0x4); } else { hdr.four.a = n; }";
    assert_eq!(
        frame(&switch(&program("metadata n: bit<8> in (4);", resubmitted, "")), &[1, 2, 3, 4]),
        [7, 2, 3, 4]
    );
    let recirculated = "hdr.four.a = hdr.four.a + 8w0x1; if (hdr.four.a < 8w0x5) { recirculate(); }";
    assert_eq!(frame(&switch(&program("", "", recirculated)), &[1, 2, 3, 4, 5]), [5, 2, 3, 4, 5]);
    let (verdict, kept) = pass(&switch(&program("", "resubmit();", "")), &[1, 2, 3, 4]);
    assert_eq!(verdict.outcome, Outcome::Dropped(DropReason::PassLimit));
    assert!(kept.sent.is_empty());
    let switch = switch(&program("", "", "recirculate(); clone(egress_to_egress, 32w0x1);"));
    switch.write(&[insert(session(1, &[(1, 1), (2, 2)], 0))]).expect("a session");
    let (verdict, kept) = pass(&switch, &[1, 2, 3, 4]);
    assert!(kept.sent.is_empty() && verdict.dropped_copies > 0);
}

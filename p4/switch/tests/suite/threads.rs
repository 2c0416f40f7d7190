//! Workers and writers at the same time.

use std::sync::atomic::{AtomicBool, Ordering};

use sluice_entities::{Bits, Entity, Match};
use sluice_switch::Ingress;

use crate::common::{Kept, call, entry, group, insert, modify, program, switch};

/// Two tables and a group change together: a packet must see all three old or all three new.
#[test]
fn every_packet_sees_one_configuration() {
    let declarations = "
        action one(v: bit<8>) { hdr.four.a = %v; }
        action two(v: bit<8>) { hdr.four.b = %v; }
        table t { key { p: exact = sm.ingress_port; } actions { one; NoAction; } default NoAction(); size 4; }
        table u { key { c: lpm = hdr.four.c; } actions { two; NoAction; } default NoAction(); size 4; }";
    let switch = switch(&program(declarations, "sm.mcast_grp = 16w0x1; apply t; apply u;", ""));
    let state = |value: u64| {
        let byte = || Bits::new(8, value);
        [
            Entity::Table(entry("t", &[Match::Exact(Bits::new(9, 1))], 0, call("one", &[byte()]))),
            Entity::Table(entry(
                "u",
                &[Match::Lpm { value: Bits::zero(16), length: 0 }],
                0,
                call("two", &[byte()]),
            )),
            group(1, &[(value as u16, 1), (value as u16 + 10, 2)]),
        ]
    };
    switch.write(&state(1).map(insert)).expect("written");
    let done = AtomicBool::new(false);
    let packets = std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let mut worker = switch.worker();
            let mut packets = 0u64;
            while !done.load(Ordering::Acquire) {
                let mut kept = Kept::default();
                worker.process(&Ingress::new(1, 0, &[0, 0, 9, 9]), &mut kept);
                let [first, second] = &kept.sent[..] else { panic!("{:?}", kept.sent) };
                let value = first.port as u8;
                assert!(value == 1 || value == 2);
                assert_eq!(second.port, first.port + 10);
                assert_eq!(first.data, [value, value, 9, 9]);
                assert_eq!(second.data, first.data);
                packets += 1;
            }
            packets
        });
        for round in 0..10_000u64 {
            switch.write(&state(1 + round % 2).map(modify)).expect("written");
            if round % 100 == 0 {
                switch.drain();
            }
        }
        done.store(true, Ordering::Release);
        worker.join().expect("no outcome of both")
    });
    assert!(packets > 0);
    assert_eq!(switch.port_counters(1).received.packets, packets);
    let sent: u64 = [1, 2, 11, 12].iter().map(|port| switch.port_counters(*port).sent.packets).sum();
    assert_eq!(sent, packets * 2);
}

#[test]
fn counts_of_workers_add_up_and_stay() {
    let switch = switch(&program("counter c: packets, size 1;", "count(c, 8w0x0);", ""));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut worker = switch.worker();
                for _ in 0..1000 {
                    worker.process(&Ingress::new(1, 0, &[0; 4]), &mut Kept::default());
                }
            });
        }
    });
    assert_eq!(switch.counter("c", 0).map(|data| data.packets), Some(3000));
    switch.drain();
}

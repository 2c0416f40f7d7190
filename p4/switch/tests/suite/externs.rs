//! Externs as a program calls them.

use sluice_entities::{Bits, Entity, MeterConfig, MeterEntry, RegisterEntry};
use sluice_switch::{CounterData, Ingress};

use crate::common::{Kept, frame, modify, name, pass, program, switch};

#[test]
fn counters_and_registers() {
    let declarations = "counter c: both, size 4; register r: bit<16>, size 2; register w: bit<100>, size 2; local v: bit<16>; local l: bit<100>;";
    let ingress = "count(c, hdr.four.a);
        v = register_read(r, hdr.four.a); register_write(r, hdr.four.a, v + 16w0x1); hdr.four.c = v;
        l = register_read(w, hdr.four.a); register_write(w, hdr.four.a, l |+| 100w0x8000000000000000000000000); hdr.four.b = l[99:92];";
    let switch = switch(&program(declarations, ingress, ""));
    assert_eq!(frame(&switch, &[1, 0, 9, 9]), [1, 0, 0, 0]);
    assert_eq!(frame(&switch, &[1, 0, 9, 9]), [1, 0x80, 0, 1]);
    assert_eq!(frame(&switch, &[1, 0, 9, 9]), [1, 0xff, 0, 2]);
    assert_eq!(frame(&switch, &[7, 0, 9, 9]), [7, 0, 0, 0]);
    assert_eq!(switch.counter("c", 1), Some(CounterData { packets: 3, bytes: 12 }));
    assert_eq!(switch.counter("c", 4), None);
    assert_eq!(switch.register("r", 1), Some(Bits::new(16, 3)));
    let value = RegisterEntry { register: name("r"), index: Some(1), value: Bits::new(16, 0x1234) };
    switch.write(&[modify(Entity::Register(value))]).expect("written");
    assert_eq!(frame(&switch, &[1, 0, 9, 9])[2..], [0x12, 0x34]);
}

#[test]
fn meters_go_by_packets_times() {
    let switch = switch(&program(
        "meter m: packets, size 2; local color: bit<8>;",
        "color = meter(m, 8w0x1); hdr.four.a = color;",
        "",
    ));
    let mut worker = switch.worker();
    let mut color = |time_ns| {
        let mut kept = Kept::default();
        worker.process(&Ingress::new(1, time_ns, &[9, 0, 0, 0]), &mut kept);
        kept.sent[0].data[0]
    };
    assert_eq!(color(0), 0);
    let config = MeterConfig { cir: 1, cburst: 1, pir: 1, pburst: 2 };
    let rates = MeterEntry { meter: name("m"), index: Some(1), config: Some(config), counters: None };
    switch.write(&[modify(Entity::Meter(rates))]).expect("written");
    assert_eq!([color(0), color(0), color(0), color(1_000_000_000)], [0, 1, 2, 0]);
}

#[test]
fn hashes_and_random_numbers() {
    let hash = |algorithm: &str| {
        let ingress = format!(
            "v = hash({algorithm}, 32w0x10, 64w0x100000000, {{hdr.four.a, hdr.four.b, hdr.four.c}}); hdr.four.a = v[31:24]; hdr.four.b = v[23:16]; hdr.four.c = v[15:0];"
        );
        let bytes = frame(&switch(&program("local v: bit<32>;", &ingress, "")), &[1, 2, 3, 4]);
        u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]).wrapping_sub(0x10)
    };
    assert_eq!(hash("crc32"), 0xb63c_fbcd);
    assert_eq!(hash("identity"), 0x0102_0304);
    assert_eq!(hash("xor16"), 0x0102 ^ 0x0304);
    assert_eq!(hash("csum16"), u32::from(!(0x0102u16 + 0x0304)));
    assert_eq!(hash("random"), 0);
    let ranged = "hdr.four.c = hash(crc16, 16w0x7, 16w0x0, {hdr.four.a});";
    assert_eq!(frame(&switch(&program("", ranged, "")), &[1, 2, 3, 4])[2..], [0, 7]);
    let random = switch(&program("", "hdr.four.a = random(8w0x3, 8w0x5);", ""));
    assert!((0..50).all(|_| (3..=5).contains(&frame(&random, &[1, 2, 3, 4])[0])));
}

#[test]
fn checksums() {
    let text = program("local v: bit<16>;", "hdr.four.a = 7w0x0 ++ sm.checksum_error;", "");
    let text = text.replace("verify_checksum { }", "verify_checksum { verify_checksum_with_payload(csum16, hdr.four.b == 8w0x0, {hdr.four.a, hdr.four.b}, hdr.four.c); }");
    let text = text.replace("compute_checksum { }", "compute_checksum { hdr.four.c = update_checksum_with_payload(csum16, hdr.four.b == 8w0x0, {16w0x1}); }");
    let switch = switch(&text);
    let right = !(0x0500u16 + 0x0607);
    assert_eq!(frame(&switch, &[5, 0, (right >> 8) as u8, right as u8, 6, 7])[..2], [0, 0]);
    let sum = !(1u16 + 0x0607);
    assert_eq!(frame(&switch, &[5, 0, 1, 1, 6, 7]), [1, 0, (sum >> 8) as u8, sum as u8, 6, 7]);
    assert_eq!(frame(&switch, &[5, 1, 1, 1, 6, 7]), [0, 1, 1, 1, 6, 7]);
}

#[test]
fn digests() {
    let ingress = "digest(\"seen_t\", 32w0x5, {hdr.four.c, sm.ingress_port});".repeat(20);
    let (verdict, kept) = pass(&switch(&program("", &ingress, "")), &[1, 2, 3, 4]);
    assert_eq!(kept.digests.len(), 16);
    assert_eq!(verdict.dropped_digests, 4);
    assert_eq!(kept.digests[0], ("seen_t".to_string(), 5, vec![Bits::new(16, 0x304), Bits::new(9, 1)]));
}

#[test]
fn what_sluice_knows_of_the_frame() {
    let declarations = "local t: bit<64>; local l: bit<32>; local b: bool;";
    let ingress = "t = sluice.ingress_time_ns(); l = sluice.wire_length(); b = sluice.bad_frame();
        hdr.four.a = t[7:0]; hdr.four.b = b ? 8w0x1 : 8w0x0; hdr.four.c = l[15:0];";
    let switch = switch(&program(declarations, ingress, ""));
    let mut kept = Kept::default();
    let ingress = Ingress { port: 1, time_ns: 0x1234, data: &[0; 6], wire_length: 300, bad_frame: true };
    switch.worker().process(&ingress, &mut kept);
    assert_eq!(kept.sent[0].data, [0x34, 1, 1, 44, 0, 0]);
    assert_eq!(kept.sent[0].original_length, 300);
}

#[test]
fn frames_are_finished_in_order() {
    let ingress =
        "sluice.append_trailer({hdr.four.a, 12w0xabc, 4w0xd}); sluice.overwrite(32w0x2, 32w0x3, 8w0xff);";
    let egress = "sluice.trim(32w0x7); truncate(32w0x6);";
    let (_, kept) = pass(&switch(&program("", ingress, egress)), &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(kept.sent[0].data, [1, 2, 0xff, 0xff, 0xff, 6, 1, 0xab, 0xcd]);
    assert_eq!(kept.sent[0].original_length, 7 + 3);
    let digest =
        "hdr.four.c = 16w0x0; d = sluice.digest64(64w0x5, {hdr.four.a, hdr.four.b}); hdr.four.c = d[15:0];";
    let bytes = frame(&switch(&program("local d: bit<64>;", digest, "")), &[1, 2, 3, 4]);
    assert_ne!(bytes[2..], [0, 0]);
}

#[test]
fn failed_assertions_drop_the_packet() {
    let switch = switch(&program("", "assert(hdr.four.a == 8w0x1, \"a is 1\");", ""));
    assert_eq!(pass(&switch, &[1, 0, 0, 0]).0.sent, 1);
    assert_eq!(pass(&switch, &[2, 0, 0, 0]).0.sent, 0);
}

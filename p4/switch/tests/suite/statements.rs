//! Statements: what each does to storage and to the order of things.

use sluice_switch::{DropReason, Outcome};

use crate::common::{DEPARSER, PARSER, PRELUDE, frame, pass, program, switch};

/// What comes out for the four bytes 1, 2, 3, 4, after the ingress statements.
fn after(declarations: &str, ingress: &str) -> Vec<u8> {
    frame(&switch(&program(declarations, ingress, "")), &[1, 2, 3, 4])
}

#[test]
fn assignments_and_slices() {
    assert_eq!(after("", "hdr.four.a = hdr.four.b;"), [2, 2, 3, 4]);
    assert_eq!(after("", "hdr.four.c[11:4] = 8w0xff;"), [1, 2, 0x0f, 0xf4]);
    assert_eq!(after("local v: bit<100>;", "v[71:64] = hdr.four.a; hdr.four.b = v[70:63];"), [1, 2, 3, 4]);
    assert_eq!(after("local v: bit<16>;", "v[11:4] = hdr.four.c[7:0]; hdr.four.c = v;"), [1, 2, 0, 0x40]);
}

#[test]
fn ways_and_jumps() {
    let declarations = "local v: bit<8>;";
    assert_eq!(
        after("", "if (hdr.four.a == 8w0x1) { hdr.four.b = 8w0x9; } else { hdr.four.b = 8w0x8; }")[1],
        9
    );
    assert_eq!(after("", "if (hdr.four.a > 8w0x1) { } else { hdr.four.b = 8w0x8; }")[1], 8);
    let switched = "switch (hdr.four.c) { case 16w0x1, 16w0x304 { v = 8w0x7; } case 16w0x2 { } default { v = 8w0x6; } } hdr.four.b = v;";
    assert_eq!(after(declarations, switched)[1], 7);
    let wide = "switch (88w0x0 ++ hdr.four.a) { case 96w0x2 { v = 8w0x7; } case 96w0x1 { v = 8w0x5; } default { v = 8w0x6; } } hdr.four.b = v;";
    assert_eq!(after(declarations, wide)[1], 5);
    let looped = "loop L0 { if (v == 8w0x5) { leave L0; } v = v + 8w0x1; } hdr.four.b = v;";
    assert_eq!(after(declarations, looped)[1], 5);
    let nested = "label L0 { label L1 { leave L0; } hdr.four.a = 8w0x9; } hdr.four.b = 8w0x9;";
    assert_eq!(after("", nested), [1, 9, 3, 4]);
    assert_eq!(after("", "hdr.four.a = 8w0x9; exit; hdr.four.b = 8w0x9;"), [9, 2, 3, 4]);
}

#[test]
fn short_circuits_and_choices() {
    let condition = "if (((hdr.four.a == 8w0x1) && (hdr.four.b == 8w0x3)) || (!(hdr.four.c != 16w0x304))) { hdr.four.a = 8w0xff; }";
    assert_eq!(after("", condition)[0], 0xff);
    let condition = "if (!(((hdr.four.a == 8w0x1) || (hdr.four.b == 8w0x3)) && (hdr.four.c == 16w0x304))) { hdr.four.a = 8w0xff; }";
    assert_eq!(after("", condition)[0], 1);
    assert_eq!(after("", "hdr.four.a = (hdr.four.a < hdr.four.b) ? (hdr.four.b + 8w0x1) : 8w0x0;")[0], 3);
}

#[test]
fn a_loop_without_end_drops_the_packet() {
    let (verdict, kept) =
        pass(&switch(&program("", "loop L0 { if (hdr.four.a == 8w0x9) { leave L0; } }", "")), &[1, 2, 3, 4]);
    assert_eq!(verdict.outcome, Outcome::Dropped(DropReason::LoopLimit));
    assert!(kept.sent.is_empty());
}

const STACK: &str = "
header_type one_t { x: bit<8>; }
header hdr.s[0]: one_t;
header hdr.s[1]: one_t;
header hdr.s[2]: one_t;
stack hdr.s {hdr.s[0], hdr.s[1], hdr.s[2]}
header hdr.o[0]: one_t;
header hdr.o[1]: one_t;
header hdr.o[2]: one_t;
stack hdr.o {hdr.o[0], hdr.o[1], hdr.o[2]}
local i: bit<8>;
";

/// Two elements extracted, the statements run, all three elements emitted.
fn stack_after(ingress: &str, data: &[u8]) -> Vec<u8> {
    let source = format!(
        "{PRELUDE}{STACK}
        parser {{ state start {{ extract(next(hdr.s)); extract(next(hdr.s)); goto accept; }} }}
        verify_checksum {{ }} ingress {{ {ingress} }} egress {{ }} compute_checksum {{ }}
        deparser {{ emit(hdr.s[8w0x0]); emit(hdr.s[8w0x1]); emit(hdr.s[8w0x2]); }}"
    );
    frame(&switch(&source), data)
}

#[test]
fn stacks() {
    assert_eq!(stack_after("", &[1, 2, 9]), [1, 2, 9]);
    assert_eq!(stack_after("pop_front(hdr.s, 1);", &[1, 2, 9]), [2, 9]);
    assert_eq!(stack_after("push_front(hdr.s, 1);", &[1, 2, 9]), [1, 2, 9]);
    assert_eq!(stack_after("push_front(hdr.s, 2);", &[1, 2, 9]), [1, 9]);
    assert_eq!(
        stack_after("push_front(hdr.s, 1); set_valid(hdr.s[8w0x0]); hdr.s[0].x = 8w0x7;", &[1, 2, 9]),
        [7, 1, 2, 9]
    );
    assert_eq!(stack_after("i = 8w0x1; hdr.s[i].x = 8w0x5;", &[1, 2, 9]), [1, 5, 9]);
    assert_eq!(stack_after("i = 8w0x7; hdr.s[i].x = 8w0x5; set_valid(hdr.s[i]);", &[1, 2, 9]), [1, 2, 9]);
    assert_eq!(stack_after("i = 8w0x7; hdr.s[0].x = hdr.s[i].x;", &[1, 2, 9]), [0, 2, 9]);
    assert_eq!(stack_after("i = 8w0x1; copy hdr.s[2] = hdr.s[i];", &[1, 2, 9]), [1, 2, 2, 9]);
    assert_eq!(
        stack_after("set_valid(hdr.o[2]); hdr.o[2].x = 8w0x4; copy_stack hdr.s = hdr.o;", &[1, 2, 9]),
        [4, 9]
    );
    assert_eq!(
        stack_after(
            "set_invalid(hdr.s[8w0x0]); hdr.s[1].x = valid(hdr.s[8w0x0]) ? 8w0x1 : 8w0x0;",
            &[1, 2, 9]
        ),
        [0, 9]
    );
}

#[test]
fn unions_have_one_valid_member() {
    let source = format!(
        "{PRELUDE}header_type one_t {{ x: bit<8>; }} header hdr.u.a: one_t in hdr.u; header hdr.u.b: one_t in hdr.u;
        union hdr.u {{hdr.u.a, hdr.u.b}}
        parser {{ state start {{ extract(hdr.four); extract(hdr.u.a); goto accept; }} }}
        verify_checksum {{ }} ingress {{ set_valid(hdr.u.b); hdr.u.b.x = 8w0x5; }} egress {{ }} compute_checksum {{ }}
        deparser {{ emit(hdr.u.a); emit(hdr.u.b); }}"
    );
    assert_eq!(frame(&switch(&source), &[1, 2, 3, 4, 7, 8]), [5, 8]);
}

#[test]
fn invalid_headers_keep_their_fields_and_are_not_emitted() {
    assert_eq!(after("", "set_invalid(hdr.four); hdr.four.a = 8w0x9; set_valid(hdr.four);"), [9, 2, 3, 4]);
    let source = format!(
        "{PRELUDE}{PARSER}verify_checksum {{ }} ingress {{ set_invalid(hdr.four); }} egress {{ }} compute_checksum {{ }} {DEPARSER}"
    );
    assert_eq!(frame(&switch(&source), &[1, 2, 3, 4, 5]), [5]);
}

#[test]
fn locals_start_as_zero_for_every_packet() {
    let declarations = "local v: bit<8>; local w: bit<256>; local x: bit<8>;";
    let ingress = "if (hdr.four.a == 8w0x1) { v = 8w0x7; w = ~256w0x0; } x = hdr.four.a; hdr.four.b = v + x; hdr.four.c = w[99:84];";
    let switch = switch(&program(declarations, ingress, ""));
    let mut worker = switch.worker();
    let mut out = |first: u8| {
        let mut kept = crate::common::Kept::default();
        worker.process(&sluice_switch::Ingress::new(1, 0, &[first, 2, 3, 4]), &mut kept);
        kept.sent[0].data.clone()
    };
    assert_eq!(out(1), [1, 8, 0xff, 0xff]);
    assert_eq!(out(2), [2, 2, 0, 0]);
}

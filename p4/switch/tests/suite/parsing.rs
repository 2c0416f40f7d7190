//! The parser: extraction, lookahead, selects, errors, payload.

use crate::common::{PRELUDE, frame, switch};

/// The statements of ingress see what the parser did; all headers are emitted in order.
fn parsed(declarations: &str, states: &str, data: &[u8]) -> Vec<u8> {
    let source = format!(
        "{PRELUDE}{declarations}
        header_type report_t {{ error: bit<16>; mark: bit<8>; }}
        header hdr.report: report_t;
        local mark: bit<8>;
        local error: bit<16>;
        parser {{ {states} }} verify_checksum {{ }}
        ingress {{
            set_valid(hdr.report);
            hdr.report.mark = mark;
            if (sm.parser_error == error.PacketTooShort) {{ hdr.report.error = 16w0x1; }}
            if (sm.parser_error == error.NoMatch) {{ hdr.report.error = 16w0x2; }}
            if (sm.parser_error == error.StackOutOfBounds) {{ hdr.report.error = 16w0x3; }}
            if (sm.parser_error == error.HeaderTooShort) {{ hdr.report.error = 16w0x4; }}
            if (sm.parser_error == error.ParserTimeout) {{ hdr.report.error = 16w0x5; }}
            if (sm.parser_error == error.ParserInvalidArgument) {{ hdr.report.error = 16w0x6; }}
        }} egress {{ }} compute_checksum {{ }}
        deparser {{ emit(hdr.report); emit(hdr.four); }}"
    );
    frame(&switch(&source), data)
}

#[test]
fn too_short_a_packet_goes_on_with_an_error() {
    let states = "state start { extract(hdr.four); goto accept; }";
    assert_eq!(parsed("", states, &[1, 2, 3, 4, 5]), [0, 0, 0, 1, 2, 3, 4, 5]);
    assert_eq!(parsed("", states, &[1, 2, 3]), [0, 1, 0, 1, 2, 3]);
    assert_eq!(parsed("", states, &[]), [0, 1, 0]);
}

#[test]
fn selects() {
    let states = "
        state start { extract(hdr.four); select (hdr.four.a, hdr.four.b) {
            (8w0x1, 8w0x2): one; (8w0x1, _): two; (8w0x10 .. 8w0x20, 8w0x0 &&& 8w0x1): three; (8w0x77, 8w0x0): reject; } }
        state one { mark = 8w0x1; goto accept; }
        state two { mark = 8w0x2; goto accept; }
        state three { mark = 8w0x3; goto accept; }";
    for (a, b, mark, error) in [
        (1, 2, 1, 0),
        (1, 3, 2, 0),
        (0x10, 4, 3, 0),
        (0x20, 4, 3, 0),
        (0x21, 4, 0, 2),
        (0x15, 5, 0, 2),
        (0x77, 0, 0, 0),
    ] {
        assert_eq!(parsed("", states, &[a, b, 0, 0])[..3], [0, error, mark], "{a} {b}");
    }
    let plain = "
        state start { extract(hdr.four); select (hdr.four.a, hdr.four.c) { (8w0x1, 16w0x2): one; (8w0x1, 16w0xffff): two; } }
        state one { mark = 8w0x1; goto accept; }
        state two { mark = 8w0x2; goto accept; }";
    for (c, mark, error) in [([0, 2], 1, 0), ([255, 255], 2, 0), ([0, 3], 0, 2)] {
        assert_eq!(parsed("", plain, &[1, 0, c[0], c[1]])[..3], [0, error, mark]);
    }
    let wide = "
        local w: bit<72>;
        ";
    let states = "
        state start { w = lookahead(0); extract(hdr.four); select (w) { (72w0x10203040506070809): one; (72w0x0 .. 72w0x10203040506070810): two; (_): accept; } }
        state one { mark = 8w0x1; goto accept; }
        state two { mark = 8w0x2; goto accept; }";
    assert_eq!(parsed(wide, states, &[1, 2, 3, 4, 5, 6, 7, 8, 9])[2], 1);
    assert_eq!(parsed(wide, states, &[1, 2, 3, 4, 5, 6, 7, 8, 0x10])[2], 2);
    assert_eq!(parsed(wide, states, &[1, 2, 3, 4, 5, 6, 7, 8, 0x11])[2], 0);
    assert_eq!(parsed(wide, states, &[1, 2, 3, 4, 5, 6, 7, 8])[..2], [0, 1]);
}

#[test]
fn moving_without_extracting() {
    let states = "state start { mark = lookahead(12); advance(32w0x8); extract(hdr.four); goto accept; }";
    assert_eq!(parsed("", states, &[0xab, 0xcd, 0xef, 4, 5, 6]), [0, 0, 0xde, 0xcd, 0xef, 4, 5, 6]);
    let states = "state start { advance(32w0x4); extract(hdr.four); goto accept; }";
    assert_eq!(parsed("", states, &[0x12, 0x34, 0x56, 0x78, 0x9a, 1]), [0, 0, 0, 0x23, 0x45, 0x67, 0x89, 1]);
    let states = "state start { advance(32w0xffffffff); goto accept; }";
    assert_eq!(parsed("", states, &[1])[..2], [0, 1]);
    let states = "state start { extract(hdr.four); verify(hdr.four.a == 8w0x1, error.NoMatch); mark = 8w0x1; goto accept; }";
    assert_eq!(parsed("", states, &[1, 0, 0, 0])[..3], [0, 0, 1]);
    assert_eq!(parsed("", states, &[2, 0, 0, 0])[..3], [0, 2, 0]);
}

#[test]
fn variable_lengths() {
    let declarations = "header_type v_t { n: bit<8>; data: varbit<24>; end: bit<8>; } header hdr.v: v_t;";
    let states = "state start { mark = lookahead(0); extract(hdr.v, bit<32>(mark)); goto accept; }";
    let source = |states: &str| {
        format!(
            "{PRELUDE}{declarations} local mark: bit<8>; local sum: bit<16>;
            parser {{ {states} }} verify_checksum {{ }}
            ingress {{ sum = hash(xor16, 16w0x0, 32w0x10000, {{hdr.v.data}}); hdr.v.end = sum[15:8] ^ hdr.v.end; }} egress {{ }} compute_checksum {{ }}
            deparser {{ emit(hdr.v); }}"
        )
    };
    let switch = switch(&source(states));
    assert_eq!(frame(&switch, &[16, 2, 3, 4, 5]), [16, 2, 3, 4 ^ 2, 5]);
    assert_eq!(frame(&switch, &[0, 2, 3]), [0, 2, 3]);
    assert_eq!(frame(&switch, &[24, 1, 2, 3, 4]), [24, 1, 2, 3, 4 ^ 1 ^ 3]);
    for (data, error) in [(vec![32, 0, 0, 0, 0, 0, 0], 4), (vec![4, 0, 0], 6), (vec![24, 0, 0], 1)] {
        assert_eq!(parsed(declarations, states, &data)[..2], [0, error], "{data:?}");
    }
}

#[test]
fn stacks_fill_up() {
    let declarations = "
        header_type one_t { x: bit<8>; }
        header hdr.s[0]: one_t; header hdr.s[1]: one_t; stack hdr.s {hdr.s[0], hdr.s[1]}";
    let states = "
        state start { extract(next(hdr.s)); mark = last(hdr.s).x + mark; select (last(hdr.s).x) { (8w0x1): start; (_): accept; } }";
    assert_eq!(parsed(declarations, states, &[1, 2, 9]), [0, 0, 3, 9]);
    assert_eq!(parsed(declarations, states, &[1, 1, 1, 9]), [0, 3, 2, 1, 9]);
    let states = "state start { mark = last(hdr.s).x; goto accept; }";
    assert_eq!(parsed(declarations, states, &[1])[..2], [0, 3]);
}

#[test]
fn a_parser_that_goes_round_ends() {
    let states = "state start { mark = 8w0x1; goto again; } state again { goto start; }";
    assert_eq!(parsed("", states, &[7]), [0, 5, 1, 7]);
}

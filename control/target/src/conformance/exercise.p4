// SPDX-License-Identifier: Apache-2.0
//
// Something of everything that P4Runtime knows: what the tests of data paths run. The first byte of a frame says what becomes of it.
// What a data path cannot do is left out by NO_CLONES, NO_DIGESTS, NO_IDLE_TIMEOUTS, NO_SELECTORS,
// NO_PROFILES, NO_DIRECT_METERS, NO_VALUE_SETS.

#include <core.p4>
#include <v1model.p4>

const bit<9> CPU = 510;

@controller_header("packet_in")
header to_controller_t {
    bit<9> ingress_port;
    bit<7> reason;
}

@controller_header("packet_out")
header from_controller_t {
    bit<9> egress_port;
    bit<7> spare;
}

header frame_t {
    bit<8> kind;
    bit<8> key;
    bit<16> value;
    bit<32> word;
}

struct headers_t {
    to_controller_t up;
    from_controller_t down;
    frame_t frame;
}

struct note_t {
    bit<8> key;
    bit<16> value;
}

struct metadata_t {
    bit<1> is_special;
    bit<2> color;
    bit<2> direct_color;
}

parser Parse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
#ifndef NO_VALUE_SETS
    value_set<bit<8>>(4) special;
#endif

    state start {
        transition select(standard.ingress_port) {
            CPU: controller;
            default: frame;
        }
    }
    state controller {
        packet.extract(hdr.down);
        transition accept;
    }
    state frame {
        packet.extract(hdr.frame);
        transition select(hdr.frame.kind) {
#ifndef NO_VALUE_SETS
            special: marked;
#endif
            default: accept;
        }
    }
    state marked {
        meta.is_special = 1;
        transition accept;
    }
}

control Verify(inout headers_t hdr, inout metadata_t meta) {
    apply { }
}

control ingress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    direct_counter(CounterType.packets_and_bytes) forwarded;
#ifndef NO_DIRECT_METERS
    direct_meter<bit<2>>(MeterType.packets) paced;
#endif
    counter(16, CounterType.packets_and_bytes) seen;
    meter(16, MeterType.bytes) rates;
    register<bit<16>>(16) memory;
#ifndef NO_PROFILES
    action_profile(8) profile;
#endif
#ifndef NO_SELECTORS
    @max_group_size(8)
    action_selector(HashAlgorithm.crc16, 64, 16) selector;
#endif

    action drop() {
        mark_to_drop(standard);
    }
    action forward(bit<9> port, bit<8> mark) {
        standard.egress_spec = port;
        hdr.frame.word[31:24] = mark;
        forwarded.count();
    }
    action stamp(bit<8> mark) {
        hdr.frame.word[7:0] = mark;
    }
    action to_port(bit<9> port) {
        standard.egress_spec = port;
    }
    action paced_out(bit<9> port) {
#ifndef NO_DIRECT_METERS
        paced.read(meta.direct_color);
#endif
        standard.egress_spec = port;
    }
    action tell(bit<7> reason) {
        hdr.up.setValid();
        hdr.up.ingress_port = standard.ingress_port;
        hdr.up.reason = reason;
        standard.egress_spec = CPU;
    }

    table exact_t {
        key = { hdr.frame.key: exact; }
        actions = { forward; tell; @defaultonly drop; }
        default_action = drop();
        counters = forwarded;
#ifndef NO_IDLE_TIMEOUTS
        support_timeout = true;
#endif
        size = 16;
    }
    table stamp_t {
        key = { hdr.frame.key: exact; }
        actions = { stamp; NoAction; }
        size = 16;
    }
    table ternary_t {
        key = {
            hdr.frame.value: ternary;
            hdr.frame.key: optional;
        }
        actions = { paced_out; drop; }
        default_action = drop();
#ifndef NO_DIRECT_METERS
        meters = paced;
#endif
        size = 16;
    }
    table lpm_t {
        key = { hdr.frame.word: lpm; }
        actions = { to_port; drop; }
        default_action = drop();
        size = 16;
    }
    table range_t {
        key = { hdr.frame.value: range; }
        actions = { to_port; drop; }
        default_action = drop();
        size = 16;
    }
#ifndef NO_PROFILES
    table profile_t {
        key = { hdr.frame.key: exact; }
        actions = { to_port; drop; NoAction; }
        implementation = profile;
        size = 16;
    }
#endif
#ifndef NO_SELECTORS
    table selector_t {
        key = {
            hdr.frame.key: exact;
            hdr.frame.word: selector;
        }
        actions = { to_port; drop; NoAction; }
        implementation = selector;
        size = 16;
    }
#endif
    table const_t {
        key = { hdr.frame.key: exact; }
        actions = { to_port; drop; }
        const default_action = drop();
        const entries = {
            1: to_port(1);
            2: to_port(2);
        }
    }

    apply {
        if (hdr.down.isValid()) {
            standard.egress_spec = hdr.down.egress_port;
            hdr.down.setInvalid();
        } else if (meta.is_special == 1) {
            standard.egress_spec = 2;
        } else if (hdr.frame.kind == 1) {
            exact_t.apply();
            stamp_t.apply();
        } else if (hdr.frame.kind == 2) {
            ternary_t.apply();
        } else if (hdr.frame.kind == 3) {
            lpm_t.apply();
        } else if (hdr.frame.kind == 4) {
            range_t.apply();
#ifndef NO_PROFILES
        } else if (hdr.frame.kind == 5) {
            profile_t.apply();
#endif
#ifndef NO_SELECTORS
        } else if (hdr.frame.kind == 6) {
            selector_t.apply();
#endif
#ifndef NO_DIGESTS
        } else if (hdr.frame.kind == 7) {
            digest<note_t>(1, { hdr.frame.key, hdr.frame.value });
            drop();
#endif
        } else if (hdr.frame.kind == 8) {
            standard.mcast_grp = hdr.frame.value;
#ifndef NO_CLONES
        } else if (hdr.frame.kind == 9) {
            clone(CloneType.I2E, 5);
            drop();
#endif
        } else if (hdr.frame.kind == 10) {
            bit<16> before;
            memory.read(before, (bit<32>) hdr.frame.key);
            memory.write((bit<32>) hdr.frame.key, hdr.frame.value);
            hdr.frame.value = before;
            seen.count((bit<32>) hdr.frame.key);
            rates.execute_meter((bit<32>) hdr.frame.key, meta.color);
            hdr.frame.word[1:0] = meta.color;
            standard.egress_spec = 1;
        } else if (hdr.frame.kind == 11) {
            const_t.apply();
        } else {
            drop();
        }
    }
}

control egress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply { }
}

control Compute(inout headers_t hdr, inout metadata_t meta) {
    apply { }
}

control Deparse(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.up);
        packet.emit(hdr.frame);
    }
}

V1Switch(Parse(), Verify(), ingress(), egress(), Compute(), Deparse()) main;

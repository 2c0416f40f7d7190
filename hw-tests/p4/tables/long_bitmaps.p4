// Bitmaps too long for registers: set to constants and to an action's data, narrowed while they are all ones and when they are not,
// read behind what replaces them.
#include <core.p4>
#include <v1model.p4>

typedef bit<384> terms_t;

header data_t {
    bit<8> start;
    bit<8> first;
    bit<8> second;
    bit<8> third;
    bit<8> gathers;
}

header result_t {
    bit<64> low;
    bit<64> middle;
    bit<64> high;
    bit<64> changed_low;
    bit<64> changed_high;
    bit<8>  flags;
}

struct headers_t {
    data_t   data;
    result_t result;
}

struct metadata_t {}

parser Parse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.data);
        transition accept;
    }
}

control Verify(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

control ingress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    terms_t kept;
    terms_t other;
    terms_t gathered;
    terms_t before;

    action begin(terms_t terms) {
        kept = terms;
    }

    action narrow(inout terms_t bitmap, terms_t terms) {
        bitmap = bitmap & terms;
    }

    action gather(terms_t terms) {
        gathered = gathered | terms;
    }

    table start {
        key = { hdr.data.start: exact; }
        actions = { begin; @defaultonly NoAction; }
        const entries = {
            1: begin(384w0x9d31fedf5fbdfff93d9cff3599ef9baffb3f5cbf7f8b6f7b1e5cffdaafbbf4d877f777cea7ff4ff7fae75df45effb47d);
            2: begin(384w0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff);
        }
        default_action = NoAction();
    }

    table first {
        key = { hdr.data.first: exact; }
        actions = { narrow(kept); @defaultonly NoAction; }
        const entries = {
            1: narrow(384w0x6fdeb2f3fabfddbfb73ffefdfbdff6ffaff1b73e3beef7f9fa9cd1ddfffbfeef9cf1f2dff7acdebf9fe7dff7ffbd4eef);
            2: narrow(384w0xff3f776db4fbbfdf9e77fbf32f4615bfbefffad7d0fff83fbf6de57acef8fb399af777da5f77f3c3ba7a73eda7eff7e7);
            3: narrow(384w0x0);
        }
        default_action = NoAction();
    }

    table second {
        key = { hdr.data.second: exact; }
        actions = { narrow(kept); @defaultonly NoAction; }
        const entries = {
            1: narrow(384w0x7ffee7ffecbd87ef7ebffb5ef673e731ecffa7d797ef6fff77f5ff3f7e7ffbffc7faff38fff7fcfeae1ff1faef7ef577);
        }
        default_action = NoAction();
    }

    table third {
        key = { hdr.data.third: exact; }
        actions = { narrow(other); @defaultonly NoAction; }
        const entries = {
            1: narrow(384w0xdf92fb7ed3f3ffffaefefdfeebbafafe93deefbebf39bfd0f6ffebfefaedfdbffbf4fcfd7dbeef8afeeecffabefcfd75);
            2: narrow(384w0x5fda7fdbf7ddff7eff2d5edf9ffc0b1b7fa7d6fbba2dffdffbf55b7ff9fee2af571affc3f1d7dfded7fffafff71f70ff);
        }
        default_action = NoAction();
    }

    table gathers {
        key = { hdr.data.gathers: exact; }
        actions = { gather; @defaultonly NoAction; }
        const entries = {
            1: gather(384w0x8d030086a20934f26d0703a05049b495d12201a452394b92e348370f12d174564c49d2afe22a01ba30450b621a82882);
            2: gather(384w0xa80aab821619ed573052836e0d63280038b6e8868764151d7a401714578de98814240aad0dab8b25346e88315113708a);
        }
        default_action = NoAction();
    }

    apply {
        kept = ~(terms_t) 0;
        other = ~(terms_t) 0;
        gathered = 0;
        start.apply();
        first.apply();
        second.apply();
        before = kept;
        third.apply();
        gathers.apply();
        kept = (kept & other) | (gathered & (kept | other));
        other = kept ^ before;

        hdr.result.setValid();
        hdr.result.low = kept[63:0];
        hdr.result.middle = kept[227:164];
        hdr.result.high = kept[383:320];
        hdr.result.changed_low = other[63:0];
        hdr.result.changed_high = other[383:320];
        hdr.result.flags = 0;
        if (kept == before) {
            hdr.result.flags = hdr.result.flags | 1;
        }
        if (kept != 0) {
            hdr.result.flags = hdr.result.flags | 2;
        }
        // Set once more: nothing is left of what was there.
        kept = 0;
        if (kept[100:100] == 1) {
            hdr.result.flags = hdr.result.flags | 4;
        }
        standard.egress_spec = 1;
    }
}

control egress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {}
}

control Compute(inout headers_t hdr, inout metadata_t meta) {
    apply {}
}

control Deparse(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr);
    }
}

V1Switch(Parse(), Verify(), ingress(), egress(), Compute(), Deparse()) main;

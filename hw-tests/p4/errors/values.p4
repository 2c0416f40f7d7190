// Errors of one's own beside those of core.p4: assigned, compared, chosen by, in structs.
#include <data.p4>

error {
    OutOfLuck,
    OutOfTime
}

struct result_t {
    error what;
    bit<8> n;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        error e = error.NoError;
        if (hdr.h.a == 1) {
            e = error.OutOfLuck;
        } else if (hdr.h.a == 2) {
            e = error.PacketTooShort;
        }
        switch (e) {
            error.OutOfLuck: { hdr.h.b = 1; }
            error.NoError: { hdr.h.b = 2; }
            default: { hdr.h.b = 3; }
        }
        result_t r = { e, hdr.h.b };
        if (r.what == error.OutOfLuck || r == { error.NoError, 2 }) {
            hdr.h.c = 0xcc;
        }
        hdr.h.d = e != error.NoError ? 8w1 : 0;
    }
}

#include <rest.p4>

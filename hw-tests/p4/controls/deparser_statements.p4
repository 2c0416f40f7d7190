// A deparser with conditions, locals, calls and exit; it emits headers, stacks, structs and unions as it likes.
#include <data.p4>

header extra_t {
    bit<8> v;
}

control Both(packet_out packet, in data_t h) {
    apply {
        packet.emit(h);
        if (h.b == 3) {
            exit;
        }
        packet.emit(h);
    }
}

#define OWN_DEPARSER
control MyDeparse(packet_out packet, in headers_t hdr) {
    extra_t extra;
    apply {
        if (hdr.h.a == 1) {
            extra.setValid();
            extra.v = hdr.h.d + 1;
            packet.emit(extra);
        }
        if (hdr.h.a != 2) {
            packet.emit(hdr);
        } else {
            Both.apply(packet, hdr.h);
            packet.emit({ hdr.h });
        }
    }
}

#include <rest.p4>

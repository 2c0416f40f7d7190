// Section 14.2.1.4: without priorities the entry that stands first wins; with lpm the longest prefix.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action b(bit<8> v) { hdr.h.b = v; }
    action c(bit<8> v) { hdr.h.c = v; }
    table ternaries {
        key = { hdr.h.a: ternary; }
        actions = { b; NoAction; }
        const default_action = b(0xdd);
        const entries = {
            0x10 &&& 0xf0: b(1);
            0x12: b(2);
            0x20 &&& 0x20: b(3);
            default: b(4);
        }
    }
    table prefixes {
        key = { hdr.h.a: lpm; }
        actions = { c; NoAction; }
        const entries = {
            0x10 &&& 0xf0: c(1);
            0x12: c(2);
            0x00 &&& 0x00: c(3);
        }
    }
    apply {
        ternaries.apply();
        prefixes.apply();
    }
}

#include <rest.p4>

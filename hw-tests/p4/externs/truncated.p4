// truncate: the packet that is sent has so many bytes at the most, headers and payload together.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (hdr.h.a != 0) {
            truncate((bit<32>) hdr.h.a);
        }
        if (hdr.h.b != 0) {
            truncate((bit<32>) hdr.h.b);
        }
    }
}

#include <rest.p4>

// Generic externs of the architecture with types inferred, and generic types within controls.
#include <data.p4>

struct pair_t<T> {
    T first;
    T second;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        pair_t<bit<16>> digest = { 0, hdr.h.a ++ hdr.h.b };
        hash(digest.first, HashAlgorithm.identity, 16w0, { digest.second }, 32w0x10000);
        hdr.h.c = digest.first[15:8];
        hdr.h.d = digest.first[7:0];
    }
}

#include <rest.p4>

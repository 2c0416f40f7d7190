// Annotations that do not end, mix their forms or stand where none can.
#include <data.p4>

@mixed[a = 1, 2]
const bit<8> X = 1;

@mixed[1, a = 2]
const bit<8> Y = 1;

@5 const bit<8> Z = 1;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        @statement hdr.h.a = 1;
    }
}

#include <rest.p4>

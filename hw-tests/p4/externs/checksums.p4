// verify_checksum and update_checksum with conditions; the payload is summed where the name says so.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> kind;
    bit<8> failed;
    bit<16> x;
    bit<16> sum;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

#define OWN_VERIFY
control MyVerify(inout headers_t hdr, inout metadata_t meta) {
    apply {
        verify_checksum(hdr.h.kind == 1, { hdr.h.x }, hdr.h.sum, HashAlgorithm.csum16);
        verify_checksum_with_payload(hdr.h.kind == 2, { hdr.h.x }, hdr.h.sum, HashAlgorithm.csum16);
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.failed = 7w0 ++ standard.checksum_error;
    }
}

#define OWN_COMPUTE
control MyCompute(inout headers_t hdr, inout metadata_t meta) {
    apply {
        update_checksum(hdr.h.kind == 3, { hdr.h.kind, hdr.h.failed, hdr.h.x }, hdr.h.sum, HashAlgorithm.csum16);
        if (hdr.h.kind == 4) {
            update_checksum_with_payload(true, { hdr.h.x }, hdr.h.sum, HashAlgorithm.csum16);
        }
    }
}

#include <rest.p4>

// A checksum over header and payload: verified, and computed anew after a change.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<16> value;
    bit<16> checksum;
    bit<8> was_wrong;
    bit<8> unused;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

#define OWN_VERIFY
control MyVerify(inout headers_t hdr, inout metadata_t meta) {
    apply {
        verify_checksum_with_payload(true, { hdr.h.value }, hdr.h.checksum, HashAlgorithm.csum16);
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.was_wrong = (bit<8>) standard.checksum_error;
        hdr.h.value = hdr.h.value + 1;
    }
}

#define OWN_COMPUTE
control MyCompute(inout headers_t hdr, inout metadata_t meta) {
    apply {
        update_checksum_with_payload(hdr.h.isValid(), { hdr.h.value }, hdr.h.checksum, HashAlgorithm.csum16);
    }
}

#include <rest.p4>

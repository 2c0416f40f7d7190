// Each block of a V1Switch has the parameters that its type says.
#include <data.p4>

struct other_t {
    bit<8> y;
}

#define OWN_VERIFY
control MyVerify(inout headers_t hdr, inout other_t meta) {
    apply {}
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, in metadata_t meta, inout standard_metadata_t standard) {
    apply {}
}

#define OWN_COMPUTE
control MyCompute(inout headers_t hdr) {
    apply {}
}

#include <rest.p4>

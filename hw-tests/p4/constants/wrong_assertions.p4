#include <data.p4>

const bool FIRST = static_assert(1 + 1 == 3, "sums");
const bool SECOND = static_assert(WIDTH > 8);
const bool THIRD = static_assert(1);
const bool FOURTH = static_assert();
const int WIDTH = 8;
const bool FIFTH = static_assert(WIDTH > 8);

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = 1;
    }
}

#include <rest.p4>

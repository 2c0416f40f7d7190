// Line markers, __LINE__ and __FILE__ as constants; macros that name themselves; a file included twice.
#include <data.p4>
#include <data_guard.p4>
#include <data_guard.p4>

#define hdr hdr
#define self(x) self + x
const bit<8> self = 5;

const bit<8> FIRST = __LINE__;
# 100 "elsewhere.p4"
const bit<8> SECOND = __LINE__;
#line 50
const bit<8> THIRD = __LINE__;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h = { FIRST, SECOND, THIRD, self(GUARDED) };
        log_msg(__FILE__);
    }
}

#include <rest.p4>

#define OWN_INGRESS
#include "../lower/parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        hdr.h = { a = 1, b = 2 }; hdr.h = { 1, 2 }; hdr.h = { a = 1, b = 2, d = 3 };
    }
}
#include "../lower/parts/after.p4"

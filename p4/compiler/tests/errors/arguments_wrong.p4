#define OWN_INGRESS
#include "../lower/parts/before.p4"
bit<8> f(in bit<8> v, inout bit<8> w) { return v; }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        meta.x = f(1); meta.x = f(1, meta.x, 2); meta.x = f(1, 2); meta.x = f(v = 1, u = meta.x); meta.x = f(meta.z, meta.x);
    }
}
#include "../lower/parts/after.p4"

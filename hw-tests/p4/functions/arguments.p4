// Arguments by name, default values, and overloads told apart by the number and names of parameters.
#include <data.p4>

bit<8> add(in bit<8> a, in bit<8> b = 7) {
    return a * 2 + b;
}

bit<8> mix(in bit<8> a, in bit<8> b, in bit<8> c) {
    return a + b + c;
}

bit<8> mix(in bit<4> low) {
    return low ++ 4w0;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.b = add(b = 1, a = hdr.h.a);
        hdr.h.c = add(hdr.h.a);
        hdr.h.d = mix(1, 2, 3) + mix(low = 4);
    }
}

#include <rest.p4>

// Stacks made of lists of headers, with invalid elements and default values.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        data_t[3] s = { hdr.h, {#}, { 1, 2, 3, 4 } };
        hdr.h.a = s[2].c + (s[1].isValid() ? 8w0x10 : 0) + (s[0].isValid() ? 8w0x20 : 0);
        s = { { 5, 6, 7, 8 }, ... };
        hdr.h.b = s[0].b + (s[1].isValid() || s[2].isValid() ? 8w0x10 : 0);
        data_t[3] other = s;
        other[0].a = 9;
        hdr.h.c = s == other ? 8w1 : 2;
        s = ...;
        hdr.h.d = s == { {#}, {#}, {#} } ? 8w1 : 2;
    }
}

#include <rest.p4>

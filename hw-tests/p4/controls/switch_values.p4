// Switch on numbers and enumerations; what no label names goes to default, or nowhere.
#include <data.p4>

enum bit<8> Kind {
    Low = 1,
    High = 0xf0
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        switch (hdr.h.a) {
            0:
            1: { hdr.h.b = 0xb0; }
            8w0x10: { hdr.h.b = 0xb1; }
            default: { hdr.h.b = 0xbd; }
        }
        switch ((Kind) hdr.h.c) {
            Kind.Low: { hdr.h.d = 1; }
            Kind.High: { hdr.h.d = 2; }
        }
    }
}

#include <rest.p4>

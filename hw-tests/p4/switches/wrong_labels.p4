#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        switch (hdr.h.a) {
            1: {}
            1: {}
            hdr.h.b: {}
            true: {}
            300: {}
            default: {}
            2: {}
        }
        switch (hdr.h) {
            1: {}
        }
        switch (5) {
            1: {}
        }
        switch (hdr.h.a) {
            default: {}
            default: {}
        }
    }
}

#include <rest.p4>

#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = nothing;
        hdr.h.a = hdr;
        hdr.h.a = MyParse;
        hdr.h.a = data_t;
        hdr.h.a = .meta.x;
        hdr.h.a = start;
        hdr.h.a = accept;
        hdr.h.a = this;
        nothing();
        hdr();
    }
}

#include <rest.p4>

#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    register<bit<8>>(4) states;
    register<data_t>(4) headers;
    register<error>(4) errors;
    register<varbit<8>>(4) varbits;
    register<string>(4) strings;
    register(4) nothing;
    register<bit<8>>(hdr.h.a) many;

    apply {
        states.read(hdr.h.a, 0);
        states.read(meta.x, hdr.h.a);
        states.write(0, 16w5);
        states.write(0);
        states.clear(0);
        bit<8> x = states.read(0);
    }
}

#include <rest.p4>

// Names for the control plane: of tables, actions, keys and instances; a dot before one leaves out the path.
#include <data.p4>

control Inner(inout data_t h) {
    @name("renamed")
    action set(@name("value") bit<8> v) { h.b = v; }
    @name(".absolute")
    table t {
        key = {
            h.a: exact @name("first");
            h.c & 0x0f: ternary @name("low");
        }
        actions = { set; @defaultonly NoAction; }
        default_action = NoAction();
    }
    @name("second.table")
    table u {
        key = { h.d: exact; }
        actions = { @tableonly set; NoAction; }
    }
    apply {
        t.apply();
        u.apply();
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    @name("instance")
    Inner() inner;
    apply {
        inner.apply(hdr.h);
    }
}

#include <rest.p4>

// Externs that only their declaration is known of: right as declared, and nothing that could run.
#include <data.p4>

extern bit<8> magic(in bit<8> x);

extern Machine<T> {
    Machine(bit<32> size);
    T step(in T value);
    abstract T finish(in T value);
}

// Not used, hence no obstacle.
control Unused(inout data_t h) {
    Machine<bit<8>>(4) machine = {
        bit<8> finish(in bit<8> value) { return this.step(value) + 1; }
    };
    apply {
        h.a = machine.step(magic(h.a));
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Machine<bit<8>>(4) machine = {
        bit<8> finish(in bit<8> value) { return value; }
    };
    apply {
        hdr.h.a = magic(1);
        hdr.h.b = machine.step(2);
    }
}

#include <rest.p4>

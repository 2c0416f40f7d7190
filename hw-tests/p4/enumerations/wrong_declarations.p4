#include <data.p4>

enum Twice {
    a,
    b,
    a
}

enum bool Truth {
    no = false
}

enum bit<8> Without {
    a,
    b = 1
}

enum Values {
    a = 1
}

enum bit<2> Narrow {
    a = 5
}

enum bit<8> Unknown {
    a = nothing
}

enum Empty {
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h.a = 1;
    }
}

#include <rest.p4>

// Properties with values that they cannot have.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    counter(4, CounterType.packets) indirect;
    direct_counter(CounterType.packets) once;
    table sizes {
        key = { hdr.h.a: exact; }
        actions = { NoAction; }
        size = -1;
    }
    table timeouts {
        key = { hdr.h.a: exact; }
        actions = { NoAction; }
        support_timeout = 5;
    }
    table counted {
        key = { hdr.h.a: exact; }
        actions = { NoAction; }
        counters = indirect;
    }
    table first {
        key = { hdr.h.a: exact; }
        actions = { NoAction; }
        counters = once;
    }
    table second {
        key = { hdr.h.a: exact; }
        actions = { NoAction; }
        counters = once;
        meters = once;
    }
    table keys {
        key = { hdr.h: exact; hdr.h.a + 1: exact; hdr.h.a: prefix; }
        actions = { NoAction; }
    }
    table twice {
        actions = { NoAction; }
        actions = { NoAction; }
    }
    apply {}
}

#include <rest.p4>

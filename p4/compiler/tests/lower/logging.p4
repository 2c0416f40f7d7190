// Places of a message: numbers, headers, structs within structs, and a selector's key that nothing looks at.
#define OWN_TYPES
#define OWN_INGRESS
#include <core.p4>
#include <v1model.p4>
header h_t { bit<8> a; bit<16> c; }
struct point { bit<8> x; bit<8> y; }
struct pair { point from; bool is_set; }
struct headers { h_t h; h_t[2] s; }
struct metadata { pair p; bit<8> key; }
#include "parts/before.p4"

control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    table t {
        key = { meta.key: exact; meta.p.from.x: selector; }
        actions = { NoAction; }
    }
    apply {
        log_msg("start");
        log_msg("{} and {}", { hdr.h.a, meta.p.is_set });
        log_msg("header {}.", { hdr.h });
        log_msg("struct {}, list {}", { meta.p, { 8w1, hdr.h.c } });
        log_msg("fields {} {}", meta.p);
        log_msg("stack {}", { hdr.s });
        t.apply();
    }
}
#include "parts/after.p4"

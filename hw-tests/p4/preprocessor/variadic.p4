// Macros with any number of arguments, joined and quoted, with arguments that are macros.
#include <data.p4>

#define FIELDS(type, ...) FIELDS_(type, ##__VA_ARGS__)
#define FIELDS_(type, a, b) type a; type b;
#define SET(field, first, rest...) hdr.h.field = first __VA_OPT__(+) rest
#define NAME(prefix, number) prefix ## _ ## number
#define CALL(f, ...) f(0 __VA_OPT__(,) __VA_ARGS__)

struct pair_t {
    FIELDS(bit<8>, x, y)
}

bit<8> NAME(add, 2)(in bit<8> zero, in bit<8> v) {
    return zero + v + 2;
}

bit<8> none(in bit<8> zero) {
    return zero + 0x40;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        pair_t pair = { 1, 2 };
        SET(a, pair.x + pair.y, 4);
        SET(b, 5);
        hdr.h.c = CALL(add_2, 7);
        hdr.h.d = CALL(none);
    }
}

#include <rest.p4>

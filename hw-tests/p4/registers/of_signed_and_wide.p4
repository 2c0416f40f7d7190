// Registers of signed numbers, of truth values and of numbers wider than a machine word.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> step;
    int<8> sum;
    bit<8> flips;
    bit<128> wide;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    register<int<8>>(1) sums;
    register<bool>(1) flags;
    register<bit<128>>(1) wides;
    apply {
        sums.read(hdr.h.sum, 0);
        hdr.h.sum = hdr.h.sum |-| (int<8>) hdr.h.step;
        sums.write(0, hdr.h.sum);
        bool flag;
        flags.read(flag, 0);
        hdr.h.flips = flag ? 8w1 : 0;
        flags.write(0, !flag);
        bit<128> wide;
        wides.read(wide, 0);
        wides.write(0, (wide << 64) | (bit<128>) hdr.h.step);
        hdr.h.wide = wide;
    }
}

#include <rest.p4>

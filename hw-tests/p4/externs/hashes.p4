// hash: base + H(data) modulo max, for data of any form; nothing but the base where max is 0.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> kind;
    bit<16> x;
    bit<32> result;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

struct pair_t {
    bit<8> high;
    bit<8> low;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        pair_t pair = { hdr.h.x[15:8], hdr.h.x[7:0] };
        bit<16> short;
        switch (hdr.h.kind) {
            0: { hash(hdr.h.result, HashAlgorithm.identity, 32w0x100, { hdr.h.x }, 32w0x80); }
            1: { hash(hdr.h.result, HashAlgorithm.csum16, 32w0, pair, 32w0x10000); }
            2: { hash(hdr.h.result, HashAlgorithm.xor16, 32w1, { 16w0x00ff, hdr.h.x }, 32w0x10000); }
            3: { hash(hdr.h.result, HashAlgorithm.crc16, 32w0, { pair.high, pair.low }, 32w0x10000); }
            4: { hash(hdr.h.result, HashAlgorithm.crc32, 32w0, hdr.h.x, 36w0x100000000); }
            5: { hash(hdr.h.result, HashAlgorithm.crc32, 32w7, hdr.h.x, 32w0); }
            6: {
                hash(short, HashAlgorithm.identity, 16w0, { hdr.h.x }, 32w65536);
                hdr.h.result = (bit<32>) short;
            }
        }
    }
}

#include <rest.p4>

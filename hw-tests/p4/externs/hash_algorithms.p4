// What the hash algorithms give for known bytes, and how the result is brought between base and max.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<72> digits;
    bit<16> crc16;
    bit<32> crc32;
    bit<16> sum;
    bit<16> xored;
    bit<16> low;
    bit<8> ranged;
    bit<8> same;
}

struct headers_t {
    data_t h;
}

struct metadata_t {}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hash(hdr.h.crc16, HashAlgorithm.crc16, 16w0, { hdr.h.digits }, 32w0x10000);
        hash(hdr.h.crc32, HashAlgorithm.crc32, 32w0, { hdr.h.digits }, 64w0x100000000);
        hash(hdr.h.sum, HashAlgorithm.csum16, 16w0, { 16w0x1234, 16w0x5678 }, 32w0x10000);
        hash(hdr.h.xored, HashAlgorithm.xor16, 16w0, { 16w0x1234, 16w0x5678 }, 32w0x10000);
        hash(hdr.h.low, HashAlgorithm.identity, 16w0, { 16w0x1234, 16w0x5678 }, 32w0x10000);
        hash(hdr.h.ranged, HashAlgorithm.identity, 8w100, { 8w23 }, 8w10);
        hash(hdr.h.same, HashAlgorithm.crc32, 8w7, { hdr.h.digits }, 8w1);
    }
}

#include <rest.p4>

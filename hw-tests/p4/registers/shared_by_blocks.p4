// One register that ingress and egress use; what ingress writes, egress of the same packet reads. The script reads and writes it, too.
#include <data.p4>

register<bit<8>>(4) cells;

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8> old;
        cells.read(old, (bit<32>) hdr.h.a);
        hdr.h.b = old;
        cells.write((bit<32>) hdr.h.a, old + 1);
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        cells.read(hdr.h.c, (bit<32>) hdr.h.a);
        cells.write((bit<32>) hdr.h.a, hdr.h.c << 1);
    }
}

#include <rest.p4>

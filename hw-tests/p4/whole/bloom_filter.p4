// A firewall that lets in what was asked for from inside: two registers of bits, by two hashes of the connection.
#include <core.p4>
#include <v1model.p4>

header flow_t {
    bit<32> src;
    bit<32> dst;
    bit<8> syn;
}

struct headers_t {
    flow_t flow;
}

struct metadata_t {}

#define CELLS 256

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.flow);
        transition accept;
    }
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    register<bit<1>>(CELLS) first;
    register<bit<1>>(CELLS) second;
    bit<32> at_first;
    bit<32> at_second;
    action find(bit<32> inside, bit<32> outside) {
        hash(at_first, HashAlgorithm.crc16, 32w0, { inside, outside }, (bit<32>) CELLS);
        hash(at_second, HashAlgorithm.crc32, 32w0, { inside, outside }, (bit<32>) CELLS);
    }
    apply {
        if (standard.ingress_port == 1) {
            standard.egress_spec = 2;
            if (hdr.flow.syn == 1) {
                find(hdr.flow.src, hdr.flow.dst);
                first.write(at_first, 1);
                second.write(at_second, 1);
            }
        } else {
            standard.egress_spec = 1;
            find(hdr.flow.dst, hdr.flow.src);
            bit<1> a;
            bit<1> b;
            first.read(a, at_first);
            second.read(b, at_second);
            if (a != 1 || b != 1) {
                mark_to_drop(standard);
            }
        }
    }
}

#include <rest.p4>

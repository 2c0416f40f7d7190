// Counters of packets, of bytes, and of both, by an index from the packet; one beyond the end counts nothing.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    counter(4, CounterType.packets) packets;
    counter(4, CounterType.bytes) bytes;
    counter(4, CounterType.packets_and_bytes) both;
    apply {
        packets.count((bit<32>) hdr.h.a);
        bytes.count((bit<32>) hdr.h.a);
        both.count((bit<32>) hdr.h.b);
        both.count((bit<32>) hdr.h.b);
    }
}

#include <rest.p4>

// A parser that applies itself has no end.
#include <data.p4>

parser Loop(packet_in packet, out data_t h) {
    state start {
        Loop.apply(packet, h);
        transition accept;
    }
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Loop() loop;
    state start {
        loop.apply(packet, hdr.h);
        transition accept;
    }
}

#include <rest.p4>

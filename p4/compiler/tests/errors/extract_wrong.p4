#define OWN_PARSER
#include "../lower/parts/before.p4"
header v_t { bit<8> n; varbit<32> v; } 
parser P(packet_in packet, out headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    v_t v; state start { packet.extract(meta.x); packet.extract(v); packet.extract(hdr.h, 8); packet.extrct(hdr.h); transition accept; }
}
#include "../lower/parts/after.p4"

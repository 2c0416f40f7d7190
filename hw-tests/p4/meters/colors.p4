// A meter of packets: as many as the committed burst are green, so many more yellow, then red; time fills it again.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    meter(2, MeterType.packets) rates;
    apply {
        bit<8> color = 9;
        rates.execute_meter((bit<32>) hdr.h.a, color);
        hdr.h.b = color;
    }
}

#include <rest.p4>

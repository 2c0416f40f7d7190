// The later version of v1model: indexes of counters, meters and registers have a type of their own.
#define V1MODEL_VERSION 20200408
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    counter<bit<8>>(256, CounterType.packets_and_bytes) seen;
    register<bit<8>, bit<4>>(16) last;
    meter<bit<8>>(256, MeterType.packets) rates;
    apply {
        PortId_t port = standard.ingress_port;
        seen.count(hdr.h.a);
        last.read(hdr.h.b, hdr.h.a[3:0]);
        last.write(hdr.h.a[3:0], hdr.h.c);
        bit<2> color;
        rates.execute_meter(hdr.h.a, color);
        hdr.h.d = 6w0 ++ color;
        standard.egress_spec = port + 1;
    }
}

#include <rest.p4>

// Blocks with type parameters, filled in where the package is made, and constructed with arguments.
#include <data.p4>

parser Read<H, M>(packet_in packet, out H hdr, inout M meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr);
        transition accept;
    }
}

struct only_t {
    data_t h;
}

parser Reads(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    Read<data_t, metadata_t>() read;
    state start {
        read.apply(packet, hdr.h, meta, standard);
        transition accept;
    }
}

control Add<T>(inout T x, inout standard_metadata_t standard)(T by) {
    apply {
        x = by;
    }
}

control Pass<M>(inout headers_t hdr, inout M meta, inout standard_metadata_t standard)(bit<8> mark) {
    Add<bit<8>>(mark + 1) add;
    Add<bit<4>>(3) low;
    apply {
        add.apply(hdr.h.b, standard);
        low.apply(hdr.h.c[3:0], standard);
    }
}

control Sums<H, M>(inout H hdr, inout M meta) {
    apply {}
}

control Write(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr);
    }
}

V1Switch<headers_t, metadata_t>(
    Reads(),
    Sums<headers_t, metadata_t>(),
    Pass<metadata_t>(4),
    Pass<metadata_t>(8),
    Sums<headers_t, metadata_t>(),
    Write()
) main;

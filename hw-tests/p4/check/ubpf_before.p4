// The same target in its first version: blocks have no metadata of the packet.
#define UBPF_MODEL_VERSION 20200304
#include <ubpf_model.p4>

struct headers_t {}
struct metadata_t {}

struct cell_t {
    bit<48> time;
}

parser Read(packet_in packet, out headers_t hdr, inout metadata_t meta) {
    state start { transition accept; }
}

control Pipe(inout headers_t hdr, inout metadata_t meta) {
    Register<cell_t, cell_t>(1) times;
    apply {
        cell_t where = { 0 };
        cell_t last = times.read(where);
        if (ubpf_time_get_ns() - last.time > 100) {
            last.time = ubpf_time_get_ns();
            times.write(where, last);
        }
    }
}

control Write(packet_out packet, in headers_t hdr) {
    apply {}
}

ubpf(Read(), Pipe(), Write()) main;

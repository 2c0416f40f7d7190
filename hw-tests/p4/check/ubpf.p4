// A program for p4c's uBPF target, with the metadata of a packet.
#include <ubpf_model.p4>

header ethernet_t {
    bit<48> dst;
    bit<48> src;
    bit<16> kind;
}

struct headers_t {
    ethernet_t ethernet;
}

struct metadata_t {
    bit<32> hash;
}

parser Read(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata std) {
    state start {
        packet.extract(hdr.ethernet);
        transition accept;
    }
}

control Pipe(inout headers_t hdr, inout metadata_t meta, inout standard_metadata std) {
    Register<bit<32>, bit<32>>(64) seen;
    apply {
        hash(meta.hash, HashAlgorithm.lookup3, { hdr.ethernet.kind, std.input_port });
        bit<32> before = seen.read(meta.hash & 63);
        seen.write(meta.hash & 63, before + 1);
        if (ubpf_time_get_ns() == 0 || before > 5) {
            mark_to_drop();
        } else {
            mark_to_pass();
            std.output_action = ubpf_action.REDIRECT;
            std.output_port = 2;
            truncate(64);
        }
        hdr.ethernet.kind = csum_replace4(hdr.ethernet.kind, before, meta.hash);
    }
}

control Write(packet_out packet, in headers_t hdr) {
    apply {
        packet.emit(hdr.ethernet);
    }
}

ubpf(Read(), Pipe(), Write()) main;

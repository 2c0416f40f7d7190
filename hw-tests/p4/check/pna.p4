// A program for the Portable NIC Architecture, with a table that the data plane adds to.
#include <core.p4>
#include "dpdk/pna.p4"

header ethernet_t {
    bit<48> dst;
    bit<48> src;
    bit<16> type;
}

struct headers_t {
    ethernet_t ethernet;
}

struct metadata_t {}

struct hit_t {
    bit<8> class;
}

control Before(in headers_t hdr,
               inout metadata_t meta,
               in pna_pre_input_metadata_t istd,
               inout pna_pre_output_metadata_t ostd) {
    apply {}
}

parser Reader(packet_in packet, out headers_t hdr, inout metadata_t meta, in pna_main_parser_input_metadata_t istd) {
    state start {
        packet.extract(hdr.ethernet);
        transition accept;
    }
}

control Forward(inout headers_t hdr,
                inout metadata_t meta,
                in pna_main_input_metadata_t istd,
                inout pna_main_output_metadata_t ostd) {
    DirectCounter<bit<64>>(PNA_CounterType_t.PACKETS) hits;
    Counter<bit<32>, bit<8>>(10, PNA_CounterType_t.BYTES) bytes;

    action hit(bit<8> class) {
        hits.count();
        restart_expire_timer();
    }
    action miss() {
        add_entry(action_name = "hit",
                  action_params = (hit_t) { class = 3 },
                  expire_time_profile_id = (ExpireTimeProfileId_t) 1);
    }
    table flows {
        key = {
            SelectByDirection(istd.direction, hdr.ethernet.src, hdr.ethernet.dst): exact @name("station");
        }
        actions = { @tableonly hit; @defaultonly miss; }
        const default_action = miss;
        add_on_miss = true;
        pna_idle_timeout = PNA_IdleTimeout_t.NOTIFY_CONTROL;
        pna_direct_counter = hits;
    }

    apply {
        flows.apply();
        bytes.count(1);
        bytes.count(1, 64);
        if (istd.direction == PNA_Direction_t.NET_TO_HOST) {
            mirror_packet((MirrorSlotId_t) 1, (MirrorSessionId_t) 2);
        } else {
            send_to_port((PortId_t) 4);
        }
    }
}

control Writer(packet_out packet, in headers_t hdr, in metadata_t meta, in pna_main_output_metadata_t ostd) {
    apply {
        packet.emit(hdr.ethernet);
    }
}

PNA_NIC(Reader(), Before(), Forward(), Writer()) main;

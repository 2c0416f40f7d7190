// Each switch on the way writes its number and the packet's length in front of those before it, while there is room.
#include <core.p4>
#include <v1model.p4>

#define ROOM 3

header base_t {
    bit<8> count;
    bit<8> left;
}

header mark_t {
    bit<8> node;
    bit<8> length;
}

struct headers_t {
    base_t base;
    mark_t[ROOM] marks;
}

struct metadata_t {
    bit<8> remaining;
}

error {
    TooManyMarks
}

#define OWN_PARSER
parser MyParse(packet_in packet, out headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    state start {
        packet.extract(hdr.base);
        verify(hdr.base.count <= ROOM, error.TooManyMarks);
        meta.remaining = hdr.base.count;
        transition select(meta.remaining) {
            0: accept;
            default: mark;
        }
    }
    state mark {
        packet.extract(hdr.marks.next);
        meta.remaining = meta.remaining - 1;
        transition select(meta.remaining) {
            0: accept;
            default: mark;
        }
    }
}

#define OWN_EGRESS
control MyEgress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action note(bit<8> node) {
        hdr.base.count = hdr.base.count + 1;
        hdr.marks.push_front(1);
        hdr.marks[0].setValid();
        hdr.marks[0] = { node, standard.packet_length[7:0] };
    }
    action ignore() {}
    table notes {
        actions = { note; ignore; }
        default_action = ignore();
    }
    apply {
        if (standard.parser_error == error.TooManyMarks) {
            mark_to_drop(standard);
        } else if (hdr.base.count < ROOM && hdr.base.left != 0) {
            hdr.base.left = hdr.base.left - 1;
            notes.apply();
        }
    }
}

#include <rest.p4>

// Enumerations with numbers as indexes, in arrays, and counted through.
#include <data.p4>

enum bit<8> Slot {
    first = 0,
    middle = 1,
    last = 2
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        bit<8>[3] table_of = { 0x10, 0x20, 0x30 };
        Slot slot = (Slot) hdr.h.a;
        hdr.h.b = table_of[slot];
        table_of[Slot.last] = 0x77;
        hdr.h.c = table_of[2];
        bit<8> n = 0;
        for (bit<8> i in Slot.first .. Slot.last) {
            if ((Slot) i != Slot.middle) {
                n = n + i + 1;
            }
        }
        hdr.h.d = n;
    }
}

#include <rest.p4>

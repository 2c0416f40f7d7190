// Enumerations without a number behind them: assigned, compared, chosen by, passed and returned.
#include <data.p4>

enum Color {
    red,
    green,
    blue
}

struct painted_t {
    Color color;
    bit<8> n;
}

Color next(in Color of) {
    if (of == Color.red) {
        return Color.green;
    }
    return Color.blue;
}

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        Color color = Color.red;
        if (hdr.h.a == 1) {
            color = Color.green;
        } else if (hdr.h.a == 2) {
            color = next(Color.green);
        }
        switch (color) {
            Color.red: { hdr.h.b = 0x10; }
            Color.green: { hdr.h.b = 0x20; }
            default: { hdr.h.b = 0x30; }
        }
        hdr.h.c = color == Color.blue ? 8w1 : 0;
        painted_t p = { color, 5 };
        if (p.color != Color.red) {
            hdr.h.d = p.n;
        }
    }
}

#include <rest.p4>

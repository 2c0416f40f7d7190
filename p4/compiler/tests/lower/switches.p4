#define OWN_INGRESS
#include "parts/before.p4"
enum Color { red, green, blue }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    Color color = Color.green;
    apply {
        switch (hdr.h.a) {
            1: 
            2: { meta.x = 1; }
            0xff: { meta.x = 2; }
            default: { meta.x = 3; }
        }
        switch (color) {
            Color.red: { meta.y = 1; }
            Color.blue: { meta.y = 2; }
        }
        switch (meta.flag) { true: { meta.y = 3; } default: { } }
    }
}
#include "parts/after.p4"

#define OWN_INGRESS
#include "../lower/parts/before.p4"
enum Color { red, green } enum bit<8> Kind { a = 1 }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        Color c = Color.rde; Kind k = 1;
    }
}
#include "../lower/parts/after.p4"

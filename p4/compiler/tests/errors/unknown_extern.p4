#define OWN_INGRESS
#include "../lower/parts/before.p4"
extern void launch(in bit<8> v);
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        launch(1);
    }
}
#include "../lower/parts/after.p4"

#define OWN_INGRESS
#include "../lower/parts/before.p4"
extern T make<T>();
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        meta.x = make();
    }
}
#include "../lower/parts/after.p4"

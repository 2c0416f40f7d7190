#define OWN_INGRESS
#include "../lower/parts/before.p4"
struct kept_t { @field_list("a") bit<8> v; }
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    
    apply {
        
    }
}
#include "../lower/parts/after.p4"

#define OWN_INGRESS
#include "../lower/parts/before.p4"
control I(inout headers hdr, inout metadata meta, inout standard_metadata_t sm) {
    counter(0xffffffff, CounterType.bytes) c;
    register<bit<8>>(1 << 29) r;
    action_selector(HashAlgorithm.crc32, 16, 0) s;
    apply {
        c.count(0);
        r.write(0, 1);
    }
}
#include "../lower/parts/after.p4"

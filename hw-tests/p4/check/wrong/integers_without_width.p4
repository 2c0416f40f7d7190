// Numbers without a width where only the call tells the type.
#include <v1model.p4>

extern void look<T>(in T x);

control C(inout bit<16> h) {
    apply {
        look(5);
        hash(h, HashAlgorithm.crc16, 16w0, { h }, 0xffff);
        look(8w5);
    }
}

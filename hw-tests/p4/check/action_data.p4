// Action data of types that the control plane of another architecture may supply.
#include <core.p4>

struct next_t {
    bit<48> mac;
    bit<9> port;
}

control C(inout bit<48> dst, inout bit<9> port, inout error problem) {
    action forward(next_t next) {
        dst = next.mac;
        port = next.port;
    }
    action fail(error e, bit<8> unused) { problem = e; }
    table t {
        key = { dst: exact; }
        actions = { forward; fail; NoAction; }
    }
    apply { t.apply(); }
}

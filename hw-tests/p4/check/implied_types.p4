// Type arguments of blocks that only the package's parameters tell.
parser Read(in bit<2> x);
control Work<T>(inout T x);
package Machine<T>(Read read, Work<T> first, Work<bit<8>> second);

parser Reads<T>(in T x) {
    state start {
        T copy = x;
        transition accept;
    }
}

control Works<T>(inout T x) {
    apply {
        T copy = x;
        x = copy;
    }
}

Machine<bit<16>>(Reads(), Works(), Works()) main;

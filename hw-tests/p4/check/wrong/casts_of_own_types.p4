// Casts that leave out a step: a type of its own is cast to and from what it is made of.
type bit<9> port_t;
type bit<16> length_t;

control C(inout port_t p, inout bit<9> nine, inout bit<16> sixteen) {
    apply {
        sixteen = (bit<16>) p;
        p = (port_t) sixteen;
        length_t l = (length_t) p;
        p = (port_t) nine;
        p = (port_t) 3;
        sixteen = (bit<16>) (bit<9>) p;
    }
}

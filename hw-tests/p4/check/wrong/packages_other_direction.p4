// A block whose parameter has another direction.

control Block(in bit<8> x);
package Machine(Block a);

control C(inout bit<8> x) {
    apply {}
}

Machine(C()) main;

// A package with too few blocks.

control Block(in bit<8> x);
package Machine(Block a, Block b);

control C(in bit<8> x) {
    apply {}
}

Machine(C()) main;

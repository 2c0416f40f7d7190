// A package made of what is no block, and of a parser for a control.

control Block(in bit<8> x);
package Machine(Block a, Block b);

parser P(in bit<8> x) {
    state start { transition accept; }
}

Machine(3, P()) main;

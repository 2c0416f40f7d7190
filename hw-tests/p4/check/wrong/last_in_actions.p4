// What belongs to parsers, in an action of the top level.
header data_t {
    bit<8> a;
}

action a(inout data_t[2] stack, inout bit<32> n) {
    n = stack.lastIndex;
    stack.next.a = 1;
}

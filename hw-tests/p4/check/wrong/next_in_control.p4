// What only a parser knows of a stack.

header data_t {
    bit<8> a;
}

control C(inout data_t[3] stack) {
    apply {
        data_t first = stack.next;
        data_t last = stack.last;
        bit<32> at = stack.lastIndex;
    }
}

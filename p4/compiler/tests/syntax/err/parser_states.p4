parser P(bit<8> p) {
    state start {
        return;
        switch (p) { 1: {} }
        exit;
        transition next;
        p = 1;
    }
    bit<8> late;
    state next {
        transition select(p) {
            1: accept
            2 accept;
            (1, 2: accept;
            _: accept;
        }
    }
    p = 2;
    state last {
        transition
    }
}

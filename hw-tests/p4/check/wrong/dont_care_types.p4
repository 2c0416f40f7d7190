// `_` as a type where nothing tells what it is.
struct box_t<T> {
    T x;
}

const box_t<_> C = { x = 8w1 };

control D(in bit<8> y) {
    apply {
        box_t<_> b = { x = y };
    }
}

// Types in declarations that nobody uses.

struct pair_t<T> {
    T a;
}

extern void f(in missing_t x);
extern missing_t g<T>(in pair_t<T, T> x);

extern Box {
    Box(missing_t x);
    void put(in pair_t x);
}

control Block(inout missing_t x);

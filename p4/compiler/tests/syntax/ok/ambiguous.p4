// Where the same tokens mean different things, depending on which names are types.
header T { bit<8> x; }
extern G<A> { G(); A get(); }
extern V f<V>(in bit<8> n);
typedef bit<8> byte;
control Inner(in byte b) { apply {} }
control Generic<K>(in K k);
control C(inout byte a, inout byte b) {
    byte c;
    G<byte>() g;
    G<tuple<byte, G<byte>>>() deep;
    T[2] stack;
    apply {
        a = (byte) -b;
        a = (a) - b;
        a = (byte) (a);
        a = (a)[3:0];
        a = f<byte>(1);
        a = f<bit<8>>(1) >> 2;
        a = f<tuple<bit<8>, list<bit<8>>>>(1);
        bool less = a < b;
        bool both = a < b && b > (c);
        bool shifted = a < b >> 1;
        bool call = a < (b) || (b) > a;
        a = a >> b;
        a >>= b;
        Inner.apply(a);
        .Inner.apply(b = a);
        Generic<byte>.apply(a);
        Inner() inner;
        inner.apply(a);
        g.get();
        T t;
        T[4] ts = {{1}, {2}, {3}, {4}};
        stack[0].x = (byte) stack[1].x;
        {
            // A variable hides the type.
            bit<8> byte = 3;
            a = (byte) - b;
            byte = byte + 1;
        }
        a = (byte) - b;
        unknown_t u;
        unknown_t<bit<8>> v = (unknown_t) u;
    }
}

// Type arguments that are too many, and none where nothing tells them.

extern void f<T>(in T x);
extern T g<T>();

control C() {
    apply {
        f<bit<8>, bit<8>>(1);
        g();
    }
}

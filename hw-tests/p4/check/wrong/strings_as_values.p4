// Strings passed to parameters of any type.
extern void look<T>(in T x);
extern void note(string text);

control C() {
    apply {
        look("text");
        note("text");
    }
}

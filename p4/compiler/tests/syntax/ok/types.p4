// Every form of a type.
extern E<T> { E(); }
header H { bit f; }
struct T<A, B> { A a; B b; }
const int W = 4;
struct All {
    bit plain;
    bit<1> one;
    bit<(W + 4)> computed;
    int<8> signed;
    int<(W)> signed_computed;
    int any;
    varbit<(W * 8)> variable;
    bool flag;
    error failed;
    string text;
    match_kind kind;
    void nothing;
    H[W] stack;
    H[2][3] nested;
    .H global;
    tuple<> unit;
    tuple<bit<8>, tuple<bool, H>> pair;
    list<bit<8>> numbers;
    list<tuple<bit<8>, list<bool>>> deep;
    T<bit<8>, T<bit<16>, _>> generic;
    E<E<E<bit<8>>>> split;
}

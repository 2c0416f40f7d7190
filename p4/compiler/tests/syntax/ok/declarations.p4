// Declarations of the top level.
;
const bit<8> WIDTH = 8;
const int BIG = 0xFFFF_FFFF_FFFF_FFFF_FFFF;
error { Mine, Yours }
error { Trailing, }
match_kind { hashed }
typedef bit<9> Port;
type bit<9> PortId;
typedef struct Inner { bit<8> a; } Outer;
header Empty {}
header H<T> { T value; varbit<64> rest; }
header_union U { Empty e; H<bit<8>> h; }
struct S {
    @hidden bit<8> a;
    int<16> b;
    bool c;
    error e;
    U[4] stack;
    tuple<bit<8>, bool> pair;
}
enum Color { Red, Green, Blue }
enum bit<8> Code { A = 1, B = WIDTH + 1, }
enum Port PortCode { None = 0 }
extern bit<32> digest_of<T>(in T data);
extern T identity<T>(in T data);
extern void nothing();
extern Object<T, U> {
    Object();
    Object(bit<32> size, @optional T initial);
    @pure U get(in T key);
    void put<K>(in K key, inout T value, out U old);
    abstract void on_change(inout T value);
}
extern Plain {}
bit<8> twice(in bit<8> x, bit<8> by = 2) {
    return x * by;
}
T first<T, U>(in T a, in U b) {
    return a;
}
void log(string message) {}
action shared(inout bit<8> x, bit<8> data) { x = data; }
parser Parse<H>(packet_in p, out H h);
control Run<H, M>(inout H h, inout M m);
control Fixed();
package Arch<H, M>(Parse<H> p, Run<H, M> r, @optional Fixed f);
Object<bit<8>, _>(16, initial = 3) named;
Object<bit<8>, bit<8>>() filled = {
    Plain() helper;
    void on_change(inout bit<8> value) {
        value = value + 1;
        this.put(value, value, _);
    }
};
@name("top") .Plain() instance;

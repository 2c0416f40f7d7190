// Parsers, controls and packages with type parameters; what makes them tells the types, or says them.
#include <core.p4>

extern Generic<T> {
    Generic(T size);
    R get<R>();
    R both<R, S>(in S value, in R data);
}

extern Widget<T> {
    Widget();
    T turn();
}

extern Widget<T> made_of<T, U>(U a, T b);
extern void look<T>(in T value);

control Inner<T>()(T size) {
    Generic<T>(size) generic;
    apply {
        bit<32> a = generic.get<bit<32>>();
        bit<5> b = generic.both(10w0, 5w0);
        look(b);
    }
}

control Never<D, T>(Widget<D> widget, in T value) {
    apply {
        D turned = widget.turn();
        look<T>(value);
    }
}

control Outer() {
    Inner(8w9) inferred;
    Inner<bit<16>>(9) said;
    apply {
        inferred.apply();
        said.apply();
    }
}

parser Reader<T>(in T a)(Widget<bit<8>> widget) {
    Widget<T>() own;
    state start {
        T w = own.turn();
        bit<8> v = widget.turn();
        transition accept;
    }
}

// Whether a type will do is told where it is filled in.
parser Unused<H, V>(packet_in packet, out H hdr, in V value)(V start) {
    state start {
        packet.extract(hdr.first);
        transition select(value + start) {
            0: accept;
            default: next;
        }
    }
    state next {
        packet.extract(hdr.second);
        transition accept;
    }
}

T largest<T>(in T a, in T b) {
    return a > b ? a : b;
}

control Plain();
parser Read(in bit<2> a);
package Part<T>(@optional Plain plain, list<T> numbers);
package Whole<T>(Plain plain = Outer(), Read read, Part<T> part);

Part(numbers = { 8w1, 2, 3 }) part;
Whole(read = Reader<bit<2>>(made_of(16w0, 8w0)), part = part) main;

// Every form of an expression, and how tightly operators bind.
struct S { bit<8> a; bit<8> b; }
header H { bit<8> a; }
enum Color { Red }
extern X { X(int n); }
extern bit<8> f<T>(in T a);
const bit<8> c1 = 1 + 2 * 3 - 4 / 5 % 6;
const bool c2 = a || b && c == d != e;
const bool c3 = a < b == c > d;
const bool c4 = a & b == c;
const bit<8> c5 = a | b ^ c & d << e >> f ++ g;
const bit<8> c6 = a |+| b |-| c - d;
const bit<8> c7 = -a + !b * ~c - +d;
const bit<8> c8 = - - -a.b;
const bit<8> c9 = a ? b : c ? d : e;
const bit<8> c10 = (a ? b : c) ++ (d + e)[7:0][3:0];
const bit<8> c11 = a[0].b[1][7 : 0].c(1)(2).d;
const bit<8> c12 = (bit<8>) a + (int<8>) (bit<8>) -b.c;
const S c13 = {1, 2};
const S c14 = {1, 2,};
const S c15 = {};
const S c16 = {a = 1, b = 2};
const S c17 = {a = 1, ...};
const S c18 = {1, ...};
const S c19 = ...;
const S c20 = (S) {a = 1, b = {c = 2,},};
const S c21 = (S) {...};
const H c22 = {#};
const H c23 = (H) {#};
const error c24 = error.NoError;
const Color c25 = Color.Red;
const Color c26 = .Color.Red;
const bit<8> c27 = .c1;
const bit<8> c28 = f<bit<8>>(c1) + f<tuple<bit<8>, S>>({1, {2, 3}});
const bit<8> c29 = f(a = 1, b = _) + f(_, 2);
const bit<8> c30 = 8w255 ++ 4s7 ++ 0xFF ++ 0o17 ++ 0b1_1 ++ 32w0x8000_0000 ++ 0d9;
const string c31 = "a \"quoted\" \\ text\n";
const bool c32 = true != false;
const bit<8> c33 = (((1)));
const list<tuple<bit<8>, bool>> c34 = {{1, true}, {2, false}};
const X c35 = X(1);
const bit<8> c36 = a.apply().hit ? 1 : 2;
const bit<8> c37 = a.list.type.key.state.entries.actions.priority;
const bool c38 = a <= b && c >= d;

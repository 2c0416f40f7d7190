// Directives and macros that are wrong, each told where it stands.
#include <data.p4>
#include <missing.p4>
#include
#define ONE(x) x
#define SOME(x, ...) x
#define BAD(x, ..., y) x
#if ONE(1) +
#endif
#if 1 / 0
#endif
#ifdef
#endif
#elif 1
#frobnicate
#error this program is wrong
#warning this program is odd
#line many

const bit<8> A = ONE(1, 2);
const bit<8> B = SOME();
const bit<8> C = ONE(1;

#include <rest.p4>

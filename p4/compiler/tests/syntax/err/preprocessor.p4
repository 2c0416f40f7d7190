#include "none.p4"
#include <none.p4>
#include
#define
#define F(a, b) a + b
#define F(a) a
#define G(a, a) a
#define H ## x
#define J(a) 1 ## a
#bogus
#error this is not right
#warning this may not be right
#if 1 +
#endif
#if 1 / 0
#endif
#if defined
#endif
#ifdef 1
#endif
#else
#endif
#elif 1
const int x = F(1, 2);
const int y = J(+);
const int z = F(1;
#line x
#if 1
#else
#else
#elif 1
#endif
#ifdef NEVER_CLOSED

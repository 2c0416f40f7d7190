// A parameter that may be left out for two reasons.
extern void f(@optional in bit<8> x = 3);

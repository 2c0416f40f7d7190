// Types whose values double with each declaration.
#include <data.p4>

struct s0 {
    bit<8> x;
    bit<8> y;
}
struct s1 { s0 a; s0 b; }
struct s2 { s1 a; s1 b; }
struct s3 { s2 a; s2 b; }
struct s4 { s3 a; s3 b; }
struct s5 { s4 a; s4 b; }
struct s6 { s5 a; s5 b; }
struct s7 { s6 a; s6 b; }
struct s8 { s7 a; s7 b; }
struct s9 { s8 a; s8 b; }
struct s10 { s9 a; s9 b; }
struct s11 { s10 a; s10 b; }
struct s12 { s11 a; s11 b; }
struct s13 { s12 a; s12 b; }
struct s14 { s13 a; s13 b; }
struct s15 { s14 a; s14 b; }
struct s16 { s15 a; s15 b; }
struct s17 { s16 a; s16 b; }
struct s18 { s17 a; s17 b; }
struct s19 { s18 a; s18 b; }
struct s20 { s19 a; s19 b; }
struct s21 { s20 a; s20 b; }
struct s22 { s21 a; s21 b; }
struct s23 { s22 a; s22 b; }
struct s24 { s23 a; s23 b; }
struct s25 { s24 a; s24 b; }
struct s26 { s25 a; s25 b; }
struct s27 { s26 a; s26 b; }
struct s28 { s27 a; s27 b; }
struct s29 { s28 a; s28 b; }
struct s30 { s29 a; s29 b; }
struct s31 { s30 a; s30 b; }
struct s32 { s31 a; s31 b; }
struct s33 { s32 a; s32 b; }
struct s34 { s33 a; s33 b; }
struct s35 { s34 a; s34 b; }
struct s36 { s35 a; s35 b; }
struct s37 { s36 a; s36 b; }
struct s38 { s37 a; s37 b; }
struct s39 { s38 a; s38 b; }
typedef tuple<bit<8>, bit<8>> t0;
typedef tuple<t0, t0> t1;
typedef tuple<t1, t1> t2;
typedef tuple<t2, t2> t3;
typedef tuple<t3, t3> t4;
typedef tuple<t4, t4> t5;
typedef tuple<t5, t5> t6;
typedef tuple<t6, t6> t7;
typedef tuple<t7, t7> t8;
typedef tuple<t8, t8> t9;
typedef tuple<t9, t9> t10;
typedef tuple<t10, t10> t11;
typedef tuple<t11, t11> t12;
typedef tuple<t12, t12> t13;
typedef tuple<t13, t13> t14;
typedef tuple<t14, t14> t15;
typedef tuple<t15, t15> t16;
typedef tuple<t16, t16> t17;
typedef tuple<t17, t17> t18;
typedef tuple<t18, t18> t19;
typedef tuple<t19, t19> t20;
typedef tuple<t20, t20> t21;
typedef tuple<t21, t21> t22;
typedef tuple<t22, t22> t23;
typedef tuple<t23, t23> t24;
typedef tuple<t24, t24> t25;
typedef tuple<t25, t25> t26;
typedef tuple<t26, t26> t27;
typedef tuple<t27, t27> t28;
typedef tuple<t28, t28> t29;
typedef tuple<t29, t29> t30;
typedef tuple<t30, t30> t31;
typedef tuple<t31, t31> t32;
typedef tuple<t32, t32> t33;
typedef tuple<t33, t33> t34;
typedef tuple<t34, t34> t35;
typedef tuple<t35, t35> t36;
typedef tuple<t36, t36> t37;
typedef tuple<t37, t37> t38;
typedef tuple<t38, t38> t39;
typedef bit<8>[1024] a0;
typedef a0[1024] a1;
typedef a1[1024] a2;
const a1 ZEROS = ...;

#include <rest.p4>

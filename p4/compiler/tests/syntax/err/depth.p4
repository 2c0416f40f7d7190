#define A(x) ((((((((x))))))))
#define B(x) A(A(A(A(A(A(A(A(x))))))))
#define C(x) B(B(B(B(x))))
const int shallow = B(1);
const int deep = C(1);

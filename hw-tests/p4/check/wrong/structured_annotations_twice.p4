// Structured annotations that stand twice, and keys that do.
@mark[1]
@mark[2]
const bit<8> A = 1;

@mark(free text)
@mark[a = 1]
const bit<8> B = 1;

@mark[a = 1, b = 2, a = 3]
const bit<8> D = 1;

@mark(1)
@mark(2)
const bit<8> E = 1;

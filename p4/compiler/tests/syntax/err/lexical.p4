const int a = 0b12;
const int b = 12ab;
const int c = 8w;
const string d = "no end;
const int e = 5 $ 6;
const int f = 99999w1;
/* no end

// `main` that is no instance of a package: a constant here.
const bit<8> main = 5;

// Constants that would need functions to run.
bit<8> twice(in bit<8> x) {
    return x + x;
}

const bit<8> FOUR = twice(2);

// Instances and compile-time values with a direction.

extern Box {
    Box();
}

control C(in Box box, in int number, inout string text) {
    apply {}
}

action a(int number) {}

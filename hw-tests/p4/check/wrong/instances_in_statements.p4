// Instances that are made by statements.

extern Box {
    Box();
}

void f() {
    Box() box;
}

control C() {
    action a() {
        Box() box;
    }
    apply {
        a();
        if (true) {
            Box() box;
        }
    }
}

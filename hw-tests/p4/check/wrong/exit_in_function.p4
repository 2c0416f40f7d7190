// Statements that end what they do not stand in.

void f() {
    exit;
}

control C() {
    apply {
        break;
        return 3;
    }
}

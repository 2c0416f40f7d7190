// A parser without `start`, and states that are not there.

parser P() {
    state first { transition accept; }
}

parser Q() {
    state start { transition begin; }
}

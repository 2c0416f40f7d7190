// A state that returns.

parser P() {
    state start {
        return;
    }
}

// A state that every parser has, declared again.

parser P() {
    state start { transition accept; }
    state accept {}
}

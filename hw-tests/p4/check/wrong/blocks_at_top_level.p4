// Parsers and controls with a name at the top level: only packages and externs are made there.
parser P() {
    state start { transition accept; }
}

control C() {
    apply {}
}

P() one;
C() two;

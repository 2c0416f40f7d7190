// An instance of a control type, which has no body.

control Type(inout bit<8> x);

control C() {
    Type() t;
    apply {}
}

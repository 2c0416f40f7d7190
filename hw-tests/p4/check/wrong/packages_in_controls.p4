// A package within a control.

package Machine();

control C() {
    Machine() m;
    apply {}
}

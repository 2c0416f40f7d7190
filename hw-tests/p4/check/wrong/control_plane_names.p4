// Actions of one name for the control plane, written with a dot before it.
control C() {
    @name(".drop") action drop() {}
    apply { drop(); }
}

control D() {
    @name(".drop") action drop() {}
    apply { drop(); }
}

action forward() {}

control E() {
    @name(".forward") action send() {}
    apply { send(); }
}

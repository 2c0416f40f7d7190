// Tables: every property, entries in every form.
extern profile { profile(bit<32> n); }
control C(inout bit<8> a, inout bit<16> b)(bit<8> size, profile shared) {
    const bit<8> K = 1;
    action none() {}
    action set(bit<8> v, bit<16> w) { a = v; b = w; }
    table all {
        key = {
            a: exact;
            b[7:0]: ternary @name("low") @hidden;
            a + 1: lpm;
            (b == 2): exact;
        }
        actions = {
            none;
            none();
            set(1);
            @tableonly set;
            @defaultonly .NoAction;
        }
        const entries = {
            1: none;
            (1, 2 &&& 3, _, true): set(1, 2) @name("e");
            const (1 .. 5, default, 3, false): none();
            priority = 10: (1, 2, 3, true): none;
            const priority = (K + 1): (1, 2, 3, true): none;
            (K) + 1: none;
        }
        default_action = set(1, 2);
        size = 64 * 2;
        implementation = profile(32);
        @hidden const largest_priority_wins = true;
        priority_delta = 10;
        psa_idle_timeout = Timeout.NOTIFY;
        apply = 1;
        type = 2;
        state = 3;
    }
    table keyless { actions = { none; } const default_action = none; }
    table empty {}
    apply {
        all.apply();
    }
}

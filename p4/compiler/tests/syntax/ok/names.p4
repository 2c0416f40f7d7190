// Words that are names where they have no meaning of their own.
header key { bit<8> apply; bit<8> key; bit<8> actions; bit<8> state; bit<8> entries; bit<8> type; bit<8> priority; bit<8> list; }
struct list { key state; }
extern register<T> { register(bit<32> size); void read(out T result); }
control apply(inout key priority, inout list actions) {
    bit<8> entries = 1;
    bit<8> type;
    action state(bit<8> key) { type = key; }
    action actions_2() {}
    table priority_2 {
        key = { entries: exact; type: exact; }
        actions = { state; }
        entries = {
            priority = 1: (2, 3): state(4);
            (priority, 3): state(4);
        }
    }
    apply {
        type = entries + 1;
        priority.key = 1;
        entries = actions.state.type;
        list l = {state = {#}};
        bit<8> register = 5;
        register = register + 1;
    }
}

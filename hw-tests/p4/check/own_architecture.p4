// An architecture of the program's own, without core.p4: match kinds, properties, abstract methods, named types of externs.

match_kind {
    exact,
    nearly
}

struct packet_t {
    bit<9> port;
    bool drop;
};

extern Tracker {
    Tracker(bit<16> size);
    void set(in bit<16> index, in bit<8> value);
    bit<8> get(in bit<16> index);
    abstract void on_rx(in bit<16> index);
    abstract bool on_tx(in bit<16> index);
}

extern Adder<T> {
    Adder();
    Adder(T start);
    T add(in T value);
}

typedef Adder<bit<8>> Adder8;
typedef Tracker Watch;

Watch(32768) tracker = {
    void on_rx(in bit<16> index) {
        this.set(index, 0);
    }
    bool on_tx(in bit<16> index) {
        bit<8> count = this.get(index) + 1;
        if (count >= 4) {
            return true;
        }
        this.set(index, count);
        return false;
    }
};

control Pipe(inout packet_t packet)(bit<32> size) {
    Adder8() plain;
    Adder8(7) seven;

    action set(bit<9> port) {
        packet.port = port;
    }
    action copy(out bit<9> to, bit<9> port) {
        to = port;
    }
    table t {
        key = { packet.port: nearly; }
        actions = { set; copy(packet.port); }
        size = size;
        anything = { 1, "two", true };
        @mine const more = size + 3;
    }

    apply {
        t.apply();
        tracker.on_rx(5);
        packet.drop = tracker.on_tx(index = 5);
        packet.port[7:0] = plain.add(seven.add(1));
    }
}

control Worker(inout packet_t packet);
package Machine(Worker worker);

Machine(Pipe(128)) main;

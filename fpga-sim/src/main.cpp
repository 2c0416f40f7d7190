// SPDX-License-Identifier: Apache-2.0
//
// Runs a Verilated `sluice_top` for who writes to its standard input (`process.rs`): frames and register writes wait until they are asked to
// run, so that what happens at which clock depends on nothing but what was asked. Numbers are little endian.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "Vsluice_top.h"
#include "verilated.h"

namespace {

constexpr int QUEUES = SLUICE_QUEUES;

struct Frame {
    uint16_t port;
    uint8_t bad;
    uint64_t time;
    uint32_t gap;
    std::vector<uint8_t> bytes;
};

struct Sent {
    uint64_t first, last;
    uint16_t queue, port, instance;
    std::vector<uint8_t> bytes;
};

struct Write {
    uint32_t address, data;
};

void must_read(void *to, size_t size) {
    if (fread(to, 1, size, stdin) != size) exit(0);
}

template <typename T> T get() {
    T value;
    must_read(&value, sizeof value);
    return value;
}

template <typename T> void put(T value) { fwrite(&value, sizeof value, 1, stdout); }

class Machine {
    VerilatedContext context;
    std::unique_ptr<Vsluice_top> top;
    std::deque<Frame> frames;
    std::deque<Write> writes;
    std::vector<uint64_t> begun;
    std::vector<Sent> sent;
    Sent current[QUEUES];
    size_t position = 0;
    uint32_t waited = 0;
    uint64_t clock = 0;
    uint64_t last_busy = 0;
    uint32_t ready = ~0u;
    bool is_writing = false;

    void drive_frames() {
        top->s_tvalid = 0;
        if (frames.empty()) return;
        Frame &frame = frames.front();
        if (position == 0 && waited < frame.gap) {
            ++waited;
            return;
        }
        const size_t count = std::min<size_t>(64, frame.bytes.size() - position);
        uint8_t beat[64] = {};
        memcpy(beat, frame.bytes.data() + position, count);
        for (int word = 0; word < 16; ++word) memcpy(&top->s_tdata[word], beat + 4 * word, 4);
        top->s_tkeep = count == 64 ? ~0ull : (1ull << count) - 1;
        top->s_tvalid = 1;
        top->s_tlast = position + count == frame.bytes.size();
        top->s_port = frame.port;
        top->s_bad = frame.bad;
        top->s_time = frame.time;
        if (position == 0) begun.push_back(clock);
        position += count;
        last_busy = clock;
        if (top->s_tlast) {
            frames.pop_front();
            position = 0;
            waited = 0;
        }
    }

    void take_frames() {
        for (int queue = 0; queue < QUEUES; ++queue) {
            if (!top->m_tvalid[queue] || !top->m_tready[queue]) continue;
            last_busy = clock;
            Sent &frame = current[queue];
            if (frame.bytes.empty()) {
                frame.first = clock;
                frame.queue = queue;
                frame.port = top->m_port[queue];
                frame.instance = top->m_instance[queue];
            }
            uint8_t beat[64];
            for (int word = 0; word < 16; ++word) memcpy(beat + 4 * word, &top->m_tdata[queue][word], 4);
            for (int byte = 0; byte < 64; ++byte)
                if (top->m_tkeep[queue] >> byte & 1) frame.bytes.push_back(beat[byte]);
            if (top->m_tlast[queue]) {
                frame.last = clock;
                sent.push_back(frame);
                frame.bytes.clear();
            }
        }
    }

    void drive_writes() {
        top->bready = 1;
        if (writes.empty()) {
            top->awvalid = top->wvalid = 0;
            return;
        }
        top->awvalid = top->wvalid = 1;
        top->awaddr = writes.front().address;
        top->wdata = writes.front().data;
        is_writing = true;
    }

  public:
    Machine() : top(new Vsluice_top(&context)) {
        top->rst = 1;
        for (int i = 0; i < 8; ++i) step();
        top->rst = 0;
    }

    void step() {
        drive_frames();
        drive_writes();
        for (int queue = 0; queue < QUEUES; ++queue) top->m_tready[queue] = ready >> (clock % 32) & 1;
        top->clk = 0;
        top->eval();
        if (!top->rst) take_frames();
        const bool is_taken = is_writing && top->awvalid && top->awready;
        top->clk = 1;
        top->eval();
        if (is_taken) {
            writes.pop_front();
            is_writing = false;
            last_busy = clock;
        }
        ++clock;
    }

    // Runs until all frames and writes are in and nothing has moved for so many clocks.
    void drain(uint32_t quiet) {
        last_busy = clock;
        while (!frames.empty() || !writes.empty() || clock - last_busy < quiet) step();
    }

    uint32_t read(uint32_t address) {
        drain(8);
        top->rready = 1;
        top->araddr = address;
        top->arvalid = 1;
        for (int i = 0; i < 64; ++i) {
            step();
            if (top->rvalid) break;
        }
        const uint32_t value = top->rdata;
        top->arvalid = 0;
        step();
        return value;
    }

    void tell() {
        put<uint64_t>(clock);
        put<uint32_t>(begun.size());
        for (uint64_t at : begun) put(at);
        put<uint32_t>(sent.size());
        for (const Sent &frame : sent) {
            put(frame.first);
            put(frame.last);
            put(frame.queue);
            put(frame.port);
            put(frame.instance);
            put<uint32_t>(frame.bytes.size());
            fwrite(frame.bytes.data(), 1, frame.bytes.size(), stdout);
        }
        fflush(stdout);
        begun.clear();
        sent.clear();
    }

    bool serve() {
        switch (get<uint8_t>()) {
            case 'W': {
                Write write;
                write.address = get<uint32_t>();
                write.data = get<uint32_t>();
                writes.push_back(write);
                return true;
            }
            case 'R': {
                put(read(get<uint32_t>()));
                fflush(stdout);
                return true;
            }
            case 'F': {
                Frame frame;
                frame.port = get<uint16_t>();
                frame.bad = get<uint8_t>();
                frame.time = get<uint64_t>();
                frame.gap = get<uint32_t>();
                frame.bytes.resize(get<uint32_t>());
                must_read(frame.bytes.data(), frame.bytes.size());
                if (!frame.bytes.empty()) frames.push_back(std::move(frame));
                return true;
            }
            case 'Y': ready = get<uint32_t>(); return true;
            case 'D': {
                drain(get<uint32_t>());
                tell();
                return true;
            }
            default: return false;
        }
    }
};

} // namespace

int main() {
    Machine machine;
    while (machine.serve()) {}
    return 0;
}

#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action set() {
        hdr.h.a = 1;
    }
    action other() {
        hdr.h.a = 2;
    }
    table t {
        key = { hdr.h.a: exact; }
        actions = { set; NoAction; }
    }

    apply {
        switch (t.apply().action_run) {
            set: {}
            set: {}
            other: {}
            5: {}
            NoAction(): {}
        }
        switch (t.apply().hit) {
            true: {}
            1: {}
        }
        switch (t.apply()) {
            set: {}
        }
    }
}

#include <rest.p4>

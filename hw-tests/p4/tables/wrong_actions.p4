// Which actions, defaults and entries a table takes.
#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    action set(bit<8> v) { hdr.h.b = v; }
    action other() {}
    action from(in bit<8> v) { hdr.h.b = v; }
    table defaults {
        actions = { @tableonly set; NoAction; }
        default_action = set(1);
    }
    table entries_of_default {
        key = { hdr.h.a: exact; }
        actions = { @defaultonly set; NoAction; }
        const entries = { 1: set(1); }
    }
    table not_listed {
        key = { hdr.h.a: exact; }
        actions = { set; NoAction; }
        default_action = other();
        const entries = { 1: other(); }
    }
    table without_argument {
        actions = { from; NoAction; }
        default_action = NoAction();
    }
    table depends {
        key = { hdr.h.a: exact; }
        actions = { set; NoAction; }
        default_action = set(hdr.h.b);
        const entries = { hdr.h.c: set(1); }
    }
    apply {
        defaults.apply();
        entries_of_default.apply();
        not_listed.apply();
        without_argument.apply();
        depends.apply();
    }
}

#include <rest.p4>

// Headers of the pipeline that are no struct of headers: numbers among them, in a struct inside, too.
#include <core.p4>
#include <v1model.p4>

header data_t {
    bit<8> a;
}

struct inner_t {
    data_t h;
    bit<8> number;
}

struct headers_t {
    data_t h;
    data_t[2] stack;
    inner_t inner;
}

struct metadata_t {}

#include <rest.p4>

#include <data.p4>

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        error e = error.NoError;
        e = error.Nothing;
        e = NoError;
        e = 1;
        if (e < error.NoError) {}
        hdr.h.a = e;
        e.NoError = e;
        switch (e) {
            error.NoError: {}
            error.NoError: {}
            1: {}
        }
    }
}

#include <rest.p4>

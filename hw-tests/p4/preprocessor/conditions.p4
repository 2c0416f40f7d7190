// Conditions with arithmetic and names, in and out of what is left out; names that tell the compiler and its target.
#include <data.p4>

#define VERSION 3
#define AT_LEAST(major) (VERSION >= (major))

#if AT_LEAST(4)
#error "not this"
#elif AT_LEAST(3) && defined(VERSION) && !defined MISSING
#define FIRST 1
#elif 1 / 0
#else
#error "nor this"
#endif

#ifdef MISSING
it's \"no P4 at all, and # nobody minds
#ifdef VERSION
#endif
#elif (1 << 4) - 6 * 2 == 4 && (7 % 4 ? ~0 == -1 : 0)
#define SECOND 2
#endif

#if defined(__p4c__) && defined(__TARGET_BMV2__) && MISSING == 0
#define THIRD 3
#endif

#undef VERSION
#ifndef VERSION
#define FOURTH 4
#endif

/* comments /* do not nest, and hide
#error "this"
*/
// a line that goes on \
#error "here"

#define OWN_INGRESS
control MyIngress(inout headers_t hdr, inout metadata_t meta, inout standard_metadata_t standard) {
    apply {
        hdr.h = { FIRST, SECOND, THIRD, FOURTH };
    }
}

#include <rest.p4>

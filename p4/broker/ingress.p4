// SPDX-License-Identifier: Apache-2.0
//
// A packet from a network port: which terms it matches, which copies they want, which group makes them. Each packet is counted
// once as received and once by what became of it.

#ifndef _SLUICE_INGRESS_
#define _SLUICE_INGRESS_

control broker_ingress(inout headers_t hdr, inout metadata_t meta) {
    @name(".ingress") narrow_terms() terms;
    @name(".ingress") collect_copies() copies;
    @name(".ingress") select_copies() selection;
    @name(".ingress") deliver_copies() delivery;

    COUNTER(PORTS * 8) outcome;

    // The one write that changes the policy.
    action activate(terms_t alive, terms_t either_addr, terms_t either_port, copies_t otherwise) {
        meta.terms = alive;
        meta.either_addr = either_addr;
        meta.either_port = either_port;
        meta.otherwise = otherwise;
    }

    table policy {
        actions = { activate; }
        default_action = activate(0, 0, 0, 0);
    }

    action admit(terms_t survivors, bit<9> source, bit<1> keep_bad) {
        meta.terms = meta.terms & survivors;
        meta.source = source;
        meta.keep_bad = keep_bad;
        meta.outcome = OUTCOME_MATCHED_NOTHING;
    }

    // Input of a tool port, or of one that nobody configured.
    action refuse() {
        meta.outcome = OUTCOME_REFUSED;
    }

    table network_port {
        key = { meta.ingress_port: exact @name("ingress_port"); }
        actions = { admit; refuse; }
        default_action = refuse();
        size = PORTS;
    }

    apply {
        COUNT(outcome, (bit<32>) (meta.ingress_port ++ (bit<3>) OUTCOME_RECEIVED));
        policy.apply();
        network_port.apply();
        if (meta.outcome == OUTCOME_MATCHED_NOTHING) {
            if (meta.bad_frame == 1 && meta.keep_bad == 0) {
                meta.outcome = OUTCOME_BAD_FRAME;
            } else {
                if (meta.terms != 0) {
                    terms.apply(hdr, meta);
                }
                if (meta.terms != 0) {
                    copies.apply(meta);
                    // Who takes what nobody else wanted.
                    if ((meta.copies & ~meta.otherwise) != 0) {
                        meta.copies = meta.copies & ~meta.otherwise;
                    }
                    selection.apply(hdr, meta);
                    delivery.apply(meta);
                }
            }
        }
        COUNT(outcome, (bit<32>) (meta.ingress_port ++ meta.outcome));
    }
}

#endif

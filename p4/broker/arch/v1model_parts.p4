// SPDX-License-Identifier: Apache-2.0
//
// What both adapters of the v1model family have in common: counters and meters, the blocks around the program.

#ifndef _SLUICE_V1MODEL_PARTS_
#define _SLUICE_V1MODEL_PARTS_

#define DIRECT_COUNTER(name) direct_counter(CounterType.packets_and_bytes) name
#define COUNTER(cells) counter(cells, CounterType.packets_and_bytes)
#define COUNT(name, cell) name.count(cell)
#define METER(cells) meter(cells, MeterType.bytes)
#define METER_RUN(name, cell, color) name.execute_meter(cell, color)

// Longer frames read 65535.
#define SATURATED(length) (((length) > 65535) ? 16w65535 : (length)[15:0])

#define PARSER_INTRINSICS , inout standard_metadata_t standard
#define FRAME_BYTES SATURATED(standard.packet_length)

#include "../broker.p4"

control verify_nothing(inout headers_t hdr, inout metadata_t meta) {
    apply {
    }
}

control compute_checksums(inout headers_t hdr, inout metadata_t meta) {
    apply {
        update_checksum(
            hdr.around_ipv4.isValid(),
            {
                hdr.around_ipv4.version,
                hdr.around_ipv4.ihl,
                hdr.around_ipv4.dscp,
                hdr.around_ipv4.ecn,
                hdr.around_ipv4.total_length,
                hdr.around_ipv4.identification,
                hdr.around_ipv4.reserved,
                hdr.around_ipv4.dont_fragment,
                hdr.around_ipv4.more_fragments,
                hdr.around_ipv4.fragment_offset,
                hdr.around_ipv4.ttl,
                hdr.around_ipv4.protocol,
                hdr.around_ipv4.src,
                hdr.around_ipv4.dst
            },
            hdr.around_ipv4.checksum,
            HashAlgorithm.csum16);
    }
}

#endif

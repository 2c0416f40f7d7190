// SPDX-License-Identifier: Apache-2.0
//
// States of the parser that come several times: for each tag, each extension header, and for the outer and the inner packet.

#ifndef _SLUICE_PARSER_MACROS_
#define _SLUICE_PARSER_MACROS_

// A header of that many bytes must end within the parse depth, else the packet keeps what it has.
#define WITHIN_DEPTH(bytes) verify(meta.parsed + (bytes) <= PARSE_DEPTH, error.TooDeep)

#define PARSED(bytes) meta.parsed = meta.parsed + (bytes)

// The cases of a select over a type field that announce a tag.
#define TAG_CASES(state) \
    TYPE_CTAG: state; \
    TYPE_STAG: state; \
    TYPE_QINQ: state;

// The cases of a select over a type field that is a length, up to 1500.
#define LLC_CASES(state) \
    0x0000 &&& 0xFC00: state; \
    0x0400 &&& 0xFF00: state; \
    0x0500 &&& 0xFF80: state; \
    0x0580 &&& 0xFFC0: state; \
    0x05C0 &&& 0xFFF0: state; \
    0x05D0 &&& 0xFFF8: state; \
    0x05D8 &&& 0xFFFC: state; \
    0x05DC: state;

// A VLAN tag, as far as the type behind it is there, too. `kind` is the field that gets this type.
#define TAG_STATE(this_state, header_name, kind, next_tag, behind) \
    state this_state { \
        meta.next_type = pkt.lookahead<bit<48>>()[15:0]; \
        WITHIN_DEPTH(6); \
        pkt.extract(hdr.header_name); \
        PARSED(4); \
        kind = 1w0 ++ meta.next_type; \
        transition select(meta.next_type) { \
            TAG_CASES(next_tag) \
            default: behind; \
        } \
    }

// An extension header of IPv6. All are at least 8 bytes long; AH counts its length in words, the fragment header has none.
#define EXTENSION_STATE(this_state, header_name, next_extension, upper, next, part, part_word) \
    state this_state { \
        meta.ahead = pkt.lookahead<bit<64>>(); \
        meta.header_bytes = (next == PROTO_AH) ? ((8w0 ++ meta.ahead[55:48]) + 2) << 2 \
            : ((next == PROTO_FRAGMENT) ? 16w8 : ((8w0 ++ meta.ahead[55:48]) + 1) << 3); \
        WITHIN_DEPTH(meta.header_bytes); \
        pkt.extract(hdr.header_name, ((bit<32>) (meta.header_bytes - 2)) << 3); \
        PARSED(meta.header_bytes); \
        part_word = (next == PROTO_FRAGMENT) ? meta.ahead[47:0] : part_word; \
        part = (part_word[47:35] != 0) ? (bit<3>) FRAGMENT_LATER \
            : ((part_word[32:32] == 1) ? (bit<3>) FRAGMENT_FIRST : (bit<3>) FRAGMENT_WHOLE); \
        next = meta.ahead[63:56]; \
        transition select(part, next) { \
            (FRAGMENT_LATER, _): payload; \
            (_, PROTO_HOP_BY_HOP): next_extension; \
            (_, PROTO_ROUTING): next_extension; \
            (_, PROTO_FRAGMENT): next_extension; \
            (_, PROTO_AH): next_extension; \
            (_, PROTO_OPTIONS): next_extension; \
            (_, PROTO_MOBILITY): next_extension; \
            default: upper; \
        } \
    }

// Part of the payload window: its header where that bit of the bytes left is set.
#define WINDOW_STATES(bytes, header_name, following) \
    state window_##bytes { \
        transition select(meta.left) { \
            bytes &&& bytes: take_##bytes; \
            default: following; \
        } \
    } \
    state take_##bytes { \
        pkt.extract(hdr.header_name); \
        transition following; \
    }

// One extension header of GTP-U: its length counts words, its last byte is the next one's type. A length of 0 ends the chain.
#define GTPU_STATES(this_state, take_state, header_name, next_name, following) \
    state this_state { \
        meta.header_bytes = (8w0 ++ pkt.lookahead<bit<8>>()) << 2; \
        transition select(meta.header_bytes) { \
            0: payload; \
            default: take_state; \
        } \
    } \
    state take_state { \
        WITHIN_DEPTH(meta.header_bytes); \
        pkt.extract(hdr.header_name, ((bit<32>) (meta.header_bytes - 2)) << 3); \
        PARSED(meta.header_bytes - 1); \
        pkt.extract(hdr.next_name); \
        PARSED(1); \
        transition select(hdr.next_name.next_type) { \
            0: gtpu_payload; \
            default: following; \
        } \
    }

#endif

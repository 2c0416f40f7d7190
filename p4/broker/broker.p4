// SPDX-License-Identifier: Apache-2.0
//
// The program without its architecture. An adapter (arch/) includes its architecture and defines the seam, then includes this.
//
// The seam (each an object or a macro):
//   DIGEST_1 .. DIGEST_8(h, words)   h = digest64(h, words); h is a bit<64> variable, each word a bit<64>
//   COUNTER(cells), COUNT(counter, cell), DIRECT_COUNTER(name)
//   METER(cells), METER_RUN(meter, cell, color)   of bytes; color 2 is red
//   CAN_OVERWRITE, CAN_APPEND, CAN_FIX   true or false: whether the adapter does what `meta.edit` asks for
//   PARSER_INTRINSICS, FRAME_BYTES   further parameters of the parser, and the frame's bytes (at most 65535)
//   recall, next_number   controls with the state of duplicate removal and of ERSPAN sequences

#include "constants.p4"
#include "headers.p4"
#include "metadata.p4"
#include "parser.p4"
#include "terms.p4"
#include "copies.p4"
#include "digest.p4"
#include "flow.p4"
#include "arch/state.p4"
#include "selection.p4"
#include "deliver.p4"
#include "ingress.p4"
#include "edits/strip.p4"
#include "edits/places.p4"
#include "edits/cut.p4"
#include "edits/trailer.p4"
#include "edits/mark.p4"
#include "edits/encapsulate.p4"
#include "edits/tool.p4"
#include "egress.p4"
#include "deparser.p4"

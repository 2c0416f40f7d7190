//! What stands around the two pipelines: frames in, frame store, replication, queues, editors, the register file.

use std::fmt::Write;

use crate::emit::{range, sanitized};
use crate::layout::{Layout, Options};
use crate::pipeline::{ADDRESS, Pipelines};

/// Block numbers of the machine itself.
pub(crate) const REPLICATION_BLOCK: u32 = 254;
/// Counts of what happens.
pub(crate) const EVENTS_BLOCK: u32 = 255;

/// Groups and members that there is room for.
pub(crate) const GROUPS: u32 = 1024;
pub(crate) const MEMBERS: u32 = 4096;

/// Copies that wait for replication, and for each port.
const WAITING: u32 = 64;

/// Beats of the longest frame, with some room.
const LONGEST: u32 = 160;

/// Bits of a packet that go through replication: slots, two lengths, time, bad mark, port.
pub(crate) fn carried_bits(pipelines: &Pipelines) -> u32 {
    let slots = pipelines.bundle.iter().map(|slot| pipelines.ingress.slots.width(*slot));
    slots.sum::<u32>() + 16 + 16 + 64 + 1 + 9
}

/// The top module.
pub(crate) fn top(pipelines: &Pipelines, layout: &Layout, options: &Options) -> String {
    let queues = options.queues;
    let window = layout.window_bytes * 8;
    let row = layout.row_words * 32;
    let reserve = layout.ingress_clocks + layout.egress_clocks + LONGEST;
    let bundle: Vec<(String, u32)> = pipelines
        .bundle
        .iter()
        .map(|slot| {
            let name = format!("{}_x{slot}", sanitized(pipelines.ingress.slots.name(*slot)));
            (name, pipelines.ingress.slots.width(*slot))
        })
        .collect();
    let carried = layout.replicated_bits;
    let mut text = String::new();
    let widths = |text: &str| {
        text.replace("@HEAD@", &layout.head_bytes.to_string())
            .replace("@TRAILERS@", &pipelines.trailer_bytes.max(1).to_string())
            .replace("@EDITS@", &pipelines.overwrites.max(1).to_string())
    };
    text += &widths(HEAD)
        .replace("@QUEUES@", &queues.to_string())
        .replace("@ROW@", &row.to_string())
        .replace("@WORDS@", &layout.row_words.to_string())
        .replace("@ADDRESS@", &ADDRESS.to_string())
        .replace("@STORE@", &options.store_beats.to_string())
        .replace("@RESERVE@", &reserve.to_string())
        .replace("@WINDOW@", &layout.window_bytes.to_string())
        .replace("@EVENTS@", &EVENTS_BLOCK.to_string())
        .replace("@TOP@", &(window - 1).to_string());
    for (name, width) in &bundle {
        let _ = writeln!(text, "    wire {} b_{name};", range(*width));
    }
    text += "    sluice_ingress ingress (\n        .clk(clk), .rst(rst), .valid(w_valid), .i_window(w_window), .i_length(w_length), .i_ingress_port(w_port),\n        .i_ingress_time(w_time), .i_ingress_bad(w_bad), .i_address(w_address),\n        .cfg_write(cfg_write), .cfg_read(cfg_read), .cfg_block(cfg_block), .cfg_kind(cfg_kind), .cfg_row(cfg_row), .cfg_data(cfg_data),\n        .cfg_result(ingress_result), .o_valid(i_valid), .o_keep(i_keep), .o_group(i_group), .o_port(i_port), .o_skip(i_skip),\n        .o_length(i_length), .o_address(i_address), .o_ingress_time(i_time), .o_ingress_bad(i_bad), .o_ingress_port(i_from)";
    for (name, _) in &bundle {
        let _ = write!(text, ",\n        .o_{name}(b_{name})");
    }
    text += ");\n\n";
    // What a packet carries through replication, piece by piece.
    let own = [
        ("length", "i_length", 16),
        ("skip", "i_skip", 16),
        ("time", "i_time", 64),
        ("bad", "i_bad", 1),
        ("from", "i_from", 9),
    ];
    let own = own.map(|(name, from, width)| (from.to_string(), format!("c_{name}"), width));
    let slots = bundle.iter().map(|(name, width)| (format!("b_{name}"), format!("e_{name}"), *width));
    let _ = writeln!(text, "    wire [{0}:0] i_payload;\n    wire [{0}:0] c_payload;", carried - 1);
    let mut low = 0;
    for (from, to, width) in own.into_iter().chain(slots) {
        if to.starts_with("e_") {
            let _ = writeln!(text, "    wire {} {to};", range(width));
        }
        let _ = writeln!(
            text,
            "    assign i_payload[{low} +: {width}] = {from};\n    assign {to} = c_payload[{low} +: {width}];"
        );
        low += width;
    }
    let _ = writeln!(
        text,
        "    sluice_replicator #(.WIDTH({carried}), .ADDRESS(ADDRESS), .GROUPS({GROUPS}), .MEMBERS({MEMBERS}), .DEPTH({WAITING}), .BLOCK({REPLICATION_BLOCK}), .CFG_WIDTH({row})) replicator (\n        .clk(clk), .rst(rst), .valid(i_valid && i_keep), .group(i_group), .port(i_port), .address(i_address),\n        .payload(i_payload),",
    );
    text += REPLICATOR;
    text += "    sluice_egress egress (\n        .clk(clk), .rst(rst), .valid(c_valid), .i_length(c_length), .i_ingress_port(c_from), .i_ingress_time(c_time),\n        .i_ingress_bad(c_bad), .i_address(c_address), .i_egress_port(c_port), .i_instance(c_instance),\n        .i_instance_type(c_replicated ? 32'd5 : 32'd0), .i_skip(c_skip),";
    for (name, _) in &bundle {
        let _ = write!(text, "\n        .i_{name}(e_{name}),");
    }
    text += "\n        .cfg_write(cfg_write), .cfg_read(cfg_read), .cfg_block(cfg_block), .cfg_kind(cfg_kind), .cfg_row(cfg_row), .cfg_data(cfg_data),\n        .cfg_result(egress_result), .o_valid(g_valid), .o_send(g_send), .o_port(g_port), .o_instance(g_instance),\n        .o_address(g_address), .o_skip(g_skip), .o_head(g_head), .o_head_length(g_head_length), .o_end(g_end)";
    let has_trailer = pipelines.trailer_bytes > 0;
    let has_edits = pipelines.overwrites > 0;
    if has_trailer {
        text += ",\n        .o_trailer(g_trailer), .o_trailer_length(g_trailer_length)";
    }
    if has_edits {
        text += ",\n        .o_overwrite_offset(g_edit_offset), .o_overwrite_length(g_edit_length), .o_overwrite_value(g_edit_value)";
    }
    text += ");\n";
    if !has_trailer {
        text += "    assign g_trailer = '0;\n    assign g_trailer_length = '0;\n";
    }
    if !has_edits {
        text +=
            "    assign g_edit_offset = '0;\n    assign g_edit_length = '0;\n    assign g_edit_value = '0;\n";
    }
    text += &widths(TAIL)
        .replace("@TRAILER@", &pipelines.trailer_bytes.to_string())
        .replace("@OVERWRITES@", &pipelines.overwrites.to_string())
        .replace("@WAITING@", &WAITING.to_string());
    text
}

const HEAD: &str = include_str!("top_head.sv");
const REPLICATOR: &str = include_str!("top_replicator.sv");
const TAIL: &str = include_str!("top_tail.sv");

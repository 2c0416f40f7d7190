//! Structures and maps of a program.

use std::collections::BTreeSet;
use std::fmt::Write;

use sluice_ir::Module;

use super::externs::{MAX_FRAME_EDITS, MAX_TRAILER_BYTES};
use super::program::STATES;
use super::storage::{HeaderPlace, Home, Storage, VariablePlace};
use super::{deparser::MAX_HEADER_BYTES, parser::NEAR_BYTES};
use crate::intervals::MAX_INTERVALS;
use crate::layout::{
    CONFIGURATIONS, COUNTS, DIRECT_METERS, HAS_ENTRIES, IS_IDLE, Layout, MAX_LIST, Shape, records_map,
    words_of,
};

/// A map of the object.
fn map(name: &str, kind: &str, entries: u64, key: &str, value: &str) -> String {
    let entries = entries.clamp(1, u64::from(u32::MAX));
    format!(
        "struct {{\n\t__uint(type, BPF_MAP_TYPE_{kind});\n\t__uint(max_entries, {entries});\n\t__type(key, {key});\n\t__type(value, {value});\n}} {name} SEC(\".maps\");\n\n"
    )
}

/// An array of maps of one shape.
fn array_of_maps(name: &str, slots: u32, inner: &str) -> String {
    format!(
        "struct inner_{name} {{\n{inner}}};\n\nstruct {{\n\t__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);\n\t__uint(max_entries, {slots});\n\t__type(key, u32);\n\t__array(values, struct inner_{name});\n}} {name} SEC(\".maps\");\n\n"
    )
}

/// The shape of a map of one element, which is replaced as a whole.
fn one_element(value: &str) -> String {
    format!(
        "\t__uint(type, BPF_MAP_TYPE_ARRAY);\n\t__uint(max_entries, 1);\n\t__uint(key_size, 4);\n\t__uint(value_size, sizeof({value}));\n"
    )
}

/// The shape of a map from keys of so many bytes to references.
fn keyed(kind: &str, bytes: usize) -> String {
    format!(
        "\t__uint(type, BPF_MAP_TYPE_{kind});\n\t__uint(map_flags, BPF_F_NO_PREALLOC);\n\t__uint(max_entries, 1);\n\t__uint(key_size, {bytes});\n\t__uint(value_size, 8);\n"
    )
}

/// A search among intervals ([`crate::Intervals`]).
const INTERVALS: &str = include_str!("intervals.c");

/// `struct state`, `struct work`, and what tables, lists, registers and the configuration hold.
pub(super) fn structures(module: &Module, storage: &Storage, text: &mut String, layout: &Layout) {
    let variable = |place: &VariablePlace| match place.width {
        0..=8 => format!("\tu8 {};\n", place.name),
        9..=16 => format!("\tu16 {};\n", place.name),
        17..=32 => format!("\tu32 {};\n", place.name),
        33..=64 => format!("\tu64 {};\n", place.name),
        width => format!("\tu64 {}[{}];\n", place.name, words_of(width)),
    };
    let header =
        |place: &HeaderPlace| format!("\tu8 {}[{}] __attribute__((aligned(8)));\n", place.name, place.stride);
    // The elements of a stack one behind the other.
    let order = header_order(module);
    text.push_str("/* How far a sum over the frame is. */\nstruct summing { u32 at, to, sum, pseudo; };\n\n");
    let _ = write!(
        text,
        "/* A packet's state; what begins with h_ is a header, with n_ a stack's next index, with v_ a value. */\nstruct state {{\n"
    );
    text.push_str("\tu64 time_ns, truncate, trim, hit, action_run, found;\n");
    text.push_str("\tu32 len, wire_length, off, bad_frame, ended, changed;\n\tstruct summing summing;\n");
    let _ = writeln!(text, "\tu64 valid[{}];", storage.valid_words);
    storage.stacks.iter().for_each(|place| {
        let _ = writeln!(text, "\tu32 {};", place.next);
    });
    let at_home = |home: Home| storage.variables.iter().filter(move |place| place.home == home);
    storage
        .variables
        .iter()
        .filter(|place| place.home != Home::Locals)
        .for_each(|place| text.push_str(&variable(place)));
    order.iter().for_each(|index| text.push_str(&header(&storage.headers[*index])));
    let _ = writeln!(text, "\tu8 near[{}] __attribute__((aligned(8)));\n\tu64 pad;\n}};\n", NEAR_BYTES + 16);
    text.push_str("/* What each copy of a packet has for itself. */\nstruct work {\n");
    text.push_str("\tu64 truncate, trim, hit, action_run, found;\n\tu32 ended, changed, out, len, whole;\n\tstruct summing summing;\n");
    let _ = writeln!(text, "\tu64 valid[{}];", storage.valid_words);
    for place in storage.stacks.iter().filter(|place| place.next_in_work) {
        let _ = writeln!(text, "\tu32 {};", place.next);
    }
    at_home(Home::Work).for_each(|place| text.push_str(&variable(place)));
    for index in order.iter().filter(|index| storage.headers[**index].in_work) {
        text.push_str(&header(&storage.headers[*index]));
    }
    let _ = writeln!(
        text,
        "\tu32 overwrites, checksums, trailer_bytes;\n\tstruct {{ u64 offset, length, value; }} overwrite[{MAX_FRAME_EDITS}];\n\tu64 fix[{MAX_FRAME_EDITS}];\n\tu8 trailer[{}] __attribute__((aligned(8)));\n\tu64 pad;\n}};\n",
        MAX_TRAILER_BYTES + 8
    );
    if storage.has_locals() {
        text.push_str("/* What only ingress knows. */\nstruct locals {\n");
        at_home(Home::Locals).for_each(|place| text.push_str(&variable(place)));
        text.push_str("};\n\n");
    }
    let _ = writeln!(
        text,
        "#define MAX_HEADER_BYTES {MAX_HEADER_BYTES}\n#define MAX_FRAME_EDITS {MAX_FRAME_EDITS}\n#define STATES {STATES}\n#define HAS_ENTRIES {HAS_ENTRIES}\n#define IS_IDLE {IS_IDLE}\n"
    );
    for (table, name) in layout.tables.iter().zip(&storage.tables) {
        let data =
            if table.data_words > 0 { format!(" u64 data[{}];", table.data_words) } else { String::new() };
        let _ = writeln!(text, "struct default_{name} {{ u64 todo; u64 action; u64 cell;{data} }};");
    }
    for words in layout.records.keys() {
        let _ = writeln!(text, "struct record_{words} {{ u64 action; u64 data[{}]; }};", words - 1);
    }
    for shape in layout.slots.keys() {
        match shape {
            Shape::Direct(_) | Shape::Hash(_) | Shape::Trie(_) => {}
            Shape::Intervals => {
                let _ = writeln!(text, "#define MAX_INTERVALS {MAX_INTERVALS}\n{INTERVALS}");
            }
            Shape::List(words) => {
                let _ = writeln!(
                    text,
                    "struct list_{words} {{ u64 count; u64 members[{MAX_LIST}][{}]; }};",
                    words.max(&1)
                );
            }
        }
    }
    for (name, (_, register)) in storage.registers.iter().zip(module.registers.iter()) {
        let _ = writeln!(text, "struct cell_{name} {{ u64 words[{}]; }};", words_of(register.ty.width()));
    }
    text.push_str("\n/* What runs without an entry. */\nstruct config {\n");
    for name in &storage.tables {
        let _ = writeln!(text, "\tstruct default_{name} {name};");
    }
    if storage.tables.is_empty() {
        text.push_str("\tu64 nothing;\n");
    }
    text.push_str("};\n\n");
}

/// The elements of a stack one behind the other, then all other headers.
fn header_order(module: &Module) -> Vec<usize> {
    let in_stacks = module.stacks.iter().flat_map(|(_, stack)| stack.elements.iter().map(|e| e.index()));
    let mut order: Vec<usize> = in_stacks.collect();
    let listed: BTreeSet<usize> = order.iter().copied().collect();
    order.extend((0..module.headers.len()).filter(|index| !listed.contains(index)));
    order
}

/// All maps of the program's own.
pub(super) fn maps(module: &Module, text: &mut String, layout: &Layout) {
    for (shape, slots) in &layout.slots {
        let inner = match shape {
            Shape::Direct(bits) => format!(
                "\t__uint(type, BPF_MAP_TYPE_ARRAY);\n\t__uint(map_flags, BPF_F_MMAPABLE);\n\t__uint(max_entries, {});\n\t__uint(key_size, 4);\n\t__uint(value_size, 8);\n",
                1u32 << bits
            ),
            Shape::Hash(words) => keyed("HASH", words * 8),
            Shape::Trie(bytes) => keyed("LPM_TRIE", 4 + bytes),
            Shape::Intervals => one_element("struct intervals"),
            Shape::List(words) => one_element(&format!("struct list_{words}")),
        };
        text.push_str(&array_of_maps(&shape.map(), *slots, &inner));
    }
    for (words, count) in &layout.records {
        text.push_str(&map(&records_map(*words), "ARRAY", *count, "u32", &format!("struct record_{words}")));
    }
    let cells = u64::from(layout.cells);
    text.push_str(&map(COUNTS, "PERCPU_ARRAY", cells, "u32", "struct counts"));
    if layout.tables.iter().any(|table| table.is_metered) {
        text.push_str(&map(DIRECT_METERS, "ARRAY", cells, "u32", "struct meter"));
    }
    for (name, (_, register)) in layout.registers.iter().zip(module.registers.iter()) {
        text.push_str(&map(name, "ARRAY", register.size, "u32", &format!("struct cell_{name}")));
    }
    for (name, (_, meter)) in layout.meters.iter().zip(module.meters.iter()) {
        text.push_str(&map(name, "ARRAY", meter.size, "u32", "struct meter"));
    }
    text.push_str(&array_of_maps(CONFIGURATIONS, 1, &one_element("struct config")));
}

//! The whole text: structures, maps, functions, and the programs that the kernel runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use sluice_diagnostics::Diagnostics;
use sluice_ir::{ExternCall, Intrinsic, Module, SluiceCall, StatementKind};

use super::Form;
use super::code::{Code, NONE_FROZEN, Side};
use super::liveness;
use super::reads::{changes_headers, cuts_frames, has, only_counts};
use super::statement::OUT;
use super::storage::{Home, Storage, VariablePlace};
use super::structures;
use super::table::{sides, value_set_layout};
use crate::frozen::Contents;
use crate::layout::{Layout, ListLayout, words_of};

/// States of packets that stand ready on each processor: more than wait for their egress at once. A poll of a queue takes 64 packets,
/// and ends with all of them sent.
pub const STATES: u32 = 128;

/// Bytes of the longest varbit field.
const MAX_VARBIT_BYTES: u32 = 504;

/// Most cells of all counters.
const MAX_CELLS: u64 = 1 << 24;

/// Writes a verified module as C. `whole` is the module whose maps it uses: itself, or the one of which it is what is left while some tables are empty.
///
/// # Errors
/// What either program has and XDP has not.
pub(crate) fn write(
    module: &Module,
    whole: &Module,
    form: Form,
    frozen: &Contents,
) -> Result<(String, Layout, bool), Diagnostics> {
    let whole_storage = Storage::new(whole, Form::Functions);
    let mut writer = Writer::new(whole, &whole_storage, Form::Functions);
    let layout = writer.layout();
    let refused = writer.refused;
    let keeps_order = Code::new(whole, &whole_storage, Side::Egress).keeps_order();
    // Headers that nobody changes leave as they came: nothing is to be written.
    let unchanged = (keeps_order && !changes_headers(module)).then(|| {
        let mut module = module.clone();
        module.pipeline.deparser.clear();
        module
    });
    let module = unchanged.as_ref().unwrap_or(module);
    let storage = Storage::new(module, form);
    let mut writer = Writer::new(module, &storage, form);
    writer.keeps_order = keeps_order;
    writer.frozen = frozen;
    writer.refused = refused;
    writer.value_sets.clone_from(&layout.value_sets);
    writer.counters.clone_from(&layout.counters);
    let mut text = String::new();
    structures::structures(module, &storage, &mut text, &layout);
    text.push_str(STRUCTURES);
    structures::maps(module, &mut text, &layout);
    text.push_str(RUNTIME);
    writer.functions(&mut text, &layout);
    writer.ways(&mut text);
    let sends_as_is = only_counts(module) && !cuts_frames(module);
    let _ = writeln!(
        text,
        "/* Whether all copies leave as the packet came, so that ingress does what egress would. */\n#define SENDS_AS_IS {}\n",
        u8::from(sends_as_is)
    );
    text.push_str(PROGRAMS);
    if writer.refused.has_errors() { Err(writer.refused) } else { Ok((text, layout, sends_as_is)) }
}

struct Writer<'m> {
    module: &'m Module,
    storage: &'m Storage,
    keeps_order: bool,
    form: Form,
    refused: Diagnostics,
    value_sets: Vec<ListLayout>,
    counters: Vec<u32>,
    frozen: &'m Contents,
}

impl<'m> Writer<'m> {
    fn new(module: &'m Module, storage: &'m Storage, form: Form) -> Self {
        let (refused, value_sets, counters) = (Diagnostics::new(), Vec::new(), Vec::new());
        Self {
            module,
            storage,
            keeps_order: false,
            form,
            refused,
            value_sets,
            counters,
            frozen: &NONE_FROZEN,
        }
    }

    /// The text of one function's body.
    fn body(&mut self, side: Side, write: impl FnOnce(&mut Code<'m>)) -> String {
        let mut code = Code::new(self.module, self.storage, side);
        code.value_sets.clone_from(&self.value_sets);
        code.counters.clone_from(&self.counters);
        code.frozen = self.frozen;
        write(&mut code);
        let (text, refused) = code.finish();
        self.refused.extend(refused);
        text
    }

    fn layout(&mut self) -> Layout {
        let module = self.module;
        let mut layout = Layout::default();
        let mut code = Code::new(module, self.storage, Side::Ingress);
        for (handle, _) in module.tables.iter() {
            let table = code.table_layout(handle, &mut layout);
            layout.tables.push(table);
        }
        if module.stacks.iter().any(|(_, stack)| stack.elements.len() > super::storage::MAX_STACK) {
            code.span = None;
            code.refuse("stacks of more than 64 elements", "shorten the stack");
        }
        let longest =
            self.storage.headers.iter().filter_map(|place| place.varbit).map(|(_, _, most)| most).max();
        if longest.is_some_and(|bytes| bytes > MAX_VARBIT_BYTES) {
            code.span = None;
            code.refuse("varbit fields of more than 4,032 bits", "shorten the field");
        }
        for (_, set) in module.value_sets.iter() {
            let list = value_set_layout(set, &mut layout);
            layout.value_sets.push(list);
        }
        let mut cells = module.tables.len() as u64;
        for (_, counter) in module.counters.iter() {
            layout.counters.push(cells as u32);
            cells += counter.size;
        }
        layout.first_entry_cell = cells as u32;
        let with_cells = layout.tables.iter().filter(|table| table.is_counted || table.is_metered);
        cells += with_cells.map(|table| table.capacity).sum::<u64>();
        if cells > MAX_CELLS {
            code.span = None;
            code.refuse(
                "room for more than 16,777,216 cells of counters",
                "make counters and tables smaller",
            );
        }
        layout.cells = cells as u32;
        layout.configuration_words = layout.configuration_words.max(1);
        layout.registers = self.storage.registers.clone();
        layout.meters = self.storage.meters.clone();
        self.refused.extend(code.finish().1);
        layout
    }

    fn function(&mut self, text: &mut String, name: &str, side: Side, write: impl FnOnce(&mut Code<'m>)) {
        self.function_with(text, name, side, "", write);
    }

    fn function_with(
        &mut self,
        text: &mut String,
        name: &str,
        side: Side,
        more: &str,
        write: impl FnOnce(&mut Code<'m>),
    ) {
        let parameters = Code::new(self.module, self.storage, side).parameters();
        let body = self.body(side, write);
        let checks = match side {
            Side::Ingress => "\tif (!st || !cfg)\n\t\treturn 0;\n",
            Side::Egress => "\tif (!st || !eg || !cfg)\n\t\treturn 0;\n",
        };
        let kind = match self.form {
            Form::Inlined | Form::Locals if name != "parse" => "INLINE",
            Form::Inlined | Form::Locals | Form::Functions => "ONCE",
        };
        let _ = writeln!(text, "{kind} int {name}({parameters}{more})\n{{\n{checks}{body}}}\n");
    }

    fn functions(&mut self, text: &mut String, layout: &Layout) {
        let module = self.module;
        for (((handle, _), table), side) in module.tables.iter().zip(&layout.tables).zip(sides(module)) {
            if let Some(side) = side {
                let name = format!("apply_{}", self.storage.tables[handle.index()]);
                if let Some(frozen) = self.frozen.get(&handle.index()) {
                    frozen.constants(&self.storage.tables[handle.index()], text);
                }
                let more = match side {
                    Side::Ingress if self.storage.has_locals() => ", struct locals *locals",
                    Side::Ingress | Side::Egress => "",
                };
                self.function_with(text, &name, side, more, |code| code.table(handle, table));
            }
        }
        self.function(text, "parse", Side::Ingress, |code| {
            code.parser();
            code.line("return 0;");
        });
        let pipeline = &module.pipeline;
        let controls = [
            ("verify", Side::Ingress, &pipeline.verify_checksum),
            ("ingress", Side::Ingress, &pipeline.ingress),
            ("egress", Side::Egress, &pipeline.egress),
            ("compute", Side::Egress, &pipeline.compute_checksum),
        ];
        for (name, side, block) in controls {
            self.function(text, name, side, |code| {
                if name == "ingress" && code.storage.has_locals() {
                    code.line("struct locals all, *locals = &all;");
                    code.clear_variables(|home| home == Home::Locals);
                }
                code.block(block);
                code.label(OUT);
                code.line("return 0;");
            });
        }
        self.function(text, "deparse", Side::Egress, |code| {
            code.line("u32 zero = 0;");
            code.line("struct buffer *out = bpf_map_lookup_elem(&buffers, &zero);");
            code.line("if (!out)");
            code.line("\treturn -1;");
            code.line("eg->out = 0;");
            code.block(&pipeline.deparser);
            code.label(OUT);
            code.line("return put_headers(ctx, st, eg, out);");
        });
    }

    /// What begins a packet's way, and that of each copy.
    fn ways(&mut self, text: &mut String) {
        let begin = self.body(Side::Ingress, |code| {
            code.line("st->truncate = st->trim = ~0ULL;");
            code.line("st->off = st->ended = st->changed = 0;");
            let storage = code.storage;
            code.line(format!("clear(st->valid, {});", storage.valid_words));
            for place in &storage.stacks {
                code.line(format!("st->{} = 0;", place.next));
            }
            code.clear_variables(|home| home != Home::Locals);
            for (header, words) in cleared_words(storage, &liveness::cleared(code.module).fields) {
                let name = &storage.headers[header].name;
                words.iter().for_each(|word| code.line(format!("((u64 *) st->{name})[{word}] = 0;")));
            }
            code.store_intrinsic(Intrinsic::IngressPort, "in->port");
            code.store_intrinsic(Intrinsic::PacketLength, "st->len");
            code.store_intrinsic(Intrinsic::IngressGlobalTimestamp, "(st->time_ns / 1000)");
        });
        let _ = writeln!(
            text,
            "INLINE void begin(struct state *st, const struct input *in)\n{{\n{BEGIN}{begin}}}\n"
        );
        let value = |which: Intrinsic| match self.storage.intrinsic(self.module, which) {
            Some(variable) => self.storage.variables[variable.index()].name.clone(),
            None => String::new(),
        };
        for (name, intrinsic) in [("group_of", Intrinsic::McastGrp), ("port_of", Intrinsic::EgressSpec)] {
            let found = value(intrinsic);
            let member = if found.is_empty() { "0".to_string() } else { format!("st->{found}") };
            let _ = writeln!(text, "INLINE u32 {name}(const struct state *st)\n{{\n\treturn {member};\n}}\n");
        }
        let dropped = value(Intrinsic::EgressSpec);
        let dropped = if dropped.is_empty() { "0".to_string() } else { format!("eg->{dropped} == 511") };
        let _ = writeln!(text, "INLINE int is_dropped(const struct work *eg)\n{{\n\treturn {dropped};\n}}\n");
        let _ = writeln!(
            text,
            "/* Whether a packet whose headers nobody changed leaves as it came. */\n#define KEEPS_ORDER {}\n",
            u8::from(self.keeps_order)
        );
        let _ = writeln!(
            text,
            "/* Whether anybody asks for the time. */\n#define NEEDS_TIME {}\n",
            u8::from(self.storage.reads.time)
        );
        let calls = |is_it: fn(&SluiceCall) -> bool| {
            has(
                self.module,
                |kind| matches!(kind, StatementKind::Extern(ExternCall::Sluice(call)) if is_it(call)),
            )
        };
        for (name, is_called) in [
            ("HAS_OVERWRITES", calls(|call| matches!(call, SluiceCall::Overwrite { .. }))),
            ("HAS_CHECKSUMS", calls(|call| matches!(call, SluiceCall::FixChecksums { .. }))),
        ] {
            let _ = writeln!(text, "#define {name} {}", u8::from(is_called));
        }
        let begin = self.body(Side::Egress, |code| {
            let storage = code.storage;
            code.line("eg->truncate = st->truncate;");
            code.line("eg->trim = st->trim;");
            code.line("eg->changed = st->changed;");
            code.line("eg->ended = eg->overwrites = eg->checksums = eg->trailer_bytes = 0;");
            code.line("eg->len = st->len;");
            code.line(format!("copy(eg->valid, st->valid, {});", storage.valid_words * 8));
            for place in storage.stacks.iter().filter(|place| place.next_in_work) {
                code.line(format!("eg->{0} = st->{0};", place.next));
            }
            let read = liveness::read_by_copies(code.module);
            let kept =
                |(index, place): &(usize, &VariablePlace)| place.home == Home::Work && read.contains(index);
            for (_, place) in storage.variables.iter().enumerate().filter(kept) {
                if place.width > 64 {
                    code.line(format!("copy(eg->{0}, st->{0}, {1});", place.name, words_of(place.width) * 8));
                } else {
                    code.line(format!("eg->{0} = st->{0};", place.name));
                }
            }
            for place in storage.headers.iter().filter(|place| place.in_work) {
                code.line(format!("copy(eg->{0}, st->{0}, {1});", place.name, place.stride));
            }
            let set = [
                (Intrinsic::EgressPort, "copy_of->port"),
                (Intrinsic::EgressSpec, "0"),
                (Intrinsic::EgressRid, "copy_of->instance"),
                (Intrinsic::InstanceType, "copy_of->type"),
                (Intrinsic::PacketLength, "st->len"),
                (Intrinsic::EnqTimestamp, "(st->time_ns / 1000)"),
                (Intrinsic::EgressGlobalTimestamp, "(st->time_ns / 1000)"),
            ];
            for (intrinsic, value) in set {
                // Where nobody sends a copy away, nobody can have done so.
                if intrinsic == Intrinsic::EgressSpec {
                    code.set_intrinsic(intrinsic, value);
                } else {
                    code.store_intrinsic(intrinsic, value);
                }
            }
        });
        let _ = writeln!(
            text,
            "INLINE void begin_copy(const struct state *st, struct work *eg, const struct copy *copy_of)\n{{\n{begin}}}\n"
        );
    }
}

impl Code<'_> {
    /// Sets variables to 0 that may be read before they are written, of those homes.
    fn clear_variables(&mut self, is_asked: impl Fn(Home) -> bool) {
        for index in liveness::cleared(self.module).variables {
            let place = &self.storage.variables[index];
            let base = if place.home == Home::Locals { "locals" } else { "st" };
            match place.width {
                _ if !is_asked(place.home) => {}
                65.. => self.line(format!("clear({base}->{}, {});", place.name, words_of(place.width))),
                _ => self.line(format!("{base}->{} = 0;", place.name)),
            }
        }
    }
}

/// The words of headers in which fields stand; of a varbit, all of it and its length.
fn cleared_words(storage: &Storage, fields: &BTreeSet<(usize, u32)>) -> BTreeMap<usize, BTreeSet<u32>> {
    let mut words: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
    for (header, field) in fields {
        let place = &storage.headers[*header];
        let (first, end) = match place.varbit {
            Some((varbit, _, _)) if varbit == *field => (place.fixed_bytes * 8, place.stride * 8),
            _ => {
                let next = place.field_bits.get(*field as usize + 1).copied();
                (place.field_bits[*field as usize], next.unwrap_or(place.fixed_bytes * 8))
            }
        };
        words.entry(*header).or_default().extend(first / 64..end.div_ceil(64));
    }
    words
}

const BEGIN: &str = "\tst->time_ns = in->time_ns;\n\tst->len = in->length;\n\tst->wire_length = in->wire_length;\n\tst->bad_frame = in->bad_frame;\n";

/// Structures that maps hold.
const STRUCTURES: &str = include_str!("structures.c");

/// What stands between the maps and the program's functions.
const RUNTIME: &str = include_str!("runtime.c");

/// The programs that the kernel runs.
const PROGRAMS: &str = include_str!("programs.c");

//! Tables: their maps, and a function each that finds what to do and does it.

use sluice_entities::MatchKind;
use sluice_ir::{Handle, Key, Table, ValueSet};

use super::code::{Code, Side};
use super::expression::{Words, equality};
use super::statement::may_end;
use crate::intervals::{MAX_INTERVAL_BITS, MAX_RANGES};
use crate::layout::{
    EntriesLayout, Layout, ListLayout, MAX_DIRECT_BITS, MAX_LIST, Shape, TableLayout, records_map, words_of,
};

/// Records that stand ready for new entries while those of old ones wait for their grace period.
const SPARE_RECORDS: u64 = 256;

/// Words of the longest key: it stands on the stack.
const MAX_KEY_WORDS: usize = 24;

/// Bytes of the longest prefix, its exact fields included (`LPM_DATA_SIZE_MAX`, kernel/bpf/lpm_trie.c).
const MAX_TRIE_BYTES: usize = 256;

/// Keys that are looked up: those of a selector go into its hash.
pub(super) fn matched(table: &Table) -> impl Iterator<Item = &Key> {
    table.keys.iter().filter(|key| key.kind != MatchKind::Selector)
}

impl Code<'_> {
    /// How a table stands in maps. `layout` has what comes before it, and is told what it takes of maps.
    pub(super) fn table_layout(&mut self, handle: Handle<Table>, layout: &mut Layout) -> TableLayout {
        let module = self.module;
        let table = &module.tables[handle];
        self.span = Some(table.span);
        if table.action_profile.is_some_and(|profile| module.action_profiles[profile].selector.is_some()) {
            self.refuse("action selectors", "give the table actions of its own, or an action profile");
        }
        let data = table.actions.iter().map(|listed| {
            let params = &module.actions[listed.action].params;
            params.iter().map(|param| words_of(param.ty.width())).sum()
        });
        let data_words = data.max().unwrap_or(0);
        let entries = (!table.keys.is_empty()).then(|| self.entries_layout(table, layout));
        let capacity = match &entries {
            None => 0,
            Some(EntriesLayout::List(list)) => list.capacity as u64,
            Some(EntriesLayout::Intervals { .. }) => table.size.clamp(1, MAX_RANGES as u64),
            Some(_) => table.size.max(1),
        };
        let record_words = (entries.is_some() && data_words > 0).then(|| record_class(1 + data_words));
        if let Some(words) = record_words {
            *layout.records.entry(words).or_insert(SPARE_RECORDS) += capacity;
        }
        let configuration_at = layout.configuration_words;
        layout.configuration_words += 3 + data_words;
        TableLayout {
            name: table.name.clone(),
            record_words,
            data_words,
            configuration_at,
            idle_actions: table
                .actions
                .iter()
                .map(|listed| module.actions[listed.action].body.is_empty())
                .collect(),
            is_counted: table.direct_counter.is_some(),
            is_metered: table.direct_meter.is_some(),
            capacity,
            entries,
        }
    }

    fn entries_layout(&mut self, table: &Table, layout: &mut Layout) -> EntriesLayout {
        let fields: Vec<(MatchKind, u32)> =
            matched(table).map(|key| (key.kind, self.ty(key.expression).width())).collect();
        let prefixes = fields.iter().filter(|(kind, _)| *kind == MatchKind::Lpm).count();
        let others =
            fields.iter().filter(|(kind, _)| !matches!(kind, MatchKind::Exact | MatchKind::Lpm)).count();
        let words: usize = fields.iter().map(|(_, width)| words_of(*width)).sum();
        let bytes: usize = fields.iter().map(|(_, width)| width.div_ceil(8) as usize).sum();
        if words > MAX_KEY_WORDS || bytes > MAX_TRIE_BYTES {
            self.refuse("keys of so many bits", "shorten the key to 1,536 bits");
        }
        let mut entries = if others == 0 && prefixes == 0 {
            let widths: Vec<u32> = fields.iter().map(|(_, width)| *width).collect();
            if widths.iter().map(|width| u64::from(*width)).sum::<u64>() <= u64::from(MAX_DIRECT_BITS) {
                EntriesLayout::Direct { slot: 0, widths }
            } else {
                EntriesLayout::Hash { slot: 0, widths }
            }
        } else if others == 0 && prefixes == 1 {
            let fields = fields.iter().map(|(kind, width)| (*width, *kind == MatchKind::Lpm)).collect();
            EntriesLayout::Trie { slot: 0, fields }
        } else if let [(MatchKind::Range, width @ 1..=MAX_INTERVAL_BITS)] = fields[..] {
            EntriesLayout::Intervals { slot: 0, width }
        } else {
            let capacity = usize::try_from(table.size).unwrap_or(usize::MAX).clamp(1, MAX_LIST);
            EntriesLayout::List(ListLayout { slot: 0, fields, has_references: true, capacity })
        };
        let next = next_slot(layout, entries.shape());
        match &mut entries {
            EntriesLayout::Direct { slot, .. }
            | EntriesLayout::Hash { slot, .. }
            | EntriesLayout::Trie { slot, .. }
            | EntriesLayout::Intervals { slot, .. } => *slot = next,
            EntriesLayout::List(list) => list.slot = next,
        }
        entries
    }

    /// The function that applies a table.
    pub(super) fn table(&mut self, handle: Handle<Table>, layout: &TableLayout) {
        let module = self.module;
        let table = &module.tables[handle];
        let name = self.storage.tables[handle.index()].clone();
        self.span = Some(table.span);
        match self.frozen.get(&handle.index()) {
            Some(frozen) => self.find_frozen(table, frozen, &name),
            None => self.find(table, layout, &name),
        }
        if self.storage.asked[handle.index()] {
            let own = self.own();
            self.line(format!("{own}->hit = hit;"));
            self.line(format!("{own}->action_run = action;"));
        }
        self.line("(void) cell, (void) hit;");
        self.braced("switch (action)", |code| {
            for (index, listed) in table.actions.iter().enumerate() {
                let action = &module.actions[listed.action];
                if action.body.is_empty() {
                    continue;
                }
                code.line(format!("case {index}: /* {} */", action.name));
                code.acting = Some(action);
                code.braced("", |code| code.block(&action.body));
                code.acting = None;
                code.line("break;");
            }
        });
        if table.actions.iter().any(|listed| may_end(&module.actions[listed.action].body)) {
            self.line("return 0;");
            self.label(super::statement::OUT);
            self.line("return 1;");
        } else {
            self.line("return 0;");
        }
    }

    /// Finds what a table does by what is in maps: `action`, its counter's `cell`, its `data`, and whether there is an entry, `hit`.
    fn find(&mut self, table: &Table, layout: &TableLayout, name: &str) {
        self.line(format!("const struct default_{name} *by_default = &cfg->{name};"));
        self.line("u64 action = by_default->action, cell = by_default->cell, hit = 0;");
        if layout.data_words > 0 {
            self.line("const u64 *data = by_default->data;");
        }
        if let Some(entries) = &layout.entries {
            self.braced("if (by_default->todo & HAS_ENTRIES)", |code| {
                let keys: Vec<Words> = matched(table).map(|key| code.words(key.expression)).collect();
                match entries {
                    EntriesLayout::Direct { widths, .. } => code.find_in_array(entries, &keys, widths),
                    EntriesLayout::Hash { .. } => code.find_in_hash(entries, &keys),
                    EntriesLayout::Trie { fields, .. } => code.find_in_trie(entries, &keys, fields),
                    EntriesLayout::Intervals { .. } => code.find_in_intervals(entries, &keys),
                    EntriesLayout::List(list) => code.find_in_list(list, &keys),
                }
                code.braced("if (reference != NO_REFERENCE)", |code| match layout.record_words {
                    None => {
                        code.line("hit = 1;");
                        code.line("action = (u32) reference;");
                        code.line("cell = reference >> 32;");
                    }
                    Some(words) => {
                        code.line("u32 index = reference;");
                        code.line(format!(
                            "const struct record_{words} *record = bpf_map_lookup_elem(&{}, &index);",
                            records_map(words)
                        ));
                        code.braced("if (record)", |code| {
                            code.line("hit = 1;");
                            code.line("action = record->action;");
                            code.line("cell = reference >> 32;");
                            code.line("data = record->data;");
                        });
                    }
                });
            });
        }
    }

    /// The map of a slot, by the name `map`.
    fn slot(&mut self, shape: Shape, slot: u32) {
        self.line(format!("u32 slot = {slot};"));
        self.line(format!("void *map = bpf_map_lookup_elem(&{}, &slot);", shape.map()));
    }

    fn find_in_array(&mut self, entries: &EntriesLayout, keys: &[Words], widths: &[u32]) {
        let pieces: Vec<(Words, u32)> = keys.iter().cloned().zip(widths.iter().copied()).collect();
        let index = self.bits_of_pieces(&pieces, 0, widths.iter().sum());
        self.line(format!("u32 index_of_key = {index};"));
        self.slot(entries.shape(), entries.slot());
        self.line("const u64 *found = map ? bpf_map_lookup_elem(map, &index_of_key) : 0;");
        self.line("u64 reference = found ? *found - 1 : NO_REFERENCE;");
    }

    fn find_in_hash(&mut self, entries: &EntriesLayout, keys: &[Words]) {
        let words: Vec<String> = keys.iter().flatten().cloned().collect();
        self.line(format!("u64 key[{}];", words.len()));
        for (i, word) in words.iter().enumerate() {
            self.line(format!("key[{i}] = {word};"));
        }
        self.slot(entries.shape(), entries.slot());
        self.line("const u64 *found = map ? bpf_map_lookup_elem(map, key) : 0;");
        self.line("u64 reference = found ? *found : NO_REFERENCE;");
    }

    fn find_in_trie(&mut self, entries: &EntriesLayout, keys: &[Words], fields: &[(u32, bool)]) {
        let Shape::Trie(bytes) = entries.shape() else { return };
        // All fields as one number, as the trie compares it, filled up to words of 32 bits behind.
        let mut pieces: Vec<(Words, u32)> = Vec::new();
        let mut add = |keys: &Words, width: u32, is_prefix: bool| {
            let rest = width.div_ceil(8) * 8 - width;
            let filler = (vec!["0".to_string()], rest);
            if rest == 0 {
                pieces.push((keys.clone(), width));
            } else if is_prefix {
                pieces.extend([(keys.clone(), width), filler]);
            } else {
                pieces.extend([filler, (keys.clone(), width)]);
            }
        };
        for is_prefix in [false, true] {
            for (key, (width, _)) in keys.iter().zip(fields).filter(|(_, field)| field.1 == is_prefix) {
                add(key, *width, is_prefix);
            }
        }
        let words = bytes.div_ceil(4);
        self.line(format!("struct {{ u32 length; u32 bits[{words}]; }} key;"));
        self.line(format!("key.length = {};", bytes * 8));
        for i in 0..words {
            let part = self.bits_of_pieces(&pieces, i as u32 * 32, 32);
            self.line(format!("key.bits[{i}] = __builtin_bswap32((u32) {part});"));
        }
        self.slot(entries.shape(), entries.slot());
        self.line("const u64 *found = map ? bpf_map_lookup_elem(map, &key) : 0;");
        self.line("u64 reference = found ? *found : NO_REFERENCE;");
    }

    /// Up to 64 bits of values one behind the other, from bit `at` on; zeros behind the last one.
    pub(super) fn bits_of_pieces(&mut self, pieces: &[(Words, u32)], at: u32, count: u32) -> String {
        let (mut start, end) = (0, at + count);
        let mut parts = Vec::new();
        for (words, width) in pieces {
            let (first, last) = (at.max(start), end.min(start + width));
            if first < last {
                let low = start + width - last;
                let taken = self.taken(words, low, last - first).swap_remove(0);
                let shift = end - last;
                if taken != "0" {
                    parts.push(if shift == 0 { taken } else { format!("({taken}) << {shift}") });
                }
            }
            start += width;
        }
        match parts.len() {
            0 => "0".to_string(),
            _ => {
                let joined = format!("({})", parts.join(" | "));
                self.short(joined)
            }
        }
    }

    fn find_in_intervals(&mut self, entries: &EntriesLayout, keys: &[Words]) {
        self.slot(entries.shape(), entries.slot());
        self.line("u32 zero = 0;");
        self.line("const struct intervals *found = map ? bpf_map_lookup_elem(map, &zero) : 0;");
        self.line(format!("u64 reference = found ? in_intervals(found, {}) : NO_REFERENCE;", keys[0][0]));
    }

    fn find_in_list(&mut self, list: &ListLayout, keys: &[Words]) {
        let keys: Vec<Words> =
            keys.iter().map(|key| key.iter().map(|word| self.named(word)).collect()).collect();
        let own = self.own();
        self.find_in(list, &keys, own);
        self.line(format!("u64 reference = {own}->found;"));
    }

    /// Puts the reference of the first member that matches into `own->found`, or `NO_REFERENCE`. It goes by way of memory, so that the
    /// verifier goes on once and not once for each member.
    fn find_in(&mut self, list: &ListLayout, keys: &[Words], own: &str) {
        let capacity = list.capacity;
        let (zero, slot, map, members) = (self.fresh(), self.fresh(), self.fresh(), self.fresh());
        self.line(format!("u32 {zero} = 0, {slot} = {};", list.slot));
        self.line(format!("void *{map} = bpf_map_lookup_elem(&{}, &{slot});", list.shape().map()));
        self.line(format!(
            "const struct list_{} *{members} = {map} ? bpf_map_lookup_elem({map}, &{zero}) : 0;",
            list.member_words()
        ));
        self.line(format!("{own}->found = NO_REFERENCE;"));
        self.braced(format!("if ({members})"), |code| {
            code.line("#pragma clang loop unroll(disable)");
            code.braced(format!("for (u32 i = 0; i < {capacity}; i++)"), |code| {
                code.line(format!("if (i >= {members}->count)"));
                code.line("\tbreak;");
                code.line(format!("const u64 *m = {members}->members[i];"));
                let mut at = 0;
                let mut conditions = Vec::new();
                for ((kind, width), key) in list.fields.iter().zip(keys) {
                    let count = words_of(*width);
                    let part =
                        |from: usize| -> Words { (from..from + count).map(|i| format!("m[{i}]")).collect() };
                    let (first, second) = (part(at), part(at + count));
                    if *kind == MatchKind::Range {
                        conditions.push(code.not_above(&first, key));
                        conditions.push(code.not_above(key, &second));
                    } else {
                        let masked: Words =
                            key.iter().zip(&second).map(|(k, m)| format!("({k} & {m})")).collect();
                        conditions.push(equality(&masked, &first, false));
                    }
                    at += 2 * count;
                }
                let found = if list.has_references { format!("m[{at}]") } else { "0".to_string() };
                code.braced(format!("if ({})", conditions.join(" && ")), |code| {
                    code.line(format!("{own}->found = {found};"));
                    code.line("break;");
                });
            });
        });
    }

    /// Whether the keys of a select are a member of a value set.
    pub(super) fn in_value_set(&mut self, set: Handle<ValueSet>, keys: &[String]) -> String {
        let list = self.value_sets[set.index()].clone();
        let mut keys = keys.iter();
        let keys: Vec<Words> = list
            .fields
            .iter()
            .map(|(_, width)| keys.by_ref().take(words_of(*width)).cloned().collect())
            .collect();
        self.find_in(&list, &keys, "st");
        "st->found != NO_REFERENCE".to_string()
    }
}

/// How a value set stands in maps.
pub(super) fn value_set_layout(set: &ValueSet, layout: &mut Layout) -> ListLayout {
    let mut list = ListLayout {
        slot: 0,
        fields: set.fields.iter().map(|field| (field.kind, field.width)).collect(),
        has_references: false,
        capacity: usize::try_from(set.size).unwrap_or(usize::MAX).clamp(1, MAX_LIST),
    };
    list.slot = next_slot(layout, list.shape());
    list
}

fn next_slot(layout: &mut Layout, shape: Shape) -> u32 {
    let slots = layout.slots.entry(shape).or_default();
    *slots += 1;
    *slots - 1
}

/// Records of similar sizes share a map: the least of these sizes that holds them, or their own.
fn record_class(words: usize) -> usize {
    [2, 3, 5, 9, 17, 33, 65].into_iter().find(|class| *class >= words).unwrap_or(words)
}

/// Which side applies each table; none for one that nothing applies.
pub(super) fn sides(module: &sluice_ir::Module) -> Vec<Option<Side>> {
    let mut sides = vec![None; module.tables.len()];
    for (block, side) in [(&module.pipeline.ingress, Side::Ingress), (&module.pipeline.egress, Side::Egress)]
    {
        sluice_ir::walk::statements(block, &mut |statement| {
            if let sluice_ir::StatementKind::Apply { table, .. } = statement.kind {
                sides[table.index()] = Some(side);
            }
        });
    }
    sides
}

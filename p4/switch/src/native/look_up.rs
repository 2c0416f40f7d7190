//! Look-ups: from the key to the slot of the entry that wins.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

use super::seam::Function;
use super::translate::Translator;
use super::view::TableView;
use crate::engine::op::Slot;
use crate::engine::program::{ApplySite, KeySource};
use crate::tables::{MISS, MIX_FACTOR, MIX_START, Search};

/// Keys of more words are looked up in Rust.
const HASHED_WORDS: usize = 4;

impl Translator<'_, '_> {
    /// The slot of the entry that wins, or one that there is not; nothing if no entry ever matches.
    pub(super) fn look_up(&mut self, site: &ApplySite, view: Value) -> Option<Value> {
        let plan = &self.program.tables[usize::from(site.table)];
        match plan.shape.search() {
            Search::Nothing => None,
            Search::Array { bits } => {
                let key = self.key_word(site);
                let at = self.and(key, (1 << bits) - 1);
                let slots = self.load_view(view, offset_of!(TableView, slots));
                Some(self.element(slots, at, 4))
            }
            Search::Hash { words } if words <= HASHED_WORDS => {
                let key: Vec<Value> = if words == 1 {
                    vec![self.key_word(site)]
                } else {
                    (site.key..).take(words).map(|slot| self.get(slot)).collect()
                };
                Some(self.hash_look_up(view, &key))
            }
            Search::Pieces => {
                let key = self.key_word(site);
                Some(self.piece_look_up(view, key))
            }
            Search::Hash { .. } | Search::Other => Some(self.look_up_in_rust(site, view)),
        }
    }

    /// The same as `Intervals::lookup`, on the same arrays.
    fn piece_look_up(&mut self, view: Value, key: Value) -> Value {
        let base = self.load_view(view, offset_of!(TableView, base));
        let shift = self.load_view(view, offset_of!(TableView, shift));
        let last = self.load_view(view, offset_of!(TableView, mask));
        let index = self.load_view(view, offset_of!(TableView, index));
        let (distance, zero) = (self.b.ins().isub(key, base), self.number(0));
        let is_below = self.b.ins().icmp(IntCC::UnsignedLessThan, key, base);
        let distance = self.b.ins().select(is_below, zero, distance);
        let bucket = self.b.ins().ushr(distance, shift);
        let bucket = self.b.ins().umin(bucket, last);
        let pieces = self.element(index, bucket, 8);
        let low = self.and(pieces, u32::MAX.into());
        let high = self.b.ins().ushr_imm_u(pieces, 32);
        let (turn, search, done) = (self.new_block(), self.new_block(), self.new_block());
        for ty in [types::I64; 2] {
            self.b.append_block_param(turn, ty);
        }
        self.go(turn, &[low, high]);
        self.b.switch_to_block(turn);
        let (low, high) = (self.b.block_params(turn)[0], self.b.block_params(turn)[1]);
        let is_open = self.b.ins().icmp(IntCC::UnsignedLessThan, low, high);
        self.b.ins().brif(is_open, search, [], done, []);
        self.b.switch_to_block(search);
        let starts = self.load_view(view, offset_of!(TableView, keys));
        let both = self.b.ins().iadd(low, high);
        let both = self.b.ins().iadd_imm_u(both, 1);
        let middle = self.b.ins().ushr_imm_u(both, 1);
        let start = self.element(starts, middle, 8);
        let reaches = self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, start, key);
        let before = self.b.ins().iadd_imm_s(middle, -1);
        let low = self.b.ins().select(reaches, middle, low);
        let high = self.b.ins().select(reaches, high, before);
        self.go(turn, &[low, high]);
        self.b.switch_to_block(done);
        let low = self.b.block_params(turn)[0];
        let slots = self.load_view(view, offset_of!(TableView, slots));
        self.element(slots, low, 4)
    }

    /// The key of one word.
    fn key_word(&mut self, site: &ApplySite) -> Value {
        match site.source {
            KeySource::Words => self.get(site.key),
            KeySource::Slice { a, low, width } => self.slice_wide(a, low, width),
            KeySource::Load { at, shift, width } => self.load_field(at, shift, width),
        }
    }

    /// A 32-bit element of an array, or a 64-bit one.
    fn element(&mut self, array: Value, index: Value, bytes: i64) -> Value {
        let at = self.b.ins().imul_imm_u(index, bytes);
        let at = self.b.ins().iadd(array, at);
        if bytes == 4 {
            self.b.ins().uload32(self.memory.tables, at, 0)
        } else {
            self.b.ins().load(types::I64, self.memory.tables, at, 0)
        }
    }

    /// The same as `ExactMap::lookup`, on the same arrays.
    fn hash_look_up(&mut self, view: Value, key: &[Value]) -> Value {
        let mut hash = self.number(MIX_START);
        let factor = self.number(MIX_FACTOR);
        for word in key {
            let mixed = self.b.ins().bxor(hash, *word);
            let (low, high) = (self.b.ins().imul(mixed, factor), self.b.ins().umulhi(mixed, factor));
            hash = self.b.ins().bxor(low, high);
        }
        let mask = self.load_view(view, offset_of!(TableView, mask));
        let slots = self.load_view(view, offset_of!(TableView, slots));
        let keys = self.load_view(view, offset_of!(TableView, keys));
        let (turn, done) = (self.new_block(), self.new_block());
        self.b.append_block_param(turn, types::I64);
        self.b.append_block_param(done, types::I64);
        self.go(turn, &[hash]);
        self.b.switch_to_block(turn);
        let place = self.b.block_params(turn)[0];
        let place = self.b.ins().band(place, mask);
        let slot = self.element(slots, place, 4);
        let is_free = self.compare_with(IntCC::Equal, slot, MISS.into());
        let taken = self.new_block();
        self.b.ins().brif(is_free, done, &[slot.into()], taken, []);
        self.b.switch_to_block(taken);
        let at = self.b.ins().imul_imm_u(place, key.len() as i64 * 8);
        let at = self.b.ins().iadd(keys, at);
        let mut difference = None;
        for (i, word) in key.iter().enumerate() {
            let known = self.b.ins().load(types::I64, self.memory.tables, at, i as i32 * 8);
            let word = self.b.ins().bxor(known, *word);
            difference = Some(match difference {
                None => word,
                Some(before) => self.b.ins().bor(before, word),
            });
        }
        let next = self.b.ins().iadd_imm_u(place, 1);
        let differs = difference.unwrap_or(next);
        self.b.ins().brif(differs, turn, &[next.into()], done, &[slot.into()]);
        self.b.switch_to_block(done);
        self.b.block_params(done)[0]
    }

    fn look_up_in_rust(&mut self, site: &ApplySite, view: Value) -> Value {
        let engine = self.load_view(view, offset_of!(TableView, engine));
        if site.key_words == 1 {
            let key = self.key_word(site);
            return self.call(Function::LookupWord, &[engine, key]);
        }
        self.show(site.key, site.key_words.into());
        let (key, words) = (self.key_address(site.key), self.number(site.key_words.into()));
        self.call(Function::LookupWords, &[engine, key, words])
    }

    /// The address of a key in the packet's state; a constant stands there too.
    fn key_address(&mut self, key: Slot) -> Value {
        self.word_address(key)
    }
}

//! Tables whose contents are constants.

use std::fmt::Write;

use sluice_ir::Table;

use super::code::{Code, number};
use super::expression::Words;
use super::table::matched;
use crate::frozen::{Frozen, Row, Search};
use crate::hashed::FACTOR;

/// Where constants stand: clang would spread them over sections of its own for what could be merged (`.rodata.str4.4`), each a map without BTF.
const SECTION: &str = "SEC(\".rodata.tables\")";

/// Numbers as the members of an initializer, a few on each line.
fn initializer(numbers: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for (at, number) in numbers.enumerate() {
        text.push_str(if at % 16 == 0 { "\n\t" } else { " " });
        text.push_str(&number);
        text.push(',');
    }
    text
}

/// What a row has.
#[derive(Clone, Copy)]
enum Member {
    /// A word of data; rows with shorter data have zeros there, which nobody reads.
    Data(usize),
    Cell,
    Action,
}

impl Member {
    fn name(self) -> String {
        match self {
            Self::Data(word) => format!("data_{word}"),
            Self::Cell => "cell".to_string(),
            Self::Action => "action".to_string(),
        }
    }

    fn ty(self) -> &'static str {
        match self {
            Self::Data(_) => "u64",
            Self::Cell | Self::Action => "u32",
        }
    }

    fn of(self, row: &Row) -> u64 {
        match self {
            Self::Data(word) => row.data.get(word).copied().unwrap_or(0),
            Self::Cell => u64::from(row.cell),
            Self::Action => u64::from(row.action),
        }
    }
}

impl Frozen {
    /// What a member is in all rows, if it is the same in all.
    fn common(&self, member: Member) -> Option<u64> {
        let first = member.of(self.rows.first()?);
        self.rows.iter().all(|row| member.of(row) == first).then_some(first)
    }

    fn data_words(&self) -> usize {
        self.rows.iter().map(|row| row.data.len()).max().unwrap_or(0)
    }

    /// What differs between rows: the members of a structure.
    fn members(&self) -> Vec<Member> {
        let all = (0..self.data_words()).map(Member::Data).chain([Member::Cell, Member::Action]);
        all.filter(|member| self.common(*member).is_none()).collect()
    }

    /// A member of the row `row`.
    fn value(&self, name: &str, member: Member) -> String {
        match self.common(member) {
            Some(value) => number(value),
            None => {
                let last = self.rows.len().next_power_of_two() - 1;
                format!("rows_{name}[row & {last}].{}", member.name())
            }
        }
    }

    /// The constants of a table.
    pub(super) fn constants(&self, name: &str, text: &mut String) {
        let members = self.members();
        if !members.is_empty() {
            let declared: String =
                members.iter().map(|member| format!(" {} {};", member.ty(), member.name())).collect();
            let size = self.rows.len().next_power_of_two();
            let rows = self.rows.iter().map(|row| {
                let values: Vec<String> = members.iter().map(|member| number(member.of(row))).collect();
                format!("{{ {} }}", values.join(", "))
            });
            let _ = writeln!(
                text,
                "static const struct {{{declared} }} rows_{name}[{size}] {SECTION} = {{{}\n}};\n",
                initializer(rows)
            );
        }
        let numbers = |numbers: &[u16]| initializer(numbers.iter().map(|row| number(u64::from(*row))));
        let rows = match &self.search {
            Search::Index(rows) => rows.clone(),
            Search::Pieces { starts, rows } => {
                let starts = initializer(starts.iter().map(|start| number(u64::from(*start))));
                let _ = writeln!(
                    text,
                    "static const u32 starts_{name}[{}] {SECTION} = {{{starts}\n}};\n",
                    rows.len()
                );
                rows.clone()
            }
            Search::Hash(hashed) => {
                let words = hashed.places[0].0.len();
                let keys = hashed.places.iter().map(|(key, _)| {
                    let words: Vec<String> = key.iter().map(|word| number(*word)).collect();
                    format!("{{ {} }}", words.join(", "))
                });
                let _ = writeln!(
                    text,
                    "static const u64 keys_{name}[{}][{words}] {SECTION} = {{{}\n}};\n\nstatic const u16 moves_{name}[{}] {SECTION} = {{{}\n}};\n",
                    hashed.places.len(),
                    initializer(keys),
                    hashed.displacements.len(),
                    numbers(&hashed.displacements)
                );
                hashed.places.iter().map(|(_, row)| *row).collect()
            }
        };
        let _ = writeln!(
            text,
            "static const u16 row_of_{name}[{}] {SECTION} = {{{}\n}};\n",
            rows.len(),
            numbers(&rows)
        );
    }
}

impl Code<'_> {
    /// Finds the `row` of a key.
    fn find_row(&mut self, table: &Table, search: &Search, name: &str) {
        let keys: Vec<Words> = matched(table).map(|key| self.words(key.expression)).collect();
        match search {
            Search::Pieces { rows, .. } => {
                self.line(format!("const u64 key = {};", keys[0][0]));
                self.line("u64 at = 0;");
                self.line("#pragma unroll");
                self.braced(format!("for (u64 step = {}; step; step >>= 1)", rows.len() / 2), |code| {
                    let last = rows.len() - 1;
                    code.line(format!(
                        "s64 below = (u64) starts_{name}[(at + step - 1) & {last}] - key - 1;"
                    ));
                    code.line("OPAQUE(below);");
                    code.line("at += step & (u64) (below >> 63);");
                });
                self.line(format!("const u64 row = row_of_{name}[at & {}];", rows.len() - 1));
            }
            Search::Index(rows) => {
                let widths = matched(table).map(|key| self.ty(key.expression).width());
                let pieces: Vec<(Words, u32)> = keys.into_iter().zip(widths).collect();
                let bits = pieces.iter().map(|(_, width)| width).sum();
                let index = self.bits_of_pieces(&pieces, 0, bits);
                self.line(format!("const u64 row = row_of_{name}[{index} & {}];", rows.len() - 1));
            }
            Search::Hash(hashed) => {
                let words: Vec<String> = keys.into_iter().flatten().map(|word| self.named(&word)).collect();
                self.line(format!("u64 hash = {};", number(hashed.seed)));
                for word in &words {
                    self.line(format!("hash = (hash ^ {word}) * {};", number(FACTOR)));
                    self.line("hash ^= hash >> 32;");
                }
                let (buckets, places) = (hashed.displacements.len() - 1, hashed.places.len() - 1);
                self.line(format!(
                    "const u64 place = ((hash >> 32) ^ moves_{name}[hash & {buckets}]) & {places};"
                ));
                let differs: Vec<String> = words
                    .iter()
                    .enumerate()
                    .map(|(at, word)| format!("({word} ^ keys_{name}[place][{at}])"))
                    .collect();
                self.line(format!(
                    "const u64 row = ({}) == 0 ? row_of_{name}[place] : 0;",
                    differs.join(" | ")
                ));
            }
        }
    }

    /// As `find`, of a table whose contents are constants.
    pub(super) fn find_frozen(&mut self, table: &Table, frozen: &Frozen, name: &str) {
        self.find_row(table, &frozen.search, name);
        let words: Vec<String> =
            (0..frozen.data_words()).map(|word| frozen.value(name, Member::Data(word))).collect();
        let (action, cell) = (frozen.value(name, Member::Action), frozen.value(name, Member::Cell));
        self.line(format!("const u64 action = {action}, cell = {cell}, hit = row != 0;"));
        if !words.is_empty() {
            self.line(format!("const u64 data[{}] = {{ {} }};", words.len(), words.join(", ")));
            self.line("(void) data;");
        }
    }
}

//! Whether headers leave in the order in which they came, so that a packet of which nothing was changed need not be put together
//! again: what the deparser would write is what the parser read.
//!
//! That is so where the deparser does nothing but emit, each header once; where the parser took headers alone, in the order in which
//! they are emitted, each once; and where nobody has written to a header, or made one valid or invalid, since. The first is known
//! when the program is, the rest native code notes while it runs, in [`super::seam::Frame::is_changed`].

use std::collections::{BTreeMap, BTreeSet};

use super::slots::{Access, accesses, successors};
use crate::engine::op::{Op, Pc, Slot};
use crate::engine::program::Program;

/// See the module.
pub(super) struct Order {
    /// Extractions of headers that are emitted behind all those that can have been extracted before.
    in_order: BTreeSet<Pc>,
    /// Words that say which headers are valid, and how long varbit fields are.
    words: std::ops::Range<Slot>,
}

impl Order {
    /// Nothing, where the deparser does more than to emit.
    pub(super) fn of(program: &Program) -> Option<Self> {
        let places = places(program)?;
        let layout = &program.layout;
        let lengths = program.headers.iter().filter_map(|header| header.varbit.map(|varbit| varbit.length));
        let last = lengths.chain(program.headers.iter().map(|header| header.valid)).max();
        let words = layout.first_valid..last.map_or(layout.first_valid, |last| last + 1);
        Some(Self { in_order: in_order(program, &places), words })
    }

    /// Whether, behind that instruction, headers may not be the first bytes of the packet any more.
    pub(super) fn changes(&self, program: &Program, pc: Pc, op: Op) -> bool {
        match op {
            Op::Extract { .. } | Op::ExtractVarbit { .. } => !self.in_order.contains(&pc),
            Op::Store { .. }
            | Op::StoreW { .. }
            | Op::CopyHeader { .. }
            | Op::ShiftStack { .. }
            | Op::Advance { .. } => true,
            _ => {
                let mut found = false;
                accesses(program, op, &mut |first, count, access| {
                    let end = usize::from(first) + count;
                    found |= access == Access::Write
                        && first < self.words.end
                        && end > usize::from(self.words.start);
                });
                found
            }
        }
    }
}

/// Where each header is emitted, from 1 on.
fn places(program: &Program) -> Option<Vec<Option<u32>>> {
    let mut places = vec![None; program.headers.len()];
    let mut next = 1;
    for op in program.ops.get(program.entry.deparser as usize..)? {
        match *op {
            Op::EmitRun { header, count } => {
                for place in places.get_mut(usize::from(header)..usize::from(header) + usize::from(count))? {
                    if place.replace(next).is_some() {
                        return None;
                    }
                    next += 1;
                }
            }
            Op::End => return Some(places),
            _ => return None,
        }
    }
    Some(places)
}

fn in_order(program: &Program, places: &[Option<u32>]) -> BTreeSet<Pc> {
    let place = |header: u16| places.get(usize::from(header)).copied().flatten();
    // The last place of what can have been extracted before each instruction.
    let mut before: BTreeMap<Pc, u32> = BTreeMap::new();
    let mut open = vec![(program.entry.parser, 0)];
    while let Some((pc, last)) = open.pop() {
        let Some(op) = program.ops.get(pc as usize) else { continue };
        match before.get(&pc) {
            Some(known) if *known >= last => continue,
            _ => before.insert(pc, last),
        };
        let behind = match *op {
            Op::Extract { header } | Op::ExtractVarbit { header, .. } => {
                last.max(place(header).unwrap_or(u32::MAX))
            }
            _ => last,
        };
        if successors(program, *op, &mut |to| open.push((to, behind))) {
            open.push((pc + 1, behind));
        }
    }
    let fits = |(pc, last): &(Pc, u32)| match program.ops.get(*pc as usize) {
        Some(Op::Extract { header } | Op::ExtractVarbit { header, .. }) => {
            place(*header).is_some_and(|place| place > *last)
                && program.headers.get(usize::from(*header)).is_some_and(|plan| plan.rivals.is_empty())
        }
        _ => false,
    };
    before.into_iter().filter(fits).map(|(pc, _)| pc).collect()
}

//! Gives variables, headers and stacks their places in a packet's state.
//!
//! Words: intrinsics, header validity, stack indexes and what egress uses come first, because replicas copy them; then
//! what only ingress uses. Bytes: headers one behind the other, elements of a stack in order, each with its varbit storage.

use sluice_ir::{HeaderType, Intrinsic, Module, Type, Variable, VariableKind};

use super::usage::{Reach, egress_variables, reaches};
use super::{MAX_HEADER_BYTES, MAX_SCALAR_BITS, MAX_STATE_WORDS, PrepareError, bound};
use crate::engine::op::Slot;
use crate::engine::program::{HeaderPlan, INTRINSICS, Layout, MetadataSlot, StackPlan, VarbitPlan};

/// Bits of [`Intrinsic`]s, by `Intrinsic as usize`.
pub(crate) const INTRINSIC_BITS: [u32; INTRINSICS] =
    [9, 9, 9, 32, 32, 32, 19, 32, 19, 48, 48, 16, 16, 1, 16, 3];

/// Places of a module's storage.
pub(super) struct Storage {
    pub(super) layout: Layout,
    pub(super) headers: Vec<HeaderPlan>,
    pub(super) stacks: Vec<StackPlan>,
    /// First slot of each variable.
    pub(super) variables: Vec<Slot>,
    /// Word for the direct counter's cell of each table.
    pub(super) cells: Vec<Slot>,
    /// Words that anything above has.
    pub(super) used_words: usize,
    /// Words that mean nothing outside of the action that runs.
    pub(super) private: std::ops::Range<Slot>,
}

struct Words {
    next: usize,
}

impl Words {
    fn take(&mut self, count: usize) -> Result<Slot, PrepareError> {
        let slot = aligned(self.next, count);
        self.next = slot + count;
        bound("words of state", self.next as u64, MAX_STATE_WORDS as u64)?;
        Ok(slot as Slot)
    }
}

/// The next slot from `slot` on for that many words. Wide values start on even slots, so that no pair of limbs is cut by a
/// cache line, which would keep what was just stored from being loaded quickly.
pub(super) fn aligned(slot: usize, count: usize) -> usize {
    if count > 1 { slot.next_multiple_of(2) } else { slot }
}

/// Words that a scalar of that width takes.
pub(super) fn limbs(width: u32) -> usize {
    width.div_ceil(64) as usize
}

/// Bits of the slots that hold a value of that type. A varbit has those of its bytes, left-aligned and zero behind its end, and a
/// last slot for its length in bytes.
pub(super) fn slot_bits(ty: Type) -> u32 {
    match ty {
        Type::Varbit(max) => (limbs(varbit_bits(max)) as u32 + 1) * 64,
        other => other.width(),
    }
}

/// Bits of storage of a varbit: whole bytes.
pub(super) fn varbit_bits(max: u32) -> u32 {
    max.div_ceil(8) * 8
}

pub(super) fn lay_out(module: &Module) -> Result<Storage, PrepareError> {
    let mut words = Words { next: 0 };
    let mut layout = Layout::default();
    for slot in &mut layout.intrinsics {
        *slot = words.take(1)?;
    }
    let headers = place_headers(module, &mut words, &mut layout)?;
    let stacks = place_stacks(module, &mut words)?;
    let in_egress = egress_variables(module);
    let reaches = reaches(module);
    let mut variables = vec![0; module.variables.len()];
    let mut place = |words: &mut Words, layout: &mut Layout, wanted: &dyn Fn(usize) -> bool| {
        for (handle, variable) in module.variables.iter().filter(|(handle, _)| wanted(handle.index())) {
            variables[handle.index()] = place_variable(variable, words, layout)?;
        }
        Ok(())
    };
    let zeroed = |index: usize| reaches[index] == Reach::Zeroed;
    place(&mut words, &mut layout, &|index| zeroed(index) && in_egress[index])?;
    layout.egress_words = words.next;
    place(&mut words, &mut layout, &|index| zeroed(index) && !in_egress[index])?;
    add_intrinsics(&mut layout);
    let mut cells = Vec::new();
    for _ in 0..module.tables.len() {
        cells.push(words.take(1)?);
    }
    layout.zeroed_words = words.next;
    place(&mut words, &mut layout, &|index| reaches[index] == Reach::Written)?;
    // The locals of different actions are never in use at the same time.
    let first = aligned(words.next, 2);
    let mut end = first;
    for action in 0..module.actions.len() {
        words.next = first;
        place(&mut words, &mut layout, &|index| reaches[index] == Reach::Action(action))?;
        end = end.max(words.next);
    }
    let private = first as Slot..end as Slot;
    Ok(Storage { layout, headers, stacks, variables, cells, used_words: end, private })
}

fn place_variable(variable: &Variable, words: &mut Words, layout: &mut Layout) -> Result<Slot, PrepareError> {
    let bits = variable.ty.width();
    if bits > MAX_SCALAR_BITS {
        return Err(PrepareError::TooWide { what: format!("`{}`", variable.name), bits });
    }
    if let VariableKind::Intrinsic(intrinsic) = variable.kind {
        let slot = layout.intrinsics[intrinsic as usize];
        layout.metadata.push(MetadataSlot { slot, limbs: 1, field_lists: variable.field_lists.clone() });
        return Ok(slot);
    }
    let slot = words.take(limbs(bits))?;
    if variable.kind == VariableKind::Metadata {
        let field_lists = variable.field_lists.clone();
        layout.metadata.push(MetadataSlot { slot, limbs: limbs(bits) as u16, field_lists });
    }
    Ok(slot)
}

/// Intrinsics that the program does not declare are reset like those that it does.
fn add_intrinsics(layout: &mut Layout) {
    for slot in layout.intrinsics {
        if !layout.metadata.iter().any(|known| known.slot == slot) {
            layout.metadata.push(MetadataSlot { slot, limbs: 1, field_lists: Vec::new() });
        }
    }
}

fn place_headers(
    module: &Module,
    words: &mut Words,
    layout: &mut Layout,
) -> Result<Vec<HeaderPlan>, PrepareError> {
    let mut headers = Vec::new();
    let mut at = 0;
    // Side by side, so that emitting can skip many invalid headers at once.
    let first_valid = words.take(module.headers.len())?;
    for (handle, header) in module.headers.iter() {
        let Some(ty) = module.header_types.try_index(header.ty) else {
            return Err(PrepareError::Invalid { what: format!("header `{}` has no type", header.name) });
        };
        let valid = first_valid + handle.index() as Slot;
        let varbit = place_varbit(ty, words)?;
        let fixed_bytes = fixed_bits(ty) / 8;
        let max_bytes = fixed_bytes + varbit.map_or(0, |varbit| varbit.max_bytes);
        headers.push(HeaderPlan {
            name: header.name.clone(),
            at,
            fixed_bytes,
            max_bytes,
            valid,
            rivals: Vec::new(),
            varbit,
        });
        at = at.saturating_add(max_bytes);
        bound("bytes of headers", u64::from(at), MAX_HEADER_BYTES as u64)?;
    }
    layout.header_bytes = at as usize;
    layout.first_valid = first_valid;
    for (handle, header) in module.headers.iter() {
        let Some(union) = header.union.and_then(|union| module.unions.try_index(union)) else { continue };
        let rivals = union.members.iter().filter(|member| **member != handle);
        headers[handle.index()].rivals = rivals
            .filter_map(|member| module.headers.try_index(*member).map(|_| member.index()))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|index| headers[index].valid)
            .collect();
    }
    Ok(headers)
}

fn fixed_bits(ty: &HeaderType) -> u32 {
    let fixed = ty.fields.iter().filter(|field| !matches!(field.ty, Type::Varbit(_)));
    fixed.map(|field| field.ty.width()).fold(0, u32::saturating_add)
}

fn place_varbit(ty: &HeaderType, words: &mut Words) -> Result<Option<VarbitPlan>, PrepareError> {
    let mut bits = 0;
    for field in &ty.fields {
        if let Type::Varbit(max) = field.ty {
            if bits % 8 != 0 {
                let what = format!("varbit `{}.{}` does not start on a byte", ty.name, field.name);
                return Err(PrepareError::Invalid { what });
            }
            let plan = VarbitPlan { offset: bits / 8, max_bytes: max.div_ceil(8), length: words.take(1)? };
            return Ok(Some(plan));
        }
        bits += field.ty.width();
    }
    Ok(None)
}

/// Bit in the header's storage at which a field starts.
pub(super) fn field_offset(ty: &HeaderType, field: usize) -> u32 {
    if matches!(ty.fields.get(field).map(|field| field.ty), Some(Type::Varbit(_))) {
        return fixed_bits(ty);
    }
    let before = ty.fields.iter().take(field).filter(|field| !matches!(field.ty, Type::Varbit(_)));
    before.map(|field| field.ty.width()).sum()
}

fn place_stacks(module: &Module, words: &mut Words) -> Result<Vec<StackPlan>, PrepareError> {
    let mut stacks: Vec<StackPlan> = Vec::new();
    for (_, stack) in module.stacks.iter() {
        let elements = stack.elements.iter().map(|header| header.index() as u16).collect();
        let owns_next = stack.shares_index_of.is_none();
        stacks.push(StackPlan { elements, next: words.take(1)?, owns_next });
    }
    for (handle, stack) in module.stacks.iter() {
        let shared = stack.shares_index_of.and_then(|owner| stacks.get(owner.index()));
        if let Some(next) = shared.map(|owner| owner.next) {
            stacks[handle.index()].next = next;
        }
    }
    Ok(stacks)
}

/// Checks at compile time that the table of widths follows the enum.
const _: () = {
    assert!(Intrinsic::Priority as usize == INTRINSICS - 1);
    assert!(INTRINSIC_BITS[Intrinsic::McastGrp as usize] == 16);
    assert!(INTRINSIC_BITS[Intrinsic::ParserError as usize] == 16);
};

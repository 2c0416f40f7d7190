//! What native code and Rust share: the frame that native code works in, and the functions that it calls.
//!
//! Native code knows nothing but the address of a [`Frame`]. Why `unsafe` is sound here:
//!
//! - A frame begins with what is shared for as long as its packet is under way: its lifetime is that of the borrows. [`run`] fills the
//!   rest of it from borrows that it has for itself, and uses none of them until the native code returns. In between, the
//!   functions below make references again, each for the time of its call, when no native code is running: at no time is there a
//!   reference to something that native code touches.
//! - Native code touches words by constant slots of 16 bits, and there are 65,536 of them; header bytes by constant offsets that
//!   [`super::translate`] has checked against the layout; packet bytes behind a comparison with their number; output bytes behind a comparison
//!   with the room there is; and what a [`TableView`] leads to, behind a comparison with its length or by a masked index.
//! - Views live in a configuration next to the tables that they lead to; a configuration is never changed once a worker can see it.
//! - No function unwinds into native code: `extern "C"` functions end the process if they panic.

use std::ffi::c_void;
use std::marker::PhantomData;

use super::view::TableView;
use super::{Native, Stage};
use crate::configuration::{Choice, Configuration};
use crate::counters::{CHUNK, Cell, CellsView, WorkerCells};
use crate::engine::calls;
use crate::engine::headers;
use crate::engine::op::Pc;
use crate::engine::run::{self as interpreter, Env, Halt};
use crate::engine::select;
use crate::engine::state::{AlignedWords, PacketState};
use crate::engine::wide;
use crate::packet::Ingress;
use crate::trace::Unobserved;

// SAFETY: a view is a set of addresses, which are only used while the tables that they lead to are shared, and tables can be shared
// between threads.
unsafe impl Send for TableView {}
// SAFETY: as above.
unsafe impl Sync for TableView {}

/// Where the cells of a chunk begin.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct CellAddress(*const Cell);

impl CellAddress {
    pub(crate) fn of(cells: &[Cell; CHUNK]) -> Self {
        Self(cells.as_ptr())
    }
}

// SAFETY: the address is only used while the worker's cells are shared, and cells are atomic. Native code adds to them by loads and
// stores of aligned words, which are what relaxed atomic ones are on the machines that it runs on.
unsafe impl Send for CellAddress {}
// SAFETY: as above.
unsafe impl Sync for CellAddress {}

/// Words that are all zero, without touching them.
pub(crate) fn zeroed_words() -> Box<AlignedWords> {
    let words = Box::<AlignedWords>::new_zeroed();
    // SAFETY: words are numbers, and zero is one.
    unsafe { words.assume_init() }
}

/// What native code works on. It reads and writes fields by their offsets.
#[repr(C)]
pub(crate) struct Frame<'a> {
    pub(super) words: *mut u64,
    pub(super) bytes: *mut u8,
    /// Bits of the lines of header storage that may be other than zero.
    pub(super) touched: *mut u64,
    pub(super) data: *const u8,
    /// Bytes of the packet.
    pub(super) data_length: u64,
    /// Bits of the packet that the parser consumed.
    pub(super) cursor: u64,
    pub(super) tables: *const TableView,
    /// A bit for each table that does something.
    pub(super) busy: *const u64,
    pub(super) cells: CellsView,
    pub(super) wire_length: u64,
    pub(super) time_ns: u64,
    pub(super) bad_frame: u64,
    pub(super) out: *mut u8,
    pub(super) out_length: u64,
    pub(super) out_room: u64,
    /// Jumps backwards so far.
    pub(super) turns: u64,
    /// Where the interpreter goes on.
    pub(super) resume: u64,
    /// Whether headers may be others than those that the parser read; see [`PacketState::is_changed`].
    pub(super) is_changed: u64,
    /// The action that an action profile chose: its number, its cell and its data.
    pub(super) action: u64,
    pub(super) cell: u64,
    pub(super) action_data: *const u64,
    env: *mut c_void,
    state: *mut PacketState,
    shared: PhantomData<(&'a [u8], &'a Configuration, &'a WorkerCells)>,
}

/// What a native function returns.
pub(super) struct Ended;

impl Ended {
    pub(super) const END: u64 = 0;
    pub(super) const LOOP_LIMIT: u64 = 1;
    pub(super) const ASSERTION: u64 = 2;
    /// The interpreter goes on, at the instruction that the frame names.
    pub(super) const RESUME: u64 = 3;
}

impl<'a> Frame<'a> {
    /// A frame for all blocks that a packet goes through; [`run`] fills in the packet's state.
    #[inline(always)]
    pub(crate) fn new(
        ingress: &Ingress<'_>,
        data: &'a [u8],
        config: &'a Configuration,
        cells: &'a WorkerCells,
    ) -> Self {
        Self {
            words: std::ptr::null_mut(),
            bytes: std::ptr::null_mut(),
            touched: std::ptr::null_mut(),
            data: data.as_ptr(),
            data_length: data.len() as u64,
            cursor: 0,
            tables: config.views.tables(),
            busy: config.views.busy(),
            cells: cells.view(),
            wire_length: u64::from(ingress.wire_length),
            time_ns: ingress.time_ns,
            bad_frame: u64::from(ingress.bad_frame),
            out: std::ptr::null_mut(),
            out_length: 0,
            out_room: 0,
            turns: 0,
            resume: 0,
            is_changed: 0,
            action: 0,
            cell: 0,
            action_data: std::ptr::null(),
            env: std::ptr::null_mut(),
            state: std::ptr::null_mut(),
            shared: PhantomData,
        }
    }
}

/// Runs one block of a program on a packet; the frame is of the same packet.
#[inline(always)]
pub(crate) fn run<'a>(
    native: &Native,
    stage: Stage,
    frame: &mut Frame<'a>,
    env: &mut Env<'a>,
    state: &mut PacketState,
) -> Halt {
    frame.words = state.words.as_mut_ptr();
    frame.bytes = state.bytes.as_mut_ptr();
    frame.touched = state.touched.as_mut_ptr();
    if stage == Stage::Parser {
        frame.cursor = state.payload.start as u64 * 8;
    }
    frame.turns = 0;
    frame.is_changed = u64::from(state.is_changed);
    if stage == Stage::Deparser {
        show_output(env, frame);
    }
    frame.env = (&raw mut *env).cast();
    frame.state = state;
    // SAFETY: addresses of the packet's state were made just now, of borrows that this function has for itself (that of the output where
    // the deparser runs, which alone uses it); those of what is shared live as long as the frame; the code is of the program that they
    // belong to.
    let ended = unsafe { native.entry(stage).call(frame) };
    state.is_changed = frame.is_changed != 0;
    if stage == Stage::Deparser {
        keep_output(env, frame);
    }
    let halt = if ended == Ended::END { Halt::End } else { go_on(ended, frame, env, state) };
    if stage == Stage::Parser {
        state.payload.start = (frame.cursor as usize).div_ceil(8).min(env.data.len());
    }
    halt
}

/// What follows where native code did not come to the block's end.
#[cold]
fn go_on(ended: u64, frame: &mut Frame<'_>, env: &mut Env<'_>, state: &mut PacketState) -> Halt {
    match ended {
        Ended::LOOP_LIMIT => Halt::LoopLimit,
        Ended::ASSERTION => Halt::Assertion,
        Ended::RESUME => {
            // The interpreter does not say what it changes.
            state.is_changed = true;
            env.turns = frame.turns as u32;
            env.cursor = frame.cursor as usize;
            let halt = interpreter::run(env, state, frame.resume as Pc, &mut Unobserved);
            frame.cursor = env.cursor as u64;
            halt
        }
        _ => Halt::End,
    }
}

/// Makes what native code wrote part of the output.
fn keep_output(env: &mut Env<'_>, frame: &Frame<'_>) {
    let length = (frame.out_length as usize).min(env.out.capacity());
    // SAFETY: native code has written all bytes up to that length, which lies within the room.
    unsafe { env.out.set_len(length) };
}

/// The parts of a frame that Rust works on.
///
/// # Safety
///
/// As for the functions below: the frame is the one that [`run`] made, and native code waits for the caller.
unsafe fn parts<'f>(frame: *mut Frame<'f>) -> (&'f mut Frame<'f>, &'f mut Env<'f>, &'f mut PacketState) {
    // SAFETY: `run` made all three of borrows that it does not use before native code returns; they are different things.
    unsafe { (&mut *frame, &mut *(*frame).env.cast::<Env<'f>>(), &mut *(*frame).state) }
}

/// Addresses of functions that native code calls.
pub(super) fn address(function: Function) -> usize {
    match function {
        Function::Extern => call_extern as *const () as usize,
        Function::Wide => call_wide as *const () as usize,
        Function::ExtractVarbit => extract_varbit as *const () as usize,
        Function::CopyHeader => copy_header as *const () as usize,
        Function::ShiftStack => shift_stack as *const () as usize,
        Function::EmitVarbit => emit_varbit as *const () as usize,
        Function::Room => make_room as *const () as usize,
        Function::LookupWord => lookup_word as *const () as usize,
        Function::LookupWords => lookup_words as *const () as usize,
        Function::NoteHit => note_hit as *const () as usize,
        Function::Choose => choose as *const () as usize,
    }
}

/// Functions that native code calls. All take 64-bit numbers and addresses and give one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    /// Frame, index of the call: what [`Ended`] says, or 0.
    Extern,
    /// Frame, index of the operation.
    Wide,
    /// Frame, header, bits of the varbit field: 0, or one more than the index of the error.
    ExtractVarbit,
    /// Frame, header to, header from.
    CopyHeader,
    /// Frame, stack, places.
    ShiftStack,
    /// Frame, header.
    EmitVarbit,
    /// Frame, bytes that must fit.
    Room,
    /// Engine, key: slot.
    LookupWord,
    /// Engine, address of the key, its words: slot.
    LookupWords,
    /// Frame, table, slot.
    NoteHit,
    /// Frame, table, selection, slot: whether the action is in the frame; else it is the entry's own.
    Choose,
}

impl Function {
    /// Number of arguments.
    pub(super) fn arguments(self) -> usize {
        match self {
            Self::Extern | Self::Wide | Self::EmitVarbit | Self::Room | Self::LookupWord => 2,
            Self::ExtractVarbit | Self::CopyHeader | Self::ShiftStack | Self::LookupWords | Self::NoteHit => {
                3
            }
            Self::Choose => 4,
        }
    }
}

unsafe extern "C" fn call_extern(frame: *mut Frame, index: u64) -> u64 {
    // SAFETY: native code passes the frame on that it was given, and waits.
    let (_, env, state) = unsafe { parts(frame) };
    match calls::call(env, state, index as u16, &mut Unobserved) {
        None | Some(Halt::End) => Ended::END,
        Some(Halt::LoopLimit) => Ended::LOOP_LIMIT,
        Some(Halt::Assertion) => Ended::ASSERTION,
    }
}

unsafe extern "C" fn call_wide(frame: *mut Frame, index: u64) -> u64 {
    // SAFETY: native code passes the frame on that it was given, and waits.
    let (_, env, state) = unsafe { parts(frame) };
    wide::run(&mut state.words, env.program.wide[index as usize]);
    0
}

unsafe extern "C" fn extract_varbit(frame: *mut Frame, header: u64, bits: u64) -> u64 {
    // SAFETY: native code passes the frame on that it was given, and waits.
    let (frame, env, state) = unsafe { parts(frame) };
    env.cursor = frame.cursor as usize;
    let program = env.program;
    let result = headers::extract_varbit(env, state, &program.headers[header as usize], bits);
    frame.cursor = env.cursor as u64;
    result.map_or_else(|error| u64::from(program.error(error)) + 1, |()| 0)
}

unsafe extern "C" fn copy_header(frame: *mut Frame, to: u64, from: u64) -> u64 {
    // SAFETY: native code passes the frame on that it was given, and waits.
    let (_, env, state) = unsafe { parts(frame) };
    headers::copy_header(env.program, state, to as u16, from as u16);
    0
}

unsafe extern "C" fn shift_stack(frame: *mut Frame, stack: u64, by: u64) -> u64 {
    // SAFETY: native code passes the frame on that it was given, and waits.
    let (_, env, state) = unsafe { parts(frame) };
    headers::shift_stack(env.program, state, stack as u16, by as i16);
    0
}

unsafe extern "C" fn emit_varbit(frame: *mut Frame, header: u64) -> u64 {
    // SAFETY: native code passes the frame on that it was given, and waits.
    let (frame, env, state) = unsafe { parts(frame) };
    keep_output(env, frame);
    headers::emit(env.out, &state.words, &state.bytes, env.program, header as usize);
    show_output(env, frame);
    0
}

unsafe extern "C" fn make_room(frame: *mut Frame, bytes: u64) -> u64 {
    // SAFETY: native code passes the frame on that it was given, and waits.
    let (frame, env, _) = unsafe { parts(frame) };
    keep_output(env, frame);
    env.out.reserve(bytes as usize);
    show_output(env, frame);
    0
}

/// Tells native code where the output is now.
fn show_output(env: &mut Env<'_>, frame: &mut Frame<'_>) {
    frame.out = env.out.as_mut_ptr();
    frame.out_length = env.out.len() as u64;
    frame.out_room = env.out.capacity() as u64;
}

unsafe extern "C" fn lookup_word(engine: *const crate::tables::Engine, key: u64) -> u64 {
    // SAFETY: the address is of a view of the configuration that the packet uses.
    u64::from(unsafe { &*engine }.lookup(&[key]))
}

unsafe extern "C" fn lookup_words(engine: *const crate::tables::Engine, key: *const u64, words: u64) -> u64 {
    // SAFETY: the engine as above; the key stands in words of the packet's state, where native code has put it.
    let (engine, key) = unsafe { (&*engine, std::slice::from_raw_parts(key, words as usize)) };
    u64::from(engine.lookup(key))
}

unsafe extern "C" fn note_hit(frame: *mut Frame, table: u64, slot: u64) -> u64 {
    // SAFETY: native code passes the frame on that it was given, and waits.
    let (_, env, _) = unsafe { parts(frame) };
    if let Some(hits) = &env.config.tables[table as usize].hits {
        hits.note(slot as u32, env.ingress.time_ns);
    }
    0
}

unsafe extern "C" fn choose(frame: *mut Frame, table: u64, selection: u64, slot: u64) -> u64 {
    // SAFETY: native code passes the frame on that it was given, and waits.
    let (frame, env, state) = unsafe { parts(frame) };
    let config = env.config;
    let chosen = select::choose(env, state, selection as usize, &config.tables[table as usize], slot as u32);
    let Some((Choice { action, cell, data, .. }, all)) = chosen else { return 0 };
    frame.action = u64::from(action);
    frame.cell = u64::from(cell);
    frame.action_data = all[data as usize..].as_ptr();
    1
}

//! The state of one packet, and what its controls asked for.

use sluice_entities::Bits;
use sluice_ir::Intrinsic;

use super::bytes::SLACK;
use super::op::Slot;
use super::program::Layout;

/// The words of a packet's state: as many as a [`Slot`] can name, so that no access has to be checked. Pages that no program
/// touches take no memory.
pub(crate) type Words = [u64; 1 << 16];

/// Words that begin with a cache line: clearing them is quicker by a third.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct AlignedWords(Words);

impl std::ops::Deref for AlignedWords {
    type Target = Words;

    #[inline(always)]
    fn deref(&self) -> &Words {
        &self.0
    }
}

impl std::ops::DerefMut for AlignedWords {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Words {
        &mut self.0
    }
}

/// Words that are cleared at once. More than this the C library hands to `rep stos`, which is slow to start.
const CLEARED_AT_ONCE: usize = 128;

/// Bytes of a line of header storage: what is cleared and copied as one.
pub(crate) const LINE: usize = 64;

/// Variables, headers, and what is to happen to the frame.
pub(crate) struct PacketState {
    pub(crate) words: Box<AlignedWords>,
    /// Header storage: whole lines.
    pub(crate) bytes: Box<[u8]>,
    /// A bit for each line of header storage that may be other than zero.
    pub(crate) touched: Box<[u64]>,
    pub(crate) edits: FrameEdits,
    /// Whether headers may be others than those that the parser read, or stand in another order; only native code takes care to tell.
    pub(crate) is_changed: bool,
    /// What stands behind the parsed headers, as a range of the packet's bytes.
    pub(crate) payload: std::ops::Range<usize>,
}

impl PacketState {
    pub(crate) fn new(layout: &Layout) -> Self {
        let mut words = crate::native::seam::zeroed_words();
        words[..layout.template.len()].copy_from_slice(&layout.template);
        let lines = (layout.header_bytes + SLACK).div_ceil(LINE);
        Self {
            words,
            bytes: vec![0; lines * LINE].into_boxed_slice(),
            touched: vec![0; lines.div_ceil(64)].into_boxed_slice(),
            edits: FrameEdits::default(),
            is_changed: false,
            payload: 0..0,
        }
    }

    /// As at a packet's start: everything zero, or of the words at least those ranges.
    pub(crate) fn reset(&mut self, cleared: &[std::ops::Range<usize>]) {
        for range in cleared {
            if let Some(words) = self.words.get_mut(range.clone()) {
                words.chunks_mut(CLEARED_AT_ONCE).for_each(|words| words.fill(0));
            }
        }
        self.clear_bytes();
        self.edits.clear();
        self.is_changed = false;
        self.payload = 0..0;
    }

    /// Makes header storage zero where it may be something else: a packet has few of a program's headers.
    fn clear_bytes(&mut self) {
        let lines = self.bytes.as_chunks_mut::<LINE>().0;
        for (touched, lines) in self.touched.iter_mut().zip(lines.chunks_mut(64)) {
            for line in ones(std::mem::take(touched)) {
                if let Some(line) = lines.get_mut(line) {
                    *line = [0; LINE];
                }
            }
        }
    }

    /// Notes that so many bytes of header storage are written.
    #[inline(always)]
    pub(crate) fn touch(&mut self, at: usize, length: usize) {
        for line in at / LINE..(at + length).div_ceil(LINE) {
            if let Some(touched) = self.touched.get_mut(line / 64) {
                *touched |= 1 << (line % 64);
            }
        }
    }

    /// Takes over what egress can see of another state.
    pub(crate) fn copy_for_egress(&mut self, from: &Self, layout: &Layout) {
        self.words[..layout.egress_words].copy_from_slice(&from.words[..layout.egress_words]);
        self.clear_bytes();
        for (index, touched) in from.touched.iter().enumerate() {
            for line in ones(*touched) {
                let at = (index * 64 + line) * LINE;
                self.bytes[at..at + LINE].copy_from_slice(&from.bytes[at..at + LINE]);
            }
        }
        self.touched.copy_from_slice(&from.touched);
        self.edits.copy_from(&from.edits);
        self.is_changed = from.is_changed;
        self.payload = from.payload.clone();
    }

    pub(crate) fn intrinsic(&self, layout: &Layout, intrinsic: Intrinsic) -> u64 {
        self.words[usize::from(layout.intrinsics[intrinsic as usize])]
    }

    pub(crate) fn set_intrinsic(&mut self, layout: &Layout, intrinsic: Intrinsic, value: u64) {
        self.words[usize::from(layout.intrinsics[intrinsic as usize])] = value;
    }

    /// Takes the metadata of a field list out; [`Self::restore`] puts it back.
    pub(crate) fn preserve(&self, layout: &Layout, field_list: u32) -> Vec<u64> {
        let kept = layout.metadata.iter().filter(|item| item.field_lists.contains(&field_list));
        kept.flat_map(|item| self.scalar(item.slot, item.limbs)).copied().collect()
    }

    /// Puts the metadata of a field list back; other metadata becomes zero.
    pub(crate) fn restore(&mut self, layout: &Layout, field_list: u32, kept: &[u64]) {
        let mut kept = kept.iter();
        for item in &layout.metadata {
            let listed = item.field_lists.contains(&field_list);
            for i in 0..usize::from(item.limbs) {
                let value = if listed { kept.next().copied().unwrap_or(0) } else { 0 };
                self.words[usize::from(item.slot) + i] = value;
            }
        }
    }

    fn scalar(&self, slot: Slot, limbs: u16) -> &[u64] {
        &self.words[usize::from(slot)..usize::from(slot) + usize::from(limbs)]
    }

    /// A scalar as a value.
    pub(crate) fn bits(&self, slot: Slot, width: u32) -> Bits {
        Bits::from_limbs(width, self.scalar(slot, width.div_ceil(64) as u16))
    }
}

/// The bits of a word that are one, from the lowest on.
fn ones(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (bit < 64).then_some(bit as usize)
    })
}

/// What the program asked to happen to the deparsed frame.
#[derive(Clone, Debug, Default)]
pub(crate) struct FrameEdits {
    /// Whether any field below is set.
    pub(crate) any: bool,
    /// Offset, length, value; at most [`crate::MAX_FRAME_EDITS`].
    pub(crate) overwrites: Vec<(u64, u64, u8)>,
    pub(crate) trim: Option<u64>,
    pub(crate) truncate: Option<u64>,
    /// Offsets of IP headers; at most [`crate::MAX_FRAME_EDITS`].
    pub(crate) checksums: Vec<u64>,
    /// At most [`crate::MAX_TRAILER_BYTES`].
    pub(crate) trailer: Vec<u8>,
}

impl FrameEdits {
    pub(crate) fn clear(&mut self) {
        if self.any {
            self.any = false;
            self.overwrites.clear();
            self.trim = None;
            self.truncate = None;
            self.checksums.clear();
            self.trailer.clear();
        }
    }

    pub(crate) fn copy_from(&mut self, from: &Self) {
        self.clear();
        if from.any {
            self.any = true;
            self.overwrites.extend_from_slice(&from.overwrites);
            self.trim = from.trim;
            self.truncate = from.truncate;
            self.checksums.extend_from_slice(&from.checksums);
            self.trailer.extend_from_slice(&from.trailer);
        }
    }
}

/// What a control asked the engine to do when it ends.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// Whether anything below is set: most packets ask for nothing.
    pub(crate) any: bool,
    pub(crate) asked: Asked,
    /// Index of the extern call, receiver, data.
    pub(crate) digests: Vec<(u16, u64, Vec<Bits>)>,
}

/// What a control asked to be done with the packet once more.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// Ingress or egress clone: session and field list.
    pub(crate) clone: Option<(sluice_ir::CloneKind, u64, u32)>,
    pub(crate) resubmit: Option<u32>,
    pub(crate) recirculate: Option<u32>,
}

impl Requests {
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        if self.any {
            self.any = false;
            self.asked = Asked::default();
            self.digests.clear();
        }
    }

    /// What was asked for since the last time, when digests are sent.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Asked {
        if !self.any {
            return Asked::default();
        }
        self.any = false;
        std::mem::take(&mut self.asked)
    }
}

/// The field list that keeps nothing.
pub(crate) const NO_FIELD_LIST: u32 = u32::MAX;

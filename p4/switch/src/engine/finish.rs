//! Makes the frame that leaves: the deparsed headers and payload, edited as the program asked, in a fixed order: overwrite,
//! trim, truncate, make checksums fit, append the trailer.

use super::state::FrameEdits;
use crate::externs::checksums;
use crate::trace::{FrameEdit, Observer, TraceEvent};

/// Edits the frame, and gives the length that it would have without truncation.
///
/// `missing` bytes were on the wire and not captured; `limit` is the clone session's length, which cuts as truncation does.
/// Trimming removes what the capture lacks first, since that is what stood last.
pub(super) fn finish<O: Observer>(
    frame: &mut Vec<u8>,
    edits: &FrameEdits,
    missing: u32,
    limit: Option<u64>,
    observer: &mut O,
) -> u32 {
    let whole = frame.len() as u64 + u64::from(missing);
    if !edits.any && limit.is_none() {
        return whole as u32;
    }
    for (offset, length, value) in &edits.overwrites {
        let start = usize::try_from(*offset).unwrap_or(usize::MAX).min(frame.len());
        let end = usize::try_from(offset.saturating_add(*length)).unwrap_or(usize::MAX).min(frame.len());
        frame[start..end].fill(*value);
    }
    let whole = whole.min(edits.trim.unwrap_or(u64::MAX));
    let cuts = [edits.trim, edits.truncate, limit];
    let length = cuts.into_iter().flatten().min().unwrap_or(u64::MAX);
    frame.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    for offset in &edits.checksums {
        checksums::fix(frame, usize::try_from(*offset).unwrap_or(usize::MAX));
    }
    frame.extend_from_slice(&edits.trailer);
    if O::TRACE {
        trace(edits, limit, observer);
    }
    (whole + edits.trailer.len() as u64).min(u64::from(u32::MAX)) as u32
}

fn trace<O: Observer>(edits: &FrameEdits, limit: Option<u64>, observer: &mut O) {
    let overwrites = edits.overwrites.iter().map(|(offset, length, value)| FrameEdit::Overwrite {
        offset_bytes: *offset,
        length_bytes: *length,
        value: *value,
    });
    let all = overwrites
        .chain(edits.trim.map(FrameEdit::Trim))
        .chain(edits.truncate.map(FrameEdit::Truncate))
        .chain(limit.map(FrameEdit::Truncate))
        .chain(edits.checksums.iter().map(|offset| FrameEdit::FixChecksums(*offset)))
        .chain((!edits.trailer.is_empty()).then_some(FrameEdit::Trailer(edits.trailer.len())));
    for edit in all {
        observer.event(&TraceEvent::FrameEdit { edit });
    }
}

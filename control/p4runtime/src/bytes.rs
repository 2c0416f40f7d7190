//! Byte strings for numbers (section 8.4): big endian, at least one byte; the shortest such string is the canonical one, which is the one that is sent.

use sluice_entities::{Bits, Code};

use crate::refusal::Refusal;

/// The canonical string of a number.
pub(crate) fn canonical(bits: &Bits) -> Vec<u8> {
    let bytes = bits.to_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let kept = bytes.get(zeros..).unwrap_or_default();
    if kept.is_empty() { vec![0] } else { kept.to_vec() }
}

/// The number that a string is, canonical or not.
pub(crate) fn number(bytes: &[u8], width: u32) -> Result<Bits, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::invalid("the value is empty: a number has at least one byte"));
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let kept = bytes.get(zeros..).unwrap_or_default();
    // As long as what is kept, so that nothing is cut off before it is looked at.
    let whole = u32::try_from(kept.len()).unwrap_or(u32::MAX / 8).saturating_mul(8).max(width);
    let value = Bits::from_bytes(whole, kept);
    if value.bit_length() > width {
        let text = format!("{value:#x} does not fit {width} bits");
        return Err(Refusal::new(Code::OutOfRange, text));
    }
    Ok(value.resize(width))
}

/// A port: P4Runtime's are 32 bits wide, the pipeline's nine.
pub(crate) fn port(bytes: &[u8]) -> Result<u16, Refusal> {
    port_number(number(bytes, 32)?.to_u64().unwrap_or(u64::MAX))
}

/// See [`port`].
pub(crate) fn port_number(number: u64) -> Result<u16, Refusal> {
    u16::try_from(number).map_err(|_| Refusal::new(Code::OutOfRange, format!("there is no port {number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_shortest() {
        for (width, value, bytes) in
            [(32, 0, vec![0]), (32, 0x1ff, vec![1, 0xff]), (9, 0xff, vec![0xff]), (0, 0, vec![0])]
        {
            assert_eq!(canonical(&Bits::new(width, value)), bytes);
            assert_eq!(number(&bytes, width), Ok(Bits::new(width, value)));
        }
    }

    #[test]
    fn longer_strings_are_taken_and_larger_numbers_not() {
        assert_eq!(number(&[0, 0, 0, 5], 3), Ok(Bits::new(3, 5)));
        assert_eq!(number(&[8], 3).expect_err("four bits").code, Code::OutOfRange);
        assert_eq!(number(&[1, 0, 0, 0, 0, 0, 0, 0, 0], 64).expect_err("65 bits").code, Code::OutOfRange);
        assert_eq!(number(&[], 3).expect_err("nothing").code, Code::InvalidArgument);
        assert_eq!(port(&[1, 0xfe]), Ok(510));
    }
}

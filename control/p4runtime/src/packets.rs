//! Packets from and to the controller (section 16.1): metadata on the stream, a header in front of the frame at the data path.

use sluice_entities::Bits;

use crate::bytes::{canonical, number};
use crate::names::Metadata;
use crate::refusal::Refusal;
use crate::v1;

/// The frame that a packet on the stream is.
pub(crate) fn frame(
    fields: Option<&[Metadata]>,
    metadata: &[v1::PacketMetadata],
    payload: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let fields = fields.unwrap_or_default();
    let mut header = Bits::zero(0);
    for field in fields {
        let mut found = metadata.iter().filter(|given| given.metadata_id == field.id);
        let (first, second) = (found.next(), found.next());
        let Some(given) = first.filter(|_| second.is_none()) else {
            let text = format!("metadata: field {} (`{}`) has to be there once", field.id, field.name);
            return Err(Refusal::invalid(text));
        };
        let value = number(&given.value, field.width).map_err(|refusal| {
            Refusal::invalid(format!("metadata: `{}`: {}", field.name, refusal.message))
        })?;
        header = header.concat(&value);
    }
    let is_known = |given: &&v1::PacketMetadata| fields.iter().any(|field| field.id == given.metadata_id);
    if let Some(unknown) = metadata.iter().find(|given| !is_known(given)) {
        let text = format!("metadata: the program's packets have no field {}", unknown.metadata_id);
        return Err(Refusal::invalid(text));
    }
    // Headers are whole bytes; a verified program has no others.
    let spare = header.width().next_multiple_of(8) - header.width();
    let mut bytes = header.concat(&Bits::zero(spare)).to_bytes();
    bytes.extend_from_slice(payload);
    Ok(bytes)
}

/// The metadata and the payload of a frame; nothing of one that is shorter than its header.
pub(crate) fn parts(fields: Option<&[Metadata]>, frame: &[u8]) -> Option<(Vec<v1::PacketMetadata>, Vec<u8>)> {
    let fields = fields.unwrap_or_default();
    let width: u32 = fields.iter().map(|field| field.width).sum();
    let (header, payload) = frame.split_at_checked(width.div_ceil(8) as usize)?;
    let header = Bits::from_bytes(width.next_multiple_of(8), header);
    let mut end = header.width();
    let mut metadata = Vec::with_capacity(fields.len());
    for field in fields.iter().filter(|field| field.width > 0) {
        let value = canonical(&header.slice(end - 1, end - field.width));
        metadata.push(v1::PacketMetadata { metadata_id: field.id, value });
        end -= field.width;
    }
    Some((metadata, payload.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Vec<Metadata> {
        let field = |id, name: &str, width| Metadata { id, name: name.to_string(), width };
        vec![field(1, "port", 9), field(2, "reason", 7), field(3, "word", 32)]
    }

    #[test]
    fn headers_are_put_on_and_taken_off() {
        let given = |metadata_id, value: &[u8]| v1::PacketMetadata { metadata_id, value: value.to_vec() };
        let metadata = vec![given(2, &[0x55]), given(1, &[1, 0xfe]), given(3, &[0])];
        let bytes = frame(Some(&fields()), &metadata, b"frame").expect("all fields are there");
        assert_eq!(bytes, [&[0xff, 0x55, 0, 0, 0, 0], b"frame".as_slice()].concat());
        let (metadata, payload) = parts(Some(&fields()), &bytes).expect("it is long enough");
        assert_eq!(payload, b"frame");
        assert_eq!(metadata, [given(1, &[1, 0xfe]), given(2, &[0x55]), given(3, &[0])]);
        assert_eq!(parts(Some(&fields()), &bytes[..5]), None);
        assert_eq!(parts(None, b"frame").expect("no header").1, b"frame");
    }

    #[test]
    fn metadata_is_complete_and_fits() {
        let given = |metadata_id, value: &[u8]| v1::PacketMetadata { metadata_id, value: value.to_vec() };
        let full = [given(1, &[1]), given(2, &[1]), given(3, &[1])];
        for (metadata, told) in [
            (full[..2].to_vec(), "field 3 (`word`) has to be there once"),
            ([&full[..], &full[..1]].concat(), "field 1 (`port`) has to be there once"),
            ([&full[..], &[given(7, &[1])]].concat(), "no field 7"),
            (vec![given(1, &[2, 0]), full[1].clone(), full[2].clone()], "does not fit 9 bits"),
        ] {
            let refusal = frame(Some(&fields()), &metadata, &[]).expect_err(told);
            assert!(refusal.message.contains(told), "{refusal}");
        }
    }
}

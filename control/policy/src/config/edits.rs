//! `edits:` of a filter.

use sluice_yaml::{Node, Value};

use super::Reader;
use super::model::{Anchor, Edits, Mask, STRIP_NAMES, Settings, Slice};

/// Most `mask` edits of a filter: the data path has one table each.
pub(crate) const MAX_MASKS: usize = 4;

/// Anchors that a mask counts from.
const MASK_ANCHORS: [(&str, Anchor); 7] = [
    ("frame", Anchor::Frame),
    ("l3", Anchor::L3),
    ("l4", Anchor::L4),
    ("payload", Anchor::Payload),
    ("inner_l3", Anchor::InnerL3),
    ("inner_l4", Anchor::InnerL4),
    ("inner_payload", Anchor::InnerPayload),
];

/// Layers that a slice keeps whole. The end of a layer's headers is the start of the next layer: "after L2" is where
/// L3 starts.
const SLICE_LAYERS: [(&str, Anchor); 6] = [
    ("frame", Anchor::Frame),
    ("l2", Anchor::L3),
    ("l3", Anchor::L4),
    ("l4", Anchor::Payload),
    ("inner_l3", Anchor::InnerL4),
    ("inner_l4", Anchor::InnerPayload),
];

impl Reader<'_> {
    /// Edits; what is wrong is reported and left out.
    pub(crate) fn edits(&mut self, node: &Node, settings: &Settings) -> Edits {
        let mut edits = Edits::default();
        let known = ["strip", "mask", "slice", "label", "stamp", "fix_checksums"];
        let Some(fields) = self.fields(node, "`edits`", &known) else { return edits };
        if let Some(node) = fields.value("strip") {
            edits.strip = self.strip(node);
        }
        if let Some(node) = fields.value("mask") {
            edits.mask = self.masks(node);
        }
        if let Some(node) = fields.value("slice") {
            edits.slice = self.slice(node);
        }
        if let Some(node) = fields.value("label") {
            edits.label = self.truth(node, "label").unwrap_or(false);
        }
        if let Some(node) = fields.value("stamp") {
            edits.stamp = self.stamp(node, settings);
        }
        if let Some(node) = fields.value("fix_checksums") {
            edits.fix_checksums = self.truth(node, "fix_checksums").unwrap_or(false);
        }
        edits
    }

    fn strip(&mut self, node: &Node) -> u16 {
        let names: Vec<&str> = STRIP_NAMES.iter().map(|(name, _)| *name).collect();
        let one;
        let items = match &node.value {
            Value::Scalar(_) => {
                one = [node.clone()];
                &one[..]
            }
            _ => self.list(node, "`strip`").unwrap_or(&[]),
        };
        let mut bits = 0;
        for item in items {
            if let Some(i) = self.word(item, "header that can be stripped", &names) {
                bits |= 1 << STRIP_NAMES[i].1;
            }
        }
        bits
    }

    fn masks(&mut self, node: &Node) -> Vec<Mask> {
        let items = self.list(node, "`mask`").unwrap_or(&[]);
        if items.len() > MAX_MASKS {
            self.error(
                format!("{} masks, the data path has {MAX_MASKS}", items.len()),
                node.span,
                "join neighboring ones",
            );
        }
        items.iter().filter_map(|item| self.mask(item)).collect()
    }

    fn mask(&mut self, node: &Node) -> Option<Mask> {
        let fields = self.fields(node, "a mask", &["at", "offset", "length", "value"])?;
        let names: Vec<&str> = MASK_ANCHORS.iter().map(|(name, _)| *name).collect();
        let at = match fields.value("at") {
            Some(node) => MASK_ANCHORS[self.word(node, "place that a mask counts from", &names)?].1,
            None => Anchor::Frame,
        };
        let number = |this: &mut Self, name: &str, low: u64, high: u64, default: u64| match fields.value(name)
        {
            Some(node) => this.number(node, &format!("mask {name}"), low, high),
            None => Some(default),
        };
        let offset = number(self, "offset", 0, 65_535, 0);
        let value = number(self, "value", 0, 255, 0);
        let length = self.required(&fields, "length", "this mask", fields.span)?;
        let length = self.number(length, "mask length", 1, 256);
        Some(Mask { at, offset: offset? as u16, length: length? as u16, value: value? as u8 })
    }

    fn slice(&mut self, node: &Node) -> Option<Slice> {
        let fields = self.fields(node, "`slice`", &["after", "bytes"])?;
        let names: Vec<&str> = SLICE_LAYERS.iter().map(|(name, _)| *name).collect();
        let (anchor, whole_frame) = match fields.value("after") {
            Some(node) => {
                let anchor = SLICE_LAYERS[self.word(node, "layer to slice after", &names)?].1;
                (anchor, anchor == Anchor::Frame)
            }
            None => (Anchor::Frame, true),
        };
        let bytes = match fields.value("bytes") {
            // A frame of no bytes at all is no frame.
            Some(node) => self.number(node, "number of bytes", if whole_frame { 14 } else { 0 }, 65_535)?,
            None if whole_frame => {
                self.error("`slice` has no `bytes`", fields.span, "add `bytes:`, at least 14");
                return None;
            }
            None => 0,
        };
        Some(Slice { anchor, bytes: bytes as u16 })
    }
}

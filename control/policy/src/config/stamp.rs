//! `stamp:` of a filter's edits, or of a tool.

use sluice_diagnostics::Span;
use sluice_yaml::{Fields, Node};

use super::Reader;
use super::model::{Settings, Stamp};

/// The formats, each with the keys that it has.
const FORMATS: [(&str, &[&str]); 5] = [
    ("d28b", &["bits", "clock"]),
    ("vss", &["source", "port_bytes", "port"]),
    ("ixia", &["source"]),
    ("metamako", &["degraded", "device", "port"]),
    ("exablaze", &["device", "port"]),
];

/// What Ixia calls the first of its sources; the others follow.
const IXIA_LOCAL: u8 = 3;

impl Reader<'_> {
    /// A stamp; what is wrong is reported, and leaves it out.
    pub(super) fn stamp(&mut self, node: &Node, settings: &Settings) -> Option<Stamp> {
        let known = ["format", "bits", "clock", "source", "port_bytes", "port", "device", "degraded"];
        let fields = self.fields(node, "`stamp`", &known)?;
        let names = FORMATS.map(|(name, _)| name);
        let format = match fields.value("format") {
            Some(node) => self.word(node, "stamp format", &names)?,
            None => 0,
        };
        self.foreign_keys(&fields, &known[1..], FORMATS[format]);
        match format {
            0 => self.d28b(&fields, settings),
            1 => self.vss(&fields),
            2 => {
                let sources = ["local", "ntp", "gps", "ptp", "holdover"];
                Some(Stamp::Ixia {
                    source: IXIA_LOCAL + self.chosen(&fields, "source", "clock source", &sources)?,
                })
            }
            3 => {
                let degraded = match fields.value("degraded") {
                    Some(node) => self.truth(node, "degraded")?,
                    None => false,
                };
                let device = self.part_number(&fields, "device", 0xFFFF)?;
                Some(Stamp::Metamako {
                    degraded,
                    device,
                    port: self.part_number(&fields, "port", 0xFF)? as u8,
                })
            }
            _ => {
                let device = self.part_number(&fields, "device", 0xFF)? as u8;
                Some(Stamp::Exablaze { device, port: self.part_number(&fields, "port", 0xFF)? as u8 })
            }
        }
    }

    fn foreign_keys(&mut self, fields: &Fields<'_>, keys: &[&str], (format, own): (&str, &[&str])) {
        let foreign = keys.iter().filter(|name| !own.contains(name));
        let foreign: Vec<(&str, Span)> =
            foreign.filter_map(|name| fields.entry(name).map(|(key, _)| (*name, key.span))).collect();
        for (name, span) in foreign {
            self.error(
                format!("`{name}` does not belong to the format {format}"),
                span,
                format!("{format} has {}", sluice_yaml::listed(own)),
            );
        }
    }

    /// The position of a word; without the key, the first.
    fn chosen(&mut self, fields: &Fields<'_>, key: &str, what: &str, words: &[&str]) -> Option<u8> {
        match fields.value(key) {
            Some(node) => self.word(node, what, words).map(|index| index as u8),
            None => Some(0),
        }
    }

    /// A number of device or port; without the key, 0.
    fn part_number(&mut self, fields: &Fields<'_>, key: &str, most: u16) -> Option<u16> {
        match fields.value(key) {
            Some(node) => self
                .number(node, &format!("{key} number of a stamp"), 0, u64::from(most))
                .map(|number| number as u16),
            None => Some(0),
        }
    }

    fn d28b(&mut self, fields: &Fields<'_>, settings: &Settings) -> Option<Stamp> {
        let short = self.chosen(fields, "bits", "number of stamp bits", &["64", "48"])? == 1;
        let utc = self.chosen(fields, "clock", "time scale", &["tai", "utc"])? == 1;
        let version = if short { 0x0020 } else { 0x0010 } | if utc { 0x0100 } else { 0 };
        let tai_offset_s = if utc { 0 } else { settings.tai_offset_s };
        Some(Stamp::D28b { version, tai_offset_s })
    }

    fn vss(&mut self, fields: &Fields<'_>) -> Option<Stamp> {
        let source = self.chosen(fields, "source", "clock source", &["none", "ntp", "gps", "ptp"])?;
        let port_bytes = match fields.value("port_bytes") {
            Some(node) => self.word(node, "number of port bytes", &["0", "1", "2"])? as u8,
            None => 1,
        };
        let port = match (fields.value("port"), port_bytes) {
            (Some(node), 0) => {
                self.error(
                    "a port number of no bytes",
                    node.span,
                    "remove `port`, or give `port_bytes: 1` or `2`",
                );
                return None;
            }
            (_, 2) => self.part_number(fields, "port", 0xFFFF)?,
            _ => self.part_number(fields, "port", 0xFF)?,
        };
        Some(Stamp::Vss { source, port_bytes, port })
    }
}

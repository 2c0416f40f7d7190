//! The data path's tables as `PipelineInfo` tells them, found by the names of `docs/PIPELINE.md`.
//!
//! Nothing about a build is assumed: widths of the two bitmaps, numbers of tables and their sizes are read here,
//! so a build with other constants needs no other policy compiler. What a target lacks is `None` or a shorter
//! list, and becomes an error only when a policy needs it.

use std::sync::Arc;

use sluice_diagnostics::{Diagnostic, Diagnostics};
use sluice_entities::{ActionCall, Bits, PipelineInfo, TableInfo};

use crate::fields::{Field, FieldKind};

/// Most tables of one family that are looked for: more than any build has.
const MAX_FAMILY: usize = 1_024;

/// One table, with what is needed to write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Control-plane name.
    pub(crate) table: Arc<str>,
    /// Most entries.
    pub(crate) size: u64,
    /// Widths of the key fields.
    pub(crate) keys: Vec<u32>,
    /// Actions with parameters' widths.
    actions: Vec<Action>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Action {
    name: Arc<str>,
    params: Vec<u32>,
}

impl Slot {
    /// The action whose name ends in `short`, with these parameters cut to its widths; `None` if there is none such.
    pub(crate) fn call(&self, short: &str, params: &[Bits]) -> Option<ActionCall> {
        let action = self.actions.iter().find(|action| last_part(&action.name) == short)?;
        (action.params.len() == params.len()).then(|| action.with(params))
    }

    /// The one action that takes bitmaps: the only one with parameters.
    pub(crate) fn narrowing(&self, params: &[Bits]) -> Option<ActionCall> {
        let action = self.actions.iter().find(|action| !action.params.is_empty())?;
        (action.params.len() == params.len()).then(|| action.with(params))
    }

    /// Width of the `index`th parameter of the only action with parameters.
    fn width(&self, index: usize) -> Option<u32> {
        self.actions.iter().find(|action| !action.params.is_empty())?.params.get(index).copied()
    }
}

impl Action {
    fn with(&self, params: &[Bits]) -> ActionCall {
        let params = self.params.iter().zip(params).map(|(width, value)| value.resize(*width)).collect();
        ActionCall { action: Arc::clone(&self.name), params }
    }
}

/// Which values a narrow table looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Numbers, exact.
    Values,
    /// 16-bit numbers, by ranges.
    Range,
    /// IPv4 addresses, longest prefix.
    V4,
    /// IPv6 addresses, longest prefix.
    V6,
    /// MAC addresses, ternary.
    Mac,
    /// ICMP keys, longest prefix.
    Icmp,
    /// The packet has no value: source and destination in one default action.
    None,
    /// The packet has no tunnel: all fields of [`of_tunnel`] are absent.
    NoTunnel,
}

/// One narrow table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NarrowTable {
    /// The field; of a table with [`Part::None`], that of the source side; of [`Part::NoTunnel`], one of the fields.
    pub(crate) field: Field,
    /// The destination side, of a table with [`Part::None`].
    pub(crate) other: Option<Field>,
    /// Which of the field's values.
    pub(crate) part: Part,
    /// The table.
    pub(crate) slot: Slot,
}

impl NarrowTable {
    /// Whether the table looks at `field`.
    pub(crate) fn tests(&self, field: Field) -> bool {
        match self.part {
            Part::NoTunnel => of_tunnel(field),
            _ => self.field == field || self.other == Some(field),
        }
    }
}

/// Whether the field is absent on every packet without a tunnel.
pub(crate) fn of_tunnel(field: Field) -> bool {
    field >= Field::Vni
}

/// All tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Bits of `terms`.
    pub(crate) terms: u32,
    /// Bits of `copies`.
    pub(crate) copies: u32,
    pub(crate) policy: Slot,
    pub(crate) network_port: Slot,
    pub(crate) narrow: Vec<NarrowTable>,
    pub(crate) collect: Vec<Slot>,
    pub(crate) asked: Slot,
    pub(crate) sample: Vec<Slot>,
    pub(crate) sampled: Option<Slot>,
    pub(crate) dedup: Vec<Slot>,
    pub(crate) repeated: Option<Slot>,
    pub(crate) balance_by: Option<Slot>,
    pub(crate) balance: Vec<Slot>,
    pub(crate) deliver: Slot,
    pub(crate) egress: Egress,
    /// Counter of packets by ingress port and reason.
    pub(crate) outcome: Option<Arc<str>>,
    /// Counter of copies by instance and reason.
    pub(crate) copy_outcome: Option<Arc<str>>,
    /// Meter of tools' limits, by instance.
    pub(crate) rate: Option<Arc<str>>,
    /// Instances are below it.
    pub(crate) instances: u16,
}

/// Egress tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Egress {
    pub(crate) strip: Option<Slot>,
    pub(crate) mask: Vec<Slot>,
    pub(crate) slice: Option<Slot>,
    pub(crate) label: Option<Slot>,
    pub(crate) stamp: Option<Slot>,
    pub(crate) encapsulate: Option<Slot>,
    pub(crate) fix_checksums: Option<Slot>,
    pub(crate) tool_port: Option<Slot>,
}

pub(crate) fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

struct Finder<'a> {
    info: &'a PipelineInfo,
    missing: Diagnostics,
}

impl Finder<'_> {
    fn optional(&self, short: &str) -> Option<Slot> {
        let table = self.info.tables.iter().find(|table| last_part(&table.name) == short)?;
        Some(slot(self.info, table))
    }

    fn required(&mut self, short: &str) -> Option<Slot> {
        let slot = self.optional(short);
        if slot.is_none() {
            self.missing
                .push(Diagnostic::error(format!("the target's program has no table `{short}`")).help(
                    "this program is not Sluice's broker, or a build of it that cannot carry a policy",
                ));
        }
        slot
    }

    fn family(&self, stem: &str) -> Vec<Slot> {
        (0..MAX_FAMILY).map_while(|i| self.optional(&format!("{stem}_{i}"))).collect()
    }
}

fn slot(info: &PipelineInfo, table: &TableInfo) -> Slot {
    let actions = table.actions.iter().filter_map(|reference| {
        let action = info.action(&reference.name)?;
        let params = action.params.iter().map(|param| param.width).collect();
        Some(Action { name: Arc::clone(&action.name), params })
    });
    Slot {
        table: Arc::clone(&table.name),
        size: table.size,
        keys: table.keys.iter().map(|key| key.width).collect(),
        actions: actions.collect(),
    }
}

impl Layout {
    /// Finds the tables.
    pub(crate) fn new(info: &PipelineInfo) -> Result<Self, Diagnostics> {
        let mut finder = Finder { info, missing: Diagnostics::new() };
        let policy = finder.required("policy");
        let network_port = finder.required("network_port");
        let asked = finder.required("asked");
        let deliver = finder.required("deliver");
        finder.required("collect_0");
        let (Some(policy), Some(network_port), Some(asked), Some(deliver)) =
            (policy, network_port, asked, deliver)
        else {
            return Err(finder.missing);
        };
        let (Some(terms), Some(copies)) = (policy.width(0), policy.width(3)) else {
            return Err(Diagnostic::error(
                "table `policy` has no action activate(alive, either_addr, either_port, otherwise)",
            )
            .help("this program is not Sluice's broker")
            .into());
        };
        if finder.missing.has_errors() {
            return Err(finder.missing);
        }
        let counter = |short: &str| {
            info.counters
                .iter()
                .find(|counter| last_part(&counter.name) == short)
                .map(|counter| Arc::clone(&counter.name))
        };
        let rate = info.meters.iter().find(|meter| last_part(&meter.name) == "rate");
        let cells = rate.map_or(1_024, |meter| meter.size);
        Ok(Self {
            terms,
            copies,
            policy,
            network_port,
            narrow: narrow_tables(&finder),
            collect: finder.family("collect"),
            asked,
            sample: finder.family("sample"),
            sampled: finder.optional("sampled"),
            dedup: finder.family("dedup"),
            repeated: finder.optional("repeated"),
            balance_by: finder.optional("balance_by"),
            balance: finder.family("balance"),
            deliver,
            egress: Egress {
                strip: finder.optional("strip"),
                mask: finder.family("mask"),
                slice: finder.optional("slice"),
                label: finder.optional("label"),
                stamp: finder.optional("stamp"),
                encapsulate: finder.optional("encapsulate"),
                fix_checksums: finder.optional("fix_checksums"),
                tool_port: finder.optional("tool_port"),
            },
            outcome: counter("outcome"),
            copy_outcome: counter("copy_outcome"),
            rate: rate.map(|meter| Arc::clone(&meter.name)),
            instances: u16::try_from(cells).unwrap_or(u16::MAX),
        })
    }

    /// The tables that narrow by `field`.
    pub(crate) fn narrow_of(&self, field: Field) -> impl Iterator<Item = &NarrowTable> {
        self.narrow.iter().filter(move |table| table.tests(field) && table.part != Part::NoTunnel)
    }
}

/// The tables of a field: name behind `narrow_`, and part.
fn parts(field: Field) -> Vec<(String, Part)> {
    let name = field.name();
    match field.kind() {
        FieldKind::Values { .. } => vec![(name.to_string(), Part::Values)],
        FieldKind::Intervals { .. } => vec![(name.to_string(), Part::Range)],
        FieldKind::Macs => vec![(name.to_string(), Part::Mac)],
        FieldKind::Icmp => vec![(name.to_string(), Part::Icmp)],
        FieldKind::Addresses => {
            let (inner, side) = match name.strip_prefix("inner_") {
                Some(side) => ("inner_", side),
                None => ("", name),
            };
            vec![(format!("{inner}ipv4_{side}"), Part::V4), (format!("{inner}ipv6_{side}"), Part::V6)]
        }
    }
}

fn narrow_tables(finder: &Finder<'_>) -> Vec<NarrowTable> {
    let mut tables = Vec::new();
    for field in Field::ALL {
        for (name, part) in parts(field) {
            if let Some(slot) = finder.optional(&format!("narrow_{name}")) {
                tables.push(NarrowTable { field, other: None, part, slot });
            }
        }
    }
    let pairs = [
        ("no_address", Field::AddressSrc, Field::AddressDst),
        ("no_port", Field::L4Src, Field::L4Dst),
        ("inner_no_address", Field::InnerAddressSrc, Field::InnerAddressDst),
        ("inner_no_port", Field::InnerL4Src, Field::InnerL4Dst),
    ];
    for (name, source, destination) in pairs {
        if let Some(slot) = finder.optional(&format!("narrow_{name}")) {
            tables.push(NarrowTable { field: source, other: Some(destination), part: Part::None, slot });
        }
    }
    if let Some(slot) = finder.optional("narrow_no_tunnel") {
        tables.push(NarrowTable { field: Field::InnerL3, other: None, part: Part::NoTunnel, slot });
    }
    tables
}

//! Constants of ports: how much later a stamp says than the packet was at the place that is meant. Written by `--write-calibration`, taken off by `--calibration`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sluice_capture::OutputFile;
use sluice_latency::{Clock, Report, Stamped};

use super::taps::Taps;
use crate::failure::Failure;

/// A file of them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Calibration {
    /// By name of the tap.
    taps: BTreeMap<String, TapConstants>,
}

/// What is known of a tap, nanoseconds.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TapConstants {
    /// Taken off each time.
    #[serde(default)]
    offset_ns: i64,
    /// Most that the constant is off.
    #[serde(default)]
    bound_ns: u64,
    /// Of single ports, where stamps say by which port a packet came in: taken off instead.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    ports: BTreeMap<u16, i64>,
}

impl TapConstants {
    /// The time without the constant.
    pub(super) fn right(&self, stamped: &mut Stamped<'_>) {
        let own = stamped.port.and_then(|port| self.ports.get(&port));
        stamped.time_ns =
            stamped.time_ns.saturating_add_signed(own.unwrap_or(&self.offset_ns).saturating_neg());
    }

    /// A clock's bound, with that of the constant.
    pub(super) fn widen(&self, clock: &mut Clock) {
        if let Some(bound_ns) = &mut clock.bound_ns {
            *bound_ns = bound_ns.saturating_add(self.bound_ns);
        }
    }
}

impl Calibration {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(Failure::read(path))?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::argument(
                format!("{}: {error}", path.display()),
                "a calibration is `{\"taps\": {\"NAME\": {\"offset_ns\": 12, \"bound_ns\": 3, \"ports\": {\"7\": 10}}}}`, as `--write-calibration` writes it",
            )
        })
    }

    /// The constants of each tap, in their order; it is refused that none of the taps has any.
    pub(super) fn of(&self, taps: &Taps, path: &Path) -> Result<Vec<TapConstants>, Failure> {
        let of_it = |name: &str| self.taps.get(name).cloned().unwrap_or_default();
        if !taps.taps.iter().any(|tap| self.taps.contains_key(&tap.name)) {
            let names: Vec<&str> = self.taps.keys().map(|name| &**name).collect();
            return Err(Failure::argument(
                format!("{} says nothing of these taps", path.display()),
                format!("it names {}: call the captures so, as `NAME=FILE`", sluice_yaml::listed(&names)),
            ));
        }
        Ok(taps.taps.iter().map(|tap| of_it(&tap.name)).collect())
    }
}

/// Writes what the taps' constants are, when all of them saw the same packets over cables of which each is longer than the first by `cable_ns`: the median delay without that.
/// `known` is what was taken off already. Gives the file, to be committed with the others.
pub(super) fn write(
    path: &Path,
    report: &Report,
    known: &[TapConstants],
    cable_ns: u64,
) -> Result<OutputFile, Failure> {
    let mut taps = BTreeMap::new();
    let (mut offset_ns, mut bound_ns) = (0_i64, 0_u64);
    for (at, tap) in report.taps.iter().enumerate() {
        if let Some(segment) = at.checked_sub(1).and_then(|before| report.segments.get(before)) {
            let Some(delays) = &segment.delays else {
                return Err(Failure::argument(
                    format!("no packet was at `{}` and `{}`", segment.from, segment.to),
                    "to calibrate, send the same packets to both taps",
                ));
            };
            // The first cable is longer than itself by nothing.
            let longer = if at == 1 { cable_ns as i64 } else { 0 };
            offset_ns = offset_ns.saturating_add(delays.p50_ns).saturating_sub(longer);
            bound_ns = bound_ns.saturating_add(delays.max_ns.abs_diff(delays.min_ns).div_ceil(2));
        }
        let mut constants = known.get(at).cloned().unwrap_or_default();
        constants.offset_ns = constants.offset_ns.saturating_add(offset_ns);
        constants.ports.values_mut().for_each(|port| *port = port.saturating_add(offset_ns));
        constants.bound_ns = bound_ns;
        taps.insert(tap.name.clone(), constants);
    }
    let mut output = OutputFile::create(path).map_err(Failure::write(path))?;
    let text = serde_json::to_string_pretty(&Calibration { taps }).unwrap_or_default();
    writeln!(output, "{text}").map_err(Failure::write(path))?;
    Ok(output)
}

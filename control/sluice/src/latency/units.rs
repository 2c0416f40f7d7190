//! Figures as people read them.

/// Four significant digits, and the unit that fits: `12.35 us`. Below zero with its sign.
pub(super) fn time(ns: f64) -> String {
    let size = ns.abs();
    let (value, unit) = match size {
        size if size < 999.95 => (ns, "ns"),
        size if size < 999.95e3 => (ns / 1e3, "us"),
        size if size < 999.95e6 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    let digits = match value.abs() {
        _ if unit == "ns" && value.fract() == 0.0 => 0,
        value if value < 9.9995 => 3,
        value if value < 99.995 => 2,
        _ => 1,
    };
    format!("{value:.digits$} {unit}")
}

/// The same of whole nanoseconds.
pub(super) fn time_ns(ns: i64) -> String {
    time(ns as f64)
}

/// A round time as it is typed: `200 ms`, `1 s`.
pub(super) fn round(ns: u64) -> String {
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    let fits = units.into_iter().find(|(size, _)| ns > 0 && ns.is_multiple_of(*size));
    fits.map_or_else(|| format!("{ns} ns"), |(size, name)| format!("{} {name}", ns / size))
}

/// Bits a second: `9.87 Gbit/s`.
pub(super) fn rate(bits: f64) -> String {
    let (value, unit) = match bits {
        bits if bits < 1e6 => (bits / 1e3, "kbit/s"),
        bits if bits < 1e9 => (bits / 1e6, "Mbit/s"),
        bits => (bits / 1e9, "Gbit/s"),
    };
    format!("{value:.2} {unit}")
}

/// Bytes: `12.5 MB`.
pub(super) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// A number with commas: `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time of day with nanoseconds, UTC: `2023-11-14 22:13:20.000000000`.
pub(super) fn instant(time_ns: u64) -> String {
    let whole = sluice_telemetry::rfc3339(time_ns);
    let second: String = whole.chars().take("2023-11-14T22:13:20".len()).collect();
    format!("{}.{:09}", second.replace('T', " "), time_ns % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_fit() {
        assert_eq!(time_ns(7), "7 ns");
        assert_eq!(time_ns(-12_345), "-12.35 us");
        assert_eq!(time_ns(999_960), "1.000 ms");
        assert_eq!(time(1.5), "1.500 ns");
        assert_eq!(time_ns(61_000_000_000), "61.00 s");
        assert_eq!(
            (round(200_000_000), round(1_500), round(0)),
            ("200 ms".into(), "1500 ns".into(), "0 ns".into())
        );
        assert_eq!(rate(9.8765e9), "9.88 Gbit/s");
        assert_eq!((count(1_234_567), count(12)), ("1,234,567".to_string(), "12".to_string()));
        assert_eq!(instant(1_700_000_000_000_000_005), "2023-11-14 22:13:20.000000005");
    }
}

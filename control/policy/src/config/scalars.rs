//! Values with a unit or a notation of their own: rates, durations, addresses, shares.

use sluice_yaml::Node;

use super::Reader;

impl Reader<'_> {
    /// Port speed, bits per second: `10G`.
    pub(crate) fn speed(&mut self, node: &Node) -> Option<u64> {
        const UNITS: [(&str, u64); 3] = [("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000)];
        self.unit(node, "speed", &UNITS, 1_000_000, 2_000_000_000_000, "a speed from 1M to 2T, as `10G`")
    }

    /// A limit, bits per second: `2Gbps`.
    pub(crate) fn rate(&mut self, node: &Node) -> Option<u64> {
        const UNITS: [(&str, u64); 4] =
            [("bps", 1), ("kbps", 1_000), ("Mbps", 1_000_000), ("Gbps", 1_000_000_000)];
        self.unit(
            node,
            "rate",
            &UNITS,
            8_000,
            2_000_000_000_000,
            "a rate from 8kbps to 2000Gbps, as `500Mbps`",
        )
    }

    /// A share of packets as a threshold of 32 bits: `10%`, `1/10`. `Some(None)` is all of them.
    pub(crate) fn share(&mut self, node: &Node) -> Option<Option<u32>> {
        let text = self.text(node, "share")?;
        let share = if let Some(percent) = text.strip_suffix('%') {
            sluice_yaml::with_unit(percent, &[("", 1_000_000)]).map(|parts| (u128::from(parts), 100_000_000))
        } else {
            text.split_once('/').and_then(|(a, b)| {
                Some((u128::from(a.trim().parse::<u32>().ok()?), u128::from(b.trim().parse::<u32>().ok()?)))
            })
        };
        match share {
            Some((part, whole)) if part > 0 && part <= whole => {
                // Rounded up, so that a share that is not nothing never becomes nothing.
                Some(u32::try_from((part << 32).div_ceil(whole)).ok())
            }
            _ => {
                let message = format!("`{text}` is no share of packets");
                self.error(message, node.span, "more than 0% and at most 100%, as `10%` or `1/10`");
                None
            }
        }
    }

    /// A MAC address: six bytes in hexadecimal with `:` or `-` between.
    pub(crate) fn mac(&mut self, node: &Node, what: &str) -> Option<u64> {
        let text = self.text(node, what)?;
        let parts: Vec<&str> = text.split([':', '-']).collect();
        let byte = |part: &&str| {
            let fits = matches!(part.len(), 1 | 2);
            fits.then(|| u8::from_str_radix(part, 16).ok()).flatten()
        };
        let bytes: Option<Vec<u8>> = parts.iter().map(byte).collect();
        match bytes {
            Some(bytes) if bytes.len() == 6 => Some(bytes.iter().fold(0, |mac, b| mac << 8 | u64::from(*b))),
            _ => {
                self.error(
                    format!("`{text}` is no MAC address"),
                    node.span,
                    "six bytes, as `02:00:5e:10:00:01`",
                );
                None
            }
        }
    }

    /// An IPv4 address.
    pub(crate) fn ipv4(&mut self, node: &Node, what: &str) -> Option<u32> {
        let text = self.text(node, what)?;
        let address = text.parse::<std::net::Ipv4Addr>().ok();
        if address.is_none() {
            self.error(format!("`{text}` is no IPv4 address"), node.span, "four numbers, as `192.0.2.1`");
        }
        address.map(u32::from)
    }
}

//! The account as tables for people.

use std::fmt;

use super::Account;

/// A table of right-aligned numbers with names on the left; columns that are zero throughout are left out.
fn table(f: &mut fmt::Formatter<'_>, head: &[&str], rows: &[(&str, Vec<u64>)]) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    // The first number always shows, so that a table of zeros is still one.
    let shown: Vec<usize> =
        (0..head.len() - 1).filter(|i| *i == 0 || rows.iter().any(|(_, numbers)| numbers[*i] > 0)).collect();
    let name = rows.iter().map(|(name, _)| name.chars().count()).chain([head[0].len()]).max().unwrap_or(0);
    let width = |i: usize| {
        let numbers = rows.iter().map(|(_, numbers)| numbers[i].to_string().len());
        numbers.chain([head[i + 1].len()]).max().unwrap_or(0)
    };
    write!(f, "{:name$}", head[0])?;
    for i in &shown {
        write!(f, "  {:>1$}", head[i + 1], width(*i))?;
    }
    writeln!(f)?;
    for (label, numbers) in rows {
        write!(f, "{label:name$}")?;
        for i in &shown {
            write!(f, "  {:>1$}", numbers[*i], width(*i))?;
        }
        writeln!(f)?;
    }
    writeln!(f)
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [
            "port",
            "received",
            "delivered",
            "matched_nothing",
            "discarded",
            "no_copy_left",
            "bad_frame",
            "refused",
            "table_miss",
        ];
        let rows: Vec<(&str, Vec<u64>)> = self
            .ports
            .iter()
            .map(|port| {
                let numbers = [
                    port.received,
                    port.delivered,
                    port.matched_nothing,
                    port.discarded,
                    port.no_copy_left,
                    port.bad_frame,
                    port.refused,
                    port.table_miss,
                ];
                (port.name.as_str(), numbers.to_vec())
            })
            .collect();
        table(f, &head, &rows)?;
        let rows: Vec<(&str, Vec<u64>)> =
            self.filters.iter().map(|filter| (filter.name.as_str(), vec![filter.hits])).collect();
        table(f, &["filter", "hits"], &rows)?;
        let head = [
            "tool",
            "asked",
            "sent",
            "sampled_out",
            "repeat",
            "rate_limit",
            "queue_full",
            "mtu",
            "port_down",
            "unsupported",
        ];
        let rows: Vec<(&str, Vec<u64>)> = self
            .tools
            .iter()
            .map(|tool| {
                let numbers = [
                    tool.asked,
                    tool.sent,
                    tool.sampled_out,
                    tool.repeat,
                    tool.rate_limit,
                    tool.queue_full,
                    tool.mtu,
                    tool.port_down,
                    tool.unsupported,
                ];
                (tool.name.as_str(), numbers.to_vec())
            })
            .collect();
        table(f, &head, &rows)?;
        let rows: Vec<(&str, Vec<u64>)> = self
            .groups
            .iter()
            .map(|group| {
                (group.name.as_str(), vec![group.asked, group.given, group.sampled_out, group.repeat])
            })
            .collect();
        table(f, &["group", "asked", "given", "sampled_out", "repeat"], &rows)?;
        if self.violations.is_empty() {
            return writeln!(f, "every packet and every copy is accounted for");
        }
        for violation in &self.violations {
            writeln!(f, "NOT ACCOUNTED FOR: {violation}")?;
        }
        Ok(())
    }
}

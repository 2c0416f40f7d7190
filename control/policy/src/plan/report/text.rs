//! The report for people.

use std::fmt;

use super::{FilterChange, PlanReport, ToolChange};

/// Most disagreements written out; the rest is a number.
const SHOWN: usize = 20;

impl fmt::Display for PlanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.filters.is_empty() {
            writeln!(f, "filters: no change")?;
        } else {
            writeln!(f, "filters:")?;
        }
        for change in &self.filters {
            match change {
                FilterChange::Gained(name) => writeln!(f, "  + {name}")?,
                FilterChange::Lost(name) => writeln!(f, "  - {name}")?,
                FilterChange::Changed(name, what) => writeln!(f, "  ~ {name} ({})", what.join(", "))?,
            }
        }
        if !self.tools.is_empty() {
            writeln!(f, "tools:")?;
        }
        for ToolChange { tool, gains, loses, changes } in &self.tools {
            let parts = [("gains", gains), ("loses", loses), ("gets otherwise", changes)];
            let parts: Vec<String> = parts
                .into_iter()
                .filter(|(_, names)| !names.is_empty())
                .map(|(what, names)| format!("{what} {}", names.join(", ")))
                .collect();
            writeln!(f, "  {tool}: {}", parts.join("; "))?;
        }
        self.space(f)?;
        if !self.disagreements.is_empty() {
            writeln!(f, "overlaps whose edits disagree (those of the first count):")?;
        }
        for one in self.disagreements.iter().take(SHOWN) {
            writeln!(f, "  {} before {}, for {}", one.first, one.second, one.tool)?;
        }
        if self.disagreements.len() > SHOWN {
            writeln!(f, "  and {} more", self.disagreements.len() - SHOWN)?;
        }
        Ok(())
    }
}

impl PlanReport {
    fn space(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tables.is_empty() {
            return Ok(());
        }
        let width = self.tables.iter().map(|table| table.table.len()).max().unwrap_or(0);
        writeln!(
            f,
            "{:width$}  {:>7}  {:>7}  {:>6}  {:>7}",
            "space",
            "before",
            "after",
            "new",
            "free",
            width = width + 2
        )?;
        for table in &self.tables {
            let new = table.new.map_or_else(String::new, |new| new.to_string());
            let free = table.size.saturating_sub(table.after);
            let name = &table.table;
            writeln!(f, "  {name:width$}  {:>7}  {:>7}  {new:>6}  {free:>7}", table.before, table.after)?;
        }
        Ok(())
    }
}

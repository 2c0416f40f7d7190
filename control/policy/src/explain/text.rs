//! The explanation for people.

use std::fmt;

use super::Explanation;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "came in at {}", self.port)?;
        for filter in &self.filters {
            let verdict = if filter.matched { "matches" } else { "does not match" };
            writeln!(f, "filter {} {verdict}", filter.filter)?;
            for term in &filter.terms {
                match &term.removed_by {
                    None => writeln!(f, "  matched: {}", term.term)?,
                    Some(removal) => {
                        writeln!(f, "  ruled out by {} ({}): {}", removal.table, removal.value, term.term)?;
                    }
                }
            }
        }
        if !self.collected.is_empty() {
            writeln!(f, "copies asked for: {}", self.collected.join("; "))?;
        }
        for (stage, names) in &self.removed {
            writeln!(f, "taken by {stage}: {}", names.join("; "))?;
        }
        writeln!(f, "{}", self.outcome)?;
        for (tool, instance, edits) in &self.deliveries {
            let edits = if edits.is_empty() { "as it came" } else { edits };
            writeln!(f, "  to {tool} (instance {instance}): {edits}")?;
        }
        Ok(())
    }
}

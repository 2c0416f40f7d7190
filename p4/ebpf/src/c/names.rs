//! Names of C for names of P4.

use std::collections::BTreeSet;

/// Gives each thing a name that no other has.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A name with that beginning, from a dotted path.
    pub(super) fn give(&mut self, beginning: &str, path: &str) -> String {
        let mut name = String::from(beginning);
        for character in path.chars() {
            match character {
                ']' => {}
                _ if character.is_ascii_alphanumeric() => name.push(character),
                _ => name.push('_'),
            }
        }
        let mut given = name.clone();
        let mut number = 2;
        while !self.taken.insert(given.clone()) {
            given = format!("{name}_{number}");
            number += 1;
        }
        given
    }
}

//! Ids and aliases of objects (P4Runtime 1.5, section 6.3).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sluice_diagnostics::{Diagnostic, Diagnostics, Span};
use sluice_ir::Annotation;
use sluice_ir::control_plane::find;

use crate::proto::p4_ids::Prefix;

/// Bits of an id that do not say the kind.
const NAME_BITS: u32 = 0x00ff_ffff;

/// The hash of a name that ids are made of: Bob Jenkins's one-at-a-time hash.
pub fn name_hash(name: &str) -> u32 {
    let mut hash = 0_u32;
    for byte in name.bytes() {
        hash = hash.wrapping_add(u32::from(byte));
        hash = hash.wrapping_add(hash << 10);
        hash ^= hash >> 6;
    }
    hash = hash.wrapping_add(hash << 3);
    hash ^= hash >> 11;
    hash.wrapping_add(hash << 15)
}

/// What an object wants to be called.
#[derive(Debug)]
struct Wanted<'m> {
    annotations: &'m [Annotation],
    span: Option<Span>,
}

/// All objects by kind and name, then their ids.
#[derive(Debug, Default)]
pub(crate) struct Symbols<'m> {
    wanted: BTreeMap<(i32, &'m str), Wanted<'m>>,
    ids: BTreeMap<(i32, &'m str), u32>,
    /// How many names end in a suffix.
    suffixes: HashMap<&'m str, u32>,
}

impl<'m> Symbols<'m> {
    /// Notes an object; the same one again changes nothing.
    pub(crate) fn add(
        &mut self,
        kind: Prefix,
        name: &'m str,
        annotations: &'m [Annotation],
        span: Option<Span>,
    ) {
        self.wanted.entry((kind as i32, name)).or_insert(Wanted { annotations, span });
    }

    /// Gives each object its id, chosen ones first.
    pub(crate) fn assign(&mut self, found: &mut Diagnostics) {
        let mut taken: BTreeMap<u32, &str> = BTreeMap::new();
        for ((kind, name), wanted) in &self.wanted {
            let Some(annotation) = find(wanted.annotations, "id") else { continue };
            match chosen(*kind as u32, annotation, &taken) {
                Ok(id) => {
                    taken.insert(id, name);
                    self.ids.insert((*kind, name), id);
                }
                Err((why, help)) => {
                    let error = Diagnostic::error(format!("the `@id` of `{name}` {why}")).help(help);
                    found.push(match wanted.span {
                        Some(span) => error.at(span, ""),
                        None => error,
                    });
                }
            }
        }
        for (kind, name) in self.wanted.keys() {
            if self.ids.contains_key(&(*kind, *name)) {
                continue;
            }
            let mut hash = name_hash(name);
            // More than 2^24 objects do not fit into memory: there is a free one.
            let id = loop {
                let id = (*kind as u32) << 24 | hash & NAME_BITS;
                if !taken.contains_key(&id) {
                    break id;
                }
                hash = hash.wrapping_add(1);
            };
            taken.insert(id, name);
            self.ids.insert((*kind, name), id);
        }
        let names: BTreeSet<&str> = self.wanted.keys().map(|(_, name)| *name).collect();
        for name in names {
            for suffix in suffixes(name) {
                *self.suffixes.entry(suffix).or_default() += 1;
            }
        }
    }

    /// The id of an object that was noted; 0 for none.
    pub(crate) fn id(&self, kind: Prefix, name: &'m str) -> u32 {
        self.ids.get(&(kind as i32, name)).copied().unwrap_or(0)
    }

    /// The shortest end of a name that no other name has.
    pub(crate) fn alias(&self, name: &'m str) -> &'m str {
        suffixes(name)
            .find(|suffix| self.suffixes.get(suffix).is_some_and(|count| *count == 1))
            .unwrap_or(name)
    }
}

/// Ends of a name that begin behind a dot, the shortest first, the whole name last.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    name.rmatch_indices('.').map(|(at, _)| &name[at + 1..]).chain([name])
}

/// The id that `@id` chooses, or what is wrong with it and what would be right.
fn chosen(kind: u32, annotation: &Annotation, taken: &BTreeMap<u32, &str>) -> Result<u32, (String, String)> {
    let number = annotation.integer().and_then(|number| u32::try_from(number).ok());
    let Some(number) = number.filter(|number| *number != 0) else {
        return Err(("is not a number from 1 to 0xffffffff".to_string(), "write `@id(7)`".to_string()));
    };
    let id = kind << 24 | number;
    if number > NAME_BITS && number >> 24 != kind {
        let why = format!("is {number:#010x}, which is of another kind of object");
        return Err((why, format!("let it begin with {kind:#04x}, or give it 24 bits")));
    }
    match taken.get(&id) {
        None => Ok(id),
        Some(other) => Err((format!("is that of `{other}`"), "give each its own".to_string())),
    }
}

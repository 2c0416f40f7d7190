//! Which names are types, as far as the text is read.

use rustc_hash::FxHashMap;
use std::rc::Rc;

use crate::ast::Name;

/// What a name was declared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// A type, type variable, extern object, parser, control or package.
    Type,
    /// Anything else: a variable hides a type of the same name.
    Value,
}

/// The names declared so far, innermost scope last.
#[derive(Debug)]
pub(super) struct Scopes {
    scopes: Vec<FxHashMap<Rc<str>, Declared>>,
}

impl Default for Scopes {
    fn default() -> Self {
        Self { scopes: vec![FxHashMap::default()] }
    }
}

impl Scopes {
    /// How many scopes are open.
    pub(super) fn depth(&self) -> usize {
        self.scopes.len()
    }

    /// Opens a scope.
    pub(super) fn open(&mut self) {
        self.scopes.push(FxHashMap::default());
    }

    /// Closes all scopes but the outer `depth` ones.
    pub(super) fn close_to(&mut self, depth: usize) {
        self.scopes.truncate(depth.max(1));
    }

    /// Declares a name in the innermost scope.
    pub(super) fn declare(&mut self, name: &Name, declared: Declared) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.text.clone(), declared);
        }
    }

    /// What a name is; `None` where it is not declared (yet).
    pub(super) fn lookup(&self, name: &str) -> Option<Declared> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name)).copied()
    }

    /// What a name of the top level is.
    pub(super) fn lookup_global(&self, name: &str) -> Option<Declared> {
        self.scopes.first().and_then(|scope| scope.get(name)).copied()
    }
}

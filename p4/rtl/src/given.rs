//! What is left of a value where a condition is known to hold.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Binary, Graph, Op, Value};

impl Graph {
    /// What a value is where a condition is known to hold.
    pub(crate) fn given(&mut self, condition: Value, value: Value) -> Value {
        let mut holds = BTreeSet::new();
        let mut waiting = vec![condition];
        while let Some(condition) = waiting.pop() {
            holds.insert(condition);
            match self.node(condition).op {
                Op::Binary(Binary::And, left, right) => waiting.extend([left, right]),
                Op::Not(inner) => {
                    if let Op::Binary(Binary::Or, left, right) = self.node(inner).op {
                        waiting.extend([self.not(left), self.not(right)]);
                    }
                }
                _ => {}
            }
        }
        self.known_to(&holds, value)
    }

    /// What a bit is where another one is set, looking through all that is made of bits.
    pub(crate) fn where_set(&mut self, set: Value, bit: Value) -> Value {
        self.replaced(set, bit, &mut BTreeMap::new())
    }

    fn replaced(&mut self, set: Value, bit: Value, done: &mut BTreeMap<Value, Value>) -> Value {
        if bit == set {
            return self.bit(true);
        }
        if let Some(found) = done.get(&bit) {
            return *found;
        }
        let found = match self.node(bit).op {
            Op::Not(inner) => {
                let inner = self.replaced(set, inner, done);
                self.not(inner)
            }
            Op::Binary(op @ (Binary::And | Binary::Or), left, right) => {
                let (left, right) = (self.replaced(set, left, done), self.replaced(set, right, done));
                if op == Binary::And { self.and(left, right) } else { self.or(left, right) }
            }
            Op::Mux(condition, accept, reject) if self.width(condition) == self.width(accept) => {
                let condition = self.replaced(set, condition, done);
                let (accept, reject) = (self.replaced(set, accept, done), self.replaced(set, reject, done));
                self.mux(condition, accept, reject)
            }
            _ => bit,
        };
        done.insert(bit, found);
        found
    }

    fn known_to(&mut self, holds: &BTreeSet<Value>, value: Value) -> Value {
        let fails = |graph: &mut Self, value| {
            let not = graph.not(value);
            holds.contains(&not)
        };
        if self.width(value) == 1 {
            if holds.contains(&value) {
                return self.bit(true);
            }
            if fails(self, value) {
                return self.bit(false);
            }
        }
        match self.node(value).op {
            Op::Mux(condition, accept, reject) => {
                if holds.contains(&condition) {
                    self.known_to(holds, accept)
                } else if fails(self, condition) {
                    self.known_to(holds, reject)
                } else {
                    value
                }
            }
            Op::Binary(Binary::And, left, right) if self.width(value) == 1 => {
                let (left, right) = (self.known_to(holds, left), self.known_to(holds, right));
                self.and(left, right)
            }
            _ => value,
        }
    }
}

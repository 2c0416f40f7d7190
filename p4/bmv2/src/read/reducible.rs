//! Loops that are entered in more than one place, as where a table in a loop is reached from code before the loop, too.
//!
//! Nested statements have no such loops. All jumps to the places in question go by way of one switch over a variable that says
//! where to go on: it is then the one place where the loop is entered.

use sluice_diagnostics::Span;
use sluice_entities::Bits;
use sluice_ir::{ExpressionKind, Handle, Place, Statement, StatementKind, Type, Variable};

use super::Reader;
use super::structure::{Exit, Flow, Piece};

/// Bits of the variable that says where to go on.
const WIDTH: u32 = 32;

impl Reader<'_> {
    /// The same code, each of whose loops is entered in one place.
    pub(super) fn with_single_entrances(&mut self, mut pieces: Vec<Piece>) -> Vec<Piece> {
        let mut is_led_to = false;
        // There are fewer loops than pieces, and each round makes one of them right.
        let rounds = if pieces.is_empty() { 0 } else { pieces.len() + 1 };
        for _ in 0..rounds {
            let flow = Flow::of(&pieces);
            let Some(entrance) = flow.second_entrance() else { break };
            if is_led_to {
                self.dispatch(&mut pieces, &flow, entrance);
            } else {
                lead_to_the_first(&mut pieces);
                is_led_to = true;
            }
        }
        pieces
    }

    /// Makes one place of those where the loop around `entrance` is entered.
    fn dispatch(&mut self, pieces: &mut Vec<Piece>, flow: &Flow, entrance: usize) {
        // Of the pieces that the entrance leads to and that lead to it, those that are reached from two places: whatever
        // goes round then comes by the switch, and whoever enters does.
        let ahead = reached_from(pieces, entrance);
        let span = pieces[entrance].span;
        let chosen: Vec<usize> = (0..pieces.len())
            .filter(|piece| ahead[*piece] && flow.predecessors[*piece].len() > 1)
            .filter(|piece| reached_from(pieces, *piece)[entrance])
            .collect();
        let Some((last, others)) = chosen.split_last() else { return };
        let next = self.temporary("$next", Type::Bits(WIDTH));
        let dispatch = pieces.len();
        let selector = self.push(ExpressionKind::Variable(next), Type::Bits(WIDTH), span);
        let cases = (0..).zip(others).map(|(value, piece)| (vec![Bits::new(WIDTH, value)], *piece)).collect();
        let exit = Exit::Switch { selector, cases, default: *last };
        pieces.push(Piece { body: Vec::new(), exit, span });
        for from in 0..dispatch {
            // Each jump has a piece of its own on the way.
            let mut ways = Vec::new();
            let (after, span) = (pieces.len(), pieces[from].span);
            for target in pieces[from].exit.targets_mut() {
                if let Ok(value) = chosen.binary_search(target) {
                    *target = after + ways.len();
                    ways.push(value as u64);
                }
            }
            for value in ways {
                let body = vec![self.leading_to(next, value, span)];
                pieces.push(Piece { body, exit: Exit::Goto(dispatch), span });
            }
        }
    }

    fn leading_to(&mut self, next: Handle<Variable>, value: u64, span: Span) -> Statement {
        let value = self.push(ExpressionKind::Constant(Bits::new(WIDTH, value)), Type::Bits(WIDTH), span);
        Statement { kind: StatementKind::Assign(Place::Variable(next), value), span }
    }
}

/// A piece in front of the first, so that no jump leads to where all begins.
fn lead_to_the_first(pieces: &mut Vec<Piece>) {
    let (first, span) = (pieces.len(), pieces[0].span);
    for target in pieces.iter_mut().flat_map(|piece| piece.exit.targets_mut()) {
        if *target == 0 {
            *target = first;
        }
    }
    let begin = Piece { body: Vec::new(), exit: Exit::Goto(first), span };
    let moved = std::mem::replace(&mut pieces[0], begin);
    pieces.push(moved);
}

/// The pieces that a way leads to from this one.
fn reached_from(pieces: &[Piece], piece: usize) -> Vec<bool> {
    let mut reached = vec![false; pieces.len()];
    let mut pending = pieces[piece].exit.targets();
    while let Some(at) = pending.pop() {
        if !std::mem::replace(&mut reached[at], true) {
            pending.extend(pieces[at].exit.targets());
        }
    }
    reached
}

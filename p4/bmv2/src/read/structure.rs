//! From a graph of jumps to nested statements.
//!
//! Every node that is reached from several places, and by no way through the others only, gets a label in front of it, nested where
//! the node that dominates it stands; the rest nests as it is reached. What remains of loops are jumps to nodes that dominate the
//! jump: other cycles are made into such before (see `reducible`). (Ramsey, "Beyond Relooper", 2022.)

use sluice_diagnostics::Span;
use sluice_entities::Bits;
use sluice_ir::{Block, Expression, Handle, Label, Statement, StatementKind, limits, walk};

/// A straight piece of code and where it goes.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) body: Block,
    pub(super) exit: Exit,
    pub(super) span: Span,
}

/// Where a piece goes: indexes of pieces.
#[derive(Clone, Debug)]
pub(super) enum Exit {
    /// The whole is done.
    Stop,
    Goto(usize),
    Branch {
        condition: Handle<Expression>,
        accept: usize,
        reject: usize,
    },
    Switch {
        selector: Handle<Expression>,
        cases: Vec<(Vec<Bits>, usize)>,
        default: usize,
    },
}

impl Exit {
    pub(super) fn targets_mut(&mut self) -> Vec<&mut usize> {
        match self {
            Self::Stop => Vec::new(),
            Self::Goto(target) => vec![target],
            Self::Branch { accept, reject, .. } => vec![accept, reject],
            Self::Switch { cases, default, .. } => {
                cases.iter_mut().map(|(_, target)| target).chain([default]).collect()
            }
        }
    }

    pub(super) fn targets(&self) -> Vec<usize> {
        match self {
            Self::Stop => Vec::new(),
            Self::Goto(target) => vec![*target],
            Self::Branch { accept, reject, .. } => vec![*accept, *reject],
            Self::Switch { cases, default, .. } => {
                cases.iter().map(|(_, target)| *target).chain([*default]).collect()
            }
        }
    }
}

/// Code with too many blocks inside one another, at this place.
#[derive(Debug)]
pub(super) struct Deep(pub(super) Span);

/// What the jumps between pieces lead to, those included that nothing reaches.
pub(super) struct Flow {
    /// The pieces that are reached, in reverse postorder.
    order: Vec<usize>,
    /// Position of each piece in that order.
    number: Vec<usize>,
    /// From where each piece is reached, once for each jump.
    pub(super) predecessors: Vec<Vec<usize>>,
    /// The immediate dominator of each piece.
    dominators: Vec<usize>,
}

impl Flow {
    /// Of a graph that begins with its first piece; there is one.
    pub(super) fn of(pieces: &[Piece]) -> Self {
        let order = reverse_postorder(pieces);
        let mut number = vec![usize::MAX; pieces.len()];
        for (at, piece) in order.iter().enumerate() {
            number[*piece] = at;
        }
        let mut predecessors = vec![Vec::new(); pieces.len()];
        for piece in &order {
            for target in pieces[*piece].exit.targets() {
                predecessors[target].push(*piece);
            }
        }
        let dominators = dominators(&order, &number, &predecessors);
        Self { order, number, predecessors, dominators }
    }

    /// A piece of a loop that is entered in several places: something leads back to it that it does not dominate.
    pub(super) fn second_entrance(&self) -> Option<usize> {
        self.order.iter().copied().find(|piece| {
            let mut back =
                self.predecessors[*piece].iter().filter(|from| self.number[**from] >= self.number[*piece]);
            back.any(|from| !dominates(*piece, *from, &self.dominators))
        })
    }
}

/// The statements of a graph that begins with its first piece and has loops with one entrance each. `labels` gives labels of their own to all code of a module.
pub(super) fn structure(mut pieces: Vec<Piece>, labels: &mut u32) -> Result<Block, Deep> {
    let Some(first) = pieces.first() else { return Ok(Vec::new()) };
    let span = first.span;
    // One end for all: reached by whoever stops.
    let end = pieces.len();
    for piece in &mut pieces {
        if matches!(piece.exit, Exit::Stop) {
            piece.exit = Exit::Goto(end);
        }
    }
    pieces.push(Piece { body: Vec::new(), exit: Exit::Stop, span });
    let Flow { order, number, predecessors, dominators } = Flow::of(&pieces);
    let mut shape = Shape {
        label_of: vec![None; pieces.len()],
        continue_of: vec![None; pieces.len()],
        merged: vec![Vec::new(); pieces.len()],
        number,
        pieces,
        labels,
    };
    let done = shape.label();
    shape.label_of[end] = Some(done);
    for piece in order.iter().filter(|piece| **piece != end) {
        let forward =
            predecessors[*piece].iter().filter(|from| shape.number[**from] < shape.number[*piece]).count();
        if forward < predecessors[*piece].len() {
            shape.continue_of[*piece] = Some((shape.label(), shape.label()));
        }
        if forward > 1 {
            shape.label_of[*piece] = Some(shape.label());
            shape.merged[dominators[*piece]].push(*piece);
        }
    }
    let whole = shape.tree(0, 1)?;
    let mut block = vec![statement(StatementKind::Labelled(done, whole), span)];
    tidy(&mut block, &[]);
    Ok(block)
}

fn reverse_postorder(pieces: &[Piece]) -> Vec<usize> {
    let mut seen = vec![false; pieces.len()];
    let mut order = Vec::new();
    let mut pending = vec![(0, pieces[0].exit.targets())];
    seen[0] = true;
    while let Some((piece, targets)) = pending.last_mut() {
        match targets.pop() {
            Some(target) if !seen[target] => {
                seen[target] = true;
                pending.push((target, pieces[target].exit.targets()));
            }
            Some(_) => {}
            None => {
                order.push(*piece);
                pending.pop();
            }
        }
    }
    order.reverse();
    order
}

/// The immediate dominator of each piece (Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm"); the first one's is itself.
fn dominators(order: &[usize], number: &[usize], predecessors: &[Vec<usize>]) -> Vec<usize> {
    let mut of = vec![usize::MAX; number.len()];
    of[0] = 0;
    loop {
        let mut changed = false;
        for piece in order.iter().skip(1) {
            let mut new = usize::MAX;
            for from in &predecessors[*piece] {
                if of[*from] == usize::MAX {
                    continue;
                }
                if new == usize::MAX {
                    new = *from;
                    continue;
                }
                let (mut one, mut other) = (new, *from);
                while one != other {
                    while number[one] > number[other] {
                        one = of[one];
                    }
                    while number[other] > number[one] {
                        other = of[other];
                    }
                }
                new = one;
            }
            changed |= std::mem::replace(&mut of[*piece], new) != new;
        }
        if !changed {
            return of;
        }
    }
}

fn dominates(piece: usize, mut of: usize, dominators: &[usize]) -> bool {
    loop {
        if of == piece {
            return true;
        }
        let next = dominators[of];
        if next == of {
            return false;
        }
        of = next;
    }
}

struct Shape<'l> {
    pieces: Vec<Piece>,
    /// Position of each piece in the reverse postorder.
    number: Vec<usize>,
    /// Labels of pieces that are jumped to forward.
    label_of: Vec<Option<Label>>,
    /// Of loops' heads: the loop's label, and the one that leads to its next round.
    continue_of: Vec<Option<(Label, Label)>>,
    /// Pieces with labels, by their dominators.
    merged: Vec<Vec<usize>>,
    labels: &'l mut u32,
}

impl Shape<'_> {
    fn label(&mut self) -> Label {
        *self.labels += 1;
        Label(*self.labels - 1)
    }

    /// A piece and all that it dominates.
    fn tree(&mut self, mut piece: usize, depth: u32) -> Result<Block, Deep> {
        let mut out = Vec::new();
        loop {
            let span = self.pieces[piece].span;
            if depth > limits::BLOCK_DEPTH {
                return Err(Deep(span));
            }
            let mut merged = std::mem::take(&mut self.merged[piece]);
            merged.sort_by_key(|one| self.number[*one]);
            if let Some((outer, again)) = self.continue_of[piece] {
                // All that the head dominates is in the loop, or leaves it at once.
                let inner = self.with_merged(piece, merged, depth + 2)?;
                let round = statement(StatementKind::Labelled(again, inner), span);
                out.push(statement(StatementKind::Loop(outer, vec![round]), span));
                return Ok(out);
            }
            let straight = match (&self.pieces[piece].exit, merged.as_slice()) {
                (Exit::Goto(next), []) if self.label_of[*next].is_none() && self.is_forward(piece, *next) => {
                    Some(*next)
                }
                _ => None,
            };
            if let Some(next) = straight {
                out.append(&mut self.pieces[piece].body);
                piece = next;
                continue;
            }
            let Some(last) = merged.pop() else {
                out.extend(self.with_merged(piece, merged, depth)?);
                return Ok(out);
            };
            let inner = self.with_merged(piece, merged, depth + 1)?;
            out.push(self.labelled(last, inner));
            piece = last;
        }
    }

    fn is_forward(&self, from: usize, to: usize) -> bool {
        self.number[to] > self.number[from]
    }

    fn labelled(&self, piece: usize, inner: Block) -> Statement {
        let span = self.pieces[piece].span;
        let label = self.label_of[piece].unwrap_or(Label(u32::MAX));
        statement(StatementKind::Labelled(label, inner), span)
    }

    /// A piece, and behind it those with labels that it dominates, each behind the code that jumps to it.
    fn with_merged(&mut self, piece: usize, mut merged: Vec<usize>, depth: u32) -> Result<Block, Deep> {
        if depth > limits::BLOCK_DEPTH {
            return Err(Deep(self.pieces[piece].span));
        }
        let Some(last) = merged.pop() else { return self.alone(piece, depth) };
        let inner = self.with_merged(piece, merged, depth + 1)?;
        let mut out = vec![self.labelled(last, inner)];
        out.extend(self.tree(last, depth)?);
        Ok(out)
    }

    /// A piece and where it goes.
    fn alone(&mut self, piece: usize, depth: u32) -> Result<Block, Deep> {
        let span = self.pieces[piece].span;
        let mut out = std::mem::take(&mut self.pieces[piece].body);
        match self.pieces[piece].exit.clone() {
            Exit::Stop => {}
            Exit::Goto(target) => out.extend(self.jump(piece, target, depth)?),
            Exit::Branch { condition, accept, reject } => {
                let accept = self.jump(piece, accept, depth + 1)?;
                let reject = self.jump(piece, reject, depth + 1)?;
                out.push(statement(StatementKind::If { condition, accept, reject }, span));
            }
            Exit::Switch { selector, cases, default } => {
                let mut blocks = Vec::new();
                for (values, target) in cases {
                    blocks.push((values, self.jump(piece, target, depth + 1)?));
                }
                let default = self.jump(piece, default, depth + 1)?;
                out.push(statement(StatementKind::Switch { selector, cases: blocks, default }, span));
            }
        }
        Ok(out)
    }

    fn jump(&mut self, from: usize, to: usize, depth: u32) -> Result<Block, Deep> {
        let span = self.pieces[from].span;
        if !self.is_forward(from, to) {
            let label = self.continue_of[to].map(|(_, again)| again);
            return Ok(label.map(|label| statement(StatementKind::Leave(label), span)).into_iter().collect());
        }
        match self.label_of[to] {
            Some(label) => Ok(vec![statement(StatementKind::Leave(label), span)]),
            None => self.tree(to, depth),
        }
    }
}

fn statement(kind: StatementKind, span: Span) -> Statement {
    Statement { kind, span }
}

/// Removes jumps to where the code goes anyway, and labels that nothing jumps to. `behind` are the labels that the end of the
/// block leads to.
fn tidy(block: &mut Block, behind: &[Label]) {
    let whole = std::mem::take(block);
    let last = whole.len().saturating_sub(1);
    for (at, mut statement) in whole.into_iter().enumerate() {
        let mut here = if at == last { behind.to_vec() } else { Vec::new() };
        match &mut statement.kind {
            StatementKind::Leave(label) if here.contains(label) => continue,
            StatementKind::If { accept, reject, .. } => {
                tidy(accept, &here);
                tidy(reject, &here);
            }
            StatementKind::Switch { cases, default, .. } => {
                cases.iter_mut().for_each(|(_, block)| tidy(block, &here));
                tidy(default, &here);
            }
            StatementKind::Loop(_, inner) => tidy(inner, &[]),
            StatementKind::Labelled(label, inner) => {
                here.push(*label);
                tidy(inner, &here);
                if !is_left(inner, *label) {
                    let mut inner = std::mem::take(inner);
                    block.append(&mut inner);
                    continue;
                }
            }
            _ => {}
        }
        block.push(statement);
    }
}

fn is_left(block: &[Statement], label: Label) -> bool {
    let mut found = false;
    walk::statements(block, &mut |statement| found |= statement.kind == StatementKind::Leave(label));
    found
}

//! Structured statements as a graph of straight pieces of code, for what has jumps and no nesting: actions, parser states, pipelines.

use sluice_diagnostics::Span;
use sluice_entities::Bits;
use sluice_ir::{Expression, Handle, Label, Statement, StatementKind, Table, Variable};

/// A graph of nodes; the first is where it begins.
#[derive(Debug)]
pub(crate) struct Graph<'m> {
    pub(crate) nodes: Vec<Node<'m>>,
}

/// Statements without jumps, and what comes then.
#[derive(Debug)]
pub(crate) struct Node<'m> {
    pub(crate) statements: Vec<&'m Statement>,
    pub(crate) end: End<'m>,
}

/// What a condition asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition<'m> {
    /// A `Bool`.
    Holds(Handle<Expression>),
    /// Whether a selector has one of the values.
    OneOf(Handle<Expression>, &'m [Bits]),
}

/// How a node ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End<'m> {
    /// The whole block is done.
    Stop,
    /// The current control is done.
    Exit,
    Goto(usize),
    If {
        condition: Condition<'m>,
        accept: usize,
        reject: usize,
        span: Span,
    },
    Apply {
        table: Handle<Table>,
        hit: Option<Handle<Variable>>,
        action_run: Option<Handle<Variable>>,
        next: usize,
        span: Span,
    },
}

impl<'m> Graph<'m> {
    /// The graph of a block.
    pub(crate) fn new(block: &'m [Statement]) -> Self {
        let mut builder = Builder { nodes: Vec::new(), labels: Vec::new() };
        let start = builder.node();
        builder.block(block, start);
        let mut graph = Self { nodes: builder.nodes };
        graph.simplify();
        graph
    }

    /// Skips empty nodes, joins nodes that follow only each other, and removes what is not reached.
    fn simplify(&mut self) {
        for index in 0..self.nodes.len() {
            let mut end = self.nodes[index].end;
            end.targets_mut(|target| *target = self.skip_empty(*target));
            self.nodes[index].end = end;
        }
        let mut order = self.reached();
        let mut predecessors = vec![0_usize; self.nodes.len()];
        for index in &order {
            self.nodes[*index].end.targets(|target| predecessors[target] += 1);
        }
        for index in &order {
            while let End::Goto(target) = self.nodes[*index].end
                && predecessors[target] == 1
                && target != *index
                && target != 0
            {
                let moved = std::mem::take(&mut self.nodes[target].statements);
                self.nodes[*index].statements.extend(moved);
                self.nodes[*index].end = std::mem::replace(&mut self.nodes[target].end, End::Stop);
            }
        }
        order = self.reached();
        let mut place = vec![usize::MAX; self.nodes.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = new;
        }
        let mut nodes: Vec<Option<Node<'m>>> =
            std::mem::take(&mut self.nodes).into_iter().map(Some).collect();
        for old in order {
            if let Some(mut node) = nodes[old].take() {
                node.end.targets_mut(|target| *target = place[*target]);
                self.nodes.push(node);
            }
        }
    }

    fn skip_empty(&self, mut target: usize) -> usize {
        // A loop of empty nodes has no end: any of them will do.
        for _ in 0..self.nodes.len() {
            match (&self.nodes[target].statements.is_empty(), self.nodes[target].end) {
                (true, End::Goto(next)) => target = next,
                _ => break,
            }
        }
        target
    }

    /// Nodes that are reached, in the order of the code.
    fn reached(&self) -> Vec<usize> {
        let mut seen = vec![false; self.nodes.len()];
        let mut pending = vec![0];
        let mut order = Vec::new();
        while let Some(index) = pending.pop() {
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            order.push(index);
            let before = pending.len();
            self.nodes[index].end.targets(|target| pending.push(target));
            pending[before..].reverse();
        }
        order
    }
}

impl End<'_> {
    /// Calls `f` with each node that may be next.
    pub(crate) fn targets(self, mut f: impl FnMut(usize)) {
        let mut end = self;
        end.targets_mut(|target| f(*target));
    }

    fn targets_mut(&mut self, mut f: impl FnMut(&mut usize)) {
        match self {
            End::Stop | End::Exit => {}
            End::Goto(next) | End::Apply { next, .. } => f(next),
            End::If { accept, reject, .. } => {
                f(accept);
                f(reject);
            }
        }
    }
}

struct Builder<'m> {
    nodes: Vec<Node<'m>>,
    /// Open labels, and where they lead.
    labels: Vec<(Label, usize)>,
}

impl<'m> Builder<'m> {
    fn node(&mut self) -> usize {
        self.nodes.push(Node { statements: Vec::new(), end: End::Stop });
        self.nodes.len() - 1
    }

    /// Adds a block to a node; gives the node where it goes on, or none if it does not.
    fn block(&mut self, block: &'m [Statement], mut current: usize) -> Option<usize> {
        for statement in block {
            current = self.statement(statement, current)?;
        }
        Some(current)
    }

    fn goto(&mut self, from: Option<usize>, to: usize) {
        if let Some(from) = from {
            self.nodes[from].end = End::Goto(to);
        }
    }

    fn statement(&mut self, statement: &'m Statement, current: usize) -> Option<usize> {
        let span = statement.span;
        match &statement.kind {
            StatementKind::If { condition, accept, reject } => {
                let (yes, no, after) = (self.node(), self.node(), self.node());
                let condition = Condition::Holds(*condition);
                self.nodes[current].end = End::If { condition, accept: yes, reject: no, span };
                let (yes, no) = (self.block(accept, yes), self.block(reject, no));
                self.goto(yes, after);
                self.goto(no, after);
                (yes.is_some() || no.is_some()).then_some(after)
            }
            StatementKind::Switch { selector, cases, default } => {
                let after = self.node();
                let mut test = current;
                for (values, block) in cases {
                    let (yes, no) = (self.node(), self.node());
                    let condition = Condition::OneOf(*selector, values);
                    self.nodes[test].end = End::If { condition, accept: yes, reject: no, span };
                    let end = self.block(block, yes);
                    self.goto(end, after);
                    test = no;
                }
                let end = self.block(default, test);
                self.goto(end, after);
                Some(after)
            }
            StatementKind::Apply { table, hit, action_run } => {
                let next = self.node();
                let (table, hit, action_run) = (*table, *hit, *action_run);
                self.nodes[current].end = End::Apply { table, hit, action_run, next, span };
                Some(next)
            }
            StatementKind::Labelled(label, block) => {
                let after = self.node();
                self.labels.push((*label, after));
                let end = self.block(block, current);
                self.labels.pop();
                self.goto(end, after);
                Some(after)
            }
            StatementKind::Loop(label, block) => {
                let (head, after) = (self.node(), self.node());
                self.goto(Some(current), head);
                self.labels.push((*label, after));
                let end = self.block(block, head);
                self.labels.pop();
                self.goto(end, head);
                Some(after)
            }
            StatementKind::Leave(label) => {
                let open = self.labels.iter().rev().find(|(open, _)| open == label);
                // A verified module leaves open labels only.
                let after = open.map(|(_, after)| *after)?;
                self.goto(Some(current), after);
                None
            }
            StatementKind::Exit => {
                self.nodes[current].end = End::Exit;
                None
            }
            _ => {
                self.nodes[current].statements.push(statement);
                Some(current)
            }
        }
    }
}

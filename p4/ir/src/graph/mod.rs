//! The parser and the controls as graphs, in the language of Graphviz: for whoever wants to see a program.
//!
//! [`graphs`] gives one graph for the parser and one for each control that does anything. In the parser's, nodes are states with what they
//! do, edges are transitions with the values that lead there. In a control's, ellipses are tables with an edge to each action that they
//! may run, diamonds are conditions, boxes are statements. The same module always gives the same text.

mod control;
mod dot;
mod parser;

use crate::Module;
use crate::text::Pieces;

/// One graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// Of what: `parser`, `verify_checksum`, `ingress`, `egress`, `compute_checksum` or `deparser`.
    pub name: &'static str,
    /// The graph in the DOT language.
    pub dot: String,
}

/// Graphs of a verified module's parser and controls, in the order in which they run.
pub fn graphs(module: &Module) -> Vec<Graph> {
    let pieces = Pieces::new(module);
    let pipeline = &module.pipeline;
    let mut graphs = Vec::new();
    if !pipeline.parser.states.is_empty() {
        graphs.push(Graph { name: "parser", dot: parser::graph(&pieces, &pipeline.parser) });
    }
    for (name, block) in pipeline.controls() {
        if !block.is_empty() {
            graphs.push(Graph { name, dot: control::graph(module, &pieces, name, block) });
        }
    }
    graphs
}

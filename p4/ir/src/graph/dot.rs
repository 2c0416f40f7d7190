//! Text in the DOT language.

/// Lines of code shown in one node.
const MOST_LINES: usize = 16;

/// Characters shown of one line.
const MOST_CHARACTERS: usize = 96;

/// A node of the graph being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node(usize);

/// A graph being written.
#[derive(Debug)]
pub(super) struct Dot {
    out: String,
    nodes: usize,
    /// Edges stand behind all nodes.
    edges: String,
}

impl Dot {
    /// A directed graph of that name.
    pub(super) fn new(name: &str) -> Self {
        let mut out = format!("digraph {} {{\n", quoted(name));
        out.push_str("  node [fontname=\"monospace\"];\n  edge [fontname=\"monospace\"];\n");
        Self { out, nodes: 0, edges: String::new() }
    }

    /// A node of that shape; several lines are left-aligned.
    pub(super) fn node(&mut self, shape: &str, lines: &[String]) -> Node {
        let node = Node(self.nodes);
        self.nodes += 1;
        let label = label(lines);
        self.out.push_str(&format!("  n{} [shape={shape}, label={label}];\n", node.0));
        node
    }

    /// An edge with what leads along it.
    pub(super) fn edge(&mut self, from: Node, to: Node, lines: &[String]) {
        self.edges.push_str(&format!("  n{} -> n{}", from.0, to.0));
        if !lines.is_empty() {
            self.edges.push_str(&format!(" [label={}]", label(lines)));
        }
        self.edges.push_str(";\n");
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        self.out.push_str(&self.edges);
        self.out.push_str("}\n");
        self.out
    }
}

fn label(lines: &[String]) -> String {
    let [only] = lines else {
        let mut text = String::new();
        for line in lines.iter().take(MOST_LINES) {
            text.push_str(&escaped(&shortened(line)));
            text.push_str("\\l");
        }
        if lines.len() > MOST_LINES {
            text.push_str(&format!("... {} more\\l", lines.len() - MOST_LINES));
        }
        return format!("\"{text}\"");
    };
    quoted(&shortened(only))
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(MOST_CHARACTERS) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line.to_string(),
    }
}

/// Graphviz gives backslashes a meaning within quotes, and knows no other character that must not stand there.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

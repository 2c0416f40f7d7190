//! YAML as a tree of located nodes.
//!
//! A configuration error must point at the very characters that are wrong, also inside a filter expression that
//! spans several lines of a block scalar. So this reads `saphyr-parser`'s events (the one maintained pure-Rust
//! YAML 1.2 parser that gives start and end of every scalar) rather than a typed deserializer, which stops at
//! the first error and knows no places. Scalars stay text: `10%`, `1/10` and `0x10` mean what their key says.
//!
//! Bounds: [`MAX_DEPTH`] nested nodes, [`MAX_NODES`] nodes after aliases are expanded.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use sluice_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources, Span};

/// Most levels of nesting.
const MAX_DEPTH: usize = 32;
/// What stands before a document.
const MARKER: &str = "---";
/// Most nodes, aliases expanded.
const MAX_NODES: usize = 4_000_000;

/// A node and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its characters; for a collection, from its first to its last child.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// Text, quoted or not.
    Scalar(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the text; keys are unique.
    Map(Vec<(Key, Node)>),
}

/// The key of a mapping.
#[derive(Clone, Debug)]
pub struct Key {
    /// Where it stands.
    pub span: Span,
    /// Its text.
    pub text: String,
}

impl Node {
    /// What a message calls it.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar(_) => "a value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// A collection that is still open.
struct Open {
    start: Span,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>, Option<Key>),
}

struct Builder<'a> {
    source: SourceId,
    /// Byte offset of each character, and the text's length at the end: the parser counts characters.
    offsets: Vec<u32>,
    stack: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
    root: Option<Node>,
    documents: Vec<Document>,
    /// Most documents, and what is said of one more.
    most: (usize, &'a str),
    /// Where the text of the document begins.
    start: usize,
    found: &'a mut Diagnostics,
}

/// A document among several in one text.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it says.
    pub root: Node,
    /// Its text, from behind its `---` to the next one.
    pub text: Span,
}

/// Reads one document. `None` where the text is not YAML at all; what is wrong is in `found`, with the help `least` where it is empty.
pub fn parse(sources: &Sources, source: SourceId, least: &str, found: &mut Diagnostics) -> Option<Node> {
    let help = "one file is one whole configuration: remove the `---`";
    parse_documents(sources, source, least, (1, help), found)?.into_iter().next().map(|one| one.root)
}

/// Reads documents, between which `---` stands: at least one, and `most` of them, the help for one more beside. `None` where the text is not YAML at all.
pub fn parse_documents(
    sources: &Sources,
    source: SourceId,
    least: &str,
    most: (usize, &str),
    found: &mut Diagnostics,
) -> Option<Vec<Document>> {
    let text = &sources.source(source).text;
    let offsets = text.char_indices().map(|(i, _)| i as u32).chain([text.len() as u32]).collect();
    let mut builder = Builder {
        source,
        offsets,
        stack: Vec::new(),
        anchors: BTreeMap::new(),
        nodes: 0,
        root: None,
        documents: Vec::new(),
        most,
        start: 0,
        found,
    };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((Event::DocumentStart(is_explicit), span)) => {
                let place = builder.place(span);
                builder.begin(text, is_explicit, place)?;
            }
            Ok((event, span)) => builder.event(event, span)?,
            Err(error) => {
                let at = builder.offset(error.marker().index());
                let place = Span::new(source, at, at);
                builder.found.push(
                    Diagnostic::error(format!("not YAML: {}", error.info()))
                        .at(place, "")
                        .help("YAML nests by indentation with blanks; quote text that holds `: ` or ` #`"),
                );
                return None;
            }
        }
    }
    if builder.documents.is_empty() {
        let place = Span::new(source, 0, 0);
        builder.found.push(Diagnostic::error("the configuration is empty").at(place, "").help(least));
    }
    Some(builder.documents)
}

impl Builder<'_> {
    fn offset(&self, index: usize) -> usize {
        self.offsets.get(index).or(self.offsets.last()).map_or(0, |at| *at as usize)
    }

    fn place(&self, span: saphyr_parser::Span) -> Span {
        Span::new(self.source, self.offset(span.start.index()), self.offset(span.end.index()))
    }

    /// `None` ends the reading: going on would make no sense.
    fn event(&mut self, event: Event<'_>, span: saphyr_parser::Span) -> Option<()> {
        let place = self.place(span);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => Some(()),
            Event::DocumentEnd => {
                if let Some(root) = self.root.take() {
                    // Where it ends is known when the next one begins.
                    let end = self.offset(usize::MAX);
                    self.documents.push(Document { root, text: Span::new(self.source, self.start, end) });
                }
                Some(())
            }
            Event::Scalar(text, style, anchor, _) => {
                let null =
                    style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null { Value::Null } else { Value::Scalar(text.into_owned()) };
                self.node(Node { span: place, value }, anchor, 1)
            }
            Event::SequenceStart(anchor, _) => self.open(place, anchor, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(place, anchor, Content::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((node, size)) => {
                    let (mut node, size) = (node.clone(), *size);
                    node.span = place;
                    self.node(node, 0, size)
                }
                None => {
                    self.found.push(
                        Diagnostic::error("this alias is inside of what it names")
                            .at(place, "")
                            .help("write the value out"),
                    );
                    None
                }
            },
        }
    }

    /// A document begins; the marker of one that says so is at `place`.
    fn begin(&mut self, text: &str, is_explicit: bool, place: Span) -> Option<()> {
        let marker = place.start as usize;
        if let Some(last) = self.documents.last_mut() {
            last.text.end = place.start;
        }
        let (most, help) = self.most;
        if self.documents.len() >= most {
            let more = if most == 1 { "one".to_string() } else { most.to_string() };
            self.found.push(
                Diagnostic::error(format!(
                    "more than {more} YAML document{}",
                    if most == 1 { "" } else { "s" }
                ))
                .at(place, if most == 1 { "a second one starts here" } else { "one more starts here" })
                .help(help),
            );
            return None;
        }
        // Names of nodes are of one document.
        self.anchors.clear();
        if is_explicit {
            let behind = marker + MARKER.len();
            let rest = text.get(behind..).unwrap_or_default();
            let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
            let is_blank = rest.get(..line).is_none_or(|line| line.trim().is_empty());
            self.start = if is_blank { behind + line } else { behind };
        }
        Some(())
    }

    fn open(&mut self, start: Span, anchor: usize, content: Content) -> Option<()> {
        if self.stack.len() >= MAX_DEPTH {
            self.found.push(
                Diagnostic::error(format!("more than {MAX_DEPTH} levels of nesting"))
                    .at(start, "")
                    .help("no part of a configuration nests that deeply: look for a missing line break"),
            );
            return None;
        }
        self.stack.push(Open { start, anchor, content });
        Some(())
    }

    fn close(&mut self, end: Span) -> Option<()> {
        let open = self.stack.pop()?;
        let (value, last) = match open.content {
            Content::List(list) => {
                let last = list.last().map(|node| node.span);
                (Value::List(list), last)
            }
            Content::Map(map, _) => {
                let last = map.last().map(|(key, node)| key.span.to(node.span));
                (Value::Map(map), last)
            }
        };
        // The end event of a block collection is at the next token, possibly lines below.
        let flow = end.end > end.start;
        let span = match (flow, last) {
            (false, Some(last)) => open.start.to(last),
            (true, _) | (_, None) => open.start.to(end),
        };
        self.node(Node { span, value }, open.anchor, 1)
    }

    fn node(&mut self, node: Node, anchor: usize, size: usize) -> Option<()> {
        self.nodes += size;
        if self.nodes > MAX_NODES {
            self.found.push(
                Diagnostic::error(format!("more than {MAX_NODES} nodes"))
                    .at(node.span, "aliases make it this large")
                    .help("name sets once under `sets:` and use them by name"),
            );
            return None;
        }
        if anchor != 0 {
            let size = count(&node);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.stack.last_mut().map(|open| &mut open.content) {
            None => {
                self.root = Some(node);
            }
            Some(Content::List(list)) => list.push(node),
            Some(Content::Map(map, key)) => match key.take() {
                None => *key = Some(to_key(node, self.found)?),
                Some(key) => match map.iter().find(|(other, _)| other.text == key.text) {
                    None => map.push((key, node)),
                    Some((other, _)) => self.found.push(
                        Diagnostic::error(format!("`{}` is given twice", key.text))
                            .at(key.span, "again here")
                            .also(other.span, "first here")
                            .help("remove one of the two"),
                    ),
                },
            },
        }
        Some(())
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Null | Value::Scalar(_) => 0,
        Value::List(list) => list.iter().map(count).sum(),
        Value::Map(map) => map.iter().map(|(_, node)| 1 + count(node)).sum(),
    }
}

fn to_key(node: Node, found: &mut Diagnostics) -> Option<Key> {
    match node.value {
        Value::Scalar(text) => Some(Key { span: node.span, text }),
        Value::Null => Some(Key { span: node.span, text: String::new() }),
        Value::List(_) | Value::Map(_) => {
            found.push(
                Diagnostic::error(format!("{} cannot be a key", node.kind()))
                    .at(node.span, "")
                    .help("keys are plain names"),
            );
            None
        }
    }
}

/// Where the bytes of a scalar's value stand in the source: block scalars fold and indent, quotes escape.
///
/// Returns, for each byte of `value` and for its end, an offset in the source. Characters that the source spells
/// otherwise (escapes) keep the place of the last one that was found.
pub fn places(sources: &Sources, span: Span, value: &str) -> Vec<u32> {
    let raw = sources.text(span);
    let mut at = 0;
    let mut places = Vec::with_capacity(value.len() + 1);
    for c in value.chars() {
        let rest = raw.get(at..).unwrap_or("");
        let skip = if c.is_whitespace() {
            // A folded line break stands for the break, the indentation or a blank line behind it.
            if rest.starts_with(char::is_whitespace) { Some(0) } else { None }
        } else {
            rest.char_indices().find(|(_, other)| *other == c).map(|(i, _)| i)
        };
        at += skip.unwrap_or(0);
        places.extend(std::iter::repeat_n(span.start + at as u32, c.len_utf8()));
        if skip.is_some() {
            at += raw.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        }
    }
    let end = (span.start + at as u32).min(span.end);
    places.push(end);
    places
}

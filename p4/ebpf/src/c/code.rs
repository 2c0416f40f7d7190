//! Text of C as it is written: lines, temporaries, and where the code stands.

use sluice_diagnostics::{Diagnostic, Diagnostics, Span};
use sluice_ir::{Action, Handle, Module, Variable};

use super::storage::{Home, Storage};
use crate::frozen::Contents;
use crate::layout::ListLayout;

pub(super) static NONE_FROZEN: Contents = Contents::new();

/// Longer expressions get a name.
const LONG: usize = 72;

/// Which part of a packet's way the code is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Parser, checksum verification, ingress: the packet's state is its own.
    Ingress,
    /// Egress, checksum computation, deparser: what they write is in `struct work`.
    Egress,
}

/// One function's text.
pub(super) struct Code<'m> {
    pub(super) module: &'m Module,
    pub(super) storage: &'m Storage,
    pub(super) side: Side,
    /// The action whose body the code is.
    pub(super) acting: Option<&'m Action>,
    /// How value sets stand in maps.
    pub(super) value_sets: Vec<ListLayout>,
    /// The first cell of each indirect counter.
    pub(super) counters: Vec<u32>,
    /// Tables whose contents are constants.
    pub(super) frozen: &'m Contents,
    /// Whether the code is the parser's.
    pub(super) in_parser: bool,
    text: String,
    indent: usize,
    temporaries: u32,
    /// What the program has and XDP has not.
    pub(super) refused: Diagnostics,
    /// Where the statement stands that is being written.
    pub(super) span: Option<Span>,
}

impl<'m> Code<'m> {
    pub(super) fn new(module: &'m Module, storage: &'m Storage, side: Side) -> Self {
        Self {
            module,
            storage,
            side,
            acting: None,
            value_sets: Vec::new(),
            counters: Vec::new(),
            frozen: &NONE_FROZEN,
            in_parser: false,
            text: String::new(),
            indent: 1,
            temporaries: 0,
            refused: Diagnostics::new(),
            span: None,
        }
    }

    /// The text and what was refused.
    pub(super) fn finish(self) -> (String, Diagnostics) {
        (self.text, self.refused)
    }

    /// Writes a line.
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        for _ in 0..self.indent {
            self.text.push('\t');
        }
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// Writes `head {`, what `body` writes, and `}`.
    pub(super) fn braced(&mut self, head: impl AsRef<str>, body: impl FnOnce(&mut Self)) {
        self.line(format!("{} {{", head.as_ref()));
        self.indent += 1;
        body(self);
        self.indent -= 1;
        self.line("}");
    }

    /// Writes a label, which stands at the line's beginning.
    pub(super) fn label(&mut self, name: &str) {
        self.text.push_str(name);
        self.text.push_str(":;\n");
    }

    /// A name that the function does not have yet.
    pub(super) fn fresh(&mut self) -> String {
        self.temporaries += 1;
        format!("t{}", self.temporaries)
    }

    /// Gives a value a name of its own.
    pub(super) fn named(&mut self, value: &str) -> String {
        let name = self.fresh();
        self.line(format!("u64 {name} = {value};"));
        name
    }

    /// Gives a value a name if its text is long.
    pub(super) fn short(&mut self, value: String) -> String {
        if value.len() > LONG { self.named(&value) } else { value }
    }

    /// Refuses the statement that is being written.
    pub(super) fn refuse(&mut self, what: &str, instead: &str) {
        let mut error = Diagnostic::error(format!("XDP has no {what}"));
        if let Some(span) = self.span {
            error = error.at(span, "");
        }
        self.refused.push(error.help(instead));
    }

    /// A scalar.
    pub(super) fn variable(&self, variable: Handle<Variable>) -> String {
        let place = &self.storage.variables[variable.index()];
        let base = match place.home {
            Home::State => self.base(false),
            Home::Work => self.base(true),
            Home::Locals => "locals",
        };
        format!("{base}->{}", place.name)
    }

    /// The structure that holds what copies have their own of.
    pub(super) fn base(&self, in_work: bool) -> &'static str {
        match self.side {
            Side::Egress if in_work => "eg",
            Side::Ingress | Side::Egress => "st",
        }
    }

    /// The structure that holds validity and what else every copy has its own of.
    pub(super) fn own(&self) -> &'static str {
        match self.side {
            Side::Ingress => "st",
            Side::Egress => "eg",
        }
    }

    /// The arguments of a table's function of this side.
    pub(super) fn arguments(&self) -> &'static str {
        match self.side {
            Side::Ingress if self.storage.has_locals() => "ctx, st, cfg, locals",
            Side::Ingress => "ctx, st, cfg",
            Side::Egress => "ctx, st, eg, cfg",
        }
    }

    /// The parameters of a function of this side.
    pub(super) fn parameters(&self) -> &'static str {
        match self.side {
            Side::Ingress => "struct xdp_md *ctx, struct state *st, const struct config *cfg",
            Side::Egress => "struct xdp_md *ctx, struct state *st, struct work *eg, const struct config *cfg",
        }
    }
}

/// A number of 64 bits.
pub(super) fn number(value: u64) -> String {
    if value < 10 { format!("{value}") } else { format!("{value:#x}ULL") }
}

/// Ones in the lowest bits.
pub(super) fn mask(width: u32) -> u64 {
    if width >= 64 { u64::MAX } else { (1 << width) - 1 }
}

/// A value cut to a width of at most 64 bits.
pub(super) fn cut(value: &str, width: u32) -> String {
    if width >= 64 { value.to_string() } else { format!("({value} & {})", number(mask(width))) }
}

//! From the syntax tree to the IR: names, types, compile-time values and code in one walk.
//!
//! Once a P4 program is instantiated, everything but packets and tables is known: which instance, which type, which
//! storage. So the [`Elaborator`] walks the program from `main` and does at once what other compilers do in stages: it
//! resolves a name, checks the types, computes what is constant, and writes the statement or expression of the IR. Functions, actions
//! that are called, sub-parsers and sub-controls are elaborated at the place of their use, in the scope of their declaration. What
//! is not reachable from `main` is elaborated too, for its errors alone.
//!
//! A construct that is wrong is reported where it stands and gives [`Reported`]; the next statement or declaration goes on.

use std::rc::Rc;

use num_bigint::BigInt;
use rustc_hash::{FxHashMap, FxHashSet};
use sluice_diagnostics::{Diagnostic, Diagnostics, Sources, Span, closest};
use sluice_entities::Bits;
use sluice_ir as ir;
use sluice_ir::text::CORE_ERRORS;
use sluice_ir::{Handle, Module};

use crate::ast;
use crate::bounds;
use crate::report::Reporter;
use crate::scope::{Binding, Entity, Scope};
use crate::types::{Record, Type};
use crate::value::{ActionDeclaration, ExternObject, Operand};

mod actions;
mod annotations;
mod apply;
mod arguments;
mod assign;
mod build;
mod calls;
mod chosen;
mod comparison;
mod control_plane;
mod convert;
mod copies;
mod declarations;
mod deprecated;
mod entries;
mod expressions;
mod externs;
mod foreign;
mod functions;
mod instances;
mod labels;
mod literals;
mod logging;
mod loops;
mod members;
mod operators;
mod order;
mod overloads;
mod package;
mod packages;
mod packet;
mod parsers;
mod passing;
mod priorities;
mod prototypes;
mod random;
mod registers;
mod scalars;
mod select;
mod sizes;
mod sluice_externs;
mod statements;
mod storage;
mod switch;
mod table_actions;
mod table_properties;
mod tables;
mod types;
mod unify;
mod unused;
mod value_sets;

/// An error that is in the reporter already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

type Result<T> = std::result::Result<T, Reported>;

/// What a program is elaborated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To run: `main` is a `V1Switch`, and what is used is what v1model has.
    Compile,
    /// For its errors alone: any architecture will do.
    Check,
}

/// Which of the pipeline's blocks code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    /// Outside all of them.
    Global,
    /// The parser.
    Parser,
    /// A checksum control.
    Checksum,
    /// The ingress control.
    Ingress,
    /// The egress control.
    Egress,
    /// The deparser.
    Deparser,
    /// Not known: code that nothing uses, which is checked only.
    Any,
}

impl Site {
    /// Whether tables may be applied here.
    fn has_tables(self) -> bool {
        matches!(self, Self::Ingress | Self::Egress | Self::Any)
    }

    /// Whether what belongs to `wanted` may stand here.
    fn is(self, wanted: Self) -> bool {
        self == wanted || self == Self::Any
    }
}

/// What is to be copied when a callee is left: to, from, and for which argument.
type CopyBack<'a> = Vec<(Operand<'a>, Operand<'a>, Span)>;

/// Where a `return` goes.
#[derive(Clone, Debug)]
struct Return<'a> {
    label: ir::Label,
    /// Where the value goes, for a function that has one.
    result: Option<Operand<'a>>,
    ty: Type,
}

/// Where `break` and `continue` go.
#[derive(Clone, Copy, Debug)]
struct Loop {
    leave: ir::Label,
    next: ir::Label,
}

/// What the code being elaborated stands in.
#[derive(Debug)]
struct Frame<'a> {
    scope: Rc<Scope<'a>>,
    /// Statements so far.
    block: ir::Block,
    site: Site,
    returns: Option<Return<'a>>,
    loops: Vec<Loop>,
    /// Control-plane prefix, without a dot at its end; also that of the storage of locals.
    path: Rc<str>,
    /// Within an action or function: tables cannot be applied.
    callee: Option<&'static str>,
    /// The parser state that `block` is the body of; none within `if` and other statements.
    state: Option<Handle<ir::State>>,
}

/// See the module's documentation.
pub(crate) struct Elaborator<'a> {
    sources: &'a Sources,
    purpose: Purpose,
    reporter: Reporter,
    module: Module,
    globals: Rc<Scope<'a>>,
    frame: Frame<'a>,
    /// Number of the next declaration of a name.
    order: u32,
    /// Number of the next record, enumeration or new type.
    declarations: u32,
    type_variables: u32,
    labels: u32,
    /// Labels that something jumps to.
    used_labels: FxHashSet<ir::Label>,
    match_kinds: FxHashSet<Rc<str>>,
    /// Parameters that are copies, by the scope that they are in and their place: nothing else is in that storage.
    copied: FxHashSet<(*const Scope<'a>, Span)>,
    /// Names of storage, with the next number to make each unique.
    names: FxHashMap<String, u32>,
    records: FxHashMap<(u32, Vec<Type>), Rc<Record>>,
    header_types: FxHashMap<Rc<Record>, Handle<ir::HeaderType>>,
    /// Types of headers that hold one varbit, by its width.
    varbit_types: FxHashMap<u32, Handle<ir::HeaderType>>,
    /// Leaves of expressions, each made once.
    leaves: FxHashMap<(ir::ExpressionKind, ir::Type), Handle<ir::Expression>>,
    /// Bodies inside one another.
    depth: usize,
    /// Expressions and statements inside one another.
    nesting: usize,
    /// Parsers, controls and functions whose body was elaborated.
    visited: FxHashSet<Span>,
    /// Actions to be checked in the end, should nothing use them.
    actions: Vec<Rc<ActionDeclaration<'a>>>,
    /// Whether the code is that of a control, or of what a control calls.
    in_control: bool,
    /// Whether there was an error.
    failed: bool,
    /// The bounds that were exceeded are reported once.
    exhausted: bool,
    /// The table whose actions are being lowered.
    table: Option<Handle<ir::Table>>,
    /// Copies that are due when the callee is left, by `exit` too; the innermost callee's last.
    pending: Vec<CopyBack<'a>>,
    /// `@match` of fields, by struct and field.
    match_annotations: FxHashMap<(Rc<str>, Rc<str>), Rc<str>>,
    /// Types for the control plane.
    declared_types: control_plane::DeclaredTypes<'a>,
    /// Where things stand in the program.
    places: order::Places<'a>,
    /// Scopes of instances, to be cleared in the end.
    instances: Vec<Rc<Scope<'a>>>,
    /// Instances that are applied several times with different arguments, by the place of their declaration: all their parameters
    /// are copies.
    apart: FxHashSet<Span>,
    /// Type parameters of generic bodies that are checked without being filled in.
    opaque: Vec<Rc<str>>,
    /// Whether a program that is only checked has no `main`.
    has_no_main: bool,
    /// Where each action is declared, by its control-plane name.
    action_names: FxHashMap<String, Span>,
    /// Parsers, controls and packages behind the first of their name.
    overloads: FxHashMap<Rc<str>, Vec<overloads::Overload<'a>>>,
    /// Field lists made of fields that calls name themselves.
    kept_lists: u32,
    /// What `@deprecated` says of a declaration, by the place of its name.
    deprecated: FxHashMap<Span, Rc<str>>,
    /// Warnings that were given, so that code put in several places gives each once.
    warned: FxHashSet<(String, Option<Span>)>,
    /// Type arguments of the block that a package makes next, where its parameter tells them.
    implied: Option<Vec<Type>>,
    /// Direct meters, and where a table names them.
    direct_meters: Vec<(Rc<ExternObject>, Span)>,
    /// Where `exit` leads in the deparser.
    deparser_end: Option<ir::Label>,
}

/// Elaborates a program; the module counts only if the diagnostics hold no error.
///
/// An instance with state refers to the storage that its parameters became when it was first applied. Where another
/// application turns out to have other arguments, everything is elaborated again with copies for that instance's parameters.
pub(crate) fn elaborate(
    program: &ast::Program,
    sources: &Sources,
    purpose: Purpose,
) -> (Module, Diagnostics) {
    let mut apart = FxHashSet::default();
    loop {
        let known = apart.len();
        let mut elaborator = Elaborator::new(sources, purpose, std::mem::take(&mut apart));
        elaborator.program(program);
        if elaborator.apart.len() == known {
            return (elaborator.module, elaborator.reporter.finish());
        }
        apart = elaborator.apart;
    }
}

impl<'a> Elaborator<'a> {
    fn new(sources: &'a Sources, purpose: Purpose, apart: FxHashSet<Span>) -> Self {
        let globals = Scope::global();
        Self {
            sources,
            purpose,
            reporter: Reporter::default(),
            module: Module::default(),
            frame: Frame {
                scope: globals.clone(),
                block: Vec::new(),
                site: Site::Global,
                returns: None,
                loops: Vec::new(),
                path: "".into(),
                callee: None,
                state: None,
            },
            globals,
            order: 0,
            declarations: 0,
            type_variables: 0,
            labels: 0,
            used_labels: FxHashSet::default(),
            match_kinds: FxHashSet::default(),
            copied: FxHashSet::default(),
            names: FxHashMap::default(),
            records: FxHashMap::default(),
            header_types: FxHashMap::default(),
            varbit_types: FxHashMap::default(),
            leaves: FxHashMap::default(),
            depth: 0,
            nesting: 0,
            visited: FxHashSet::default(),
            actions: Vec::new(),
            in_control: false,
            failed: false,
            exhausted: false,
            table: None,
            pending: Vec::new(),
            match_annotations: FxHashMap::default(),
            declared_types: control_plane::DeclaredTypes::default(),
            places: order::Places::default(),
            instances: Vec::new(),
            apart,
            opaque: Vec::new(),
            has_no_main: false,
            action_names: FxHashMap::default(),
            overloads: FxHashMap::default(),
            kept_lists: 0,
            deprecated: FxHashMap::default(),
            warned: FxHashSet::default(),
            implied: None,
            direct_meters: Vec::new(),
            deparser_end: None,
        }
    }

    fn program(&mut self, program: &'a ast::Program) {
        self.collect_names(program);
        for declaration in &program.declarations {
            // What failed is reported, and the declarations that follow are elaborated for theirs.
            let _ = self.declaration(declaration);
        }
        let main = self
            .instantiate_main(program)
            .and_then(|()| self.controller_headers())
            .and_then(|()| self.order_actions());
        self.check_unused(program, main.is_ok());
        if self.has_no_main && !self.failed {
            self.warn(
                Diagnostic::warning("the program has no `main`")
                    .at(program.end, "it ends here")
                    .help("its declarations are checked; only a program with a `main` can run"),
            );
        }
        for scope in self.instances.iter().chain([&self.globals]) {
            scope.clear();
        }
    }

    /// Errors and match kinds of the whole program: both types are one, wherever their members are declared.
    fn collect_names(&mut self, program: &'a ast::Program) {
        let mut errors: FxHashMap<Rc<str>, Span> = FxHashMap::default();
        let mut kinds: FxHashMap<Rc<str>, Span> = FxHashMap::default();
        for declaration in &program.declarations {
            let (known, names, noun) = match &declaration.kind {
                ast::DeclarationKind::Error(names) => (&mut errors, names, "error"),
                ast::DeclarationKind::MatchKind(names) => (&mut kinds, names, "match kind"),
                _ => continue,
            };
            for name in names {
                if let Some(before) = known.insert(name.text.clone(), name.span) {
                    self.error(
                        Diagnostic::error(format!("the {noun} `{name}` is declared twice"))
                            .at(name.span, "")
                            .also(before, "declared here already")
                            .help("remove one of them, or give it another name"),
                    );
                } else if noun == "error" {
                    self.module.errors.push(name.to_string());
                } else {
                    self.match_kinds.insert(name.text.clone());
                }
            }
        }
        // A program may declare its own before it includes core.p4, whose numbers are the same in all programs.
        let place =
            |name: &String| CORE_ERRORS.iter().position(|core| core == name).unwrap_or(CORE_ERRORS.len());
        self.module.errors.sort_by_key(place);
    }

    /// Whether what is for parsers may stand here.
    fn may_parse(&self) -> bool {
        self.frame.site.is(Site::Parser) && !self.in_control && self.frame.callee != Some("an action")
    }

    /// Reports an error.
    fn error(&mut self, diagnostic: Diagnostic) -> Reported {
        if self.concerns_opaque(&diagnostic) {
            return Reported;
        }
        self.failed = true;
        self.reporter.push(diagnostic);
        Reported
    }

    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Result<T> {
        Err(self.error(diagnostic))
    }

    fn warn(&mut self, diagnostic: Diagnostic) {
        let place = diagnostic.primary.as_ref().map(|label| label.span);
        if self.warned.insert((diagnostic.message.clone(), place)) {
            self.reporter.push(diagnostic);
        }
    }

    /// Refuses what P4 has and this compiler cannot lower.
    fn unsupported<T>(&mut self, what: &str, span: Span, instead: &str) -> Result<T> {
        self.fail(Diagnostic::error(format!("{what} is not supported")).at(span, "").help(instead))
    }

    /// Makes a name known in the current scope.
    fn declare(&mut self, name: &ast::Name, entity: Entity<'a>) -> Result<()> {
        self.order += 1;
        let scope = self.frame.scope.clone();
        match scope.declare(&name.text, entity.clone(), name.span, self.order) {
            Ok(()) => Ok(()),
            Err(before) if self.may_hide(&entity, &before, name.span) => {
                self.warn(
                    Diagnostic::warning(format!("`{name}` hides the function of an included file"))
                        .at(name.span, "what is called by this name is now this")
                        .also(before.span, "the function that is hidden")
                        .help("give it another name to call the function, too"),
                );
                scope.hide(&name.text, entity, name.span, self.order);
                Ok(())
            }
            Err(before) => self.fail(
                Diagnostic::error(format!("`{name}` is declared twice"))
                    .at(name.span, "declared again here")
                    .also(before.span, format!("already {} here", before.entity.noun()))
                    .help("give one of them another name"),
            ),
        }
    }

    /// A program may give a block of its own the name of a function that an architecture's file declares: who writes a control
    /// `verify_checksum` need not know all of v1model.
    fn may_hide(&self, entity: &Entity<'a>, before: &Binding<'a>, span: Span) -> bool {
        matches!(before.entity, Entity::Functions(_))
            && !matches!(entity, Entity::Functions(_))
            && before.span.source != span.source
    }

    /// Declares a name whose declaration is wrong, so that its uses are not reported too.
    fn declare_wrong(&mut self, name: &ast::Name) {
        self.order += 1;
        // If it is declared already, its uses have a meaning.
        let _ = self.frame.scope.declare(&name.text, Entity::Wrong, name.span, self.order);
    }

    /// What a name stands for here.
    fn resolve(&mut self, path: &ast::Path, wanted: &str) -> Result<(Entity<'a>, Span)> {
        let scope = if path.absolute { self.globals.clone() } else { self.frame.scope.clone() };
        match scope.look_up(path.name.as_str()) {
            Some(binding) if matches!(binding.entity, Entity::Wrong) => Err(Reported),
            Some(binding) => Ok((binding.entity, binding.span)),
            None => {
                let only_types = wanted == "type";
                let candidates = scope.visible(|entity| !only_types || entity.is_type());
                let words = ["true", "false"];
                let names = candidates.iter().map(|name| &**name).chain(words);
                let help = match closest(path.name.as_str(), names) {
                    _ if candidates.iter().any(|name| **name == *path.name.as_str()) => {
                        "it is declared, but only behind this or as this itself: declare it before it is used, and do not recurse"
                            .to_string()
                    }
                    Some(name) => format!("did you mean `{name}`?"),
                    None if path.absolute => {
                        "a name with a dot before it is one of the top level".to_string()
                    }
                    None => "declare it before it is used".to_string(),
                };
                self.fail(
                    Diagnostic::error(format!("there is no {wanted} `{}` here", path.name))
                        .at(path.span, "not declared")
                        .help(help),
                )
            }
        }
    }

    fn emit(&mut self, kind: ir::StatementKind, span: Span) {
        self.frame.block.push(ir::Statement { kind, span });
    }

    /// The statements that `f` emits, on their own.
    fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> (T, ir::Block) {
        let before = std::mem::take(&mut self.frame.block);
        let state = self.frame.state.take();
        let result = f(self);
        self.frame.state = state;
        (result, std::mem::replace(&mut self.frame.block, before))
    }

    /// Runs `f` in a scope inside the current one.
    fn scoped<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let inner = Scope::inside(&self.frame.scope, u32::MAX);
        let outer = std::mem::replace(&mut self.frame.scope, inner);
        let result = f(self);
        self.frame.scope = outer;
        result
    }

    fn label(&mut self) -> ir::Label {
        self.labels += 1;
        ir::Label(self.labels - 1)
    }

    fn leave(&mut self, label: ir::Label, span: Span) {
        self.used_labels.insert(label);
        self.emit(ir::StatementKind::Leave(label), span);
    }

    /// Emits statements as the body of a label, or alone if nothing jumps to it.
    fn emit_labelled(&mut self, label: ir::Label, body: ir::Block, span: Span) {
        if self.used_labels.contains(&label) {
            self.emit(ir::StatementKind::Labelled(label, body), span);
        } else {
            self.frame.block.extend(body);
        }
    }

    /// Goes one body deeper, or reports that the program is too deep or too large.
    fn descend<T>(&mut self, span: Span, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= bounds::CALLS {
            return self.exhaust("calls and instances inside one another", bounds::CALLS, span);
        }
        if self.module.expressions.len() > bounds::EXPRESSIONS {
            return self.exhaust("expressions after everything is put in place", bounds::EXPRESSIONS, span);
        }
        if self.exhausted || self.reporter.gave_up() {
            return Err(Reported);
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// Goes one expression or statement deeper.
    fn nest<T>(&mut self, span: Span, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting >= bounds::NESTING {
            return self.exhaust(
                "expressions and statements inside one another, calls included",
                bounds::NESTING,
                span,
            );
        }
        self.nesting += 1;
        let result = f(self);
        self.nesting -= 1;
        result
    }

    /// Reports, once, that a bound is exceeded.
    fn exhaust<T>(&mut self, what: &str, bound: usize, span: Span) -> Result<T> {
        if std::mem::replace(&mut self.exhausted, true) {
            return Err(Reported);
        }
        self.fail(
            Diagnostic::error(format!("the program has more than {bound} {what}"))
                .at(span, "here it became too much")
                .help("every call and instance is expanded where it stands; call less, or less deeply"),
        )
    }

    /// A type whose width a message can name.
    fn mismatch<T>(&mut self, expected: &Type, found: &Type, span: Span, help: Option<String>) -> Result<T> {
        let mut diagnostic = Diagnostic::error(format!("expected `{expected}`, found `{found}`"))
            .at(span, format!("this is `{found}`"));
        if let Type::Record(record) = expected {
            diagnostic = diagnostic.also(record.span, format!("`{}` is declared here", record.name));
        }
        let help = help.unwrap_or_else(|| format!("give a value of type `{expected}`"));
        self.fail(diagnostic.help(help))
    }

    /// A constant of the IR for an index or count.
    fn number(&mut self, width: u32, value: u64, span: Span) -> Handle<ir::Expression> {
        self.constant(Bits::new(width, value), ir::Type::Bits(width), span)
    }

    /// An integer that fits 32 bits, or an error naming what it was for.
    fn small(&mut self, value: &BigInt, what: &str, most: u32, span: Span) -> Result<u32> {
        match u32::try_from(value) {
            Ok(small) if small <= most => Ok(small),
            _ => self.fail(
                Diagnostic::error(format!("{what} of {value} is out of range"))
                    .at(span, "")
                    .help(format!("it must be from 0 to {most}")),
            ),
        }
    }
}

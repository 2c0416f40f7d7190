//! Names and what they stand for (P4-16 section 6.8).
//!
//! Scopes form a chain. A body that is elaborated later than it was declared (an action, a function) must not see names
//! that were declared behind it, so every declaration has a number in the order of elaboration and a link to an outer scope
//! says up to which number it looks.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use sluice_diagnostics::Span;

use crate::ast;
use crate::types::Type;
use crate::value::{ActionDeclaration, Operand};

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Entity<'a> {
    /// A constant, variable, parameter or instance.
    Value(Operand<'a>),
    /// A type.
    Type(Type),
    /// A record with type parameters, to be instantiated: number of its declaration.
    Record(&'a ast::Record, u32),
    /// An extern object.
    Extern(&'a ast::ExternObject),
    /// A parser's, control's or package's type.
    BlockType(&'a ast::BlockType, BlockKind),
    /// A parser.
    Parser(&'a ast::Parser),
    /// A control.
    Control(&'a ast::Control),
    /// Functions and extern functions of one name.
    Functions(Rc<[FunctionDeclaration<'a>]>),
    /// An action.
    Action(Rc<ActionDeclaration<'a>>),
    /// Something whose declaration is wrong, and was reported.
    Wrong,
}

/// What a block type is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// `parser`
    Parser,
    /// `control`
    Control,
    /// `package`
    Package,
}

/// A function or extern function.
#[derive(Clone, Debug)]
pub(crate) struct FunctionDeclaration<'a> {
    /// Its signature.
    pub(crate) prototype: &'a ast::Prototype,
    /// Its body; none for an extern function.
    pub(crate) body: Option<&'a ast::Block>,
    /// Where it was declared.
    pub(crate) span: Span,
    /// Names declared before this number are visible in it.
    pub(crate) order: u32,
}

impl Entity<'_> {
    /// What to call it in a message.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Value(operand) => match operand.ty {
                Type::Table => "a table",
                Type::Extern(_) | Type::Block(_) => "an instance",
                _ => "a value",
            },
            Self::Type(_) | Self::Record(..) => "a type",
            Self::Extern(_) => "an extern",
            Self::BlockType(_, BlockKind::Parser) => "a parser type",
            Self::BlockType(_, BlockKind::Control) => "a control type",
            Self::BlockType(_, BlockKind::Package) => "a package",
            Self::Parser(_) => "a parser",
            Self::Control(_) => "a control",
            Self::Functions(_) => "a function",
            Self::Action(_) => "an action",
            Self::Wrong => "a name",
        }
    }

    /// Whether it names a type.
    pub(crate) fn is_type(&self) -> bool {
        matches!(
            self,
            Self::Type(_)
                | Self::Record(..)
                | Self::Extern(_)
                | Self::BlockType(..)
                | Self::Parser(_)
                | Self::Control(_)
        )
    }
}

/// One name of a scope.
#[derive(Clone, Debug)]
pub(crate) struct Binding<'a> {
    /// What it stands for.
    pub(crate) entity: Entity<'a>,
    /// Where it was declared.
    pub(crate) span: Span,
    order: u32,
}

impl Binding<'_> {
    /// Names declared before this number were there when this one was declared.
    pub(crate) fn order(&self) -> u32 {
        self.order
    }
}

/// Some names, and where to look for others.
pub(crate) struct Scope<'a> {
    names: RefCell<FxHashMap<Rc<str>, Binding<'a>>>,
    parent: Option<(Rc<Scope<'a>>, u32)>,
}

impl std::fmt::Debug for Scope<'_> {
    /// Without the names: what they stand for leads back to the scope.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scope")
    }
}

impl<'a> Scope<'a> {
    /// The top level.
    pub(crate) fn global() -> Rc<Self> {
        Rc::new(Self { names: RefCell::default(), parent: None })
    }

    /// A scope inside another, of which it sees what is declared before `order`.
    pub(crate) fn inside(parent: &Rc<Self>, order: u32) -> Rc<Self> {
        Rc::new(Self { names: RefCell::default(), parent: Some((parent.clone(), order)) })
    }

    /// The scope around it.
    pub(crate) fn outer(&self) -> Option<&Rc<Self>> {
        self.parent.as_ref().map(|(parent, _)| parent)
    }

    /// Adds a name, or gives the declaration that has it already.
    pub(crate) fn declare(
        &self,
        name: &Rc<str>,
        entity: Entity<'a>,
        span: Span,
        order: u32,
    ) -> Result<(), Binding<'a>> {
        let mut names = self.names.borrow_mut();
        if let Some(known) = names.get(name) {
            return Err(known.clone());
        }
        names.insert(name.clone(), Binding { entity, span, order });
        Ok(())
    }

    /// Declares a name anew: from here on it stands for something else.
    pub(crate) fn hide(&self, name: &Rc<str>, entity: Entity<'a>, span: Span, order: u32) {
        self.names.borrow_mut().insert(name.clone(), Binding { entity, span, order });
    }

    /// Forgets all names. Objects in a scope refer to it in turn, so that nothing else would ever free it.
    pub(crate) fn clear(&self) {
        self.names.borrow_mut().clear();
    }

    /// Puts another meaning in place of what the name stood for in this scope.
    pub(crate) fn replace(&self, name: &Rc<str>, entity: Entity<'a>) {
        if let Some(binding) = self.names.borrow_mut().get_mut(name) {
            binding.entity = entity;
        }
    }

    /// The declaration of a name in this scope itself.
    pub(crate) fn own_binding(&self, name: &str) -> Option<Binding<'a>> {
        self.names.borrow().get(name).cloned()
    }

    /// The nearest declaration of a name.
    pub(crate) fn look_up(&self, name: &str) -> Option<Binding<'a>> {
        let mut limit = u32::MAX;
        let mut scope = self;
        loop {
            if let Some(binding) = scope.names.borrow().get(name)
                && binding.order < limit
            {
                return Some(binding.clone());
            }
            let (parent, order) = scope.parent.as_ref()?;
            limit = limit.min(*order);
            scope = parent;
        }
    }

    /// The names of this scope alone, in the order of their declarations.
    pub(crate) fn own(&self) -> Vec<(Rc<str>, Binding<'a>)> {
        let mut all: Vec<_> =
            self.names.borrow().iter().map(|(name, binding)| (name.clone(), binding.clone())).collect();
        all.sort_by_key(|(_, binding)| binding.order);
        all
    }

    /// Visible names that `wanted` accepts, the nearest scope's first.
    pub(crate) fn visible(&self, wanted: impl Fn(&Entity<'a>) -> bool) -> Vec<Rc<str>> {
        let mut all = Vec::new();
        let mut scope = Some(self);
        while let Some(here) = scope {
            all.extend(here.own().into_iter().filter(|(_, b)| wanted(&b.entity)).map(|(name, _)| name));
            scope = here.parent.as_ref().map(|(parent, _)| &**parent);
        }
        all
    }
}

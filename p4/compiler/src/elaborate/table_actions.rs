//! The actions of a table: its list, its default action, and those of its entries (sections 14.2.1.2 and 14.2.1.3).

use std::rc::Rc;

use rustc_hash::FxHashMap;
use sluice_diagnostics::{Diagnostic, Span};
use sluice_entities::ActionScope;
use sluice_ir as ir;
use sluice_ir::{Handle, Table};

use super::annotations::scope;
use super::table_properties::Properties;
use super::{Elaborator, Result};
use crate::ast;
use crate::scope::Entity;
use crate::value::{ActionDeclaration, ExternKind};

/// An action in a table's list, as its entries need it.
#[derive(Debug)]
pub(super) struct Listed<'a> {
    pub(super) declared: Rc<ActionDeclaration<'a>>,
    pub(super) scope: ActionScope,
    annotations: Vec<ir::Annotation>,
    /// What the list binds to parameters with a direction.
    bound: &'a [ast::Argument],
}

impl<'a> Elaborator<'a> {
    pub(super) fn table_actions(
        &mut self,
        handle: Handle<Table>,
        properties: &Properties<'a>,
        counter: Option<Rc<crate::value::ExternObject>>,
        table: &'a ast::Table,
    ) -> Result<Vec<Listed<'a>>> {
        let mut listed: Vec<(Listed<'a>, &'a ast::ActionRef)> = Vec::new();
        let mut known: FxHashMap<*const ast::Action, Span> = FxHashMap::default();
        for reference in properties.actions {
            let declared = self.action_named(reference)?;
            if let Some(before) = known.insert(std::ptr::from_ref(declared.action), reference.span) {
                return self.fail(
                    Diagnostic::error(format!(
                        "`{}` stands twice in the actions of `{}`",
                        reference.path.name, table.name
                    ))
                    .at(reference.span, "again here")
                    .also(before, "first here")
                    .help("remove one of them"),
                );
            }
            let annotations = self.annotations(&reference.annotations)?;
            let scope = scope(&reference.annotations);
            let bound = reference.arguments.as_deref().unwrap_or(&[]);
            listed.push((Listed { declared, scope, annotations, bound }, reference));
        }
        let has_direct = counter.is_some() || self.module.tables[handle].direct_meter.is_some();
        let outer = self.table.replace(handle);
        let mut handles = Vec::with_capacity(listed.len());
        for (listed, reference) in &listed {
            handles.push(self.lower_action(
                &listed.declared,
                listed.bound,
                !has_direct,
                Vec::new(),
                reference.span,
            )?);
        }
        let mut all: Vec<Listed<'a>> = listed.into_iter().map(|(listed, _)| listed).collect();
        if properties.default_action.is_none() {
            self.add_no_action(&mut all, &mut handles, !has_direct, table)?;
        }
        self.table = outer;
        if let Some(object) = counter
            && let ExternKind::DirectCounter(direct) = &object.kind
            && !direct.used.get()
        {
            for action in &handles {
                let kind = ir::StatementKind::Extern(ir::ExternCall::DirectCounterCount { table: handle });
                self.module.actions[*action].body.insert(0, ir::Statement { kind, span: object.span });
            }
        }
        self.module.tables[handle].actions = all
            .iter()
            .zip(&handles)
            .map(|(listed, action)| ir::TableAction {
                action: *action,
                scope: listed.scope,
                annotations: listed.annotations.clone(),
            })
            .collect();
        Ok(all)
    }

    /// The default of a table that says none is core.p4's `NoAction`.
    fn add_no_action(
        &mut self,
        listed: &mut Vec<Listed<'a>>,
        handles: &mut Vec<Handle<ir::Action>>,
        shared: bool,
        table: &'a ast::Table,
    ) -> Result<()> {
        if listed.iter().any(|listed| listed.declared.name == "NoAction") {
            return Ok(());
        }
        let Some(Entity::Action(declared)) = self.globals.look_up("NoAction").map(|binding| binding.entity)
        else {
            if self.checks_only() {
                return Ok(());
            }
            return self.fail(
                Diagnostic::error(format!("the table `{}` has no default action", table.name))
                    .at(table.name.span, "")
                    .help("add `default_action = ...;`, or include core.p4, whose `NoAction` is taken else"),
            );
        };
        handles.push(self.lower_action(&declared, &[], shared, Vec::new(), table.name.span)?);
        // As if the program had written `@defaultonly NoAction`.
        let name = "defaultonly".to_string();
        let annotations = vec![ir::Annotation { name, body: ir::AnnotationBody::None }];
        listed.push(Listed { declared, scope: ActionScope::DefaultOnly, annotations, bound: &[] });
        Ok(())
    }

    pub(super) fn action_named(
        &mut self,
        reference: &'a ast::ActionRef,
    ) -> Result<Rc<ActionDeclaration<'a>>> {
        let path = &reference.path;
        let (entity, declared) = self.resolve(path, "action")?;
        match entity {
            Entity::Action(action) => Ok(action),
            other => self.fail(
                Diagnostic::error(format!("`{}` is {}, not an action", path.name, other.noun()))
                    .at(path.span, "")
                    .also(declared, "declared here")
                    .help("a table runs actions: `action name(...) { ... }`"),
            ),
        }
    }

    pub(super) fn default_action(
        &mut self,
        handle: Handle<Table>,
        properties: &Properties<'a>,
        listed: &[Listed<'a>],
    ) -> Result<()> {
        let Some((reference, is_const)) = properties.default_action else {
            let index = listed.iter().position(|listed| listed.declared.name == "NoAction").unwrap_or(0);
            self.module.tables[handle].default_action =
                ir::ActionUse { index: index as u32, arguments: Vec::new() };
            return Ok(());
        };
        let action = self.action_use(handle, reference, listed, ActionScope::TableOnly)?;
        self.module.tables[handle].default_action = action;
        self.module.tables[handle].default_is_const = is_const;
        Ok(())
    }

    /// An action of the table's list with its data; `forbidden` is the scope that does not allow this use.
    pub(super) fn action_use(
        &mut self,
        handle: Handle<Table>,
        reference: &'a ast::ActionRef,
        listed: &[Listed<'a>],
        forbidden: ActionScope,
    ) -> Result<ir::ActionUse> {
        let declared = self.action_named(reference)?;
        let position = listed.iter().position(|listed| std::ptr::eq(listed.declared.action, declared.action));
        let Some((index, found)) = position.and_then(|at| Some((at, listed.get(at)?))) else {
            let name = &self.module.tables[handle].name;
            let table = name.strip_prefix(super::unused::PREFIX).unwrap_or(name).to_string();
            return self.fail(
                Diagnostic::error(format!("`{}` is no action of the table `{table}`", reference.path.name))
                    .at(reference.span, "")
                    .help("add it to the table's `actions`"),
            );
        };
        if found.scope == forbidden {
            let (word, what) = match forbidden {
                ActionScope::DefaultOnly => ("@defaultonly", "an entry"),
                _ => ("@tableonly", "the default action"),
            };
            return self.fail(
                Diagnostic::error(format!("`{}` is `{word}`, and cannot be {what}", reference.path.name))
                    .at(reference.span, "")
                    .help(format!("remove the `{word}`, or name another action")),
            );
        }
        let given = reference.arguments.as_deref().unwrap_or(&[]);
        self.check_bound(&declared, found.bound, given)?;
        let arguments = self.action_data(&declared, given, reference.span)?;
        Ok(ir::ActionUse { index: index as u32, arguments })
    }

    /// An entry or default action that repeats what the list binds repeats it as it stands there (section 14.2.1.3).
    fn check_bound(
        &mut self,
        declared: &ActionDeclaration<'a>,
        bound: &'a [ast::Argument],
        given: &'a [ast::Argument],
    ) -> Result<()> {
        let data =
            declared.action.parameters.iter().filter(|parameter| parameter.direction.is_none()).count();
        if given.len() <= data || given.iter().chain(bound).any(|argument| argument.name.is_some()) {
            return Ok(());
        }
        for (bound, given) in bound.iter().zip(given) {
            let (wanted, found) = (self.sources.text(bound.value.span), self.sources.text(given.value.span));
            if wanted.split_whitespace().ne(found.split_whitespace()) {
                return self.fail(
                    Diagnostic::error(format!("this action is bound to `{wanted}`, not to `{found}`"))
                        .at(given.value.span, "")
                        .also(bound.value.span, "as the list of actions says")
                        .help(format!(
                            "write `{wanted}`: arguments for parameters with a direction are the list's"
                        )),
                );
            }
        }
        Ok(())
    }
}

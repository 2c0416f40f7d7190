//! Parsers with their states, and controls.

use sluice_diagnostics::Diagnostic;

use super::scopes::Declared;
use super::{Parsed, Parser};
use crate::ast::{
    self, Annotation, Block, BlockType, Control, Declaration, DeclarationKind, Parameter, Select, SelectCase,
    State, Transition, ValueSet,
};

const NO_STATEMENTS: &str = "statements stand in states, actions, functions and the `apply` block only";

impl Parser<'_> {
    /// `parser name(...);` or `parser name(...)(...) {...}`.
    pub(super) fn parser(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        self.advance();
        let scopes = self.scopes.depth();
        let ty = self.block_type("the parser's name")?;
        let kind = if self.take(";") {
            DeclarationKind::ParserType(ty)
        } else {
            DeclarationKind::Parser(self.parser_body(ty)?)
        };
        self.scopes.close_to(scopes);
        Ok(self.declaration(annotations, kind, start))
    }

    fn parser_body(&mut self, ty: BlockType) -> Parsed<ast::Parser> {
        let constructor_parameters = self.constructor_parameters()?;
        self.expect("{", "a parser's states stand between `{` and `}`; a parser's type ends with `;`")?;
        let (mut locals, mut states) = (Vec::new(), Vec::new());
        self.braced_elements(|parser| {
            let annotations = parser.annotations()?;
            if parser.is("state") {
                states.push(parser.state(annotations)?);
                return Ok(());
            }
            if !states.is_empty() {
                let found = Diagnostic::error("expected a state").at(parser.span(), "");
                parser.report(found.help("the declarations of a parser stand before its first state"));
            }
            locals.push(parser.parser_local(annotations)?);
            Ok(())
        })?;
        Ok(ast::Parser { ty, constructor_parameters, locals, states })
    }

    /// The second list of parameters, if there is one.
    fn constructor_parameters(&mut self) -> Parsed<Vec<Parameter>> {
        if self.is("(") { self.parameters() } else { Ok(Vec::new()) }
    }

    fn parser_local(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        if self.is("const") {
            return self.constant(annotations);
        }
        if self.is("value_set") {
            return self.value_set(annotations);
        }
        self.variable_or_instance(annotations, "a state, value set, constant, variable or instance")
    }

    /// `T name = value;` or `T(arguments) name;`
    fn variable_or_instance(&mut self, annotations: Vec<Annotation>, what: &str) -> Parsed<Declaration> {
        if !self.begins_type() && !self.is_name() && !self.is(".") {
            return Err(
                self.fail_expected(what, "statements stand in states, actions and the `apply` block only")
            );
        }
        let start = self.span();
        let ty = self.ty()?;
        if self.is("(") {
            return self.instantiation(annotations, ty, start);
        }
        if !self.is_name() {
            return Err(self.fail_found("the variable's name", NO_STATEMENTS));
        }
        if self.ahead(1).is("(") {
            let found = Diagnostic::error("a function cannot stand here").at(self.span(), "");
            return Err(
                self.fail(found.help("functions are declared at the top level; a control has actions"))
            );
        }
        let declaration = self.variable(annotations, ty, start)?;
        self.expect(";", "a declaration ends with `;`")?;
        Ok(declaration)
    }

    fn value_set(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        self.advance();
        let help = "a value set is `value_set<type>(size) name;`";
        self.expect("<", help)?;
        let ty = self.ty()?;
        self.expect_close_angle()?;
        self.expect("(", help)?;
        let size = self.expression()?;
        self.expect(")", help)?;
        let name = self.name("the value set's name")?;
        self.expect(";", help)?;
        self.scopes.declare(&name, Declared::Value);
        Ok(self.declaration(annotations, DeclarationKind::ValueSet(ValueSet { ty, size, name }), start))
    }

    fn state(&mut self, annotations: Vec<Annotation>) -> Parsed<State> {
        let scopes = self.scopes.depth();
        self.scopes.open();
        self.in_state = true;
        let state = self.state_in_scope(annotations);
        self.in_state = false;
        self.scopes.close_to(scopes);
        state
    }

    fn state_in_scope(&mut self, annotations: Vec<Annotation>) -> Parsed<State> {
        let start = self.span();
        self.advance();
        let name = self.name("the state's name")?;
        self.expect("{", "what a state does stands between `{` and `}`")?;
        let (mut statements, mut transition) = (Vec::new(), None);
        self.braced_elements(|parser| {
            if transition.is_some() {
                let found = Diagnostic::error("nothing can follow a transition").at(parser.span(), "");
                return Err(parser.fail(found.help("`transition` is the last statement of a state")));
            }
            if parser.is("transition") {
                transition = Some(parser.transition()?);
            } else {
                statements.push(parser.statement()?);
            }
            Ok(())
        })?;
        Ok(State { annotations, name, statements, transition, span: self.since(start) })
    }

    fn transition(&mut self) -> Parsed<Transition> {
        self.advance();
        if self.is("select") {
            return Ok(Transition::Select(self.select()?));
        }
        let name = self.name("a state's name or `select`")?;
        self.expect(";", "a transition is `transition state;` or `transition select(...) {...}`")?;
        Ok(Transition::State(name))
    }

    fn select(&mut self) -> Parsed<Select> {
        let start = self.span();
        self.advance();
        let help = "a select is `select(keys) { keyset: state; ... }`";
        self.expect("(", help)?;
        let keys = self.list(")", false, Self::expression)?;
        self.expect(")", help)?;
        self.expect("{", help)?;
        let mut cases = Vec::new();
        self.braced_elements(|parser| {
            let start = parser.span();
            let keysets = parser.keysets()?;
            let keysets = super::expressions::opened(keysets, |parts| parts == keys.len());
            parser.expect(":", "a case is `keyset: state;`")?;
            let state = parser.name("a state's name")?;
            parser.expect(";", "a case is `keyset: state;`")?;
            cases.push(SelectCase { keysets, state, span: parser.since(start) });
            Ok(())
        })?;
        Ok(Select { keys, cases, span: self.since(start) })
    }

    /// `control name(...);` or `control name(...)(...) {...}`.
    pub(super) fn control(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        self.advance();
        let scopes = self.scopes.depth();
        let ty = self.block_type("the control's name")?;
        let kind = if self.take(";") {
            DeclarationKind::ControlType(ty)
        } else {
            DeclarationKind::Control(self.control_body(ty)?)
        };
        self.scopes.close_to(scopes);
        Ok(self.declaration(annotations, kind, start))
    }

    fn control_body(&mut self, ty: BlockType) -> Parsed<Control> {
        let constructor_parameters = self.constructor_parameters()?;
        let open =
            self.expect("{", "a control's body stands between `{` and `}`; a control's type ends with `;`")?;
        let (mut locals, mut apply) = (Vec::new(), None);
        self.braced_elements(|parser| {
            let annotations = parser.annotations()?;
            if parser.is("apply") && (parser.ahead(1).is("{") || parser.ahead(1).is("@")) {
                return parser.apply_block(annotations, &mut apply);
            }
            if apply.is_some() {
                let found = Diagnostic::error("nothing can follow the `apply` block").at(parser.span(), "");
                parser.report(found.help("the declarations of a control stand before its `apply` block"));
            }
            locals.push(parser.control_local(annotations)?);
            Ok(())
        })?;
        let apply = match apply {
            Some(apply) => apply,
            None => {
                let found = Diagnostic::error(format!("control `{}` has no `apply` block", ty.name));
                let found = found.at(ty.name.span, "");
                self.report(
                    found.help("a control ends with `apply { statements }`, even if it does nothing"),
                );
                Block { annotations: Vec::new(), statements: Vec::new(), span: open }
            }
        };
        Ok(Control { ty, constructor_parameters, locals, apply })
    }

    fn apply_block(&mut self, annotations: Vec<Annotation>, apply: &mut Option<Block>) -> Parsed<()> {
        let span = self.span();
        if let Some(first) = apply {
            let found =
                Diagnostic::error("a second `apply` block").at(span, "").also(first.span, "the first one");
            self.report(found.help("a control has one `apply` block, behind its declarations"));
        }
        self.advance();
        let block = self.block(annotations)?;
        apply.get_or_insert(block);
        Ok(())
    }

    fn control_local(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        match self.text() {
            "const" => self.constant(annotations),
            "action" => self.action(annotations),
            "table" => self.table(annotations),
            _ => self.variable_or_instance(
                annotations,
                "an action, table, constant, variable, instance or `apply`",
            ),
        }
    }
}

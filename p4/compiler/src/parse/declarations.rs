//! Declarations of the top level, and those that stand in several places.

use sluice_diagnostics::{Diagnostic, Span};

use super::scopes::Declared;
use super::{Failed, Parsed, Parser};
use crate::ast::{
    Action, Alias, Annotation, BlockType, Constant, Declaration, DeclarationKind, Direction, Function,
    Instantiation, Name, Parameter, Program, Prototype, Type, TypeKind, Variable,
};

impl Parser<'_> {
    /// All declarations up to the end.
    pub(super) fn program(mut self) -> Program {
        let mut declarations = Vec::new();
        while !self.is_end() && !self.reporter.gave_up() {
            let before = (self.at, self.offset);
            if !self.take(";") && self.top_level(&mut declarations).is_err() {
                self.scopes.close_to(1);
                self.skip_element();
                self.take("}");
            }
            if before == (self.at, self.offset) {
                self.advance();
            }
        }
        Program { declarations, end: self.end.span }
    }

    /// One declaration of the top level; two where a `typedef` declares the type that it names.
    fn top_level(&mut self, out: &mut Vec<Declaration>) -> Parsed<()> {
        let annotations = self.annotations()?;
        let start = self.span();
        let declaration = match self.text() {
            "const" => self.constant(annotations)?,
            "extern" => self.extern_declaration(annotations)?,
            "action" => self.action(annotations)?,
            "parser" => self.parser(annotations)?,
            "control" => self.control(annotations)?,
            "package" => self.package(annotations)?,
            "header" | "header_union" | "struct" => self.record(annotations)?,
            "enum" => self.enumeration(annotations)?,
            "error" if self.ahead(1).is("{") => self.error_declaration(annotations)?,
            "match_kind" if self.ahead(1).is("{") => self.match_kind_declaration(annotations)?,
            "typedef" | "type" => self.alias(annotations, out)?,
            "table" | "state" if super::is_name(self.ahead(1)) && self.ahead(2).is("{") => {
                let (word, place) = if self.is("table") { ("table", "control") } else { ("state", "parser") };
                return Err(self.fail(
                    Diagnostic::error(format!("a {word} cannot stand at the top level"))
                        .at(self.span(), "")
                        .help(format!("a {word} stands in a {place}; is a `}}` too many before it?")),
                ));
            }
            _ => {
                if self.is("}") && self.reporter.has_errors() {
                    // It closes what was given up as wrong.
                    return Err(Failed);
                }
                if !self.begins_type() && !self.is_name() && !self.is(".") {
                    return Err(self.fail_found(
                        "a declaration",
                        "declarations begin with const, extern, action, parser, control, package, header, struct, \
                         enum, error, match_kind, typedef, type, or the type of a function or instance",
                    ));
                }
                let ty = self.ty()?;
                if self.is("(") {
                    self.instantiation(annotations, ty, start)?
                } else {
                    self.function(annotations, ty, start)?
                }
            }
        };
        out.push(declaration);
        Ok(())
    }

    /// A declaration that began at `start`, complete.
    pub(super) fn declaration(
        &self,
        annotations: Vec<Annotation>,
        kind: DeclarationKind,
        start: Span,
    ) -> Declaration {
        Declaration { annotations, kind, span: self.since(start) }
    }

    /// `const T name = value;`
    pub(super) fn constant(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        self.advance();
        let ty = self.ty()?;
        let name = self.name("the constant's name")?;
        self.expect("=", "a constant is `const type name = value;`")?;
        let value = self.expression()?;
        self.expect(";", "a declaration ends with `;`")?;
        self.scopes.declare(&name, Declared::Value);
        Ok(self.declaration(annotations, DeclarationKind::Constant(Constant { ty, name, value }), start))
    }

    /// What stands behind the type of a variable, without the `;`.
    pub(super) fn variable(
        &mut self,
        annotations: Vec<Annotation>,
        ty: Type,
        start: Span,
    ) -> Parsed<Declaration> {
        let name = self.name("the variable's name")?;
        let value = if self.take("=") { Some(self.expression()?) } else { None };
        self.scopes.declare(&name, Declared::Value);
        Ok(self.declaration(annotations, DeclarationKind::Variable(Variable { ty, name, value }), start))
    }

    /// What stands behind the type of an instance.
    pub(super) fn instantiation(
        &mut self,
        annotations: Vec<Annotation>,
        ty: Type,
        start: Span,
    ) -> Parsed<Declaration> {
        let arguments = self.arguments()?;
        let name = self.name("the instance's name")?;
        self.scopes.declare(&name, Declared::Value);
        let initializer = if self.take("=") { Some(self.initializer_block()?) } else { None };
        self.expect(";", "an instance is `Type(arguments) name;`")?;
        let kind = DeclarationKind::Instantiation(Instantiation { ty, arguments, name, initializer });
        Ok(self.declaration(annotations, kind, start))
    }

    /// `{ functions and instances }` behind an instance's name.
    fn initializer_block(&mut self) -> Parsed<Vec<Declaration>> {
        self.nested(|parser| {
            let scopes = parser.scopes.depth();
            parser.scopes.open();
            parser.expect("{", "bodies of abstract methods stand between `{` and `}`")?;
            let mut declarations = Vec::new();
            parser.braced_elements(|parser| {
                let annotations = parser.annotations()?;
                let start = parser.span();
                let ty = parser.ty()?;
                declarations.push(if parser.is("(") {
                    parser.instantiation(annotations, ty, start)?
                } else {
                    parser.function(annotations, ty, start)?
                });
                Ok(())
            })?;
            parser.scopes.close_to(scopes);
            Ok(declarations)
        })
    }

    /// What stands behind the return type of a function with a body.
    pub(super) fn function(
        &mut self,
        annotations: Vec<Annotation>,
        return_type: Type,
        start: Span,
    ) -> Parsed<Declaration> {
        let name = self.name("the function's name")?;
        self.scopes.declare(&name, Declared::Value);
        if !self.is("(") && !self.is("<") {
            let is_variable = self.is(";") || self.is("=");
            let help = if is_variable {
                "there are no variables at the top level: write `const` before it, or move it into a control, parser \
                 or function"
            } else {
                "a function is `type name(parameters) { statements }`"
            };
            return Err(self.fail_expected("`(`", help));
        }
        let scopes = self.scopes.depth();
        self.scopes.open();
        let prototype = self.signature(return_type, name)?;
        let body = self.block(Vec::new())?;
        self.scopes.close_to(scopes);
        Ok(self.declaration(annotations, DeclarationKind::Function(Function { prototype, body }), start))
    }

    /// `<T>(parameters)` behind a name; declares them in the innermost scope.
    pub(super) fn signature(&mut self, return_type: Type, name: Name) -> Parsed<Prototype> {
        let type_parameters = self.type_parameters()?;
        let parameters = self.parameters()?;
        Ok(Prototype { return_type, name, type_parameters, parameters })
    }

    /// `action name(parameters) { statements }`
    pub(super) fn action(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        self.advance();
        let name = self.name("the action's name")?;
        self.scopes.declare(&name, Declared::Value);
        let scopes = self.scopes.depth();
        self.scopes.open();
        let parameters = self.parameters()?;
        let body = self.block(Vec::new())?;
        self.scopes.close_to(scopes);
        Ok(self.declaration(annotations, DeclarationKind::Action(Action { name, parameters, body }), start))
    }

    /// `(parameters)`; declares them in the innermost scope.
    pub(super) fn parameters(&mut self) -> Parsed<Vec<Parameter>> {
        let help = "parameters are `direction type name`, with commas between, in parentheses";
        self.expect("(", help)?;
        let parameters = self.list(")", false, Self::parameter)?;
        self.expect(")", help)?;
        for parameter in &parameters {
            self.scopes.declare(&parameter.name, Declared::Value);
        }
        Ok(parameters)
    }

    fn parameter(&mut self) -> Parsed<Parameter> {
        let annotations = self.annotations()?;
        let start = self.span();
        let directions = [("in", Direction::In), ("out", Direction::Out), ("inout", Direction::InOut)];
        let direction =
            directions.into_iter().find(|(word, _)| self.take(word)).map(|(_, direction)| direction);
        let ty = self.ty()?;
        let name = self.name("the parameter's name")?;
        let default = if self.take("=") { Some(self.expression()?) } else { None };
        Ok(Parameter { annotations, direction, ty, name, default, span: self.since(start) })
    }

    /// `name<T>(parameters)` of a parser, control or package; its name is a type from here on.
    pub(super) fn block_type(&mut self, what: &str) -> Parsed<BlockType> {
        let name = self.name(what)?;
        self.scopes.declare(&name, Declared::Type);
        self.scopes.open();
        let type_parameters = self.type_parameters()?;
        let parameters = self.parameters()?;
        Ok(BlockType { name, type_parameters, parameters })
    }

    fn package(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        self.advance();
        let scopes = self.scopes.depth();
        let ty = self.block_type("the package's name")?;
        self.scopes.close_to(scopes);
        self.expect(";", "a package has no body: it ends with `;`")?;
        Ok(self.declaration(annotations, DeclarationKind::PackageType(ty), start))
    }

    /// `typedef T name;` or `type T name;`, where `T` may be declared on the spot.
    fn alias(&mut self, annotations: Vec<Annotation>, out: &mut Vec<Declaration>) -> Parsed<Declaration> {
        let start = self.span();
        let is_new_type = self.is("type");
        self.advance();
        let inner_annotations = if self.is("@") { self.annotations()? } else { Vec::new() };
        let declared = match self.text() {
            "header" | "header_union" | "struct" => Some(self.record(inner_annotations)?),
            "enum" => Some(self.enumeration(inner_annotations)?),
            _ => None,
        };
        let ty = match declared {
            Some(declaration) => {
                let ty = declared_type(&declaration);
                out.push(declaration);
                ty.ok_or(Failed)?
            }
            None => self.ty()?,
        };
        let name = self.name("the new name of the type")?;
        self.expect(";", "a type is named by `typedef type name;` or `type type name;`")?;
        self.scopes.declare(&name, Declared::Type);
        Ok(self.declaration(annotations, DeclarationKind::Alias(Alias { is_new_type, ty, name }), start))
    }
}

/// The name of a record or enumeration, as a type.
fn declared_type(declaration: &Declaration) -> Option<Type> {
    let name = match &declaration.kind {
        DeclarationKind::Record(record) => &record.name,
        DeclarationKind::Enum(of) => &of.name,
        _ => return None,
    };
    let path = crate::ast::Path { absolute: false, name: name.clone(), span: name.span };
    Some(Type { kind: TypeKind::Named { path, arguments: Vec::new() }, span: name.span })
}

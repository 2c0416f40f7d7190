//! `main`: the package whose blocks are the pipeline's (section 17, and v1model).

use std::rc::Rc;

use sluice_diagnostics::{Diagnostic, Span};
use sluice_ir as ir;
use sluice_ir::{ExpressionKind, Intrinsic, VariableKind};

use super::arguments::{Bound, Callee};
use super::instances::InstanceName;
use super::unify::Bindings;
use super::{Elaborator, Frame, Purpose, Result, Site};
use crate::ast::{self, DeclarationKind, ExprKind};
use crate::scope::{BlockKind, Entity, Scope};
use crate::types::{ExternType, Record, Type};
use crate::value::{ExternKind, ExternObject, Object, Operand, Value};

/// The blocks of v1model's package, in its order.
const BLOCKS: [Site; 6] =
    [Site::Parser, Site::Checksum, Site::Ingress, Site::Egress, Site::Checksum, Site::Deparser];

/// The storage that the blocks share, under the same names in all of them.
struct Roots<'a> {
    headers: Operand<'a>,
    metadata: Operand<'a>,
    standard: Operand<'a>,
}

impl<'a> Elaborator<'a> {
    /// Finds `main`, and fills the module's pipeline with its blocks.
    pub(super) fn instantiate_main(&mut self, program: &'a ast::Program) -> Result<()> {
        let found = program.declarations.iter().find_map(|declaration| match &declaration.kind {
            DeclarationKind::Instantiation(instantiation) if instantiation.name.as_str() == "main" => {
                Some((instantiation, &declaration.annotations, declaration.span))
            }
            _ => None,
        });
        let Some((main, annotations, span)) = found else {
            if self.purpose == Purpose::Check {
                self.has_no_main = true;
                return Ok(());
            }
            return self.fail(
                Diagnostic::error("the program has no `main`")
                    .at(program.end, "it ends here")
                    .help("add `V1Switch(MyParser(), MyVerifyChecksum(), MyIngress(), MyEgress(), MyComputeChecksum(), MyDeparser()) main;`"),
            );
        };
        let ast::TypeKind::Named { path, arguments: types } = &main.ty.kind else {
            return self.misplaced("`main` of this type", main.ty.span, "`main` is a `V1Switch`");
        };
        let (entity, _) = self.resolve(path, "type")?;
        let Entity::BlockType(package, BlockKind::Package) = self.overload(entity, &main.arguments, span)?
        else {
            return self.misplaced(
                "`main` of this type",
                main.ty.span,
                "`main` is a package: `V1Switch(...) main;`",
            );
        };
        if package.name.as_str() != "V1Switch" || package.parameters.len() != BLOCKS.len() {
            let checked = self.check_package(package, types, &main.arguments, span);
            if self.purpose == Purpose::Check {
                return checked;
            }
            return self.unsupported(
                &format!("the package `{}`", package.name),
                main.ty.span,
                "include v1model.p4, and instantiate `V1Switch`; `sluice p4 check` takes programs for other architectures",
            );
        }
        let callee = Callee { name: "V1Switch", declared: package.name.span };
        let matched = self.match_arguments(&package.parameters, &main.arguments, callee, span)?;
        let mut blocks = Vec::with_capacity(BLOCKS.len());
        let mut failed = None;
        let scope = Scope::inside(&self.globals, u32::MAX);
        let given = self.type_arguments(types)?;
        self.in_scope(&scope, |this| this.declare_type_parameters(&package.type_parameters, given, span))?;
        for (argument, parameter) in matched.into_iter().zip(&package.parameters) {
            let Some(expr) = argument else { return Err(super::Reported) };
            let implied = self.implied_types(expr, parameter, &scope, &Bindings::default())?;
            match self.package_block(expr, implied) {
                Ok(object) => blocks.push((object, parameter, expr.span)),
                Err(reported) => failed = Some(reported),
            }
        }
        if let Some(reported) = failed {
            return Err(reported);
        }
        self.check_blocks(package, types, &blocks, span)?;
        self.module.annotations = self.annotations(annotations)?;
        let roots = self.roots(&blocks, span)?;
        self.run_blocks(&blocks, &roots)?;
        self.check_meters()
    }

    /// bmv2 puts the color of a direct meter where the table's actions read it, which one of them must do.
    fn check_meters(&mut self) -> Result<()> {
        for (object, span) in std::mem::take(&mut self.direct_meters) {
            if let ExternKind::DirectMeter(direct) = &object.kind
                && !direct.used.get()
            {
                return self.fail(
                    Diagnostic::error(format!("nothing reads the meter `{}`", direct.name))
                        .at(span, "the meter of this table")
                        .also(object.span, "declared here")
                        .help("read it in an action of the table: `meter.read(color);`"),
                );
            }
        }
        Ok(())
    }

    /// A block of the package: a constructor call, or an instance declared before.
    /// `implied` are its type arguments, where the package tells them.
    pub(super) fn package_block(
        &mut self,
        expr: &'a ast::Expr,
        implied: Option<Vec<Type>>,
    ) -> Result<Object<'a>> {
        let operand = match &expr.kind {
            ExprKind::Call { callee, type_arguments, arguments } => match &callee.kind {
                ExprKind::Path(path) => {
                    let name = InstanceName { name: path.name.as_str(), annotations: &[], in_place: false };
                    self.implied = implied;
                    let made = self.construct(path, type_arguments, arguments, name, expr.span);
                    self.implied = None;
                    made?
                }
                _ => self.expr(expr)?,
            },
            _ => self.expr(expr)?,
        };
        match operand.value {
            Value::Object(object @ (Object::Control(_) | Object::Parser(_))) => Ok(object),
            _ => self.fail(
                Diagnostic::error("a block of the pipeline is expected")
                    .at(expr.span, format!("this is `{}`", operand.ty))
                    .help("write a constructor call: `MyIngress()`"),
            ),
        }
    }

    /// The blocks' parameters must be those of the package's types, with one type of headers and one of metadata throughout.
    fn check_blocks(
        &mut self,
        package: &'a ast::BlockType,
        types: &'a [ast::Type],
        blocks: &[(Object<'a>, &'a ast::Parameter, Span)],
        span: Span,
    ) -> Result<()> {
        let scope = Scope::inside(&self.globals, u32::MAX);
        let given = self.type_arguments(types)?;
        self.in_scope(&scope, |this| this.declare_type_parameters(&package.type_parameters, given, span))?;
        let mut bindings = Bindings::default();
        let mut failed = None;
        for (object, parameter, at) in blocks {
            if let Err(reported) = self.check_block(object, parameter, &scope, &mut bindings, *at) {
                failed = Some(reported);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    pub(super) fn check_block(
        &mut self,
        object: &Object<'a>,
        parameter: &'a ast::Parameter,
        package_scope: &Rc<Scope<'a>>,
        bindings: &mut Bindings,
        at: Span,
    ) -> Result<()> {
        let ast::TypeKind::Named { path, arguments } = &parameter.ty.kind else {
            return Err(super::Reported);
        };
        let Some((wanted, kind)) = self.block_type(path.name.as_str()) else { return Err(super::Reported) };
        let (actual, actual_scope, actual_kind) = match object {
            Object::Control(control) => (&control.control.ty, control.scope.clone(), BlockKind::Control),
            Object::Parser(parser) => (&parser.parser.ty, parser.scope.clone(), BlockKind::Parser),
            _ => return Err(super::Reported),
        };
        if kind != actual_kind || wanted.parameters.len() != actual.parameters.len() {
            return self.fail(
                Diagnostic::error(format!("`{}` is no `{}`", actual.name, wanted.name))
                    .at(at, format!("expected as `{}` of the package", parameter.name))
                    .also(actual.name.span, "declared here")
                    .also(wanted.name.span, "what is expected")
                    .help("the arguments of a package stand in the order of its parameters, or are named"),
            );
        }
        let given = self.in_scope(package_scope, |this| {
            arguments.iter().map(|argument| this.resolve_type(argument)).collect::<Result<Vec<_>>>()
        })?;
        let scope = Scope::inside(&self.globals, u32::MAX);
        self.in_scope(&scope, |this| this.declare_type_parameters(&wanted.type_parameters, Some(given), at))?;
        for (wanted_parameter, parameter) in wanted.parameters.iter().zip(&actual.parameters) {
            let expected = self.in_scope(&scope, |this| this.resolve_type(&wanted_parameter.ty))?;
            let found = self.in_scope(&actual_scope, |this| this.resolve_type(&parameter.ty))?;
            bindings.unify(&expected, &found);
            let expected = self.substitute(&expected, bindings)?;
            if expected != found {
                return self.fail(
                    Diagnostic::error(format!(
                        "the parameter `{}` of `{}` must be `{expected}`, not `{found}`",
                        parameter.name, actual.name
                    ))
                    .at(parameter.span, "")
                    .also(at, "used here")
                    .help("all blocks of a pipeline have the same types of headers and metadata"),
                );
            }
            if wanted_parameter.direction != parameter.direction {
                let word = match wanted_parameter.direction {
                    Some(ast::Direction::In) => "`in`",
                    Some(ast::Direction::Out) => "`out`",
                    Some(ast::Direction::InOut) => "`inout`",
                    None => "no direction",
                };
                return self.fail(
                    Diagnostic::error(format!(
                        "the parameter `{}` of `{}` must have {}",
                        parameter.name,
                        actual.name,
                        if wanted_parameter.direction.is_some() {
                            format!("the direction {word}")
                        } else {
                            word.into()
                        }
                    ))
                    .at(parameter.span, "")
                    .also(wanted_parameter.span, "as declared here")
                    .help(format!("begin it with {word}")),
                );
            }
        }
        Ok(())
    }

    /// Storage for headers, metadata and standard metadata.
    fn roots(&mut self, blocks: &[(Object<'a>, &'a ast::Parameter, Span)], span: Span) -> Result<Roots<'a>> {
        let Some((Object::Parser(parser), _, _)) = blocks.first() else { return Err(super::Reported) };
        let (scope, parameters) = (parser.scope.clone(), &parser.parser.ty.parameters);
        let [_, headers, metadata, standard] = parameters.as_slice() else { return Err(super::Reported) };
        let mut resolved = Vec::new();
        for parameter in [headers, metadata, standard] {
            resolved
                .push((self.in_scope(&scope, |this| this.resolve_type(&parameter.ty))?, parameter.ty.span));
        }
        let [(headers, headers_at), (metadata, metadata_at), (standard, _)] = resolved.as_slice() else {
            return Err(super::Reported);
        };
        if self.purpose == Purpose::Compile {
            self.check_headers(headers, *headers_at)?;
        }
        let headers_value = self.allocate("hdr", headers, VariableKind::Metadata, &[], *headers_at)?;
        let metadata_value = self.allocate("meta", metadata, VariableKind::Metadata, &[], *metadata_at)?;
        let Type::Record(record) = standard else { return Err(super::Reported) };
        let standard_value = self.intrinsics(&record.clone(), span);
        Ok(Roots {
            headers: Operand::place(headers_value, headers.clone()),
            metadata: Operand::place(metadata_value, metadata.clone()),
            standard: Operand::place(standard_value, standard.clone()),
        })
    }

    /// The headers of v1model are a struct of headers, unions, and stacks of these; other values are metadata.
    fn check_headers(&mut self, ty: &Type, span: Span) -> Result<()> {
        let is_header = |ty: &Type| matches!(ty, Type::Record(of) if of.kind != ast::RecordKind::Struct);
        let Type::Record(record) = ty else { return Err(super::Reported) };
        if record.kind != ast::RecordKind::Struct {
            return self.fail(
                Diagnostic::error(format!("the headers of the pipeline are a struct, not `{ty}`"))
                    .at(span, "")
                    .help("declare a struct with this as a field"),
            );
        }
        for field in &record.fields {
            let mut element = &field.ty;
            while let Type::Stack(inner, _) = element {
                element = inner;
            }
            match element {
                other if is_header(other) => {}
                Type::Record(_) => self.check_headers(element, span)?,
                other => {
                    return self.fail(
                        Diagnostic::error(format!("the headers of the pipeline cannot have a field of type `{other}`"))
                            .at(span, format!("`{}` of `{}`", field.name, record.name))
                            .also(record.span, "declared here")
                            .help("they are headers, header unions, and stacks of these; put other values into the metadata"),
                    );
                }
            }
        }
        Ok(())
    }

    fn intrinsics(&mut self, record: &Record, span: Span) -> Value<'a> {
        let mut parts = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            let Some(ty) = field.ty.scalar() else { continue };
            let kind = Intrinsic::named(&field.name).map_or(VariableKind::Metadata, VariableKind::Intrinsic);
            let name = self.unique(&format!("standard_metadata.{}", field.name));
            let field_lists = field.field_lists.clone();
            let variable = self.module.variables.push(ir::Variable { name, ty, kind, field_lists });
            parts.push(Value::Scalar(self.expression(ExpressionKind::Variable(variable), ty, span)));
        }
        Value::Fields(parts.into())
    }

    fn run_blocks(
        &mut self,
        blocks: &[(Object<'a>, &'a ast::Parameter, Span)],
        roots: &Roots<'a>,
    ) -> Result<()> {
        let mut failed = None;
        for (i, ((object, _, span), site)) in blocks.iter().zip(BLOCKS).enumerate() {
            let frame = Frame {
                scope: self.globals.clone(),
                block: Vec::new(),
                site,
                returns: None,
                loops: Vec::new(),
                path: "".into(),
                callee: None,
                state: None,
            };
            let outer = std::mem::replace(&mut self.frame, frame);
            let done = self.run_block(object, roots, *span);
            let block = std::mem::replace(&mut self.frame, outer).block;
            if let Err(reported) = done {
                failed = Some(reported);
            }
            let pipeline = &mut self.module.pipeline;
            match i {
                1 => pipeline.verify_checksum = block,
                2 => pipeline.ingress = block,
                3 => pipeline.egress = block,
                4 => pipeline.compute_checksum = block,
                5 => pipeline.deparser = block,
                _ => {}
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn run_block(&mut self, object: &Object<'a>, roots: &Roots<'a>, span: Span) -> Result<()> {
        let parameters = match object {
            Object::Control(control) => &control.control.ty.parameters,
            Object::Parser(parser) => &parser.parser.ty.parameters,
            _ => return Err(super::Reported),
        };
        let mut rest = [&roots.headers, &roots.metadata, &roots.standard].into_iter();
        let mut bound = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let operand = match parameter.direction {
                None => self.packet(parameter, span)?,
                Some(direction) => {
                    let mut operand = rest.next().cloned().ok_or(super::Reported)?;
                    operand.writable = direction != ast::Direction::In;
                    operand
                }
            };
            // Headers are invalid when a packet starts: nothing is to be reset.
            bound.push(Bound { parameter, operand, initial: None, span: parameter.span });
        }
        self.descend(span, |this| match object {
            Object::Control(control) => {
                let scope = Scope::inside(&control.scope, u32::MAX);
                this.run_control(control, &bound, scope, span)
            }
            Object::Parser(parser) => this.run_top_parser(parser, &bound),
            _ => Err(super::Reported),
        })
    }

    /// `packet_in` or `packet_out`.
    pub(super) fn packet(&mut self, parameter: &ast::Parameter, span: Span) -> Result<Operand<'a>> {
        let ast::TypeKind::Named { path, .. } = &parameter.ty.kind else { return Err(super::Reported) };
        let kind = match path.name.as_str() {
            "packet_in" => ExternKind::PacketIn,
            "packet_out" => ExternKind::PacketOut,
            _ => return Err(super::Reported),
        };
        let ty = Type::Extern(ExternType { name: path.name.text.clone(), arguments: Vec::new() }.into());
        Ok(Operand::new(Value::Object(Object::Extern(Rc::new(ExternObject { kind, span }))), ty))
    }
}

//! Extern functions and extern objects.

use super::scopes::Declared;
use super::{Parsed, Parser};
use crate::ast::{Annotation, Constructor, Declaration, DeclarationKind, ExternObject, Method};

impl Parser<'_> {
    /// `extern name {...}` or `extern type name(...);`
    pub(super) fn extern_declaration(&mut self, annotations: Vec<Annotation>) -> Parsed<Declaration> {
        let start = self.span();
        self.advance();
        let kind = if self.is_object_head(0) {
            DeclarationKind::ExternObject(self.extern_object()?)
        } else {
            let return_type = self.ty()?;
            let name = self.name("the extern function's name")?;
            self.scopes.declare(&name, Declared::Value);
            let scopes = self.scopes.depth();
            self.scopes.open();
            let prototype = self.signature(return_type, name)?;
            self.scopes.close_to(scopes);
            self.expect(";", "an extern function has no body: it ends with `;`")?;
            DeclarationKind::ExternFunction(prototype)
        };
        Ok(self.declaration(annotations, kind, start))
    }

    fn extern_object(&mut self) -> Parsed<ExternObject> {
        let name = self.name("the extern object's name")?;
        self.scopes.declare(&name, Declared::Type);
        let scopes = self.scopes.depth();
        self.scopes.open();
        let type_parameters = self.type_parameters()?;
        self.expect("{", "the methods of an extern object stand between `{` and `}`")?;
        let mut object =
            ExternObject { name, type_parameters, constructors: Vec::new(), methods: Vec::new() };
        self.braced_elements(|parser| parser.member(&mut object))?;
        self.scopes.close_to(scopes);
        Ok(object)
    }

    /// A constructor or method.
    fn member(&mut self, object: &mut ExternObject) -> Parsed<()> {
        let annotations = self.annotations()?;
        let start = self.span();
        let scopes = self.scopes.depth();
        self.scopes.open();
        if self.is(object.name.as_str()) && self.ahead(1).is("(") {
            let name = self.name("the constructor's name")?;
            let parameters = self.parameters()?;
            self.expect(";", "a constructor is declared by `Name(parameters);`")?;
            object.constructors.push(Constructor { annotations, name, parameters, span: self.since(start) });
        } else {
            let is_abstract = self.take("abstract");
            let return_type = self.ty()?;
            let name = self.name("the method's name")?;
            let prototype = self.signature(return_type, name)?;
            self.expect(";", "a method is declared by `type name(parameters);`")?;
            object.methods.push(Method { annotations, is_abstract, prototype, span: self.since(start) });
        }
        self.scopes.close_to(scopes);
        Ok(())
    }
}

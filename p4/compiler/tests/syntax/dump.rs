//! The syntax tree as S-expressions, short enough to be read in a golden file.

use sluice_p4::ast::*;

/// An S-expression.
pub(crate) enum Node {
    Atom(String),
    List(Vec<Node>),
}

use Node::{Atom, List};

impl Node {
    fn flat(&self) -> String {
        match self {
            Atom(text) => text.clone(),
            List(nodes) => format!("({})", nodes.iter().map(Self::flat).collect::<Vec<_>>().join(" ")),
        }
    }

    /// On one line where it fits, otherwise an element a line.
    pub(crate) fn render(&self) -> String {
        let mut out = String::new();
        self.write(0, &mut out);
        out.push('\n');
        out
    }

    fn write(&self, indent: usize, out: &mut String) {
        let flat = self.flat();
        match self {
            List(nodes) if flat.len() + indent > 100 => {
                out.push('(');
                for (i, node) in nodes.iter().enumerate() {
                    if i > 0 {
                        out.push('\n');
                        out.push_str(&" ".repeat(indent + 2));
                    }
                    node.write(indent + 2, out);
                }
                out.push(')');
            }
            _ => out.push_str(&flat),
        }
    }
}

fn atom(text: impl ToString) -> Node {
    Atom(text.to_string())
}

fn list(head: &str, nodes: impl IntoIterator<Item = Node>) -> Node {
    List(std::iter::once(atom(head)).chain(nodes).collect())
}

fn all<T>(items: &[T], dump: impl Fn(&T) -> Node) -> Node {
    List(items.iter().map(dump).collect())
}

fn path(path: &Path) -> Node {
    atom(format!("{}{}", if path.absolute { "." } else { "" }, path.name))
}

fn annotated(annotations: &[Annotation], node: Node) -> Node {
    annotations.iter().rev().fold(node, |node, annotation| List(vec![dump_annotation(annotation), node]))
}

fn dump_annotation(annotation: &Annotation) -> Node {
    let head = format!("@{}", annotation.name);
    match &annotation.body {
        AnnotationBody::None => atom(head),
        AnnotationBody::Unstructured(tokens) => list(
            &head,
            tokens.iter().map(|token| match &token.kind {
                AnnotationTokenKind::Word => atom(format!("word:{}", token.text)),
                AnnotationTokenKind::String(text) => atom(format!("string:{text:?}")),
                AnnotationTokenKind::Integer(value) => atom(format!("integer:{}", integer(value))),
                AnnotationTokenKind::Symbol => atom(format!("symbol:{}", token.text)),
            }),
        ),
        AnnotationBody::Expressions(values) => list(&head, values.iter().map(expr)),
        AnnotationBody::Pairs(pairs) => {
            list(&head, pairs.iter().map(|(key, value)| list("=", [atom(key), expr(value)])))
        }
    }
}

fn ty(of: &Type) -> Node {
    match &of.kind {
        TypeKind::Void => atom("void"),
        TypeKind::Bool => atom("bool"),
        TypeKind::Error => atom("error"),
        TypeKind::MatchKind => atom("match_kind"),
        TypeKind::String => atom("string"),
        TypeKind::Int => atom("int"),
        TypeKind::Bit(width) => list("bit", [expr(width)]),
        TypeKind::SignedInt(width) => list("int", [expr(width)]),
        TypeKind::Varbit(width) => list("varbit", [expr(width)]),
        TypeKind::Named { path: name, arguments } if arguments.is_empty() => path(name),
        TypeKind::Named { path: name, arguments } => {
            List(std::iter::once(path(name)).chain(arguments.iter().map(ty)).collect())
        }
        TypeKind::Stack { element, size } => list("stack", [ty(element), expr(size)]),
        TypeKind::Tuple(types) => list("tuple", types.iter().map(ty)),
        TypeKind::List(element) => list("list", [ty(element)]),
        TypeKind::DontCare => atom("_"),
    }
}

fn integer(value: &Integer) -> String {
    let width = value.width.map(|width| format!("{}{}", width.bits, if width.signed { "s" } else { "w" }));
    let base = if value.base == 10 { String::new() } else { format!("#{}", value.base) };
    format!("{}{}{base}", width.unwrap_or_default(), value.value)
}

fn argument(of: &Argument) -> Node {
    match &of.name {
        Some(name) => list("=", [atom(name), expr(&of.value)]),
        None => expr(&of.value),
    }
}

fn expr(of: &Expr) -> Node {
    match &of.kind {
        ExprKind::Bool(value) => atom(value),
        ExprKind::Integer(value) => atom(integer(value)),
        ExprKind::String(text) => atom(format!("{text:?}")),
        ExprKind::Path(name) => path(name),
        ExprKind::This => atom("this"),
        ExprKind::ErrorMember(name) => atom(format!("error.{name}")),
        ExprKind::Member { base, member } => list(".", [expr(base), atom(member)]),
        ExprKind::Index { base, index } => list("index", [expr(base), expr(index)]),
        ExprKind::SliceOf { base, low, width } => list("slice-of", [expr(base), expr(low), expr(width)]),
        ExprKind::Slice { base, high, low } => list("slice", [expr(base), expr(high), expr(low)]),
        ExprKind::Unary { operator, operand } => list(&operator.to_string(), [expr(operand)]),
        ExprKind::Binary { operator, left, right } => list(&operator.to_string(), [expr(left), expr(right)]),
        ExprKind::Ternary { condition, yes, no } => list("?", [expr(condition), expr(yes), expr(no)]),
        ExprKind::Cast { ty: to, operand } => list("cast", [ty(to), expr(operand)]),
        ExprKind::Call { callee, type_arguments, arguments } => {
            let types = (!type_arguments.is_empty()).then(|| list("types", type_arguments.iter().map(ty)));
            list("call", std::iter::once(expr(callee)).chain(types).chain(arguments.iter().map(argument)))
        }
        ExprKind::List(elements) => list("list", elements.iter().map(expr)),
        ExprKind::Record { fields, rest } => {
            let fields = fields.iter().map(|field| list("=", [atom(&field.name), expr(&field.value)]));
            list("record", fields.chain(rest.map(|_| atom("..."))))
        }
        ExprKind::Invalid => atom("{#}"),
        ExprKind::Default => atom("..."),
        ExprKind::DontCare => atom("_"),
    }
}

fn keyset(of: &Keyset) -> Node {
    match &of.kind {
        KeysetKind::Default => atom("default"),
        KeysetKind::DontCare => atom("_"),
        KeysetKind::Value(value) => expr(value),
        KeysetKind::Mask { value, mask } => list("&&&", [expr(value), expr(mask)]),
        KeysetKind::Range { low, high } => list("..", [expr(low), expr(high)]),
    }
}

fn block(of: &Block) -> Node {
    annotated(&of.annotations, list("block", of.statements.iter().map(statement)))
}

fn statement(of: &Statement) -> Node {
    match &of.kind {
        StatementKind::Declaration(declared) => declaration(declared),
        StatementKind::Assign { operator, target, value } => {
            let operator = operator.map(|operator| operator.to_string()).unwrap_or_default();
            list(&format!("{operator}="), [expr(target), expr(value)])
        }
        StatementKind::Call(call) => expr(call),
        StatementKind::DirectApply { ty: of, arguments } => {
            list("direct-apply", std::iter::once(ty(of)).chain(arguments.iter().map(argument)))
        }
        StatementKind::Empty => atom(";"),
        StatementKind::Block(inner) => block(inner),
        StatementKind::If { condition, then, otherwise } => {
            let branches = std::iter::once(statement(then)).chain(otherwise.iter().map(|of| statement(of)));
            list("if", std::iter::once(expr(condition)).chain(branches))
        }
        StatementKind::Switch { value, cases } => {
            list("switch", std::iter::once(expr(value)).chain(cases.iter().map(switch_case)))
        }
        StatementKind::For { annotations, init, condition, update, body } => annotated(
            annotations,
            list("for", [all(init, statement), expr(condition), all(update, statement), statement(body)]),
        ),
        StatementKind::ForIn { annotations, variable_annotations, ty: of, name, collection, body } => {
            let collection = match collection {
                ForCollection::Value(value) => expr(value),
                ForCollection::Range { low, high } => list("..", [expr(low), expr(high)]),
            };
            let variable = annotated(variable_annotations, List(vec![ty(of), atom(name)]));
            annotated(annotations, list("for-in", [variable, collection, statement(body)]))
        }
        StatementKind::Break => atom("break"),
        StatementKind::Continue => atom("continue"),
        StatementKind::Return(value) => list("return", value.iter().map(expr)),
        StatementKind::Exit => atom("exit"),
    }
}

fn switch_case(of: &SwitchCase) -> Node {
    let label = match &of.label {
        SwitchLabel::Default(_) => atom("default"),
        SwitchLabel::Value(value) => expr(value),
    };
    list("case", std::iter::once(label).chain(of.body.iter().map(block)))
}

fn parameter(of: &Parameter) -> Node {
    let direction = match of.direction {
        None => None,
        Some(Direction::In) => Some(atom("in")),
        Some(Direction::Out) => Some(atom("out")),
        Some(Direction::InOut) => Some(atom("inout")),
    };
    let typed = [ty(&of.ty), atom(&of.name)];
    let parts = direction.into_iter().chain(typed).chain(of.default.iter().map(expr));
    annotated(&of.annotations, List(parts.collect()))
}

fn named(name: &Name, type_parameters: &[Name]) -> Node {
    if type_parameters.is_empty() {
        atom(name)
    } else {
        list(name.as_str(), type_parameters.iter().map(atom))
    }
}

fn prototype(of: &Prototype) -> [Node; 3] {
    [ty(&of.return_type), named(&of.name, &of.type_parameters), all(&of.parameters, parameter)]
}

fn block_type(of: &BlockType) -> [Node; 2] {
    [named(&of.name, &of.type_parameters), all(&of.parameters, parameter)]
}

/// The constructor parameters, where there are any.
fn constructed(parameters: &[Parameter]) -> Option<Node> {
    (!parameters.is_empty()).then(|| list("constructor", parameters.iter().map(parameter)))
}

fn action_ref(of: &ActionRef) -> Node {
    let arguments = of.arguments.iter().map(|arguments| all(arguments, argument));
    annotated(&of.annotations, List(std::iter::once(path(&of.path)).chain(arguments).collect()))
}

fn property(of: &TableProperty) -> Node {
    let head = |name: &str| format!("{}{name}", if of.is_const { "const-" } else { "" });
    let node = match &of.kind {
        TablePropertyKind::Key(elements) => list(
            &head("key"),
            elements.iter().map(|element| {
                annotated(&element.annotations, List(vec![expr(&element.value), atom(&element.match_kind)]))
            }),
        ),
        TablePropertyKind::Actions(actions) => list(&head("actions"), actions.iter().map(action_ref)),
        TablePropertyKind::DefaultAction(action) => list(&head("default_action"), [action_ref(action)]),
        TablePropertyKind::Entries(entries) => list(&head("entries"), entries.iter().map(entry)),
        TablePropertyKind::Custom { name, value } => list(&head("property"), [atom(name), expr(value)]),
    };
    annotated(&of.annotations, node)
}

fn entry(of: &Entry) -> Node {
    let head = if of.is_const { "const-entry" } else { "entry" };
    let priority = of.priority.iter().map(|value| list("priority", [expr(value)]));
    let rest = [all(&of.keysets, keyset), action_ref(&of.action)];
    annotated(&of.annotations, list(head, priority.chain(rest)))
}

fn state(of: &State) -> Node {
    let transition = of.transition.iter().map(|transition| match transition {
        Transition::State(name) => list("transition", [atom(name)]),
        Transition::Select(select) => {
            let cases =
                select.cases.iter().map(|case| List(vec![all(&case.keysets, keyset), atom(&case.state)]));
            list("select", std::iter::once(all(&select.keys, expr)).chain(cases))
        }
    });
    let inner = std::iter::once(atom(&of.name)).chain(of.statements.iter().map(statement)).chain(transition);
    annotated(&of.annotations, list("state", inner))
}

/// A declaration with its annotations.
pub(crate) fn declaration(of: &Declaration) -> Node {
    let node = match &of.kind {
        DeclarationKind::Constant(of) => list("const", [ty(&of.ty), atom(&of.name), expr(&of.value)]),
        DeclarationKind::ExternFunction(of) => list("extern-function", prototype(of)),
        DeclarationKind::ExternObject(of) => extern_object(of),
        DeclarationKind::Action(of) => {
            list("action", [atom(&of.name), all(&of.parameters, parameter), block(&of.body)])
        }
        DeclarationKind::Function(of) => {
            list("function", prototype(&of.prototype).into_iter().chain([block(&of.body)]))
        }
        DeclarationKind::ParserType(of) => list("parser-type", block_type(of)),
        DeclarationKind::Parser(of) => {
            let head = block_type(&of.ty).into_iter().chain(constructed(&of.constructor_parameters));
            list("parser", head.chain(of.locals.iter().map(declaration)).chain(of.states.iter().map(state)))
        }
        DeclarationKind::ControlType(of) => list("control-type", block_type(of)),
        DeclarationKind::Control(of) => {
            let head = block_type(&of.ty).into_iter().chain(constructed(&of.constructor_parameters));
            list("control", head.chain(of.locals.iter().map(declaration)).chain([block(&of.apply)]))
        }
        DeclarationKind::PackageType(of) => list("package", block_type(of)),
        DeclarationKind::Record(of) => record(of),
        DeclarationKind::Enum(of) => enumeration(of),
        DeclarationKind::Error(names) => list("error", names.iter().map(atom)),
        DeclarationKind::MatchKind(names) => list("match_kind", names.iter().map(atom)),
        DeclarationKind::Alias(of) => {
            list(if of.is_new_type { "type" } else { "typedef" }, [ty(&of.ty), atom(&of.name)])
        }
        DeclarationKind::Instantiation(of) => {
            let initializer =
                of.initializer.iter().map(|inner| list("initializer", inner.iter().map(declaration)));
            let head = [ty(&of.ty), all(&of.arguments, argument), atom(&of.name)];
            list("instance", head.into_iter().chain(initializer))
        }
        DeclarationKind::Variable(of) => {
            list("var", [ty(&of.ty), atom(&of.name)].into_iter().chain(of.value.iter().map(expr)))
        }
        DeclarationKind::ValueSet(of) => list("value_set", [ty(&of.ty), expr(&of.size), atom(&of.name)]),
        DeclarationKind::Table(of) => {
            list("table", std::iter::once(atom(&of.name)).chain(of.properties.iter().map(property)))
        }
    };
    annotated(&of.annotations, node)
}

fn extern_object(of: &ExternObject) -> Node {
    let constructors = of.constructors.iter().map(|constructor| {
        annotated(&constructor.annotations, list("constructor", constructor.parameters.iter().map(parameter)))
    });
    let methods = of.methods.iter().map(|method| {
        let head = if method.is_abstract { "abstract" } else { "method" };
        annotated(&method.annotations, list(head, prototype(&method.prototype)))
    });
    list("extern", std::iter::once(named(&of.name, &of.type_parameters)).chain(constructors).chain(methods))
}

fn record(of: &Record) -> Node {
    let head = match of.kind {
        RecordKind::Header => "header",
        RecordKind::HeaderUnion => "header_union",
        RecordKind::Struct => "struct",
    };
    let fields = of
        .fields
        .iter()
        .map(|field| annotated(&field.annotations, List(vec![ty(&field.ty), atom(&field.name)])));
    list(head, std::iter::once(named(&of.name, &of.type_parameters)).chain(fields))
}

fn enumeration(of: &Enum) -> Node {
    let members = of.members.iter().map(|member| match &member.value {
        Some(value) => list("=", [atom(&member.name), expr(value)]),
        None => atom(&member.name),
    });
    list("enum", std::iter::once(atom(&of.name)).chain(of.underlying.iter().map(ty)).chain(members))
}

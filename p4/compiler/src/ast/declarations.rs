//! Declarations: what stands at the top level, and inside parsers, controls, externs and blocks.

use sluice_diagnostics::Span;

use super::{Annotation, Argument, Block, Expr, Keyset, Name, Path, Statement, Type};

/// One declaration with the annotations before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    /// Before it.
    pub annotations: Vec<Annotation>,
    /// What is declared.
    pub kind: DeclarationKind,
    /// From behind the annotations to the closing brace or semicolon.
    pub span: Span,
}

/// Every kind of declaration; which may stand where is the grammar's business, and checked by the parser.
#[derive(Clone, Debug, PartialEq)]
pub enum DeclarationKind {
    /// `const T name = value;`
    Constant(Constant),
    /// `extern R name(...);`
    ExternFunction(Prototype),
    /// `extern name { ... }`
    ExternObject(ExternObject),
    /// `action name(...) { ... }`
    Action(Action),
    /// `R name(...) { ... }`
    Function(Function),
    /// `parser name(...);`
    ParserType(BlockType),
    /// `parser name(...) { ... }`
    Parser(Parser),
    /// `control name(...);`
    ControlType(BlockType),
    /// `control name(...) { ... }`
    Control(Control),
    /// `package name(...);`
    PackageType(BlockType),
    /// `header`, `header_union` or `struct`.
    Record(Record),
    /// `enum name { ... }`, with or without an underlying type.
    Enum(Enum),
    /// `error { ... }`: adds to the one error type.
    Error(Vec<Name>),
    /// `match_kind { ... }`: adds to the one type of match kinds.
    MatchKind(Vec<Name>),
    /// `typedef T name;` or `type T name;`
    Alias(Alias),
    /// `T(arguments) name;`
    Instantiation(Instantiation),
    /// `T name;` or `T name = value;`, in a block, parser or control.
    Variable(Variable),
    /// `value_set<T>(size) name;`, in a parser.
    ValueSet(ValueSet),
    /// `table name { ... }`, in a control.
    Table(Table),
}

/// A compile-time constant (section 11.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Its type.
    pub ty: Type,
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// The signature of a function, extern function or method.
#[derive(Clone, Debug, PartialEq)]
pub struct Prototype {
    /// What it returns; `TypeKind::Void` for nothing.
    pub return_type: Type,
    /// Its name.
    pub name: Name,
    /// The names of its type variables.
    pub type_parameters: Vec<Name>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
}

/// `extern name<...> { constructors and methods }` (section 7.2.9.2).
#[derive(Clone, Debug, PartialEq)]
pub struct ExternObject {
    /// Its name.
    pub name: Name,
    /// The names of its type variables.
    pub type_parameters: Vec<Name>,
    /// Its constructors, as many as there are overloads.
    pub constructors: Vec<Constructor>,
    /// Its methods.
    pub methods: Vec<Method>,
}

/// A constructor of an extern object.
#[derive(Clone, Debug, PartialEq)]
pub struct Constructor {
    /// Before it.
    pub annotations: Vec<Annotation>,
    /// The name, which is the object's.
    pub name: Name,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Where.
    pub span: Span,
}

/// A method of an extern object.
#[derive(Clone, Debug, PartialEq)]
pub struct Method {
    /// Before it.
    pub annotations: Vec<Annotation>,
    /// `abstract`: the instantiation's initializer block supplies the body.
    pub is_abstract: bool,
    /// Its signature.
    pub prototype: Prototype,
    /// Where.
    pub span: Span,
}

/// One parameter of a function, action, block or constructor.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Before it.
    pub annotations: Vec<Annotation>,
    /// `None` is directionless: known at compile time, or supplied by the control plane.
    pub direction: Option<Direction>,
    /// Its type.
    pub ty: Type,
    /// Its name.
    pub name: Name,
    /// The value that it has where the caller gives none.
    pub default: Option<Expr>,
    /// Where.
    pub span: Span,
}

/// How a parameter is passed (section 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Copied in.
    In,
    /// Copied out.
    Out,
    /// Copied in, then out.
    InOut,
}

/// An action (section 14.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Its name.
    pub name: Name,
    /// Parameters; those without a direction are the control plane's to supply, and stand last.
    pub parameters: Vec<Parameter>,
    /// Its body.
    pub body: Block,
}

/// A function with a body (section 10).
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its signature.
    pub prototype: Prototype,
    /// Its body.
    pub body: Block,
}

/// The type of a parser, control or package: a name and runtime parameters (a package's: constructor parameters).
#[derive(Clone, Debug, PartialEq)]
pub struct BlockType {
    /// Its name.
    pub name: Name,
    /// The names of its type variables.
    pub type_parameters: Vec<Name>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
}

/// A parser with its states (section 13).
#[derive(Clone, Debug, PartialEq)]
pub struct Parser {
    /// Name and parameters.
    pub ty: BlockType,
    /// The second parameter list, given when it is instantiated.
    pub constructor_parameters: Vec<Parameter>,
    /// Constants, variables, instances and value sets.
    pub locals: Vec<Declaration>,
    /// Its states; `accept` and `reject` are not among them.
    pub states: Vec<State>,
}

/// A parser state.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Before it.
    pub annotations: Vec<Annotation>,
    /// Its name.
    pub name: Name,
    /// What it does.
    pub statements: Vec<Statement>,
    /// Where it goes; `None` goes to `reject`.
    pub transition: Option<Transition>,
    /// Where.
    pub span: Span,
}

/// What stands behind `transition`.
#[derive(Clone, Debug, PartialEq)]
pub enum Transition {
    /// `transition name;`
    State(Name),
    /// `transition select(keys) { cases }`
    Select(Select),
}

/// A `select` (section 13.6).
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// What is compared, as a tuple.
    pub keys: Vec<Expr>,
    /// Tried in this order; where none matches, `error.NoMatch`.
    pub cases: Vec<SelectCase>,
    /// Where.
    pub span: Span,
}

/// One case of a `select`.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectCase {
    /// One for each key, or one `default` or `_` for all of them, or the name of a value set.
    pub keysets: Vec<Keyset>,
    /// The state that follows.
    pub state: Name,
    /// Where.
    pub span: Span,
}

/// A control (section 14).
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// Name and parameters.
    pub ty: BlockType,
    /// The second parameter list, given when it is instantiated.
    pub constructor_parameters: Vec<Parameter>,
    /// Constants, variables, actions, tables and instances.
    pub locals: Vec<Declaration>,
    /// The body of `apply`.
    pub apply: Block,
}

/// A `header`, `header_union` or `struct` (section 7.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Which of them.
    pub kind: RecordKind,
    /// Its name.
    pub name: Name,
    /// The names of its type variables.
    pub type_parameters: Vec<Name>,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// Which record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// `header`
    Header,
    /// `header_union`
    HeaderUnion,
    /// `struct`
    Struct,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Before it.
    pub annotations: Vec<Annotation>,
    /// Its type.
    pub ty: Type,
    /// Its name.
    pub name: Name,
    /// Where.
    pub span: Span,
}

/// An enumeration (section 7.2.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Enum {
    /// Its name.
    pub name: Name,
    /// The type of the values, for one that goes into packets.
    pub underlying: Option<Type>,
    /// Its members.
    pub members: Vec<EnumMember>,
}

/// A member of an enumeration.
#[derive(Clone, Debug, PartialEq)]
pub struct EnumMember {
    /// Its name.
    pub name: Name,
    /// Its value, where there is an underlying type.
    pub value: Option<Expr>,
}

/// `typedef T name;` or `type T name;` (sections 7.2.12 and 7.2.13).
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// `type`: not equal to the type that it stands for; conversion needs a cast.
    pub is_new_type: bool,
    /// What it stands for.
    pub ty: Type,
    /// Its name.
    pub name: Name,
}

/// `T(arguments) name;` or `T(arguments) name = { methods and instances };` (section 11.3).
#[derive(Clone, Debug, PartialEq)]
pub struct Instantiation {
    /// What is instantiated.
    pub ty: Type,
    /// Constructor arguments.
    pub arguments: Vec<Argument>,
    /// The instance's name.
    pub name: Name,
    /// Bodies for abstract methods, and instances for them to use.
    pub initializer: Option<Vec<Declaration>>,
}

/// A variable (section 11.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its type.
    pub ty: Type,
    /// Its name.
    pub name: Name,
    /// What it starts with.
    pub value: Option<Expr>,
}

/// A parser value set (section 13.11): keysets that the control plane supplies.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueSet {
    /// The type of its members.
    pub ty: Type,
    /// How many it holds.
    pub size: Expr,
    /// Its name.
    pub name: Name,
}

/// A table (section 14.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Its properties in the order written; the same one twice is for the type checker to refuse.
    pub properties: Vec<TableProperty>,
}

/// One property of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableProperty {
    /// Before it.
    pub annotations: Vec<Annotation>,
    /// Whether the control plane may not change it.
    pub is_const: bool,
    /// Which, and its value.
    pub kind: TablePropertyKind,
    /// Where.
    pub span: Span,
}

/// The properties that a table may have.
#[derive(Clone, Debug, PartialEq)]
pub enum TablePropertyKind {
    /// `key = { ... }`
    Key(Vec<KeyElement>),
    /// `actions = { ... }`
    Actions(Vec<ActionRef>),
    /// `default_action = name(...);`
    DefaultAction(ActionRef),
    /// `entries = { ... }`
    Entries(Vec<Entry>),
    /// Any other, `size` and `implementation` among them.
    Custom {
        /// Its name.
        name: Name,
        /// Its value.
        value: Expr,
    },
}

/// One element of a table's key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyElement {
    /// What is looked up.
    pub value: Expr,
    /// How: `exact`, `lpm`, `ternary`, `range`, ...
    pub match_kind: Name,
    /// Behind the match kind.
    pub annotations: Vec<Annotation>,
    /// Where.
    pub span: Span,
}

/// An action named in a table.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionRef {
    /// Before it.
    pub annotations: Vec<Annotation>,
    /// Its name.
    pub path: Path,
    /// `None` where there were no parentheses.
    pub arguments: Option<Vec<Argument>>,
    /// Where.
    pub span: Span,
}

/// An entry that the program puts into a table (section 14.2.1.4).
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Behind the action.
    pub annotations: Vec<Annotation>,
    /// Whether the control plane may not change this one.
    pub is_const: bool,
    /// `priority = value:`
    pub priority: Option<Expr>,
    /// One for each key element.
    pub keysets: Vec<Keyset>,
    /// What the entry does.
    pub action: ActionRef,
    /// Where.
    pub span: Span,
}

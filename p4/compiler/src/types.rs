//! The types of P4-16 after name resolution (section 7).
//!
//! A [`Type`] is what an expression has: aliases are gone, widths and sizes are numbers, type variables of generic
//! declarations are filled in (or, while a call is being matched, [`Type::Variable`]). Declared types are nominal: two records
//! are the same type if they come from the same declaration with the same type arguments. A few types belong to
//! literals alone (`{a = 1}`, `{#}`, `...`) and never to storage; converting to the type expected gets rid of them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use num_bigint::BigInt;
use sluice_diagnostics::Span;

use crate::ast::RecordKind;

/// Width in the IR of an enumeration without an underlying type, and of `action_run`'s cousins in bmv2.
pub(crate) const ENUM_WIDTH: u32 = 32;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    /// What returns nothing.
    Void,
    /// `bool`
    Bool,
    /// `error`
    Error,
    /// `match_kind`
    MatchKind,
    /// `string`
    String,
    /// `int`: known at compile time, of any size.
    Int,
    /// `bit<W>`
    Bits(u32),
    /// `int<W>`
    Signed(u32),
    /// `varbit<W>`
    Varbit(u32),
    /// A struct, header or header union.
    Record(Rc<Record>),
    /// `element[size]`
    Stack(Rc<Type>, u32),
    /// An enumeration.
    Enum(Rc<Enum>),
    /// `tuple<...>`, and the type of `{a, b}`.
    Tuple(Rc<[Type]>),
    /// `list<T>`
    List(Rc<Type>),
    /// `type T name;`
    New(Rc<NewType>),
    /// An extern object's type.
    Extern(Rc<ExternType>),
    /// A parser, control or package, by its name.
    Block(Rc<str>),
    /// A table.
    Table,
    /// A type variable of the declaration that is being called, to be found by inference.
    Variable(u32, Rc<str>),
    /// `{a = 1, b = 2}`
    RecordLiteral(Rc<[(Rc<str>, Type)]>),
    /// `{#}`
    Invalid,
    /// `...`
    Default,
    /// `_`
    DontCare,
}

/// A struct, header or header union with its type arguments filled in.
#[derive(Debug)]
pub(crate) struct Record {
    /// Which declaration it comes from.
    pub(crate) declaration: u32,
    /// Struct, header or union.
    pub(crate) kind: RecordKind,
    /// Its name.
    pub(crate) name: Rc<str>,
    /// Type arguments.
    pub(crate) arguments: Vec<Type>,
    /// Its fields, in order.
    pub(crate) fields: Vec<Field>,
    /// [`Type::cells`] of all of them; at most [`crate::bounds::CELLS`].
    pub(crate) cells: u64,
    /// Where it was declared.
    pub(crate) span: Span,
}

/// A field of a record.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: Rc<str>,
    /// Its type.
    pub(crate) ty: Type,
    /// The numbers of its `@field_list`.
    pub(crate) field_lists: Vec<u32>,
}

/// An enumeration.
#[derive(Debug)]
pub(crate) struct Enum {
    /// Which declaration it comes from.
    pub(crate) declaration: u32,
    /// Its name.
    pub(crate) name: Rc<str>,
    /// The type of its values, for a serializable one.
    pub(crate) underlying: Option<Type>,
    /// Members and their values; without an underlying type, 0, 1, 2 and so on.
    pub(crate) members: Vec<(Rc<str>, BigInt)>,
    /// Where it was declared.
    pub(crate) span: Span,
}

/// What `type` declares.
#[derive(Debug)]
pub(crate) struct NewType {
    /// Which declaration it comes from.
    pub(crate) declaration: u32,
    /// Its name.
    pub(crate) name: Rc<str>,
    /// What it is made of.
    pub(crate) inner: Type,
}

/// An extern object's type with its arguments.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ExternType {
    /// Its name, unique as externs are declared at the top level.
    pub(crate) name: Rc<str>,
    /// Type arguments.
    pub(crate) arguments: Vec<Type>,
}

/// Equality of declared types is that of their declarations and arguments.
macro_rules! nominal {
    ($name:ident, $($part:ident),+) => {
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                $(self.$part == other.$part)&&+
            }
        }
        impl Eq for $name {}
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                $(self.$part.hash(state);)+
            }
        }
    };
}
nominal!(Record, declaration, arguments);
nominal!(Enum, declaration);
nominal!(NewType, declaration);

impl Record {
    /// The position and the description of a field.
    pub(crate) fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| &*field.name == name)
    }
}

impl Type {
    /// Without the names that `type` put around it.
    pub(crate) fn plain(&self) -> &Self {
        let mut ty = self;
        while let Self::New(new) = ty {
            ty = &new.inner;
        }
        ty
    }

    /// How many scalars a value has, with all its parts; what has no parts counts as one.
    pub(crate) fn cells(&self) -> u64 {
        match self.plain() {
            Self::Record(record) => record.cells.max(1),
            Self::Stack(element, size) => element.cells().saturating_mul(u64::from(*size)),
            Self::Tuple(parts) => parts.iter().fold(1, |sum: u64, part| sum.saturating_add(part.cells())),
            _ => 1,
        }
    }

    /// Whether it is `bit<0>`, `int<0>` or `varbit<0>`: it has one value, and that takes no storage.
    pub(crate) fn is_empty(&self) -> bool {
        match self.plain() {
            Self::Bits(0) | Self::Signed(0) | Self::Varbit(0) => true,
            Self::Enum(of) => of.underlying.as_ref().is_some_and(Self::is_empty),
            _ => false,
        }
    }

    /// The IR's type, for what is one scalar there.
    pub(crate) fn scalar(&self) -> Option<sluice_ir::Type> {
        match self.plain() {
            Self::Bits(0) | Self::Signed(0) | Self::Varbit(0) => None,
            Self::Bool => Some(sluice_ir::Type::Bool),
            Self::Bits(width) => Some(sluice_ir::Type::Bits(*width)),
            Self::Signed(width) => Some(sluice_ir::Type::Int(*width)),
            Self::Varbit(width) => Some(sluice_ir::Type::Varbit(*width)),
            Self::Error => Some(sluice_ir::Type::Error),
            Self::Enum(of) => match &of.underlying {
                Some(underlying) => underlying.scalar(),
                None => Some(sluice_ir::Type::Bits(ENUM_WIDTH)),
            },
            _ => None,
        }
    }

    /// The record behind it, if it is one of that kind.
    pub(crate) fn record(&self, kind: RecordKind) -> Option<&Rc<Record>> {
        match self {
            Self::Record(record) if record.kind == kind => Some(record),
            _ => None,
        }
    }

    /// Whether a header may have such a field (section 7.2.8): numbers, `bool`, enumerations with bits, and structs of these.
    pub(crate) fn is_header_field(&self) -> bool {
        match self.plain() {
            Self::Bits(_) | Self::Signed(_) | Self::Varbit(_) | Self::Bool | Self::Variable(..) => true,
            Self::Enum(of) => of.underlying.is_some(),
            Self::Record(record) => {
                record.kind == RecordKind::Struct
                    && record.fields.iter().all(|field| field.ty.is_header_field())
            }
            _ => false,
        }
    }

    /// How many scalars a header's field is: those of a struct stand one behind the other, and what is empty is none.
    pub(crate) fn leaves(&self) -> u32 {
        match self.plain() {
            Self::Record(record) => record.fields.iter().map(|field| field.ty.leaves()).sum(),
            other => u32::from(other.scalar().is_some()),
        }
    }

    /// How many `varbit` fields there are in it.
    pub(crate) fn varbits(&self) -> usize {
        match self.plain() {
            Self::Record(record) => record.fields.iter().map(|field| field.ty.varbits()).sum(),
            Self::Varbit(_) => 1,
            _ => 0,
        }
    }

    /// Whether it is a header.
    pub(crate) fn is_header(&self) -> bool {
        self.record(RecordKind::Header).is_some()
    }

    /// Whether storage can have it.
    pub(crate) fn is_storable(&self) -> bool {
        match self.plain() {
            Self::Record(record) => record.fields.iter().all(|field| field.ty.is_storable()),
            Self::Stack(element, _) => element.is_storable(),
            Self::Tuple(parts) => parts.iter().all(Self::is_storable),
            other => other.is_empty() || other.scalar().is_some(),
        }
    }

    /// The least and greatest number of bits that a value takes in a packet (sections 8.9 and 9); `None` for what has no size.
    pub(crate) fn size_bits(&self) -> Option<(u64, u64)> {
        let add = |(least, most): (u64, u64), part: &Self| {
            let (a, b) = part.size_bits()?;
            Some((least.saturating_add(a), most.saturating_add(b)))
        };
        match self.plain() {
            Self::Bool => Some((1, 1)),
            Self::Bits(width) | Self::Signed(width) => Some((u64::from(*width), u64::from(*width))),
            Self::Varbit(width) => Some((0, u64::from(*width))),
            Self::Enum(of) => of.underlying.as_ref()?.size_bits(),
            Self::Record(record) if record.kind == RecordKind::HeaderUnion => {
                record.fields.iter().try_fold((0, 0), |(_, most): (u64, u64), field| {
                    Some((0, most.max(field.ty.size_bits()?.1)))
                })
            }
            Self::Record(record) => record.fields.iter().map(|field| &field.ty).try_fold((0, 0), add),
            Self::Tuple(parts) => parts.iter().try_fold((0, 0), add),
            Self::Stack(element, size) => {
                let (least, most) = element.size_bits()?;
                Some((least.saturating_mul(u64::from(*size)), most.saturating_mul(u64::from(*size))))
            }
            _ => None,
        }
    }
}

fn arguments(f: &mut fmt::Formatter<'_>, name: &str, arguments: &[Type]) -> fmt::Result {
    f.write_str(name)?;
    if arguments.is_empty() {
        return Ok(());
    }
    f.write_str("<")?;
    for (i, argument) in arguments.iter().enumerate() {
        write!(f, "{}{argument}", if i > 0 { ", " } else { "" })?;
    }
    f.write_str(">")
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("void"),
            Self::Bool => f.write_str("bool"),
            Self::Error => f.write_str("error"),
            Self::MatchKind => f.write_str("match_kind"),
            Self::String => f.write_str("string"),
            Self::Int => f.write_str("int"),
            Self::Bits(width) => write!(f, "bit<{width}>"),
            Self::Signed(width) => write!(f, "int<{width}>"),
            Self::Varbit(width) => write!(f, "varbit<{width}>"),
            Self::Record(record) => arguments(f, &record.name, &record.arguments),
            Self::Stack(element, size) => write!(f, "{element}[{size}]"),
            Self::Enum(of) => f.write_str(&of.name),
            Self::Tuple(parts) => {
                if parts.is_empty() {
                    return f.write_str("tuple<>");
                }
                arguments(f, "tuple", parts)
            }
            Self::List(element) => write!(f, "list<{element}>"),
            Self::New(new) => f.write_str(&new.name),
            Self::Extern(of) => arguments(f, &of.name, &of.arguments),
            Self::Block(name) => f.write_str(name),
            Self::Table => f.write_str("table"),
            Self::Variable(_, name) => f.write_str(name),
            Self::RecordLiteral(fields) => {
                f.write_str("{")?;
                for (i, (name, ty)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {ty}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
            Self::Invalid => f.write_str("{#}"),
            Self::Default => f.write_str("..."),
            Self::DontCare => f.write_str("_"),
        }
    }
}

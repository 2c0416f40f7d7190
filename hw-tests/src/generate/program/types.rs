//! The types that a program declares.

use std::fmt::Write;

use super::scalar::Scalar;
use crate::trial::Dice;

/// A type of a program; numbers are places in [`Types`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ty {
    Scalar(Scalar),
    Enum(usize),
    Struct(usize),
    Header(usize),
    Stack(usize, u32),
    Union(usize),
    /// A stack of unions.
    Unions(usize, u32),
    Tuple(Vec<Scalar>),
    /// `type bit<W> name`.
    New(usize),
    Error,
}

/// An enumeration.
#[derive(Clone, Debug)]
pub(super) struct Enumeration {
    pub(super) name: String,
    /// Width of the underlying type of a serializable one.
    pub(super) width: Option<u32>,
    pub(super) members: Vec<String>,
}

/// A header, header union or struct.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    /// With arguments, where the type is generic.
    pub(super) name: String,
    pub(super) fields: Vec<(String, Ty)>,
    /// Most bits of the varbit field at a header's end, after an 8-bit `length`.
    pub(super) varbit: Option<u32>,
}

/// Everything that is declared.
#[derive(Clone, Debug, Default)]
pub(super) struct Types {
    pub(super) enums: Vec<Enumeration>,
    pub(super) headers: Vec<Fields>,
    pub(super) unions: Vec<Fields>,
    pub(super) structs: Vec<Fields>,
    pub(super) news: Vec<(String, u32)>,
    /// `typedef`s of scalars.
    pub(super) aliases: Vec<(String, Scalar)>,
    pub(super) errors: Vec<String>,
}

impl Types {
    /// How a declaration names the type.
    pub(super) fn name(&self, dice: &mut Dice, ty: &Ty) -> String {
        match ty {
            Ty::Scalar(scalar) => {
                let alias = self.aliases.iter().find(|(_, of)| of == scalar);
                match alias {
                    Some((name, _)) if dice.percent(50) => name.clone(),
                    _ => scalar.to_string(),
                }
            }
            Ty::Enum(index) => self.enums[*index].name.clone(),
            Ty::Struct(index) => self.structs[*index].name.clone(),
            Ty::Header(index) => self.headers[*index].name.clone(),
            Ty::Stack(index, size) => format!("{}[{size}]", self.headers[*index].name),
            Ty::Union(index) => self.unions[*index].name.clone(),
            Ty::Unions(index, size) => format!("{}[{size}]", self.unions[*index].name),
            Ty::Tuple(parts) => {
                let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
                format!("tuple<{}>", parts.join(", "))
            }
            Ty::New(index) => self.news[*index].0.clone(),
            Ty::Error => "error".to_string(),
        }
    }

    /// Declares types, at random; gives their text. The last structs are `headers_t` and `metadata_t`.
    pub(super) fn declare(&mut self, dice: &mut Dice, size: usize) -> String {
        let mut text = String::new();
        for index in 0..dice.below(3) {
            let scalar = Scalar::Bit(Scalar::width_of(dice));
            if self.aliases.iter().any(|(_, of)| *of == scalar) {
                continue;
            }
            let _ = writeln!(text, "typedef {scalar} alias{index}_t;");
            self.aliases.push((format!("alias{index}_t"), scalar));
        }
        for index in 0..dice.below(2) {
            let width = Scalar::width_of(dice);
            let _ = writeln!(text, "type bit<{width}> new{index}_t;");
            self.news.push((format!("new{index}_t"), width));
        }
        for index in 0..dice.below(3) {
            text += &self.enumeration(dice, index);
        }
        for index in 0..dice.below(3) {
            self.errors.push(format!("Own{index}"));
        }
        if !self.errors.is_empty() {
            let _ = writeln!(text, "error {{ {} }}", self.errors.join(", "));
        }
        let headers = 2 + dice.below(2 + size);
        for index in 0..headers {
            text += &self.header(dice, index);
        }
        if dice.percent(50) {
            text += &self.union(dice);
        }
        if dice.percent(40) {
            let scalar = Scalar::random(dice);
            text += "struct pair_t<A, B> { A a; B b; }\n";
            self.structs.push(Fields {
                name: format!("pair_t<{scalar}, bit<16>>"),
                fields: vec![
                    ("a".to_string(), Ty::Scalar(scalar)),
                    ("b".to_string(), Ty::Scalar(Scalar::Bit(16))),
                ],
                varbit: None,
            });
        }
        for index in 0..dice.below(3) {
            text += &self.structure(dice, format!("part{index}_t"), 3);
        }
        text += &self.headers_struct(dice, headers);
        text += &self.structure(dice, "metadata_t".to_string(), 3 + size);
        text
    }

    fn enumeration(&mut self, dice: &mut Dice, index: usize) -> String {
        let width = dice.percent(60).then(|| 3 + dice.below(10) as u32);
        let members: Vec<_> = (0..1 + dice.below(4)).map(|member| format!("M{member}")).collect();
        let name = format!("enum{index}_t");
        let text = match width {
            Some(width) => {
                let values =
                    members.iter().enumerate().map(|(value, member)| format!("{member} = {}", value * 2));
                format!("enum bit<{width}> {name} {{ {} }}\n", values.collect::<Vec<_>>().join(", "))
            }
            None => format!("enum {name} {{ {} }}\n", members.join(", ")),
        };
        self.enums.push(Enumeration { name, width, members });
        text
    }

    /// A header, of whole bytes. The first is without peculiarities and has a byte in front.
    fn header(&mut self, dice: &mut Dice, index: usize) -> String {
        let mut fields = Vec::new();
        let mut bits = 0;
        if index == 0 || dice.percent(50) {
            fields.push(("kind".to_string(), Ty::Scalar(Scalar::Bit(8))));
            bits += 8;
        }
        for number in 0..1 + dice.below(4) {
            let serializable: Vec<_> =
                (0..self.enums.len()).filter(|of| self.enums[*of].width.is_some()).collect();
            let (ty, width) = match dice.below(8) {
                0 => {
                    let width = Scalar::width_of(dice);
                    (Ty::Scalar(Scalar::Int(width)), width)
                }
                1 => (Ty::Scalar(Scalar::Bool), 1),
                2 if !serializable.is_empty() => {
                    let of = *dice.pick(&serializable);
                    (Ty::Enum(of), self.enums[of].width.unwrap_or(0))
                }
                _ => {
                    let width = Scalar::width_of(dice);
                    (Ty::Scalar(Scalar::Bit(width)), width)
                }
            };
            fields.push((format!("f{number}"), ty));
            bits += width;
        }
        if bits % 8 != 0 {
            fields.push(("pad".to_string(), Ty::Scalar(Scalar::Bit(8 - bits % 8))));
        }
        let varbit = (index > 0 && dice.percent(15)).then(|| 8 * (1 + dice.below(12) as u32));
        let name = format!("header{index}_t");
        let mut text = format!("header {name} {{\n");
        for (field, ty) in &fields {
            let _ = writeln!(text, "    {} {field};", self.name(dice, ty));
        }
        if let Some(most) = varbit {
            fields.push(("length".to_string(), Ty::Scalar(Scalar::Bit(8))));
            let _ = writeln!(text, "    bit<8> length;\n    varbit<{most}> rest;");
        }
        self.headers.push(Fields { name, fields, varbit });
        text + "}\n"
    }

    fn union(&mut self, dice: &mut Dice) -> String {
        let members: Vec<_> =
            (0..self.headers.len()).filter(|header| self.headers[*header].varbit.is_none()).take(3).collect();
        let name = format!("union{}_t", self.unions.len());
        let mut text = format!("header_union {name} {{\n");
        let mut fields = Vec::new();
        for header in members {
            let field = format!("m{header}");
            let _ = writeln!(text, "    {} {field};", self.name(dice, &Ty::Header(header)));
            fields.push((field, Ty::Header(header)));
        }
        self.unions.push(Fields { name, fields, varbit: None });
        text + "}\n"
    }

    /// A type of a field of a struct, or of a variable.
    pub(super) fn any(&self, dice: &mut Dice) -> Ty {
        match dice.below(12) {
            0 if !self.enums.is_empty() => Ty::Enum(dice.below(self.enums.len())),
            1 if !self.news.is_empty() => Ty::New(dice.below(self.news.len())),
            2..=3 => Ty::Tuple((0..2).map(|_| Scalar::random(dice)).collect()),
            4 => Ty::Error,
            _ => Ty::Scalar(Scalar::random(dice)),
        }
    }

    fn structure(&mut self, dice: &mut Dice, name: String, most: usize) -> String {
        let mut fields: Vec<(String, Ty)> = Vec::new();
        let mut text = format!("struct {name} {{\n");
        for index in 0..1 + dice.below(most) {
            let is_metadata = name == "metadata_t";
            let nested = is_metadata && !self.structs.is_empty() && dice.percent(30);
            let ty = if nested {
                // `headers_t` has been declared; it is no part of metadata.
                let parts: Vec<_> =
                    (0..self.structs.len()).filter(|part| self.structs[*part].name != "headers_t").collect();
                if parts.is_empty() { self.any(dice) } else { Ty::Struct(*dice.pick(&parts)) }
            } else {
                self.any(dice)
            };
            if is_metadata && dice.percent(30) {
                text += "    @field_list(1)\n";
            }
            let _ = writeln!(text, "    {} v{index};", self.name(dice, &ty));
            fields.push((format!("v{index}"), ty));
        }
        self.structs.push(Fields { name, fields, varbit: None });
        text + "}\n"
    }

    fn headers_struct(&mut self, dice: &mut Dice, headers: usize) -> String {
        let mut fields = Vec::new();
        for header in 0..headers {
            let is_plain = header == 0 || self.headers[header].varbit.is_some() || dice.percent(70);
            let ty = if is_plain { Ty::Header(header) } else { Ty::Stack(header, 1 + dice.below(4) as u32) };
            fields.push((format!("h{header}"), ty));
        }
        for union in 0..self.unions.len() {
            let ty = if dice.percent(60) { Ty::Union(union) } else { Ty::Unions(union, 2) };
            fields.push((format!("u{union}"), ty));
        }
        let mut text = "struct headers_t {\n".to_string();
        for (name, ty) in &fields {
            let _ = writeln!(text, "    {} {name};", self.name(dice, ty));
        }
        self.structs.push(Fields { name: "headers_t".to_string(), fields, varbit: None });
        text + "}\n"
    }

    /// The struct of that name.
    pub(super) fn structure_of(&self, name: &str) -> Ty {
        Ty::Struct(self.structs.iter().position(|of| of.name == name).unwrap_or(0))
    }
}

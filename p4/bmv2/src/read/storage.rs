//! Headers, stacks, unions and metadata.

use std::collections::BTreeMap;

use sluice_ir::{
    Field, Handle, Header, HeaderRef, HeaderType, Intrinsic, Stack, Type, Union, Variable, VariableKind,
};

use super::{Reader, Result};
use crate::json::{Node, NodeKind};
use crate::write::{ALIASES, SCALARS, STANDARD};

/// What stands at a field's two names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    /// A scalar, and the type that the file gives it: that of the switch's own ones may differ.
    Variable(Handle<Variable>, Type),
    /// A field of a header.
    Field(HeaderRef, u32),
    /// `$valid$`
    Valid(HeaderRef),
}

/// One field of a header type; `ty` is none for the field of variable length.
#[derive(Debug)]
struct FieldInfo {
    name: String,
    ty: Option<Type>,
}

#[derive(Debug)]
struct TypeInfo<'a> {
    fields: Vec<FieldInfo>,
    handle: Option<Handle<HeaderType>>,
    node: &'a Node,
}

#[derive(Debug)]
struct HeaderInfo {
    handle: Option<Handle<Header>>,
    id: u64,
}

/// All storage by its names in the file.
#[derive(Debug, Default)]
pub(super) struct Storage {
    headers: BTreeMap<String, HeaderInfo>,
    stacks: BTreeMap<String, Handle<Stack>>,
    unions: BTreeMap<String, Handle<Union>>,
    /// Members of stacks of unions, each a stack of the IR.
    union_stacks: BTreeMap<String, Vec<(String, Handle<Stack>)>>,
    /// Fields of metadata.
    scalars: BTreeMap<(String, String), Slot>,
}

impl<'n> Reader<'n> {
    pub(super) fn read_storage(&mut self) {
        let root = self.root;
        let mut types = BTreeMap::new();
        for node in self.list(root, "header_types") {
            if let Ok((name, fields)) = self.header_type(node)
                && types.insert(name, TypeInfo { fields, handle: None, node }).is_some()
            {
                self.twice(node, "header type", name);
            }
        }
        let intrinsics = self.intrinsics();
        for node in self.list(root, "headers") {
            // Noted.
            let _ = self.header(node, &mut types, &intrinsics);
        }
        self.missing_intrinsics();
        for node in self.list(root, "header_stacks") {
            let _ = self.stack(node);
        }
        self.unions(root);
    }

    fn twice(&mut self, node: &Node, what: &str, name: &str) {
        self.refuse(node.start(), format!("two of kind {what} are called `{name}`"), "names are unique");
    }

    fn header_type(&mut self, node: &'n Node) -> Result<(&'n str, Vec<FieldInfo>)> {
        let name = self.need_text(node, "name")?;
        let mut fields = Vec::new();
        for item in self.list(node, "fields") {
            let [field, width, rest @ ..] = item.items() else {
                return Err(self.refuse(item.start(), "this is no field", "write [\"name\", width, signed]"));
            };
            let Some(field) = field.as_text() else { return Err(self.wrong(field, "a name")) };
            let signed = rest.first().and_then(Node::as_bool).unwrap_or(false);
            let ty = if width.as_text() == Some("*") {
                None
            } else {
                let width = self.width(width)?;
                Some(if signed { Type::Int(width) } else { Type::Bits(width) })
            };
            fields.push(FieldInfo { name: field.to_string(), ty });
        }
        Ok((name, fields))
    }

    /// The IR's type of a header type that headers of packets have.
    fn packet_type(&mut self, name: &str, info: &mut TypeInfo<'n>) -> Result<Handle<HeaderType>> {
        if let Some(handle) = info.handle {
            return Ok(handle);
        }
        let fixed: u64 =
            info.fields.iter().filter_map(|field| field.ty).map(|ty| u64::from(ty.width())).sum();
        let mut fields = Vec::new();
        for field in &info.fields {
            let ty = match field.ty {
                Some(ty) => ty,
                None => Type::Varbit(self.varbit_bits(info.node, fixed)?),
            };
            fields.push(Field { name: field.name.clone(), ty });
        }
        if info.node.get("length_exp").is_some() {
            let message = format!("`{name}` says its own length");
            let help = "only `extract_VL`, which is given the length, is read";
            return Err(self.refuse(info.node.start(), message, help));
        }
        let ty = HeaderType { name: name.to_string(), fields, span: info.node.start() };
        let handle = self.module.header_types.push(ty);
        info.handle = Some(handle);
        Ok(handle)
    }

    fn varbit_bits(&mut self, node: &'n Node, fixed: u64) -> Result<u32> {
        if let Some(bits) = node.get("sluice").and_then(|ours| ours.get("varbit")) {
            return self.width(bits);
        }
        let bytes = self.need_number(node, "max_length")?;
        let bits = bytes.saturating_mul(8).saturating_sub(fixed);
        match u32::try_from(bits) {
            Ok(bits) if (1..=sluice_ir::limits::WIDTH).contains(&bits) => Ok(bits),
            _ => {
                let message = "the header's greatest length leaves no room for its field of variable length";
                Err(self.refuse(node.start(), message, "`max_length` is in bytes, of the whole header"))
            }
        }
    }

    /// Which fields are what the switch keeps itself, by their names in the file.
    fn intrinsics(&mut self) -> BTreeMap<(String, String), Intrinsic> {
        let mut of = BTreeMap::new();
        for (which, name) in Intrinsic::NAMES {
            of.insert((STANDARD.to_string(), name.to_string()), which);
        }
        for (alias, which) in ALIASES {
            if let Some((header, field)) = alias.split_once('.') {
                of.insert((header.to_string(), field.to_string()), which);
            }
        }
        let root = self.root;
        for alias in self.list(root, "field_aliases") {
            let (name, target) = match alias.items() {
                [name, target] => (name.as_text(), target),
                _ => (None, alias),
            };
            let Some(name) = name else {
                self.refuse(alias.start(), "this is no alias", "write [\"name\", [\"header\", \"field\"]]");
                continue;
            };
            let Ok([header, field]) = self.pair(target) else { continue };
            let known = name.split_once('.').map(|(header, field)| (header.to_string(), field.to_string()));
            if let Some(which) = known.and_then(|known| of.get(&known).copied()) {
                of.insert((header.to_string(), field.to_string()), which);
            }
        }
        of
    }

    fn header(
        &mut self,
        node: &'n Node,
        types: &mut BTreeMap<&'n str, TypeInfo<'n>>,
        intrinsics: &BTreeMap<(String, String), Intrinsic>,
    ) -> Result<()> {
        let name = self.need_text(node, "name")?;
        let ty_node = self.need(node, "header_type")?;
        let ty = self.need_text(node, "header_type")?;
        let id = self.need_number(node, "id")?;
        let metadata = node.get("metadata").and_then(Node::as_bool).unwrap_or(false);
        if !types.contains_key(ty) {
            let known: Vec<&str> = types.keys().copied().collect();
            return Err(self.unknown(ty_node, "header type", ty, known));
        }
        let Some(info) = types.get_mut(ty) else { return Ok(()) };
        let handle = if metadata {
            let fields: Vec<(String, Option<Type>)> =
                info.fields.iter().map(|field| (field.name.clone(), field.ty)).collect();
            for (field, ty) in fields {
                self.scalar(name, &field, ty, intrinsics);
            }
            None
        } else {
            let ty = self.packet_type(ty, info)?;
            Some(self.module.headers.push(Header { name: name.to_string(), ty, union: None }))
        };
        if self.storage.headers.values().any(|known| known.id == id) {
            self.refuse(node.start(), format!("two headers have the id {id}"), "ids are unique");
        }
        if self.storage.headers.insert(name.to_string(), HeaderInfo { handle, id }).is_some() {
            self.twice(node, "header", name);
        }
        Ok(())
    }

    /// A field of metadata as a variable.
    fn scalar(
        &mut self,
        header: &str,
        field: &str,
        ty: Option<Type>,
        intrinsics: &BTreeMap<(String, String), Intrinsic>,
    ) {
        let Some(ty) = ty else { return };
        let key = (header.to_string(), field.to_string());
        let which = intrinsics.get(&key).copied();
        let which = which.filter(|which| !self.has_intrinsic(*which));
        let (of, kind) = match which {
            Some(which) => (which.ty(), VariableKind::Intrinsic(which)),
            None => (ty, VariableKind::Metadata),
        };
        let mut name = if header == SCALARS { field.to_string() } else { format!("{header}.{field}") };
        while !self.names.insert(name.clone()) {
            name.push('$');
        }
        let variable = self.module.variables.push(Variable { name, ty: of, kind, field_lists: Vec::new() });
        let ty = if of == Type::Error { Type::Error } else { ty };
        self.storage.scalars.insert(key, Slot::Variable(variable, ty));
    }

    fn has_intrinsic(&self, which: Intrinsic) -> bool {
        let kind = VariableKind::Intrinsic(which);
        self.module.variables.iter().any(|(_, variable)| variable.kind == kind)
    }

    /// Adds what a file of an older compiler does not have.
    fn missing_intrinsics(&mut self) {
        for (which, field) in Intrinsic::NAMES {
            if !self.has_intrinsic(which) {
                let mut name = format!("{STANDARD}.{field}");
                while !self.names.insert(name.clone()) {
                    name.push('$');
                }
                let kind = VariableKind::Intrinsic(which);
                self.module.variables.push(Variable { name, ty: which.ty(), kind, field_lists: Vec::new() });
            }
        }
    }

    /// The headers with the ids in a list.
    fn by_ids(&mut self, node: &'n Node, key: &str) -> Result<Vec<Handle<Header>>> {
        let mut headers = Vec::new();
        for item in self.list(node, key) {
            let found = self.storage.headers.values().find(|header| Some(header.id) == item.as_number());
            match found.and_then(|header| header.handle) {
                Some(header) => headers.push(header),
                None => {
                    return Err(self.refuse(
                        item.start(),
                        "no header of packets has this id",
                        "give ids of `headers`",
                    ));
                }
            }
        }
        Ok(headers)
    }

    fn stack(&mut self, node: &'n Node) -> Result<()> {
        let name = self.need_text(node, "name")?;
        let elements = self.by_ids(node, "header_ids")?;
        if elements.is_empty() {
            return Err(self.refuse(
                node.start(),
                format!("the stack `{name}` has no elements"),
                "list them in `header_ids`",
            ));
        }
        let stack =
            self.module.stacks.push(Stack { name: name.to_string(), elements, shares_index_of: None });
        if self.storage.stacks.insert(name.to_string(), stack).is_some() {
            self.twice(node, "header stack", name);
        }
        Ok(())
    }

    fn unions(&mut self, root: &'n Node) {
        let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for node in self.list(root, "header_union_types") {
            let Ok(name) = self.need_text(node, "name") else { continue };
            let named =
                self.list(node, "headers").iter().filter_map(|member| member.items().first()?.as_text());
            members.insert(name, named.collect());
        }
        let mut by_id = BTreeMap::new();
        for node in self.list(root, "header_unions") {
            if let (Ok(union), Some(id)) = (self.union(node), node.get("id").and_then(Node::as_number)) {
                by_id.insert(id, union);
            }
        }
        for node in self.list(root, "header_union_stacks") {
            let _ = self.union_stack(node, &members, &by_id);
        }
    }

    fn union(&mut self, node: &'n Node) -> Result<Handle<Union>> {
        let name = self.need_text(node, "name")?;
        self.need_number(node, "id")?;
        let members = self.by_ids(node, "header_ids")?;
        let handle = Handle::new(self.module.unions.len());
        for member in &members {
            if self.module.headers[*member].union.replace(handle).is_some() {
                return Err(self.refuse(
                    node.start(),
                    "a header is in two unions",
                    "each header is in one at most",
                ));
            }
        }
        let handle = self.module.unions.push(Union { name: name.to_string(), members });
        if self.storage.unions.insert(name.to_string(), handle).is_some() {
            self.twice(node, "header union", name);
        }
        Ok(handle)
    }

    fn union_stack(
        &mut self,
        node: &'n Node,
        members: &BTreeMap<&str, Vec<&str>>,
        by_id: &BTreeMap<u64, Handle<Union>>,
    ) -> Result<()> {
        let name = self.need_text(node, "name")?;
        let ty_node = self.need(node, "union_type")?;
        let ty = self.need_text(node, "union_type")?;
        let Some(names) = members.get(ty) else {
            return Err(self.unknown(ty_node, "header union type", ty, members.keys().copied()));
        };
        let mut unions = Vec::new();
        for item in self.list(node, "header_union_ids") {
            match item.as_number().and_then(|id| by_id.get(&id)) {
                Some(union) => unions.push(*union),
                None => {
                    return Err(self.refuse(
                        item.start(),
                        "no header union has this id",
                        "give ids of `header_unions`",
                    ));
                }
            }
        }
        let mut stacks: Vec<(String, Handle<Stack>)> = Vec::new();
        for (index, member) in names.iter().enumerate() {
            let elements =
                unions.iter().filter_map(|union| self.module.unions[*union].members.get(index).copied());
            let elements: Vec<Handle<Header>> = elements.collect();
            if elements.len() != unions.len() || elements.is_empty() {
                let message = format!("the unions of `{name}` have no member `{member}` each");
                return Err(self.refuse(
                    node.start(),
                    message,
                    "list the members of each union in `header_ids`",
                ));
            }
            let shares_index_of = stacks.first().map(|(_, stack)| *stack);
            let stack = Stack { name: format!("{name}.{member}"), elements, shares_index_of };
            stacks.push(((*member).to_string(), self.module.stacks.push(stack)));
        }
        if self.storage.union_stacks.insert(name.to_string(), stacks).is_some() {
            self.twice(node, "header union stack", name);
        }
        Ok(())
    }

    /// A header of packets by its name.
    pub(super) fn header_named(&mut self, node: &Node, name: &str) -> Result<Handle<Header>> {
        if let Some(header) = self.storage.headers.get(name) {
            let handle = header.handle;
            return handle.ok_or_else(|| {
                self.refuse(node.start(), format!("`{name}` is metadata"), "name a header of packets")
            });
        }
        let known: Vec<String> = self.storage.headers.keys().cloned().collect();
        Err(self.unknown(node, "header", name, known.iter().map(String::as_str)))
    }

    /// All fields of a header or of metadata.
    pub(super) fn fields_of(&mut self, node: &Node, name: &str) -> Result<Vec<Slot>> {
        if self.is_metadata(name) {
            let scalars = self
                .storage
                .scalars
                .iter()
                .filter(|((of, field), _)| of == name && !field.starts_with("_padding"));
            return Ok(scalars.map(|(_, slot)| *slot).collect());
        }
        let header = self.header_named(node, name)?;
        let count = self.module.header_types[self.module.headers[header].ty].fields.len();
        Ok((0..count).map(|index| Slot::Field(HeaderRef::Header(header), index as u32)).collect())
    }

    /// Whether a name is that of metadata.
    pub(super) fn is_metadata(&self, name: &str) -> bool {
        self.storage.headers.get(name).is_some_and(|header| header.handle.is_none())
    }

    pub(super) fn stack_named(&mut self, node: &Node, name: &str) -> Result<Handle<Stack>> {
        if let Some(stack) = self.storage.stacks.get(name) {
            return Ok(*stack);
        }
        let known: Vec<String> = self.storage.stacks.keys().cloned().collect();
        Err(self.unknown(node, "header stack", name, known.iter().map(String::as_str)))
    }

    pub(super) fn union_named(&mut self, node: &Node, name: &str) -> Result<Handle<Union>> {
        if let Some(union) = self.storage.unions.get(name) {
            return Ok(*union);
        }
        let known: Vec<String> = self.storage.unions.keys().cloned().collect();
        Err(self.unknown(node, "header union", name, known.iter().map(String::as_str)))
    }

    /// The stacks that the members of a stack of unions are.
    pub(super) fn union_stack_named(
        &mut self,
        node: &Node,
        name: &str,
    ) -> Result<Vec<(String, Handle<Stack>)>> {
        if let Some(stacks) = self.storage.union_stacks.get(name) {
            return Ok(stacks.clone());
        }
        let known: Vec<String> = self.storage.union_stacks.keys().cloned().collect();
        Err(self.unknown(node, "header union stack", name, known.iter().map(String::as_str)))
    }

    /// What stands at a field's names.
    pub(super) fn slot(&mut self, node: &'n Node) -> Result<Slot> {
        let [header, field] = self.pair(node)?;
        if let Some(slot) = self.storage.scalars.get(&(header.to_string(), field.to_string())) {
            return Ok(*slot);
        }
        let Some(item) = node.items().get(1) else { return Err(self.wrong(node, "a field")) };
        if self.is_metadata(header) {
            let scalars = self.storage.scalars.keys().filter(|(of, _)| of == header);
            let known: Vec<String> = scalars.map(|(_, field)| field.clone()).collect();
            return Err(self.unknown(item, "field", field, known.iter().map(String::as_str)));
        }
        let handle = self.header_named(node, header)?;
        if field == "$valid$" {
            return Ok(Slot::Valid(HeaderRef::Header(handle)));
        }
        let ty = self.module.headers[handle].ty;
        Ok(Slot::Field(HeaderRef::Header(handle), self.field_index(item, ty, field)?))
    }

    pub(super) fn field_index(&mut self, node: &Node, ty: Handle<HeaderType>, field: &str) -> Result<u32> {
        let fields = &self.module.header_types[ty].fields;
        match fields.iter().position(|known| known.name == field) {
            Some(index) => Ok(index as u32),
            None => {
                let known: Vec<String> = fields.iter().map(|known| known.name.clone()).collect();
                Err(self.unknown(node, "field", field, known.iter().map(String::as_str)))
            }
        }
    }

    /// The type of what a slot holds, in the file's terms.
    pub(super) fn slot_type(&self, slot: Slot) -> Type {
        match slot {
            Slot::Variable(_, ty) => ty,
            Slot::Field(header, index) => self.module.field_type(header, index).unwrap_or(Type::Bits(1)),
            Slot::Valid(_) => Type::Bool,
        }
    }

    /// Names a value for messages.
    pub(super) fn expect_object(&mut self, node: &'n Node) -> Result<()> {
        if matches!(node.kind, NodeKind::Object(_)) { Ok(()) } else { Err(self.wrong(node, "an object")) }
    }
}

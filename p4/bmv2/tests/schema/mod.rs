//! A JSON Schema validator for the words that our schema uses; any other word in a schema is a failure of the test.

use serde_json::Value;

/// What is wrong with a value, with the place in it; empty if it is right.
pub(crate) fn check(schema: &Value, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    Checker { root: schema }.value(schema, value, "", &mut wrong);
    wrong
}

struct Checker<'s> {
    root: &'s Value,
}

impl Checker<'_> {
    fn is_right(&self, schema: &Value, value: &Value) -> bool {
        let mut wrong = Vec::new();
        self.value(schema, value, "", &mut wrong);
        wrong.is_empty()
    }

    fn value(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let words = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return wrong.push(format!("{at}: nothing may stand here")),
            Value::Object(words) => words,
            _ => panic!("no schema: {schema}"),
        };
        for (word, due) in words {
            let right = match word.as_str() {
                "$schema" | "$defs" | "title" | "description" | "then" | "else" => true,
                "$ref" => {
                    let path =
                        due.as_str().and_then(|path| path.strip_prefix('#')).expect("a place in the schema");
                    let target =
                        self.root.pointer(path).unwrap_or_else(|| panic!("the schema has no {path}"));
                    self.value(target, value, at, wrong);
                    true
                }
                "type" => is_of(due, value),
                "const" => due == value,
                "enum" => list(due).contains(value),
                "anyOf" => list(due).iter().any(|one| self.is_right(one, value)),
                "allOf" => {
                    list(due).iter().for_each(|one| self.value(one, value, at, wrong));
                    true
                }
                "if" => {
                    let branch = if self.is_right(due, value) { "then" } else { "else" };
                    if let Some(branch) = words.get(branch) {
                        self.value(branch, value, at, wrong);
                    }
                    true
                }
                "minimum" => value.as_u64().is_none_or(|number| Some(number) >= due.as_u64()),
                "maximum" => value.as_u64().is_none_or(|number| Some(number) <= due.as_u64()),
                "minLength" => {
                    value.as_str().is_none_or(|text| text.len() as u64 >= due.as_u64().expect("a length"))
                }
                "pattern" => value.as_str().is_none_or(|text| fits(due.as_str().expect("a pattern"), text)),
                "minItems" => {
                    value.as_array().is_none_or(|items| items.len() as u64 >= due.as_u64().expect("a number"))
                }
                "maxItems" => {
                    value.as_array().is_none_or(|items| items.len() as u64 <= due.as_u64().expect("a number"))
                }
                "properties" | "required" | "additionalProperties" | "items" | "prefixItems" => true,
                _ => panic!("the validator does not know `{word}`"),
            };
            if !right {
                wrong.push(format!("{at}: {value} is not as `{word}` says: {due}"));
            }
        }
        self.object(words, value, at, wrong);
        self.items(words, value, at, wrong);
    }

    fn object(
        &self,
        words: &serde_json::Map<String, Value>,
        value: &Value,
        at: &str,
        wrong: &mut Vec<String>,
    ) {
        let Value::Object(entries) = value else { return };
        for key in words.get("required").map(list).unwrap_or_default() {
            if !entries.contains_key(key.as_str().expect("a key")) {
                wrong.push(format!("{at}: {key} is missing"));
            }
        }
        let known = words.get("properties").and_then(Value::as_object);
        for (key, entry) in entries {
            let own = known.and_then(|known| known.get(key));
            if let Some(schema) = own.or(words.get("additionalProperties")) {
                self.value(schema, entry, &format!("{at}/{key}"), wrong);
            }
        }
    }

    fn items(
        &self,
        words: &serde_json::Map<String, Value>,
        value: &Value,
        at: &str,
        wrong: &mut Vec<String>,
    ) {
        let Value::Array(items) = value else { return };
        let first = words.get("prefixItems").map(list).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = first.get(index).or(words.get("items")) {
                self.value(schema, item, &format!("{at}/{index}"), wrong);
            }
        }
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().expect("a list").clone()
}

fn is_of(ty: &Value, value: &Value) -> bool {
    match ty.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => panic!("the validator does not know the type {ty}"),
    }
}

/// The two patterns of the schema: hexadecimal numbers with and without a sign.
fn fits(pattern: &str, text: &str) -> bool {
    let text = match pattern {
        "^-?0x[0-9a-f]+$" => text.strip_prefix('-').unwrap_or(text),
        "^0x[0-9a-f]+$" => text,
        _ => panic!("the validator does not know the pattern {pattern}"),
    };
    let digits = text.strip_prefix("0x").unwrap_or("");
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

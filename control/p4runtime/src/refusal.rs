//! What is wrong with a message.

use prost::Message;
use sluice_entities::Code;
use sluice_target::Fault;

use crate::proto::google::rpc;
use crate::v1;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}{}{message}", if field.is_empty() { "" } else { ": " })]
pub struct Refusal {
    /// What kind of mistake.
    pub code: Code,
    /// The field, as a path from the entity (`table_entry.match[2].lpm`); empty where it is none of the message's.
    pub field: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Refusal {
    /// A refusal of that kind; the text may begin with a field and a colon.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        let text = text.into();
        match text.split_once(": ").filter(|(field, _)| is_path(field)) {
            Some((field, message)) => Self { code, field: field.to_string(), message: message.to_string() },
            None => Self { code, field: String::new(), message: text },
        }
    }

    /// The commonest kind.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, text)
    }

    /// The same, within a field.
    #[must_use]
    pub fn at(mut self, field: impl std::fmt::Display) -> Self {
        let separator = if self.field.is_empty() { "" } else { "." };
        self.field = format!("{field}{separator}{}", self.field);
        self
    }
}

fn is_path(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.[]".contains(&byte))
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { code: fault.code, field: String::new(), message: fault.message }
    }
}

/// The code of gRPC.
pub(crate) fn grpc(code: Code) -> tonic::Code {
    tonic::Code::from_i32(code.number())
}

impl From<Refusal> for tonic::Status {
    fn from(refusal: Refusal) -> Self {
        Self::new(grpc(refusal.code), refusal.to_string())
    }
}

/// The name by which our own numbers would be told from others'; there are none beside the canonical ones.
const SPACE: &str = "sluice";

/// What became of each part of a batch, as the status of the whole (sections 10.3 and 12.3): `UNKNOWN`, with one `p4.v1.Error` a part.
pub(crate) fn batch_status(message: &str, parts: &[Option<Refusal>]) -> tonic::Status {
    let error = |part: &Option<Refusal>| match part {
        None => v1::Error::default(),
        Some(refusal) => v1::Error {
            canonical_code: refusal.code.number(),
            message: refusal.to_string(),
            space: SPACE.to_string(),
            code: refusal.code.number(),
            details: None,
        },
    };
    let packed = |part| prost_types::Any {
        type_url: "type.googleapis.com/p4.v1.Error".to_string(),
        value: error(part).encode_to_vec(),
    };
    let code = tonic::Code::Unknown;
    let details = parts.iter().map(packed).collect();
    let status = rpc::Status { code: code as i32, message: message.to_string(), details };
    tonic::Status::with_details(code, message, status.encode_to_vec().into())
}

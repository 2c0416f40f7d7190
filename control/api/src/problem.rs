//! Why a call was refused, for both ways (RFC 9457 over REST).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use prost::Message;
use sluice_daemon::{Finding, Refusal};
use sluice_store::StoreError;
use tonic::Code;

use crate::v1;

/// The name of the message in the details of a status.
const TYPE_URL: &str = "type.googleapis.com/sluice.v1.Problem";

/// Why a call was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", message.detail)]
pub struct Problem {
    pub(crate) message: Box<v1::Problem>,
    pub(crate) code: Code,
    /// Seconds to wait, where waiting helps.
    pub(crate) retry_after: Option<u32>,
}

/// `google.rpc.Status`, in which gRPC carries details.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

impl Problem {
    pub(crate) fn new(
        kind: &str,
        title: &str,
        status: StatusCode,
        code: Code,
        detail: impl Into<String>,
    ) -> Self {
        let message = v1::Problem {
            r#type: format!("/problems/{kind}"),
            title: title.to_string(),
            status: u32::from(status.as_u16()),
            detail: detail.into(),
            ..v1::Problem::default()
        };
        Self { message: Box::new(message), code, retry_after: None }
    }

    pub(crate) fn argument(detail: impl Into<String>) -> Self {
        Self::new("argument", "An argument is wrong", StatusCode::BAD_REQUEST, Code::InvalidArgument, detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new("not-found", "There is no such thing", StatusCode::NOT_FOUND, Code::NotFound, detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        let (status, code) = (StatusCode::FORBIDDEN, Code::PermissionDenied);
        Self::new("forbidden", "Your role does not allow this", status, code, detail)
    }

    pub(crate) fn unauthenticated() -> Self {
        let detail = "send `Authorization: Bearer TOKEN`: a token was printed when the broker was first started, and an admin can make others";
        let (status, code) = (StatusCode::UNAUTHORIZED, Code::Unauthenticated);
        Self::new("unauthenticated", "There is no token, or it is not known", status, code, detail)
    }

    pub(crate) fn too_many(detail: impl Into<String>) -> Self {
        let (status, code) = (StatusCode::TOO_MANY_REQUESTS, Code::ResourceExhausted);
        let problem = Self::new("rate", "Too many calls", status, code, detail);
        Self { retry_after: Some(1), ..problem }
    }

    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        let (status, code) = (StatusCode::PAYLOAD_TOO_LARGE, Code::ResourceExhausted);
        Self::new("too-large", "An input is too large", status, code, detail)
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::new("defect", "A defect", StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, detail)
    }

    /// What kind it is, in the words of gRPC.
    pub fn code(&self) -> Code {
        self.code
    }

    /// As a message of gRPC.
    pub(crate) fn status(&self) -> tonic::Status {
        let detail = prost_types::Any { type_url: TYPE_URL.to_string(), value: self.message.encode_to_vec() };
        let details =
            RpcStatus { code: self.code as i32, message: self.message.detail.clone(), details: vec![detail] };
        // The message travels in a header, whose size has a bound; details, too, but a client can do without them.
        let short: String = self.message.detail.chars().take(1024).collect();
        let encoded = details.encode_to_vec();
        if encoded.len() > MAX_DETAILS_BYTES {
            return tonic::Status::new(self.code, short);
        }
        tonic::Status::with_details(self.code, short, encoded.into())
    }
}

/// Most bytes of details: they travel in a header, and clients take 16 KiB of those by default.
const MAX_DETAILS_BYTES: usize = 8 << 10;

/// The problem in the details of a status, for clients.
pub fn problem_of(status: &tonic::Status) -> Option<v1::Problem> {
    let details = RpcStatus::decode(status.details()).ok()?;
    let detail = details.details.into_iter().find(|any| any.type_url == TYPE_URL)?;
    v1::Problem::decode(detail.value.as_slice()).ok()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            u16::try_from(self.message.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        // Strings and numbers alone: this cannot fail.
        let body = serde_json::to_vec(&self.message).unwrap_or_default();
        let mut response = (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == Some(StatusCode::UNAUTHORIZED) {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

pub(crate) fn finding(finding: Finding) -> v1::Finding {
    let place = |place: sluice_daemon::Place| v1::Place {
        line: place.line,
        column: place.column,
        text: place.text,
        label: place.label,
    };
    v1::Finding {
        severity: finding.severity.to_string(),
        message: finding.message,
        places: finding.places.into_iter().map(place).collect(),
        help: finding.help,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Invalid { findings, rendered } => {
                let (status, code) = (StatusCode::UNPROCESSABLE_ENTITY, Code::InvalidArgument);
                let mut problem =
                    Self::new("invalid-policy", "The policy is refused", status, code, rendered);
                problem.message.findings = findings.into_iter().map(finding).collect();
                problem
            }
            Refusal::Stale { current, .. } => {
                let (status, code) = (StatusCode::PRECONDITION_FAILED, Code::Aborted);
                let mut problem = Self::new("stale", "Another policy is in force", status, code, detail);
                problem.message.current_version = current.0;
                problem
            }
            Refusal::TooLarge { .. } => Self::too_large(detail),
            Refusal::Argument(_) => Self::argument(detail),
            Refusal::NotFound(_) => Self::not_found(detail),
            Refusal::Store(error) => store(error, detail),
            Refusal::OutOfReach(_) => {
                let (status, code) = (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable);
                Self::new("out-of-reach", "The data path is out of reach", status, code, detail)
            }
            Refusal::Defect(_) => Self::internal(detail),
        }
    }
}

fn store(error: StoreError, detail: String) -> Problem {
    match error {
        StoreError::Full(_) => {
            let (status, code) = (StatusCode::INSUFFICIENT_STORAGE, Code::ResourceExhausted);
            Problem::new("store-full", "The store is full", status, code, detail)
        }
        StoreError::Refused(detail) => Problem::new(
            "conflict",
            "It cannot be done as things are",
            StatusCode::CONFLICT,
            Code::FailedPrecondition,
            detail,
        ),
        StoreError::Unavailable(_)
        | StoreError::InUse(_)
        | StoreError::Newer { .. }
        | StoreError::Damaged(_) => {
            let (status, code) = (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable);
            Problem::new("store", "The store does not answer", status, code, detail)
        }
    }
}

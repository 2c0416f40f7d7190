//! Requests, read with a bound and a time-out; what is wrong with one is a problem as any other.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use tonic::Code;

use crate::problem::Problem;
use crate::v1;

/// Largest body that is taken, bytes: a policy as JSON may need more than as text.
const MAX_BODY_BYTES: usize = 2 * sluice_daemon::MAX_POLICY_BYTES;

/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(30);

/// A JSON object as the body.
pub(super) struct Input<T>(pub(super) T);

/// The part behind the question mark.
pub(super) struct Params<T>(pub(super) T);

/// The whole body.
async fn read(body: Body) -> Result<Vec<u8>, Problem> {
    let slow = |_| {
        let detail = "the body did not come within 30 seconds";
        Problem::new("slow", "Too slow", StatusCode::REQUEST_TIMEOUT, Code::DeadlineExceeded, detail)
    };
    let bytes = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, MAX_BODY_BYTES)).await;
    match bytes.map_err(slow)? {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => {
            let is_large =
                std::error::Error::source(&error).is_some_and(|source| source.to_string().contains("limit"));
            if is_large {
                return Err(Problem::too_large(format!("a body has at most {MAX_BODY_BYTES} bytes")));
            }
            Err(Problem::argument(format!("the body cannot be read: {error}")))
        }
    }
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::argument(format!("the body is not right: {error}")))
}

fn media_type(found: &str, wanted: &str) -> Problem {
    let detail = format!("`Content-Type: {found}` is not taken here; {wanted}");
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Problem::new("media-type", "Not a form that is taken", status, Code::InvalidArgument, detail)
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let found = content_type(request.headers());
        if found != "application/json" {
            return Err(media_type(&found, "send `application/json`"));
        }
        Ok(Self(json(&read(request.into_body()).await?)?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query.map(|Query(value)| Self(value)).map_err(|error| Problem::argument(error.body_text()))
    }
}

/// A policy: as JSON with its reason, or as its text.
pub(super) struct PolicyInput(pub(super) v1::ApplyRequest);

impl<S: Send + Sync> FromRequest<S> for PolicyInput {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let mut asked: v1::ApplyRequest = match content_type(&parts.headers).as_str() {
            "application/json" => json(&read(body).await?)?,
            // What curl says of a file, too.
            "application/yaml" | "text/yaml" | "text/plain" | "application/octet-stream" | "" => {
                let Query(mut asked) = Query::<v1::ApplyRequest>::try_from_uri(&parts.uri)
                    .map_err(|error| Problem::argument(error.body_text()))?;
                let bytes = read(body).await?;
                asked.text =
                    String::from_utf8(bytes).map_err(|_| Problem::argument("the policy is not UTF-8"))?;
                asked
            }
            other => return Err(media_type(other, "send `application/json` or `application/yaml`")),
        };
        asked.expected_version = expected(&parts.headers, asked.expected_version)?;
        Ok(Self(asked))
    }
}

/// The version in `If-Match`, or in the body: 0 for `*`.
pub(super) fn expected(headers: &HeaderMap, in_body: u64) -> Result<u64, Problem> {
    let wrong = || Problem::argument("If-Match: the ETag of the policy in force is wanted (`\"7\"`), or `*`");
    let Some(value) = headers.get(header::IF_MATCH) else {
        if in_body > 0 {
            return Ok(in_body);
        }
        let detail = "say which policy you looked at: `If-Match: \"7\"`, the ETag of the policy in force; or `If-Match: *` for whatever is in force";
        let (status, code) = (StatusCode::PRECONDITION_REQUIRED, Code::FailedPrecondition);
        return Err(Problem::new("if-match", "A condition is missing", status, code, detail));
    };
    let value = value.to_str().map_err(|_| wrong())?.trim();
    let version = match value {
        "*" => 0,
        value => {
            let tag = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).ok_or_else(wrong)?;
            tag.parse().ok().filter(|version| *version > 0).ok_or_else(wrong)?
        }
    };
    if in_body > 0 && in_body != version {
        return Err(Problem::argument("If-Match and expected_version say different things: leave one out"));
    }
    Ok(version)
}

/// A number that is a part of the path.
pub(super) fn number(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::not_found(format!("`{text}` is no number")))
}

//! One function a route: reads the request, does the operation, writes the answer.

use std::convert::Infallible;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use tokio_stream::{Stream, StreamExt};

use super::input::{Input, Params, PolicyInput, expected, number};
use crate::access::Caller;
use crate::operations::Api;
use crate::problem::Problem;
use crate::{v1, watch};

type Answer<T> = Result<Json<T>, Problem>;

/// Does an operation, and gives what it gives.
async fn answer<T: Send + 'static>(
    api: &Api,
    work: impl FnOnce(&Api) -> Result<T, Problem> + Send + 'static,
) -> Answer<T> {
    api.run(work).await.map(Json)
}

fn etag(version: u64) -> HeaderValue {
    // Digits and quotes are always a value.
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// How the broker is
#[utoipa::path(get, path = "/api/v1/status", tag = "broker", responses(
    (status = 200, body = v1::Status), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn status(State(api): State<Api>, caller: Caller) -> Answer<v1::Status> {
    answer(&api, move |api| api.status(&caller)).await
}

/// The policy in force
///
/// Its ETag is its version. With If-None-Match an unchanged one is 304.
#[utoipa::path(get, path = "/api/v1/policy", tag = "policy", params(("If-None-Match" = Option<String>, Header)), responses(
    (status = 200, body = v1::Policy, headers(("ETag" = String))), (status = 304, description = "It is the one that you have"),
    (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn policy(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let policy = api.run(move |api| api.policy(&caller)).await?;
    let tag = etag(policy.version);
    let is_known =
        headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|value| {
            let mut tags = value.split(',').map(|one| one.trim().trim_start_matches("W/"));
            tags.any(|one| one == "*" || one.as_bytes() == tag.as_bytes())
        });
    let tag = [(header::ETAG, tag)];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Json(policy)).into_response())
}

/// Puts a policy in force
///
/// The body is JSON, or the policy's text as application/yaml (then `reason` and `dry_run` are in the query). If-Match says which policy you looked at.
#[utoipa::path(put, path = "/api/v1/policy", tag = "policy",
    params(("If-Match" = Option<String>, Header, description = "The ETag of the policy in force, or *")),
    request_body(content((v1::ApplyRequest = "application/json"), (String = "application/yaml"))), responses(
    (status = 200, body = v1::Applied, headers(("ETag" = String))), (status = 412, body = v1::Problem, content_type = "application/problem+json", description = "Another policy is in force"),
    (status = 422, body = v1::Problem, content_type = "application/problem+json", description = "The policy is wrong"),
    (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn apply(
    State(api): State<Api>,
    caller: Caller,
    PolicyInput(request): PolicyInput,
) -> Result<Response, Problem> {
    let applied = api.run(move |api| api.apply(&caller, &request)).await?;
    Ok(([(header::ETAG, etag(applied.version))], Json(applied)).into_response())
}

/// What a change to a policy would do
#[utoipa::path(post, path = "/api/v1/plan", tag = "policy", request_body = v1::PlanRequest, responses(
    (status = 200, body = v1::Plan), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn plan(
    State(api): State<Api>,
    caller: Caller,
    Input(request): Input<v1::PlanRequest>,
) -> Answer<v1::Plan> {
    answer(&api, move |api| api.plan(&caller, &request)).await
}

/// Changes, the latest first
#[utoipa::path(get, path = "/api/v1/policy/history", tag = "policy", params(
    ("before" = Option<u64>, Query, description = "Versions before that one"), ("limit" = Option<u32>, Query, maximum = 500, description = "So many at most")), responses(
    (status = 200, body = v1::Versions), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn versions(
    State(api): State<Api>,
    caller: Caller,
    Params(request): Params<v1::ListVersionsRequest>,
) -> Answer<v1::Versions> {
    answer(&api, move |api| api.versions(&caller, &request)).await
}

/// One change, with its text and what differs in it
#[utoipa::path(get, path = "/api/v1/policy/history/{version}", tag = "policy", params(("version" = u64, Path)), responses(
    (status = 200, body = v1::VersionDetail), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn version(
    State(api): State<Api>,
    caller: Caller,
    Path(version): Path<String>,
) -> Answer<v1::VersionDetail> {
    let request = v1::GetVersionRequest { version: number(&version)? };
    answer(&api, move |api| api.version(&caller, &request)).await
}

/// Puts a policy in force again
#[utoipa::path(post, path = "/api/v1/policy/rollback", tag = "policy",
    params(("If-Match" = Option<String>, Header, description = "The ETag of the policy in force, or *")),
    request_body = v1::RollbackRequest, responses(
    (status = 200, body = v1::Applied, headers(("ETag" = String))),
    (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn rollback(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Input(mut request): Input<v1::RollbackRequest>,
) -> Result<Response, Problem> {
    request.expected_version = expected(&headers, request.expected_version)?;
    let applied = api.run(move |api| api.rollback(&caller, &request)).await?;
    Ok(([(header::ETAG, etag(applied.version))], Json(applied)).into_response())
}

/// Why a packet would go where it would go
#[utoipa::path(post, path = "/api/v1/explain", tag = "policy", request_body = v1::ExplainRequest, responses(
    (status = 200, body = v1::Explanation), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn explain(
    State(api): State<Api>,
    caller: Caller,
    Input(request): Input<v1::ExplainRequest>,
) -> Answer<v1::Explanation> {
    answer(&api, move |api| api.explain(&caller, &request)).await
}

/// The filters of the policy in force
#[utoipa::path(get, path = "/api/v1/filters", tag = "policy", responses(
    (status = 200, body = v1::Filters), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn filters(State(api): State<Api>, caller: Caller) -> Answer<v1::Filters> {
    answer(&api, move |api| api.filters(&caller)).await
}

/// The groups of the policy in force
#[utoipa::path(get, path = "/api/v1/groups", tag = "policy", responses(
    (status = 200, body = v1::Groups), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn groups(State(api): State<Api>, caller: Caller) -> Answer<v1::Groups> {
    answer(&api, move |api| api.groups(&caller)).await
}

/// Alerts that are raised
#[utoipa::path(get, path = "/api/v1/alerts", tag = "counters", responses(
    (status = 200, body = v1::Alerts), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn alerts(State(api): State<Api>, caller: Caller) -> Answer<v1::Alerts> {
    answer(&api, move |api| api.alerts(&caller)).await
}

/// All ports, and their state
#[utoipa::path(get, path = "/api/v1/ports", tag = "ports", responses(
    (status = 200, body = v1::Ports), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn ports(State(api): State<Api>, caller: Caller) -> Answer<v1::Ports> {
    answer(&api, move |api| api.ports(&caller)).await
}

/// Begins to count anew at a port
#[utoipa::path(post, path = "/api/v1/ports/{name}/clear", tag = "ports", params(("name" = String, Path)), responses(
    (status = 200, body = v1::Port), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn clear_port(
    State(api): State<Api>,
    caller: Caller,
    Path(port): Path<String>,
) -> Answer<v1::Port> {
    let request = v1::ClearPortRequest { port };
    answer(&api, move |api| api.clear_port(&caller, &request)).await
}

/// A port's device.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceInput {
    /// packet:INTERFACE, xdp:INTERFACE, tap:INTERFACE, udp:LOCAL,PEER or capture:FOLDER, as on the command line of the broker.
    device: String,
}

/// Gives a port of the policy a device
#[utoipa::path(post, path = "/api/v1/ports/{name}/attach", tag = "ports", params(("name" = String, Path)), request_body = DeviceInput, responses(
    (status = 200, body = v1::Port), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn attach_port(
    State(api): State<Api>,
    caller: Caller,
    Path(port): Path<String>,
    Input(input): Input<DeviceInput>,
) -> Answer<v1::Port> {
    let request = v1::AttachPortRequest { port, device: input.device };
    answer(&api, move |api| api.attach_port(&caller, &request)).await
}

/// Takes a port's device away
#[utoipa::path(post, path = "/api/v1/ports/{name}/detach", tag = "ports", params(("name" = String, Path)), responses(
    (status = 200, body = v1::Port), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn detach_port(
    State(api): State<Api>,
    caller: Caller,
    Path(port): Path<String>,
) -> Answer<v1::Port> {
    let request = v1::DetachPortRequest { port };
    answer(&api, move |api| api.detach_port(&caller, &request)).await
}

/// All that was counted
#[utoipa::path(get, path = "/api/v1/counters", tag = "counters", responses(
    (status = 200, body = v1::Counters), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn counters(State(api): State<Api>, caller: Caller) -> Answer<v1::Counters> {
    answer(&api, move |api| api.counters(&caller)).await
}

/// A message of a stream; the last one may say why there are no more.
fn sent<T: Serialize>(
    told: Result<T, Problem>,
    name: &str,
    id: impl Fn(&T) -> u64,
) -> Result<Event, Infallible> {
    // Strings and numbers alone: this cannot fail.
    let event = match &told {
        Ok(told) => Event::default().event(name).id(id(told).to_string()).json_data(told),
        Err(problem) => Event::default().event("problem").json_data(&problem.message),
    };
    Ok(event.unwrap_or_default())
}

/// All that was counted, again and again, as server-sent events
///
/// Events are named `counters`; their data is a Counters object.
#[utoipa::path(get, path = "/api/v1/counters/stream", tag = "counters", params(
    ("interval" = Option<u32>, Query, maximum = 60, description = "Seconds from one to the next")), responses(
    (status = 200, body = v1::Counters, content_type = "text/event-stream"), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn watch_counters(
    State(api): State<Api>,
    caller: Caller,
    Params(request): Params<v1::WatchCountersRequest>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let stream = watch::counters(&api, caller, &request)?;
    let events = stream.map(|told| sent(told, "counters", |told| told.time_ns));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// What happens, as server-sent events
///
/// Events are named `event`; their data is an Event object. Last-Event-ID, or `since`, has those told first that were missed.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(
    ("since" = Option<u64>, Query, description = "The last event that is known"), ("Last-Event-ID" = Option<String>, Header)), responses(
    (status = 200, body = v1::Event, content_type = "text/event-stream"), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn watch_events(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Params(mut request): Params<v1::WatchEventsRequest>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    if let Some(last) = headers.get("last-event-id") {
        let last = last.to_str().ok().and_then(|last| last.parse().ok());
        request.since = last.ok_or_else(|| Problem::argument("Last-Event-ID: a number is wanted"))?;
    }
    let stream = watch::events(&api, caller, &request)?;
    let events = stream.map(|told| sent(told, "event", |told| told.id));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// Calls that changed something, or were to, the latest first
#[utoipa::path(get, path = "/api/v1/audit", tag = "access", params(
    ("before" = Option<u64>, Query, description = "Calls before that number"), ("limit" = Option<u32>, Query, maximum = 500, description = "So many at most")), responses(
    (status = 200, body = v1::Audits), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn audits(
    State(api): State<Api>,
    caller: Caller,
    Params(request): Params<v1::ListAuditRequest>,
) -> Answer<v1::Audits> {
    answer(&api, move |api| api.audits(&caller, &request)).await
}

/// Everybody who may call
#[utoipa::path(get, path = "/api/v1/users", tag = "access", responses(
    (status = 200, body = v1::Users), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn users(State(api): State<Api>, caller: Caller) -> Answer<v1::Users> {
    answer(&api, move |api| api.users(&caller)).await
}

/// Adds somebody; the token is told this once
#[utoipa::path(post, path = "/api/v1/users", tag = "access", request_body = v1::AddUserRequest, responses(
    (status = 201, body = v1::NewUser), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn add_user(
    State(api): State<Api>,
    caller: Caller,
    Input(request): Input<v1::AddUserRequest>,
) -> Result<(StatusCode, Json<v1::NewUser>), Problem> {
    let added = api.run(move |api| api.add_user(&caller, &request)).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Takes somebody's token away
#[utoipa::path(delete, path = "/api/v1/users/{name}", tag = "access", params(("name" = String, Path)), responses(
    (status = 200, body = v1::RemovedUser), (status = "default", body = v1::Problem, content_type = "application/problem+json")))]
pub(super) async fn remove_user(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<String>,
) -> Answer<v1::RemovedUser> {
    let request = v1::RemoveUserRequest { name };
    answer(&api, move |api| api.remove_user(&caller, &request)).await
}

//! REST: routes, who may come in, and the description.

mod describe;
mod handlers;
mod input;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};
use tonic::Code;

use crate::operations::Api;
use crate::problem::Problem;
use crate::{grpc, metrics};
pub use describe::openapi;

/// The page to browse the description with.
const PAGE: &str = include_str!("page.html");

/// The address that a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Api {
    /// All routes: REST, gRPC and metrics, with a token; the description and its page, without.
    pub fn router(&self) -> Router {
        let closed = Router::new()
            .route("/api/v1/status", get(handlers::status))
            .route("/api/v1/policy", get(handlers::policy).put(handlers::apply))
            .route("/api/v1/plan", post(handlers::plan))
            .route("/api/v1/policy/history", get(handlers::versions))
            .route("/api/v1/policy/history/{version}", get(handlers::version))
            .route("/api/v1/policy/rollback", post(handlers::rollback))
            .route("/api/v1/explain", post(handlers::explain))
            .route("/api/v1/filters", get(handlers::filters))
            .route("/api/v1/groups", get(handlers::groups))
            .route("/api/v1/alerts", get(handlers::alerts))
            .route("/api/v1/ports", get(handlers::ports))
            .route("/api/v1/ports/{name}/clear", post(handlers::clear_port))
            .route("/api/v1/ports/{name}/attach", post(handlers::attach_port))
            .route("/api/v1/ports/{name}/detach", post(handlers::detach_port))
            .route("/api/v1/counters", get(handlers::counters))
            .route("/api/v1/counters/stream", get(handlers::watch_counters))
            .route("/api/v1/events", get(handlers::watch_events))
            .route("/api/v1/audit", get(handlers::audits))
            .route("/api/v1/users", get(handlers::users).post(handlers::add_user))
            .route("/api/v1/users/{name}", axum::routing::delete(handlers::remove_user))
            .route("/metrics", get(metrics::metrics))
            .route_service(grpc::PATH, self.grpc())
            .route_layer(from_fn_with_state(self.clone(), check));
        closed
            .route("/", get(|| async { page() }))
            .route("/api/v1/openapi.json", get(|| async { description() }))
            .method_not_allowed_fallback(|| async {
                let status = StatusCode::METHOD_NOT_ALLOWED;
                let detail = "this path takes other methods: see /api/v1/openapi.json";
                Problem::new("method", "Not a method of this path", status, Code::Unimplemented, detail)
            })
            .fallback(|| async { Problem::not_found("there is no such path: see /api/v1/openapi.json") })
            .with_state(self.clone())
    }
}

fn page() -> Response {
    let mut response = Html(PAGE).into_response();
    // The page has all that it needs, and nothing else is to run in it.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn description() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], openapi()).into_response()
}

/// Lets those in whose token is right, and takes the time.
async fn check(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_string());
    let path = path.unwrap_or_default();
    let is_grpc = path == grpc::PATH;
    let route = if is_grpc { request.uri().path().to_string() } else { path };
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
    let caller = api.access().caller(request.headers(), peer);
    let user = caller.as_ref().ok().map(|caller| caller.name.clone());
    let response = match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) if is_grpc => return problem.status().into_http(),
        Err(problem) => return problem.into_response(),
    };
    // Streams are over when their client wants: they have no time of their own. Unknown methods of gRPC would be names without a bound.
    let is_known =
        !is_grpc || !matches!(response.headers().get("grpc-status"), Some(status) if status == "12");
    if is_known {
        let (way, status, took) = (request_method(is_grpc), response.status(), begun.elapsed());
        let user = user.as_deref().unwrap_or_default();
        tracing::debug!(
            api = way,
            route,
            user,
            status = status.as_u16(),
            us = took.as_micros() as u64,
            "call"
        );
        api.latencies().record(way, &route, status, took);
    }
    response
}

fn request_method(is_grpc: bool) -> &'static str {
    if is_grpc { "grpc" } else { "rest" }
}

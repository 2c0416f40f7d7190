//! The description of REST: OpenAPI 3.1, made from the handlers and the messages.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::handlers;

#[derive(OpenApi)]
#[openapi(
    info(title = "Sluice", description = "A network packet broker: its policy, its history, its ports, what it counted. gRPC `sluice.v1` has the same content.", version = "1", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    paths(
        handlers::status,
        handlers::policy,
        handlers::apply,
        handlers::plan,
        handlers::versions,
        handlers::version,
        handlers::rollback,
        handlers::explain,
        handlers::filters,
        handlers::groups,
        handlers::alerts,
        handlers::ports,
        handlers::clear_port,
        handlers::attach_port,
        handlers::detach_port,
        handlers::counters,
        handlers::watch_counters,
        handlers::watch_events,
        handlers::audits,
        handlers::users,
        handlers::add_user,
        handlers::remove_user,
        crate::metrics::metrics
    ),
    modifiers(&Token)
)]
struct Description;

/// Every path wants a token.
struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
        openapi.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    }
}

/// The description, as JSON.
pub fn openapi() -> String {
    // Strings and numbers alone: this cannot fail.
    let mut text = Description::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

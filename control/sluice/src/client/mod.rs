//! Commands that ask a broker that runs, over `sluice.v1`.

mod change;
mod show;
mod top;
mod users;

use std::path::Path;
use std::process::ExitCode;

use sluice_api::{problem_of, v1};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};
use v1::broker_client::BrokerClient;

use crate::args;
use crate::failure::Failure;

/// Where a token is looked for, if no file is given.
const TOKEN: &str = "SLUICE_TOKEN";

/// Largest answer that is taken, bytes: a policy and its diff.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// How long a broker may take to take a call.
const CONNECT_TIME: std::time::Duration = std::time::Duration::from_secs(10);

/// Puts the token into each call.
#[derive(Clone)]
struct Token(MetadataValue<Ascii>);

impl tonic::service::Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Client = BrokerClient<InterceptedService<Channel, Token>>;

fn token(server: &args::Server) -> Result<String, Failure> {
    if let Some(path) = &server.credentials.token_file {
        return std::fs::read_to_string(path).map_err(Failure::read(path));
    }
    std::env::var(TOKEN).map_err(|_| {
        Failure::argument(
            "there is no token to call the broker with",
            format!("set {TOKEN}, or give `--token-file`; `sluice serve` printed the first one when its store was made"),
        )
    })
}

/// What is shown, and whom is believed.
fn tls(credentials: &args::Credentials) -> Result<ClientTlsConfig, Failure> {
    let read = |path: &Path| std::fs::read(path).map_err(Failure::read(path));
    let mut tls = ClientTlsConfig::new();
    match &credentials.ca {
        Some(path) => tls = tls.ca_certificate(Certificate::from_pem(read(path)?)),
        None => {
            let help = "give `--ca`, the certificates of the authorities that vouch for the broker";
            return Err(Failure::argument("no authority vouches for the broker", help));
        }
    }
    if let (Some(certificate), Some(key)) = (&credentials.cert, &credentials.key) {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(tls)
}

async fn connect(server: &args::Server) -> Result<Client, Failure> {
    let url = &server.server;
    let bearer = format!("Bearer {}", token(server)?.trim());
    let bearer: MetadataValue<Ascii> = bearer
        .parse()
        .map_err(|_| Failure::argument("the token is not one", "a token begins with `sluice_`"))?;
    let wrong = |error: &dyn std::fmt::Display| {
        let help = "`sluice serve` says at its start where it is to be reached";
        Failure::argument(format!("the broker at {url} cannot be reached: {error}"), help)
    };
    let mut endpoint = Endpoint::from_shared(url.clone()).map_err(|error| wrong(&error))?;
    if url.starts_with("https://") {
        endpoint = endpoint.tls_config(tls(&server.credentials)?).map_err(|error| wrong(&error))?;
    }
    let channel = endpoint.connect_timeout(CONNECT_TIME).connect().await.map_err(|error| {
        // What the library says of itself is less than its cause.
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        wrong(&cause.unwrap_or_else(|| error.to_string()))
    })?;
    Ok(BrokerClient::with_interceptor(channel, Token(bearer)).max_decoding_message_size(MAX_ANSWER_BYTES))
}

/// Why a call was refused, with every mistake at its place.
fn refused(status: &Status) -> Failure {
    let problem = problem_of(status);
    let detail = problem.as_ref().map_or(status.message(), |problem| &problem.detail);
    match problem {
        Some(problem) if !problem.findings.is_empty() => Failure::Located(problem.detail),
        _ => Failure::Broker(detail.to_string()),
    }
}

/// Connects and does something.
fn with<T>(
    server: &args::Server,
    work: impl AsyncFnOnce(Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::system("begin to call"))?;
    runtime.block_on(async { work(connect(server).await?).await })
}

pub(crate) fn run(command: &args::Remote) -> Result<ExitCode, Failure> {
    match command {
        args::Remote::Status(arguments) => show::status(arguments)?,
        args::Remote::Apply(arguments) => change::apply(arguments)?,
        args::Remote::Rollback(arguments) => change::rollback(arguments)?,
        args::Remote::Log(arguments) => show::log(arguments)?,
        args::Remote::Ports(arguments) => show::ports(arguments)?,
        args::Remote::Filters(arguments) => show::filters(arguments)?,
        args::Remote::Top(arguments) => return top::run(arguments),
        args::Remote::Users(arguments) => users::run(arguments)?,
        args::Remote::Audit(arguments) => users::audit(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) use change::plan;

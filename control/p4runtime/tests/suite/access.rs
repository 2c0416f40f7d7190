//! Who may come in: tokens, rights, certificates; and the remote adapter as one who does.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use sluice_p4runtime::v1::p4_runtime_client::P4RuntimeClient;
use sluice_p4runtime::{
    Caller, Guard, Refusal, RemoteOptions, RemoteTarget, RemoteTls, RemoteToken, Rights, ServerOptions, v1,
};
use sluice_target::{Fault, Install, Target};
use tokio::sync::mpsc;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status, Streaming};
use v1::set_forwarding_pipeline_config_request::Action;
use v1::stream_message_request::Update as Asked;
use v1::stream_message_response::Update as Told;

use crate::bench::{Bench, DEVICE, PROGRAM, config, forward_entity, id, insert, serve};

/// Names are tokens.
#[derive(Debug)]
struct Names(Mutex<Vec<(&'static str, Rights)>>);

impl Names {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(vec![("vera", Rights::Read), ("olga", Rights::Change)])))
    }

    fn forget(&self, name: &str) {
        self.0.lock().expect("nobody panicked").retain(|(known, _)| *known != name);
    }
}

impl Guard for Names {
    fn admit(&self, token: Option<&str>, from: IpAddr) -> Result<Caller, Refusal> {
        assert!(from.is_loopback(), "{from}");
        let known = self.0.lock().expect("nobody panicked");
        let found = known.iter().find(|(name, _)| token == Some(name));
        let caller = found.map(|(name, rights)| Caller { name: (*name).into(), rights: *rights });
        caller.ok_or_else(|| Refusal::new(sluice_entities::Code::Unauthenticated, "nobody knows you"))
    }

    fn is_known(&self, caller: &Caller) -> bool {
        self.0.lock().expect("nobody panicked").iter().any(|(name, _)| *name == &*caller.name)
    }
}

#[derive(Clone)]
struct Shown(Option<MetadataValue<Ascii>>);

impl tonic::service::Interceptor for Shown {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

type Client = P4RuntimeClient<InterceptedService<Channel, Shown>>;

async fn client(bench: &Bench, token: Option<&str>) -> Client {
    let endpoint = Endpoint::from_shared(format!("http://{}", bench.address)).expect("it is a URL");
    let shown = token.map(|token| format!("bearer {token}").parse().expect("it is plain"));
    P4RuntimeClient::with_interceptor(endpoint.connect().await.expect("it listens"), Shown(shown))
}

/// What becomes of each kind of call.
async fn codes(client: &mut Client) -> [Code; 5] {
    let code = |status: Result<(), Status>| status.map_or_else(|status| status.code(), |()| Code::Ok);
    let (device_id, election_id) = (DEVICE, id(1));
    let write = v1::WriteRequest {
        device_id,
        election_id,
        updates: vec![insert(forward_entity(1, 2, 3))],
        ..v1::WriteRequest::default()
    };
    let set = v1::SetForwardingPipelineConfigRequest {
        device_id,
        election_id,
        action: Action::Verify as i32,
        config: Some(config(&PROGRAM, None)),
        ..v1::SetForwardingPipelineConfigRequest::default()
    };
    let get = v1::GetForwardingPipelineConfigRequest { device_id, ..Default::default() };
    let read = v1::ReadRequest { device_id, ..v1::ReadRequest::default() };
    [
        code(client.write(write).await.map(drop)),
        code(client.set_forwarding_pipeline_config(set).await.map(drop)),
        code(client.get_forwarding_pipeline_config(get).await.map(drop)),
        code(client.read(read).await.map(drop)),
        code(client.capabilities(v1::CapabilitiesRequest::default()).await.map(drop)),
    ]
}

/// A stream that arbitrates with that id.
async fn stream(
    client: &mut Client,
    election_id: Option<v1::Uint128>,
) -> Result<(mpsc::Sender<v1::StreamMessageRequest>, Streaming<v1::StreamMessageResponse>), Status> {
    let (to, requests) = mpsc::channel(4);
    let update = v1::MasterArbitrationUpdate { device_id: DEVICE, election_id, ..Default::default() };
    let first = v1::StreamMessageRequest { update: Some(Asked::Arbitration(update)) };
    to.send(first).await.expect("there is room");
    let from = client.stream_channel(ReceiverStream::new(requests)).await?.into_inner();
    Ok((to, from))
}

/// The code of the next arbitration, or of the stream's end.
async fn next(from: &mut Streaming<v1::StreamMessageResponse>) -> Result<i32, Status> {
    let message = tokio::time::timeout(std::time::Duration::from_secs(20), from.message());
    match message.await.expect("something comes in time")?.and_then(|message| message.update) {
        Some(Told::Arbitration(update)) => Ok(update.status.expect("the server gives one").code),
        other => panic!("{other:?}"),
    }
}

fn guarded(names: &Arc<Names>) -> ServerOptions {
    ServerOptions { device_id: DEVICE, guard: Some(names.clone()), ..ServerOptions::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_are_those_of_the_token() {
    let names = Names::new();
    let bench = serve(guarded(&names)).await;
    for token in [None, Some("nobody"), Some("")] {
        let mut stranger = client(&bench, token).await;
        assert_eq!(codes(&mut stranger).await, [Code::Unauthenticated; 5], "{token:?}");
        let refused = stream(&mut stranger, None).await.expect_err("nobody comes in");
        assert_eq!(refused.code(), Code::Unauthenticated);
    }
    let mut olga = client(&bench, Some("olga")).await;
    let (_to, mut of_olga) = stream(&mut olga, id(1)).await.expect("she may");
    assert_eq!(next(&mut of_olga).await.expect("she is told"), 0);
    // There is no program yet: what is not refused comes that far.
    let [write, verify, get, read, capabilities] = codes(&mut olga).await;
    assert_eq!((write, verify), (Code::FailedPrecondition, Code::Ok));
    assert_eq!([get, capabilities], [Code::Ok; 2]);

    let mut vera = client(&bench, Some("vera")).await;
    let denied = Code::PermissionDenied;
    assert_eq!(codes(&mut vera).await, [denied, denied, Code::Ok, read, Code::Ok]);
    // With an id she could become primary; without one she listens, and is told who is.
    let (_to, mut of_vera) = stream(&mut vera, id(9)).await.expect("it is opened");
    let refused = next(&mut of_vera).await.expect_err("she may not");
    assert_eq!(refused.code(), denied);
    assert!(refused.message().contains("leave election_id out"), "{refused}");
    let (_to, mut of_vera) = stream(&mut vera, None).await.expect("she may");
    assert_eq!(next(&mut of_vera).await.expect("she is told"), 6, "another one is primary");

    // A token that is taken away ends what it opened: there is no primary then.
    names.forget("olga");
    let refused = next(&mut of_olga).await.expect_err("the stream ends");
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(next(&mut of_vera).await.expect("she is told"), 5, "nobody is primary");
    assert_eq!(codes(&mut olga).await, [Code::Unauthenticated; 5]);
}

/// An authority, and what it vouches for.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("it has no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("there is randomness");
        let pem = params.self_signed(&key).expect("it can be signed").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// A certificate and its key.
    fn vouch(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("there is randomness");
        let params = CertificateParams::new(vec![name.to_string()]).expect("it is a name");
        (params.signed_by(&key, &self.issuer).expect("it can be signed").pem(), key.serialize_pem())
    }

    /// TLS of a server; where clients have to show something, of this authority.
    fn server(&self, asks_clients: bool) -> Arc<ServerConfig> {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_safe_default_protocol_versions().expect("there are some");
        let own = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).expect("it is PEM");
        let builder = if asks_clients {
            let mut roots = RootCertStore::empty();
            roots.add(own(&self.pem)).expect("it is an authority");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("it has roots"))
        } else {
            builder.with_no_client_auth()
        };
        let (certificate, key) = self.vouch("localhost");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("it is PEM");
        let mut config = builder.with_single_cert(vec![own(&certificate)], key).expect("they fit");
        config.alpn_protocols = vec![b"h2".to_vec()];
        Arc::new(config)
    }
}

/// Whether a client that trusts that authority, and shows that, is told what the server can do.
async fn gets_in(bench: &Bench, trusted: &Authority, shows: Option<(String, String)>) -> bool {
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&trusted.pem));
    if let Some((certificate, key)) = shows {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    let url = format!("https://localhost:{}", bench.address.port());
    let endpoint = Endpoint::from_shared(url).expect("it is a URL").tls_config(tls).expect("it is right");
    let Ok(channel) = endpoint.connect().await else { return false };
    P4RuntimeClient::new(channel).capabilities(v1::CapabilitiesRequest::default()).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ends_know_each_other_by_certificates() {
    let (authority, other) = (Authority::new(), Authority::new());
    let options = |asks_clients| ServerOptions {
        device_id: DEVICE,
        tls: Some(authority.server(asks_clients)),
        ..ServerOptions::default()
    };
    let bench = serve(options(false)).await;
    assert!(gets_in(&bench, &authority, None).await);
    assert!(!gets_in(&bench, &other, None).await, "the server is somebody else's");
    let plain = Endpoint::from_shared(format!("http://{}", bench.address)).expect("it is a URL");
    if let Ok(channel) = plain.connect().await {
        let asked = P4RuntimeClient::new(channel).capabilities(v1::CapabilitiesRequest::default()).await;
        assert!(asked.is_err(), "there is nothing without TLS");
    }
    let bench = serve(options(true)).await;
    assert!(gets_in(&bench, &authority, Some(authority.vouch("ann"))).await);
    assert!(!gets_in(&bench, &authority, Some(other.vouch("ann"))).await);
    assert!(!gets_in(&bench, &authority, None).await);
}

/// The remote adapter, from a thread that may wait.
async fn connect(options: RemoteOptions) -> Result<RemoteTarget, Fault> {
    tokio::task::spawn_blocking(|| RemoteTarget::connect(options)).await.expect("it does not panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_remote_adapter_shows_who_it_is() {
    let (authority, names) = (Authority::new(), Names::new());
    let options = ServerOptions { tls: Some(authority.server(true)), ..guarded(&names) };
    let bench = serve(options).await;
    let remote = |token: Option<&str>| {
        let (certificate, key) = authority.vouch("broker");
        let identity = Some((certificate.into_bytes(), key.into_bytes()));
        RemoteOptions {
            device_id: DEVICE,
            tls: Some(RemoteTls { authorities: authority.pem.clone().into_bytes(), identity }),
            token: token.and_then(RemoteToken::new),
            ..RemoteOptions::new(format!("https://localhost:{}", bench.address.port()))
        }
    };
    let code = |refused: Result<RemoteTarget, Fault>| refused.err().map(|fault| fault.code);
    use sluice_entities::Code::{PermissionDenied, Unauthenticated};
    assert_eq!(code(connect(remote(None)).await), Some(Unauthenticated));
    assert_eq!(code(connect(remote(Some("nobody"))).await), Some(Unauthenticated));
    assert_eq!(code(connect(remote(Some("vera"))).await), Some(PermissionDenied));
    let target = connect(remote(Some("olga\n"))).await.expect("she may");
    let (installed, target) = tokio::task::spawn_blocking(move || {
        let installed = target.install(&PROGRAM, Install::Anew);
        (installed, target)
    })
    .await
    .expect("it does not panic");
    installed.expect("the program is right");
    let debugged = format!("{:?}", remote(Some("olga")));
    assert!(!debugged.contains("olga"), "{debugged}");
    // The token is taken away: what is asked next is refused as that, not as a defect.
    names.forget("olga");
    let fault = tokio::task::spawn_blocking(move || target.verify(&PROGRAM).expect_err("nobody knows it"));
    let fault = fault.await.expect("it does not panic");
    assert!(matches!(fault.code, Unauthenticated), "{fault}");
}

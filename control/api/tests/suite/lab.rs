//! A broker on a soft switch without devices, served on loopback; and a client of each way.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::de::DeserializeOwned;
use sluice_api::{Access, Api, v1};
use sluice_daemon::{Binding, Broker, BrokerOptions};
use sluice_ir::Module;
use sluice_store::Store;
use sluice_target::port::{PairEnd, Role, pair};
use sluice_target::{SoftOptions, SoftTarget};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use v1::broker_client::BrokerClient;

pub(crate) const POLICY: &str = "ports:
  tap: { role: network, id: 1 }
  ids: { role: tool, id: 11, speed: 10G }
  recorder: { role: tool, id: 12 }
groups:
  both: { members: [ids, recorder] }
filters:
  - { name: dns, match: udp port 53, to: [ids], dedup: true }
  - { name: rest, to: [both], sample: 50% }
";

fn module() -> Arc<Module> {
    static MODULE: OnceLock<Arc<Module>> = OnceLock::new();
    let make = || {
        let module = sluice_broker::compile(sluice_broker::Build::default());
        Arc::new(module.map_err(|(found, _)| found).expect("the program compiles"))
    };
    MODULE.get_or_init(make).clone()
}

pub(crate) struct Lab {
    pub(crate) broker: Broker,
    pub(crate) address: SocketAddr,
    /// The admin's.
    pub(crate) token: String,
    pub(crate) tap: PairEnd,
    pub(crate) ids: PairEnd,
    runtime: tokio::runtime::Runtime,
    _target: Arc<SoftTarget>,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::with_tls(None)
    }

    pub(crate) fn with_tls(tls: Option<sluice_api::Tls>) -> Self {
        let options = SoftOptions { cpu_port: 0, ..SoftOptions::default() };
        let target = SoftTarget::with_module(module(), options).expect("it is a program");
        let target = Arc::new(target);
        let store = Arc::new(Store::in_memory().expect("there is memory"));
        let options = BrokerOptions { explainer: Some(module()), ..BrokerOptions::default() };
        let broker =
            Broker::start(target.clone(), store.clone(), Some(POLICY), options).expect("it is right");
        let attach = |number, name: &str, role| {
            let (port, end) = pair(name, role, 4096);
            target.attach(number, port).expect("the number is free");
            (end, Binding { number, name: name.to_string(), role })
        };
        let (ids, of_ids) = attach(11, "ids", Role::Tool);
        let (tap, of_tap) = attach(1, "tap", Role::Network);
        broker.bind(vec![of_ids, of_tap]);
        let (access, token) = Access::new(store).expect("there is memory");
        let router = Api::new(broker.clone(), access).router();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("there are threads");
        let listener =
            runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        runtime.spawn(sluice_api::serve(listener, router, tls, std::future::pending()));
        let token = token.expect("there was no user");
        Self { broker, address, token, tap, ids, runtime, _target: target }
    }

    /// Sends an empty DNS packet with that identification, and waits until it is counted.
    pub(crate) fn packet(&self, number: u16) {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
        frame.extend([0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        frame.extend([0, 53, 0, 53, 0, 26, 0, 0]);
        frame.extend(number.to_be_bytes());
        frame.resize(60, 0);
        assert!(self.tap.send(u64::from(number) * 1_000_000_000, &frame));
        assert_eq!(self.ids.receive(Duration::from_secs(5)), Some(frame));
    }

    /// A call as the admin, without a body.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], b"")
    }

    /// A call as the admin.
    pub(crate) fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.call_as(&self.token, method, path, headers, body)
    }

    pub(crate) fn call_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [&[("Authorization", bearer.as_str())], headers].concat();
        call(self.address, method, path, &headers, body)
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Does something with a client of gRPC that has a token.
    pub(crate) fn grpc<T>(&self, token: &str, work: impl AsyncFnOnce(Client) -> T) -> T {
        let bearer: MetadataValue<Ascii> = format!("Bearer {token}").parse().expect("it is plain");
        let url = format!("http://{}", self.address);
        self.runtime.block_on(async {
            let channel =
                Endpoint::from_shared(url).expect("it is a URL").connect().await.expect("it listens");
            let token = Token(bearer);
            work(BrokerClient::with_interceptor(channel, token).max_decoding_message_size(64 << 20)).await
        })
    }

    /// The name of the admin, asked for by TLS; nothing where that does not come about.
    pub(crate) fn user_by_tls(&self, tls: tonic::transport::ClientTlsConfig) -> Option<String> {
        let bearer: MetadataValue<Ascii> = format!("Bearer {}", self.token).parse().expect("it is plain");
        let url = format!("https://localhost:{}", self.address.port());
        self.runtime.block_on(async {
            let endpoint =
                Endpoint::from_shared(url).expect("it is a URL").tls_config(tls).expect("it is right");
            let mut client = BrokerClient::with_interceptor(endpoint.connect().await.ok()?, Token(bearer));
            Some(client.get_status(v1::GetStatusRequest {}).await.ok()?.into_inner().user)
        })
    }
}

#[derive(Clone)]
pub(crate) struct Token(MetadataValue<Ascii>);

impl tonic::service::Interceptor for Token {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub(crate) type Client = BrokerClient<InterceptedService<Channel, Token>>;

/// What came back over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// It is a problem of that status.
    pub(crate) fn problem(&self, status: u16) -> v1::Problem {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.head);
        let problem: v1::Problem = self.json();
        assert_eq!(problem.status, u32::from(status));
        problem
    }
}

/// The head of a request.
pub(crate) fn head(method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: sluice\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if length > 0 || method != "GET" {
        head.push_str(&format!("Content-Length: {length}\r\n"));
    }
    head + "\r\n"
}

/// One request over a connection of its own.
pub(crate) fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("it is a time");
    stream.write_all(head(method, path, headers, body.len()).as_bytes()).expect("it reads");
    // A server that has seen enough answers, and reads no further.
    let _ = stream.write_all(body);
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    answer(&all)
}

fn answer(all: &[u8]) -> Answer {
    let end = all.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or_else(|| {
        panic!("this is no answer: {}", String::from_utf8_lossy(all));
    });
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("it has a status");
    let mut body = all[end + 4..].to_vec();
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        body = unchunked(&body);
    }
    Answer { status, head, body }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(&String::from_utf8_lossy(&bytes[..end]), 16).expect("a length");
        let chunk = &bytes[end + 2..];
        all.extend(&chunk[..length.min(chunk.len())]);
        bytes = chunk.get(length + 2..).unwrap_or_default();
    }
    all
}

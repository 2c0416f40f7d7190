//! Over TLS, and with certificates on both sides.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use sluice_api::{Tls, TlsError};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use crate::lab::{Lab, head};

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
}

fn trusting(authority: &Authority) -> ClientTlsConfig {
    ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&authority.pem))
}

#[test]
fn clients_know_the_server_and_others_do_not_get_in() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (certificate, key) = authority.vouch("localhost");
    let tls = Tls::new(certificate.as_bytes(), key.as_bytes(), None).expect("they belong together");
    let lab = Lab::with_tls(Some(tls));
    assert_eq!(lab.user_by_tls(trusting(&authority)).as_deref(), Some("admin"));
    assert_eq!(lab.user_by_tls(trusting(&other)), None);
    // Without TLS there is no answer.
    let mut stream = TcpStream::connect(lab.address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("it is a time");
    stream.write_all(head("GET", "/", &[], 0).as_bytes()).expect("it reads");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn clients_have_to_show_who_they_are_where_that_is_wanted() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (certificate, key) = authority.vouch("localhost");
    let clients = Some(authority.pem.as_bytes());
    let tls = Tls::new(certificate.as_bytes(), key.as_bytes(), clients).expect("they belong together");
    let lab = Lab::with_tls(Some(tls));
    let with = |(certificate, key): (String, String)| {
        lab.user_by_tls(trusting(&authority).identity(Identity::from_pem(certificate, key)))
    };
    assert_eq!(with(authority.vouch("ann")).as_deref(), Some("admin"));
    assert_eq!(with(other.vouch("ann")), None);
    assert_eq!(lab.user_by_tls(trusting(&authority)), None);
}

#[test]
fn files_that_are_wrong_are_refused() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (certificate, key) = authority.vouch("localhost");
    let (_, other_key) = other.vouch("localhost");
    let new = |certificate: &str, key: &str, clients: Option<&str>| {
        Tls::new(certificate.as_bytes(), key.as_bytes(), clients.map(str::as_bytes))
    };
    assert!(matches!(new("", &key, None), Err(TlsError::Pem { what: "the certificate", .. })));
    assert!(matches!(new(&certificate, &certificate, None), Err(TlsError::Pem { what: "the key", .. })));
    assert!(matches!(new(&certificate, &other_key, None), Err(TlsError::Certificate(_))));
    assert!(matches!(new(&certificate, &key, Some(&key)), Err(TlsError::Pem { .. })));
}
